//! What channels may be configured to.

/// Counted limits of an organisation's channels. `None` is unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChannelOptions {
    /// Bindings that aren't disabled.
    pub bindings_per_org: Option<u64>,
    /// Prompts from channels within an hour, beside the limit of all prompts.
    pub prompts_per_hour: Option<u64>,
}
