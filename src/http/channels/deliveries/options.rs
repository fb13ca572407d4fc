//! What deliveries may be configured to.

/// Limits of deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryOptions {
    /// Claims of an organisation within an hour; `None` is unlimited.
    pub per_hour: Option<u64>,
    /// Attempts after which a delivery is given up.
    pub attempt_limit: u32,
}

impl Default for DeliveryOptions {
    fn default() -> Self {
        Self { per_hour: None, attempt_limit: 20 }
    }
}
