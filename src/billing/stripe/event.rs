//! News from Stripe, as far as they are about subscriptions. Everything else is taken note of and changes nothing.

use crate::billing::news::{News, NewsMalformed, object, seats, text};
use cowork_domain::{
    billing::{Plans, SubscriptionEdit, SubscriptionStatus},
    ids::OrgId,
    timestamp::Timestamp,
};
use serde_json::{Map, Value, json};

/// Reads `{id, type, created, data: {object}}`.
pub(in crate::billing) fn read(fields: &Map<String, Value>, plans: &Plans, generated: &str) -> Result<News, NewsMalformed> {
    let kind = text(fields, "type")?.ok_or(NewsMalformed("type"))?;
    let own_id = text(fields, "id")?;
    let has_own_id = own_id.is_some();
    let id = own_id.unwrap_or_else(|| generated.to_owned());
    let told = object(fields, "data").and_then(|data| object(data, "object")).ok_or(NewsMalformed("data.object"))?;
    let about = if kind == "checkout.session.completed" {
        checkout(told)?
    } else if kind.starts_with("customer.subscription.") {
        subscription(&kind, told, plans)?
    } else {
        None
    };
    let edit = about.map(|edit| SubscriptionEdit {
        metadata: json!({ "source": "stripe_webhook", "eventId": id }),
        told_at: instant(fields.get("created")),
        ..edit
    });
    Ok(News { id, has_own_id, kind, edit })
}

/// Somebody paid. What for exactly, the subscription's own news tell.
fn checkout(session: &Map<String, Value>) -> Result<Option<SubscriptionEdit>, NewsMalformed> {
    // A page may sell something else.
    if session.get("mode").is_some_and(|mode| mode != "subscription") {
        return Ok(None);
    }
    let metadata = object(session, "metadata");
    let of = |name| metadata.map_or(Ok(None), |metadata| text(metadata, name));
    let org = match of("orgId")? {
        Some(org) => Some(org),
        None => text(session, "client_reference_id")?,
    };
    let Some(org) = org else { return Ok(None) };
    let edit = edit(&org, SubscriptionStatus::Active);
    Ok(Some(SubscriptionEdit {
        plan: of("planKey")?,
        customer: id_of(session, "customer")?,
        subscription: id_of(session, "subscription")?,
        ..edit
    }))
}

fn subscription(kind: &str, told: &Map<String, Value>, plans: &Plans) -> Result<Option<SubscriptionEdit>, NewsMalformed> {
    let metadata = object(told, "metadata");
    let of = |name| metadata.map_or(Ok(None), |metadata| text(metadata, name));
    let Some(org) = of("orgId")? else { return Ok(None) };
    let item = told.get("items").and_then(|items| items.pointer("/data/0"));
    let price = item.and_then(|item| item.pointer("/price/id")).and_then(Value::as_str);
    // Whoever changes the plan on Stripe's page changes the price; the metadata stay as they were when it began.
    let plan = match price.and_then(|price| plans.of_price(price)) {
        Some(plan) => Some(plan.key.clone()),
        None => of("planKey")?,
    };
    // Newer versions of the API tell the period of each item.
    let end = told.get("current_period_end").or_else(|| item.and_then(|item| item.get("current_period_end")));
    Ok(Some(SubscriptionEdit {
        plan,
        customer: id_of(told, "customer")?,
        subscription: text(told, "id")?,
        seats: seats(item.and_then(|item| item.get("quantity"))),
        current_period_end: instant(end),
        cancel_at_period_end: told.get("cancel_at_period_end").and_then(Value::as_bool),
        ..edit(&org, status(kind, told))
    }))
}

/// A word that we have none for is one of the many for "not paid".
fn status(kind: &str, told: &Map<String, Value>) -> SubscriptionStatus {
    if kind == "customer.subscription.deleted" {
        return SubscriptionStatus::Canceled;
    }
    match SubscriptionStatus::read(told.get("status").and_then(Value::as_str).unwrap_or_default()) {
        SubscriptionStatus::Other(_) => SubscriptionStatus::Incomplete,
        known => known,
    }
}

/// What is named by its id, or stands there whole.
fn id_of(fields: &Map<String, Value>, name: &'static str) -> Result<Option<String>, NewsMalformed> {
    match object(fields, name) {
        Some(whole) => text(whole, "id"),
        None => text(fields, name),
    }
}

