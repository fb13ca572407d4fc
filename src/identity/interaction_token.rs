//! What chats show to answer a permission or a question: `occi_{id}{secret}` (contract 04 §6).
//!
//! Buttons of most chat systems carry 64 bytes at most, together with what the gateway puts in front (`apv:`) and, for an
//! answer, its text. So the token is 41 characters long and leaves 23.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const PREFIX: &str = "occi_";
/// 9 and 18 bytes in base64url.
const ID_LENGTH: usize = 12;
const SECRET_LENGTH: usize = 24;

/// A token that somebody showed, or that was just made. It has no `Debug`.
pub struct InteractionToken {
    id: String,
    secret: String,
}

impl InteractionToken {
    /// Makes one of 27 random bytes.
    pub fn mint(random: [u8; 27]) -> Self {
        let (id, secret) = random.split_at(9);
        Self { id: URL_SAFE_NO_PAD.encode(id), secret: URL_SAFE_NO_PAD.encode(secret) }
    }

    /// Reads what somebody showed; none when it has another form.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        let is_base64url = rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let (id, secret) = rest.split_at_checked(ID_LENGTH)?;
        let is_token = is_base64url && secret.len() == SECRET_LENGTH;
        is_token.then(|| Self { id: id.to_owned(), secret: secret.to_owned() })
    }

    /// The public part.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What is stored of the secret. A fast hash is enough: nobody guesses 144 random bits within the minutes of its life.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.secret.as_bytes()).into()
    }

    /// Whether this is the token that was stored, in constant time.
    pub fn matches(&self, stored: &[u8; 32]) -> bool {
        bool::from(self.hash().ct_eq(stored))
    }

    /// The whole token, to be shown once.
    pub fn plaintext(&self) -> String {
        format!("{PREFIX}{}{}", self.id, self.secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_fits_into_a_button() {
        for seed in 0..=255 {
            let made = InteractionToken::mint([seed; 27]);
            let shown = made.plaintext();
            let read = InteractionToken::parse(&shown).expect("its own form");
            assert!(read.id() == made.id() && read.matches(&made.hash()));
            assert!("apv:".len() + shown.len() <= 64);
            let mut other = shown.clone();
            let last = if other.pop() == Some('A') { 'B' } else { 'A' };
            other.push(last);
            assert!(!InteractionToken::parse(&other).is_some_and(|other| other.matches(&made.hash())), "{seed}");
        }
        let shown = InteractionToken::mint([7; 27]).plaintext();
        for wrong in ["", "occi_", &shown[..shown.len() - 1], &format!("{shown}x"), &shown.replace("occi_", "occ_"), &format!("{shown}é")]
        {
            assert!(InteractionToken::parse(wrong).is_none(), "{wrong}");
        }
    }
}
