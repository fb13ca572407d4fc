//! How a check ends, and when the next one is due.

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The provider took the key.
    Valid,
    /// The provider refused the key.
    Refused {
        /// What it said, without secrets.
        message: String,
    },
    /// Its time is over, as the provider or the key manager says.
    Expired {
        /// What it said, without secrets.
        message: String,
    },
    /// The deployment knows no such provider.
    Unsupported,
    /// Nobody knows: the provider could not be asked, or the key could not be opened.
    Unknown {
        /// Why, without secrets.
        message: String,
        /// Whether it may go better the next time.
        retry: bool,
    },
}

/// When keys are checked. All spans are in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckRules {
    /// So many checks in a row may come to nothing before nobody tries by itself any more.
    pub attempts: u32,
    /// Pause after the first check that came to nothing; it doubles from one to the next.
    pub first_pause: i64,
    /// The longest of these pauses.
    pub longest_pause: i64,
    /// How often a key in use is checked again; never without it.
    pub revalidate_every: Option<i64>,
    /// After a key in use was refused, it is asked once more after this. It also bounds how often refusals in use lead to a check.
    pub doubt_pause: i64,
    /// So many refusals in a row take a key out of use, unless a person asked.
    pub refusals: u32,
}

impl Default for CheckRules {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_pause: 30_000,
            longest_pause: 3_600_000,
            revalidate_every: Some(24 * 3_600_000),
            doubt_pause: 60_000,
            refusals: 2,
        }
    }
}

impl CheckRules {
    /// The pause after so many checks that came to nothing; none when it is enough.
    pub(super) fn pause_after(&self, attempts: u32) -> Option<i64> {
        (attempts < self.attempts).then(|| {
            let doublings = attempts.saturating_sub(1).min(30);
            self.first_pause.saturating_mul(1 << doublings).min(self.longest_pause)
        })
    }
}

/// A span, up to a quarter shorter: what was saved together is not checked together for ever. `chance` is one of a thousand.
pub(super) fn spread(span: i64, chance: u16) -> i64 {
    span - span / 4 * i64::from(chance.min(1000)) / 1000
}
