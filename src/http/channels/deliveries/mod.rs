//! Deliveries: messages for chats, and the gateways that send them (contract 04 §8).

mod ack;
mod claim;
mod claimant;
mod create;
mod dead_letter;
mod dead_letter_many;
mod feed;
mod list;
mod named;
mod operate;
mod options;
mod refusal;
mod renew;
mod retry;
mod sources;
mod stream;

pub use options::DeliveryOptions;

use crate::http::{gate::Gate, state::HttpState};
use cowork_domain::policy::Action;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this resource.
pub(super) fn routes(gate: &Gate) -> OpenApiRouter<HttpState> {
    let service = |routes| gate.allow(Action::ChannelsServiceDelivery, routes);
    OpenApiRouter::new()
        .routes(gate.allow(Action::ChannelsDeliveriesRead, routes!(list::list)))
        .routes(service(routes!(create::create)))
        .routes(service(routes!(stream::stream)))
        .routes(service(routes!(claim::claim)))
        .routes(service(routes!(ack::ack)))
        .routes(service(routes!(renew::renew)))
        .routes(gate.allow(Action::ChannelsDeliveriesWrite, routes!(retry::retry)))
        .routes(gate.allow(Action::ChannelsDeliveriesWrite, routes!(dead_letter::dead_letter)))
        .routes(gate.allow(Action::ChannelsDeliveriesWrite, routes!(dead_letter_many::dead_letter_many)))
}
