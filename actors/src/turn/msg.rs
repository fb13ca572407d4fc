//! What a turn is told.

#[derive(Debug)]
pub(crate) enum TurnMsg {
    /// Carry reports until the last one.
    Run,
}

impl ractor::Message for TurnMsg {}
