//! A provider that asks nobody for money: for trying plans out, and for deployments that bill in some other way.

use super::news::{News, NewsMalformed, object, seats, text};
use cowork_domain::{
    billing::{SubscriptionEdit, SubscriptionStatus},
    ids::{OrgId, UserId},
};
use serde_json::{Map, Value, json};

/// The kind of news that say nothing about an organisation.
const IGNORED: &str = "stub.ignored";
/// The kind of news that don't say theirs.
const UPDATED: &str = "stub.subscription.updated";

/// A checkout, which is paid for at once.
pub(crate) fn checkout_edit(org: &OrgId, by: &UserId, plan: &str) -> SubscriptionEdit {
    let metadata = json!({ "source": "stub_checkout", "accountId": by });
    SubscriptionEdit { plan: Some(plan.to_owned()), cancel_at_period_end: Some(false), ..edit(org, metadata) }
}

/// Reads `{id?, type?, subscription: {orgId, planKey?, status?, seats?, …}}`, or the same fields at the top.
pub(super) fn read(fields: &Map<String, Value>, generated: &str) -> Result<News, NewsMalformed> {
    let told = object(fields, "subscription").unwrap_or(fields);
    let own_id = text(fields, "id")?;
    let has_own_id = own_id.is_some();
    let id = own_id.unwrap_or_else(|| generated.to_owned());
    let Some(org) = text(told, "orgId")? else { return Ok(News { id, has_own_id, kind: IGNORED.to_owned(), edit: None }) };
    let metadata = json!({ "source": "stub_webhook", "eventId": id });
    let edit = edit(&OrgId::new(org), metadata);
    let edit = SubscriptionEdit {
        plan: text(told, "planKey")?,
        status: text(told, "status")?.map_or(SubscriptionStatus::Active, |word| SubscriptionStatus::read(&word)),
        seats: seats(told.get("seats")),
        customer: text(told, "providerCustomerId")?.or(edit.customer),
        subscription: text(told, "providerSubscriptionId")?.or(edit.subscription),
        ..edit
    };
    Ok(News { kind: text(fields, "type")?.unwrap_or_else(|| UPDATED.to_owned()), id, has_own_id, edit: Some(edit) })
}

fn edit(org: &OrgId, metadata: Value) -> SubscriptionEdit {
    SubscriptionEdit {
        org: org.clone(),
        provider: "stub",
        plan: None,
        customer: Some(format!("stub_customer_{org}")),
        subscription: Some(format!("stub_subscription_{org}")),
        status: SubscriptionStatus::Active,
        seats: None,
        current_period_end: None,
        cancel_at_period_end: None,
        metadata,
        told_at: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news(body: Value) -> Result<News, NewsMalformed> {
        let Value::Object(fields) = body else { unreachable!("tests send objects") };
        read(&fields, "generated")
    }

    #[test]
    fn the_subscription_stands_inside_or_at_the_top() {
        let inside =
            news(json!({"id": "evt_1", "type": "customer.subscription.updated", "subscription": {"orgId": "acme", "planKey": "pro"}}));
        let inside = inside.expect("news");
        assert_eq!((inside.id.as_str(), inside.kind.as_str()), ("evt_1", "customer.subscription.updated"));
        let edit = inside.edit.expect("an edit");
        assert_eq!(
            (edit.plan.as_deref(), &edit.status, edit.customer.as_deref()),
            (Some("pro"), &SubscriptionStatus::Active, Some("stub_customer_acme"))
        );
        let top = news(json!({"orgId": "acme", "status": "past_due", "seats": 3})).expect("news");
        let edit = top.edit.expect("an edit");
        assert_eq!((top.id.as_str(), edit.status, edit.seats, edit.plan), ("generated", SubscriptionStatus::PastDue, Some(3), None));
    }

    #[test]
    fn what_is_about_nobody_is_ignored_and_what_cannot_be_stored_refused() {
        for nobody in [json!({}), json!({"subscription": {"planKey": "pro"}}), json!({"orgId": "  "})] {
            let news = news(nobody.clone()).expect("news");
            assert_eq!((news.kind.as_str(), news.edit), (IGNORED, None), "{nobody}");
        }
        assert_eq!(news(json!({"orgId": "a\u{0}"})), Err(NewsMalformed("orgId")));
        assert_eq!(news(json!({"orgId": "acme", "planKey": "p".repeat(201)})), Err(NewsMalformed("planKey")));
        assert_eq!(news(json!({"orgId": "acme", "status": 7})), Err(NewsMalformed("status")));
    }
}