fn instant(seconds: Option<&Value>) -> Option<Timestamp> {
    let millis = seconds.and_then(Value::as_i64)?.checked_mul(1000)?;
    // Until the year 10000: what is beyond no database holds.
    (0..253_402_300_800_000).contains(&millis).then(|| Timestamp::from_millis(millis))
}

fn edit(org: &str, status: SubscriptionStatus) -> SubscriptionEdit {
    SubscriptionEdit {
        org: OrgId::new(org),
        provider: "stripe",
        plan: None,
        customer: None,
        subscription: None,
        status,
        seats: None,
        current_period_end: None,
        cancel_at_period_end: None,
        metadata: json!({}),
        told_at: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plans() -> Plans {
        Plans::read(Some(&json!({"pro": {"priceId": "price_pro"}, "team": {"priceId": "price_team"}})), "pro", None).expect("plans")
    }

    fn news(body: Value) -> Result<News, NewsMalformed> {
        let Value::Object(fields) = body else { unreachable!("tests send objects") };
        read(&fields, &plans(), "generated")
    }

    fn of_subscription(kind: &str, status: &str) -> Value {
        json!({"id": "evt_1", "type": kind, "created": 1_700_000_000, "data": {"object": {
            "id": "sub_1", "object": "subscription", "customer": "cus_1", "status": status, "cancel_at_period_end": true,
            "current_period_end": 1_702_592_000, "metadata": {"orgId": "acme", "planKey": "pro"},
            "items": {"data": [{"quantity": 5, "price": {"id": "price_team"}}]}}}})
    }

    #[test]
    fn a_subscription_tells_everything_and_its_price_the_plan() {
        let edit = news(of_subscription("customer.subscription.updated", "past_due")).expect("news").edit.expect("an edit");
        assert_eq!((edit.org.as_str(), edit.plan.as_deref(), edit.seats), ("acme", Some("team"), Some(5)));
        assert_eq!((edit.subscription.as_deref(), edit.customer.as_deref()), (Some("sub_1"), Some("cus_1")));
        assert_eq!((edit.status, edit.cancel_at_period_end), (SubscriptionStatus::PastDue, Some(true)));
        assert_eq!(edit.current_period_end, Some(Timestamp::from_millis(1_702_592_000_000)));
        assert_eq!(edit.told_at, Some(Timestamp::from_millis(1_700_000_000_000)));
    }

    #[test]
    fn what_ended_is_canceled_and_what_nobody_knows_is_not_paid() {
        let status = |kind, word| news(of_subscription(kind, word)).expect("news").edit.expect("an edit").status;
        assert_eq!(status("customer.subscription.deleted", "active"), SubscriptionStatus::Canceled);
        assert_eq!(status("customer.subscription.paused", "paused"), SubscriptionStatus::Incomplete);
        assert_eq!(status("customer.subscription.created", "trialing"), SubscriptionStatus::Trialing);
    }

    #[test]
    fn a_checkout_names_its_organisation_in_one_of_two_places() {
        let completed = |session: Value| {
            let body = json!({"id": "evt_2", "type": "checkout.session.completed", "data": {"object": session}});
            news(body).expect("news").edit
        };
        let edit =
            completed(json!({"mode": "subscription", "client_reference_id": "acme", "customer": {"id": "cus_1"}, "subscription": "sub_1"}));
        let edit = edit.expect("an edit");
        assert_eq!((edit.org.as_str(), edit.customer.as_deref(), edit.status), ("acme", Some("cus_1"), SubscriptionStatus::Active));
        assert_eq!(completed(json!({"mode": "payment", "client_reference_id": "acme"})), None);
        assert_eq!(completed(json!({"mode": "subscription"})), None);
    }

    #[test]
    fn other_news_change_nothing_and_nonsense_is_refused() {
        let other = news(json!({"id": "evt_3", "type": "invoice.paid", "data": {"object": {}}})).expect("news");
        assert_eq!((other.id.as_str(), other.edit), ("evt_3", None));
        assert_eq!(news(json!({"id": "evt_3"})), Err(NewsMalformed("type")));
        assert_eq!(news(json!({"type": "invoice.paid"})), Err(NewsMalformed("data.object")));
    }
}
