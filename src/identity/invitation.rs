//! Invitations as they are sent: `base64url(JSON).base64url(HMAC)` (contract 00 §3.3). They are stored nowhere; whether one still
//! opens something, the membership tells.

use super::SigningKey;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use cowork_domain::{
    ids::{OrgId, UserId},
    membership::MemberRecord,
    principal::Role,
    timestamp::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use subtle::ConstantTimeEq;

/// An invitation waits for its reader's next week, and no longer.
const LIFETIME: Duration = Duration::from_hours(7 * 24);
/// Longer than any that we make: what is longer is not even decoded.
const LONGEST: usize = 4096;
/// Keeps what is signed here from being believed elsewhere.
const PURPOSE: &str = "membership invite";

/// Whom an invitation is for, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// Where to.
    pub org_id: OrgId,
    /// The membership's account when it was sent.
    pub account_id: UserId,
    /// The membership's address.
    pub email: String,
    /// What they were invited as; the membership counts.
    pub role: Role,
    /// When it ends, in milliseconds since 1970.
    exp: i64,
}

/// Text that is no invitation of ours, or no longer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the invitation is forged, damaged or over")]
pub struct NoInvitation;

impl Invitation {
    /// For a membership that waits since a time.
    pub fn to(member: &MemberRecord, sent: Timestamp) -> Self {
        Self {
            org_id: member.org_id.clone(),
            account_id: member.account_id.clone(),
            email: member.email.clone(),
            role: member.role,
            exp: sent.as_millis().saturating_add(lifetime_millis()),
        }
    }

    /// When it ends.
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_millis(self.exp)
    }

    /// When it was sent.
    pub fn sent_at(&self) -> Timestamp {
        Timestamp::from_millis(self.exp.saturating_sub(lifetime_millis()))
    }

    /// The text that is sent. Whoever has it comes in, so it is shown once.
    pub fn signed(&self, key: &SigningKey) -> String {
        let body = serde_json::to_vec(self).expect("text and numbers always serialise");
        format!("{}.{}", URL_SAFE_NO_PAD.encode(&body), URL_SAFE_NO_PAD.encode(key.tag(PURPOSE, &body)))
    }

    /// Reads what somebody shows.
    ///
    /// # Errors
    /// It isn't ours, or its time is over.
    pub fn read(text: &str, key: &SigningKey, now: Timestamp) -> Result<Self, NoInvitation> {
        let (body, tag) = text.split_once('.').filter(|_| text.len() <= LONGEST).ok_or(NoInvitation)?;
        let body = URL_SAFE_NO_PAD.decode(body).map_err(|_| NoInvitation)?;
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| NoInvitation)?;
        if !bool::from(tag.ct_eq(&key.tag(PURPOSE, &body))) {
            return Err(NoInvitation);
        }
        let invitation: Self = serde_json::from_slice(&body).map_err(|_| NoInvitation)?;
        if now >= invitation.expires_at() { Err(NoInvitation) } else { Ok(invitation) }
    }
}

fn lifetime_millis() -> i64 {
    i64::try_from(LIFETIME.as_millis()).expect("a week fits")
}

#[cfg(test)]
mod tests {
    use super::*;
    use cowork_domain::signup::MemberStatus;

    const DAY: i64 = 24 * 3600 * 1000;

    fn kim() -> MemberRecord {
        let at = Timestamp::from_millis(0);
        MemberRecord {
            org_id: OrgId::new("acme"),
            account_id: UserId::new("account_1"),
            email: "kim@acme.test".to_owned(),
            display_name: None,
            role: Role::Admin,
            custom_role_key: None,
            status: MemberStatus::Invited,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn an_invitation_reads_back_for_a_week_and_by_its_own_key_alone() {
        let key = SigningKey::new("a secret of this deployment");
        let sent = Timestamp::from_millis(10 * DAY);
        let invitation = Invitation::to(&kim(), sent);
        let text = invitation.signed(&key);
        let read = |text: &str, key: &SigningKey, day: i64| Invitation::read(text, key, Timestamp::from_millis(day * DAY));
        assert_eq!(read(&text, &key, 16), Ok(invitation.clone()));
        assert_eq!(invitation.sent_at(), sent);
        assert_eq!(read(&text, &key, 17), Err(NoInvitation), "its time is over");
        assert_eq!(read(&text, &SigningKey::new("another deployment's"), 11), Err(NoInvitation));
        let (body, tag) = text.split_once('.').expect("two parts");
        let owner = String::from_utf8(URL_SAFE_NO_PAD.decode(body).expect("base64")).expect("JSON").replace("admin", "owner");
        for forged in [
            format!("{}.{tag}", URL_SAFE_NO_PAD.encode(owner)),
            format!("{body}."),
            body.to_owned(),
            String::new(),
            format!("{text}{}", "A".repeat(5000)),
        ] {
            assert_eq!(read(&forged, &key, 11), Err(NoInvitation), "{forged}");
        }
    }
}
