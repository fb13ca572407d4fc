//! How many entries of each list a client wants (contract 05 §6).

use crate::http::{error::ApiError, query::Query};

const DEFAULT: usize = 8;
const MOST: usize = 50;

/// Entries per list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) waiting: usize,
    pub(super) artifacts: usize,
}

impl Limits {
    /// The limit of a list wins over the one of all lists. Every one that is given is checked, used or not.
    pub(super) fn of(query: &Query) -> Result<Self, ApiError> {
        let all = limit(query, "limit")?.unwrap_or(DEFAULT);
        limit(query, "inProgressLimit")?;
        Ok(Self { waiting: limit(query, "waitingLimit")?.unwrap_or(all), artifacts: limit(query, "artifactsLimit")?.unwrap_or(all) })
    }
}

fn limit(query: &Query, name: &str) -> Result<Option<usize>, ApiError> {
    let Some(text) = query.first(name).map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    match text.parse() {
        Ok(limit @ 1..=MOST) => Ok(Some(limit)),
        _ => Err(ApiError::invalid(format!("{name} must be an integer between 1 and {MOST}."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(target: &str) -> Result<Limits, String> {
        Limits::of(&Query::of(&target.parse().expect("a request target"))).map_err(|error| error.body())
    }

    #[test]
    fn the_limit_of_a_list_wins_and_a_wrong_one_is_named() {
        assert_eq!(of("/feed"), Ok(Limits { waiting: 8, artifacts: 8 }));
        assert_eq!(of("/feed?limit=3&artifactsLimit=50&waitingLimit="), Ok(Limits { waiting: 3, artifacts: 50 }));
        for (wrong, name) in [("limit=0", "limit"), ("waitingLimit=51", "waitingLimit"), ("inProgressLimit=x", "inProgressLimit")] {
            let refused = of(&format!("/feed?{wrong}")).expect_err(wrong);
            assert!(refused.contains(&format!("\"{name} must be an integer between 1 and 50.\"")), "{refused}");
        }
    }
}
