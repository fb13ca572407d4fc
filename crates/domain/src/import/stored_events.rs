//! Events of a plan as they stand in the log: instant, type, payload. So that a plan which was made
//! on one node can be carried out on another.

use crate::{
    event::{EventBody, EventType},
    timestamp::Timestamp,
};
use serde::{Deserialize, Deserializer, Serializer, de::Error};

pub(super) fn serialize<S: Serializer>(events: &[(Timestamp, EventBody)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(events.iter().map(|(at, body)| (at, body.event_type().as_str(), body.payload())))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(Timestamp, EventBody)>, D::Error> {
    let stored = Vec::<(Timestamp, String, String)>::deserialize(deserializer)?;
    let read = |(at, name, payload): (Timestamp, String, String)| {
        let event_type = EventType::parse(&name).ok_or_else(|| D::Error::custom(format_args!("no event is called {name}")))?;
        Ok((at, EventBody::read(event_type, &payload).map_err(D::Error::custom)?))
    };
    stored.into_iter().map(read).collect()
}
