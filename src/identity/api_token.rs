//! API tokens as they are shown: `occ_{token id}_{secret}` (contract 00 §3.3).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cowork_domain::ids::TokenId;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const PREFIX: &str = "occ_";
const ID_PREFIX: &str = "tok_";
/// 12 and 32 bytes in base64url.
const ID_LENGTH: usize = 16;
const SECRET_LENGTH: usize = 43;

/// A token that somebody showed, or that was just made. The secret part has no `Debug`.
pub struct ApiToken {
    id: TokenId,
    secret: String,
}

impl ApiToken {
    /// Makes one of 44 random bytes.
    pub fn mint(random: [u8; 44]) -> Self {
        let (id, secret) = random.split_at(12);
        Self { id: TokenId::new(format!("{ID_PREFIX}{}", URL_SAFE_NO_PAD.encode(id))), secret: URL_SAFE_NO_PAD.encode(secret) }
    }

    /// Reads a bearer credential; none when it has another form. Both parts may hold underscores, so only lengths tell them apart.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        let (id, secret) = rest.split_at_checked(ID_PREFIX.len() + ID_LENGTH)?;
        let secret = secret.strip_prefix('_')?;
        let is_base64url = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let is_token = id.starts_with(ID_PREFIX) && secret.len() == SECRET_LENGTH && is_base64url(id) && is_base64url(secret);
        is_token.then(|| Self { id: TokenId::new(id), secret: secret.to_owned() })
    }

    /// The public part.
    pub fn id(&self) -> &TokenId {
        &self.id
    }

    /// What is stored of the secret. A fast hash is enough: nobody guesses 256 random bits.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret.as_bytes()).into()
    }

    /// Whether this is the token that was stored, in constant time.
    pub fn matches(&self, stored: &[u8; 32]) -> bool {
        bool::from(self.hash().ct_eq(stored))
    }

    /// The last characters of the whole token, to recognise it by.
    pub fn last4(&self) -> String {
        self.secret[self.secret.len() - 4..].to_owned()
    }

    /// The whole token, to be shown once.
    pub fn plaintext(&self) -> String {
        format!("{PREFIX}{}_{}", self.id, self.secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_only_its_own_secret_matches() {
        for seed in 0..=255 {
            let made = ApiToken::mint([seed; 44]);
            let shown = made.plaintext();
            let read = ApiToken::parse(&shown).expect("its own form");
            assert_eq!(read.id(), made.id());
            assert!(read.matches(&made.hash()));
            let mut other = shown.clone();
            let last = if other.pop() == Some('A') { 'Q' } else { 'A' };
            other.push(last);
            assert!(!ApiToken::parse(&other).is_some_and(|other| other.matches(&made.hash())), "{seed}");
        }
        let shown = ApiToken::mint([7; 44]).plaintext();
        for wrong in [
            "",
            "occ_",
            &shown[..shown.len() - 1],
            &format!("{shown}x"),
            &shown.replace("occ_", "ocw_"),
            &shown.replacen("tok_", "tok.", 1),
        ] {
            assert!(ApiToken::parse(wrong).is_none(), "{wrong}");
        }
    }
}
