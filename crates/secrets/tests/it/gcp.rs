//! A double of Cloud KMS and of the two places where tokens come from.

use crate::{assert_guards, refusal, server::Server};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use rsa::{
    RsaPrivateKey, RsaPublicKey,
    pkcs1v15::{Signature, VerifyingKey},
    pkcs8::{EncodePrivateKey, LineEnding},
    sha2::Sha256,
    signature::Verifier,
};
use serde_json::{Value, json};
use std::sync::Arc;

type Reply = Result<Json<Value>, (StatusCode, Json<Value>)>;

fn refused(status: StatusCode, word: &str) -> (StatusCode, Json<Value>) {
    (status, Json(json!({ "error": { "code": status.as_u16(), "status": word, "message": "…" } })))
}

/// "Encrypts" by turning the bytes around behind the associated data: what matters here is what is asked, and by whom.
async fn key(Path(path): Path<String>, headers: HeaderMap, Json(body): Json<Value>) -> Reply {
    if headers.get("authorization").is_none_or(|value| value != "Bearer ya29.token") {
        return Err(refused(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"));
    }
    let Some(operation) = path.strip_prefix("projects/p/locations/global/keyRings/r/cryptoKeys/k:") else {
        return Err(refused(StatusCode::NOT_FOUND, "NOT_FOUND"));
    };
    let bytes = |name: &str| BASE64_STANDARD.decode(body[name].as_str().unwrap_or_default()).unwrap();
    let data = bytes("additionalAuthenticatedData");
    if operation == "encrypt" {
        let turned: Vec<u8> = bytes("plaintext").into_iter().rev().collect();
        return Ok(Json(json!({ "name": path, "ciphertext": BASE64_STANDARD.encode([&data[..], &turned].concat()) })));
    }
    let sealed = bytes("ciphertext");
    match sealed.strip_prefix(&data[..]) {
        Some(turned) if !data.is_empty() => {
            let plaintext: Vec<u8> = turned.iter().rev().copied().collect();
            Ok(Json(json!({ "plaintext": BASE64_STANDARD.encode(plaintext) })))
        }
        _ => Err(refused(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT")),
    }
}

/// Gives a token for an assertion that the account's key signed (RFC 7523).
async fn token(State(account): State<Arc<RsaPublicKey>>, body: String) -> Reply {
    let wrong = |_| (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" })));
    let pairs: Vec<(&str, &str)> = body.split('&').filter_map(|pair| pair.split_once('=')).collect();
    assert_eq!(pairs[0], ("grant_type", "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"));
    let (signed, signature) = pairs[1].1.rsplit_once('.').expect("three parts");
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    let key = VerifyingKey::<Sha256>::new((*account).clone());
    key.verify(signed.as_bytes(), &Signature::try_from(&signature[..]).unwrap()).map_err(wrong)?;
    let parts: Vec<Value> =
        signed.split('.').map(|part| serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()).collect();
    assert_eq!((&parts[0]["alg"], &parts[0]["kid"]), (&json!("RS256"), &json!("kid-1")));
    assert_eq!((&parts[1]["iss"], &parts[1]["scope"]), (&json!("cowork@p.iam"), &json!("https://www.googleapis.com/auth/cloud-platform")));
    assert!(parts[1]["aud"].as_str().unwrap().ends_with("/token"));
    assert_eq!(parts[1]["exp"].as_u64().unwrap() - parts[1]["iat"].as_u64().unwrap(), 300);
    Ok(Json(json!({ "access_token": "ya29.token", "expires_in": 3600, "token_type": "Bearer" })))
}

async fn metadata(headers: HeaderMap) -> Reply {
    if headers.get("metadata-flavor").is_none_or(|flavor| flavor != "Google") {
        return Err(refused(StatusCode::FORBIDDEN, "FORBIDDEN"));
    }
    Ok(Json(json!({ "access_token": "ya29.token", "expires_in": 3600, "token_type": "Bearer" })))
}

#[tokio::test]
async fn google_kms_guards_a_key_for_a_service_account_and_for_a_machine() {
    let private = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
    let router = Router::new()
        .route("/v1/{*path}", post(key))
        .route("/token", post(token))
        .route("/computeMetadata/v1/instance/service-accounts/default/token", get(metadata))
        .with_state(Arc::new(private.to_public_key()));
    let server = Server::start(router).await;
    let reference = format!("gcp-kms://projects/p/locations/global/keyRings/r/cryptoKeys/k?endpoint={}", server.url());
    let wrapped = assert_guards(&reference, &[("GCE_METADATA_HOST", &server.host)]).await;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("account.json");
    let file_path = file.to_str().unwrap();
    let account = |kind: &str, key: &RsaPrivateKey| {
        json!({ "type": kind, "client_email": "cowork@p.iam", "private_key_id": "kid-1", "token_uri": format!("{}/token", server.url()),
                "private_key": *key.to_pkcs8_pem(LineEnding::LF).unwrap() })
    };
    let credentials = [("GOOGLE_APPLICATION_CREDENTIALS", file_path)];
    std::fs::write(&file, account("service_account", &private).to_string()).unwrap();
    assert_guards(&reference, &credentials).await;

    let stranger = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
    std::fs::write(&file, account("service_account", &stranger).to_string()).unwrap();
    assert_eq!(refusal(&wrapped, &credentials).await, "Google Cloud KMS refused with 400: invalid_grant");
    std::fs::write(&file, account("external_account", &private).to_string()).unwrap();
    assert!(refusal(&wrapped, &credentials).await.contains("not of the type service_account"));
    let mut altered = wrapped;
    altered.ciphertext[0] ^= 1;
    assert_eq!(refusal(&altered, &[("GCE_METADATA_HOST", &server.host)]).await, "Google Cloud KMS refused with 400: INVALID_ARGUMENT");
}
