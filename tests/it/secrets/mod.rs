//! The two keys of a deployment: what each role is given, and what `cowork secrets` does with what is sealed to them.

mod command;
mod roles;

use crate::server::Server;
use cowork_domain::{
    ids::{OrgId, SecretId, derived_uuid},
    secret::Secret,
};
use cowork_secrets::sealing::{OpeningKey, OrgKey, Sealer, SealingKey, Subject};
use data_encoding::HEXLOWER;

/// What customers entrusted.
const CANARY: &str = "sk-canary-7Yt2mQp9";

/// An organisation with provider keys, as the endpoints would have sealed them.
struct Customer {
    org: OrgId,
    org_key: OrgKey,
    sealer: Sealer,
}

impl Customer {
    /// Makes the organisation, and its data key.
    async fn new(server: &Server, org: &str, sealing_key: SealingKey) -> Self {
        let org = OrgId::new(org);
        let sealer = Sealer::new(sealing_key);
        let org_key = sealer.new_org_key(&org, 1);
        server
            .sql(&format!(
                "insert into orgs (org, tenant, name) values ('{org}', '{org}', 'A customer');
                 insert into org_data_keys (org, generation, public_key, sealed_private, key_id) values ('{org}', 1, {}, {}, '{}')",
                literal(&org_key.public),
                literal(&org_key.sealed_private),
                sealing_key.id()
            ))
            .await;
        Self { org, org_key, sealer }
    }

    /// Saves a provider key.
    async fn save(&self, server: &Server, provider: &str) {
        let id = derived_uuid(&[self.org.as_str(), provider]);
        let name = SecretId::from_uuid(id).to_string();
        let subject = Subject { org: &self.org, provider, secret: &name, version: 1 };
        let sealed = self.sealer.seal(&self.org_key, &subject, &Secret::new(CANARY.to_owned())).expect("it seals");
        server
            .sql(&format!(
                "insert into byok_secrets (secret, org, provider, version, status, credential_kind, sealed, org_key, key_id, last4, fingerprint,
                                           created_at, updated_at, shard)
                 values ('{id}', '{}', '{provider}', 1, 'pending_validation', 'plaintext', {}, 1, '{}', 'Qp9x', 'f', now(), now(), 0)",
                self.org,
                literal(&sealed.to_bytes()),
                sealed.key_id()
            ))
            .await;
    }
}

fn literal(bytes: &[u8]) -> String {
    format!("'\\x{}'", HEXLOWER.encode(bytes))
}

/// The texts of a new pair: what opens, and what seals.
fn pair() -> (OpeningKey, String) {
    let key = OpeningKey::generate();
    let text = key.to_text().expose().clone();
    (key, text)
}
