use super::*;
use serde_json::json;

const NOW: i64 = 1_772_600_000_000;

fn interaction(kind: InteractionKind, state: InteractionState) -> Interaction {
    let now = Timestamp::from_millis(NOW);
    Interaction {
        id: "i".into(),
        org: OrgId::new("acme"),
        agent: AgentId::new("a"),
        binding: ChannelBindingId::new("b"),
        session_binding: ChannelSessionId::new("s"),
        session: SessionId::from_uuid(derived_uuid(&["s"])),
        provider: ChannelProvider::stored("telegram".to_owned()),
        external_id: None,
        kind,
        target: "per_1".into(),
        state,
        expires_at: now.plus_millis(1),
        created_at: now,
        updated_at: now,
    }
}

#[test]
fn an_interaction_is_used_once_and_in_time() {
    let now = Timestamp::from_millis(NOW);
    let open = interaction(InteractionKind::Permission, InteractionState::Pending);
    let used = open.clone().used(now).expect("it is open");
    assert_eq!(used.state, InteractionState::Used { at: now });
    assert_eq!(used.used(now), Err(NotPending));
    assert_eq!(open.clone().seen(now).state, InteractionState::Pending);
    assert_eq!(open.clone().seen(now.plus_millis(1)).state, InteractionState::Expired);
    assert_eq!(open.used(now.plus_millis(1)), Err(NotPending));
    for over in [InteractionState::Expired, InteractionState::Revoked] {
        assert_eq!(interaction(InteractionKind::Permission, over).used(now), Err(NotPending));
    }
}

#[test]
fn what_a_person_decides_becomes_one_command_of_the_session() {
    let answer = |reject| InteractionAnswer { response: json!({"allowed": true}), answers: vec!["Yes".into()], reject };
    let command = |kind, reject| interaction(kind, InteractionState::Pending).command(answer(reject));
    let permission = command(InteractionKind::Permission, true);
    assert_eq!(permission, CommandKind::PermissionRespond { permission_id: "per_1".into(), response: json!({"allowed": true}) });
    let reply = command(InteractionKind::Question, false);
    assert_eq!(reply, CommandKind::QuestionReply { request_id: "per_1".into(), answers: vec!["Yes".into()] });
    assert_eq!(command(InteractionKind::Question, true), CommandKind::QuestionReject { request_id: "per_1".into() });
    let same = interaction(InteractionKind::Question, InteractionState::Pending).command_id();
    assert_eq!(interaction(InteractionKind::Permission, InteractionState::Expired).command_id(), same);
}
