//! Which rows a request is about: the same parameters for the list and for the export.

use crate::http::{error::ApiError, query::Query};
use cowork_domain::{audit::ActorType, timestamp::Timestamp};
use cowork_store::AuditFilter;
use serde_json::{Value, json};

/// Reads the filters. What isn't a date or a kind of actor is ignored (contract 02 §10).
pub(super) fn of(query: &Query) -> Result<AuditFilter, ApiError> {
    let names = ["actorId", "action", "targetType", "targetId", "result", "channelBindingId"];
    let texts = names.map(|name| query.get(name).map(str::to_owned));
    if texts.iter().flatten().any(|text| text.contains('\0')) {
        return Err(ApiError::invalid("Audit filters must not hold the character U+0000."));
    }
    let [actor_id, action, target_type, target_id, result, channel_binding] = texts;
    Ok(AuditFilter {
        actor_id,
        actor_type: query.get("actorType").and_then(ActorType::parse),
        action,
        target_type,
        target_id,
        result,
        channel_binding,
        from: query.get("from").and_then(instant),
        to: query.get("to").and_then(instant),
    })
}

/// The filters by their names, in a fixed order.
pub(super) fn parts(filter: &AuditFilter) -> [(&'static str, Option<String>); 9] {
    [
        ("actorId", filter.actor_id.clone()),
        ("actorType", filter.actor_type.map(|actor| actor.as_str().to_owned())),
        ("action", filter.action.clone()),
        ("targetType", filter.target_type.clone()),
        ("targetId", filter.target_id.clone()),
        ("result", filter.result.clone()),
        ("channelBindingId", filter.channel_binding.clone()),
        ("from", filter.from.map(|at| at.to_string())),
        ("to", filter.to.map(|at| at.to_string())),
    ]
}

/// The filters as an object.
pub(super) fn described(filter: &AuditFilter) -> Value {
    Value::Object(parts(filter).into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))).collect())
}

/// An instant, or a day, which begins at midnight in UTC.
fn instant(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text).or_else(|| Timestamp::parse(&format!("{text}T00:00:00Z")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_does_not_filter() {
        let read = |target: &str| of(&Query::of(&target.parse().expect("a request target"))).expect("it can be read");
        assert_eq!(read("/a?actorType=robot&from=yesterday&to=2026-13-01&action=&limit=x"), AuditFilter::default());
        let filter = read("/a?actorType=api_token&from=2026-03-04&to=2026-03-04T05:06:07.890Z&action=byok_secret.");
        assert_eq!(
            described(&filter),
            json!({
                "actorType": "api_token", "action": "byok_secret.",
                "from": "2026-03-04T00:00:00.000Z", "to": "2026-03-04T05:06:07.890Z"
            })
        );
        assert!(of(&Query::of(&"/a?action=%00".parse().expect("a request target"))).is_err());
    }
}
