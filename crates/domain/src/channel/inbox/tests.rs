use super::*;
use crate::{
    ids::{TenantId, UserId},
    principal::{AuthSource, Role},
};

const NOW: i64 = 1_772_600_000_000;

fn message(event: &str, thread: Option<&str>) -> InboxMessage {
    let told = NewInboxMessage {
        org: OrgId::new("acme"),
        binding: ChannelBindingId::new("b"),
        provider: ChannelProvider::stored("telegram".to_owned()),
        instance: "telegram".into(),
        event: event.into(),
        workspace: None,
        chat: "c-1".into(),
        thread: thread.map(str::to_owned),
        user: "u-1".into(),
        username: None,
        display_name: None,
        text: format!("  {}", "é".repeat(100)),
        agent: None,
        title: None,
        project_source: None,
    };
    let by = Principal {
        tenant_id: TenantId::new("acme"),
        org_id: OrgId::new("acme"),
        tenant_name: "Acme".into(),
        user_id: UserId::new("kim"),
        account_id: UserId::new("kim"),
        email: "kim@acme.example".into(),
        role: Role::Owner,
        auth_source: AuthSource::ApiToken,
    };
    let at = Timestamp::from_millis(NOW);
    InboxMessage { id: told.id(), told, by, state: InboxState::Received, attempts: 0, created_at: at, updated_at: at }
}

#[test]
fn a_message_is_the_same_however_often_it_is_told_and_has_one_prompt() {
    assert_eq!(message("1", None).id, message("1", Some("t")).id);
    assert_eq!(message("1", None).told.command(), message("1", None).told.command());
    assert_ne!(message("1", None).told.command(), message("2", None).told.command());
    assert_eq!(message("1", None).told.thread().thread, "c-1");
    assert_eq!(message("1", Some("t")).told.thread().thread, "t");
    assert_eq!(message("1", None).told.session_title(), "é".repeat(80));
}

#[test]
fn a_message_waits_as_long_as_somebody_may_want_an_answer() {
    let quota = || Obstacle::Quota { code: Code::PromptsPerHourExceeded, text: "too many".into() };
    let at = |millis| Timestamp::from_millis(NOW + millis);
    let mut message = message("1", None);
    assert_eq!(message.after(Obstacle::Unavailable, at(0)), AfterObstacle::Again(at(250)));
    message.attempts = u32::MAX;
    assert_eq!(message.after(Obstacle::Unavailable, at(QUOTA_MS)), AfterObstacle::Again(at(QUOTA_MS + LONGEST_PAUSE_MS)));
    assert!(matches!(message.after(Obstacle::Unavailable, at(UNAVAILABLE_MS)), AfterObstacle::Never { .. }));
    assert_eq!(message.after(quota(), at(0)), AfterObstacle::Again(at(LONGEST_PAUSE_MS)));
    let over = AfterObstacle::Never { code: Code::PromptsPerHourExceeded, text: "too many".into() };
    assert_eq!(message.after(quota(), at(QUOTA_MS)), over);
    let refused = Obstacle::Refused { code: Code::GatewayIdentityNotAllowed, text: "no".into() };
    assert!(matches!(message.after(refused, at(0)), AfterObstacle::Never { code: Code::GatewayIdentityNotAllowed, .. }));
}

#[test]
fn what_is_shown_of_a_message_says_its_fate_and_not_its_text() {
    let mut message = message("1", None);
    message.state = InboxState::Refused { code: Code::GatewayChannelNotBound, text: "another binding has this thread".into() };
    let record = serde_json::to_value(&message).expect("JSON");
    assert_eq!((&record["status"], &record["code"]), (&"refused".into(), &"gateway.channel_not_bound".into()));
    assert_eq!((&record["sessionId"], &record["commandId"]), (&serde_json::Value::Null, &serde_json::Value::Null));
    assert!(!record.to_string().contains('é'));
}
