//! Query parameters and cursors, as forgiving as the contract wants them (00 §2.1).

use cowork_domain::ids::Sequence;
use cowork_store::{LogBounds, StoreError};
use http::{HeaderMap, HeaderName, Uri};

/// In place of a cursor: nothing of what was, everything that comes.
const LATEST: &str = "latest";
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The decoded parameters of a request, in order.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads them; what cannot be read counts as absent.
    pub(super) fn of(uri: &Uri) -> Self {
        let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri);
        Self(pairs.map(|axum::extract::Query(pairs)| pairs).unwrap_or_default())
    }

    /// The first non-empty value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// The first value of a parameter, empty or not.
    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The non-empty values of a parameter.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// A page size: a positive integer or the default, never above the maximum.
    pub(super) fn limit(&self, default: u32, maximum: u32) -> u32 {
        let Some(text) = self.get("limit") else { return default };
        match text.trim().parse::<u64>() {
            Ok(0) | Err(_) => default,
            Ok(limit) => u32::try_from(limit).unwrap_or(u32::MAX).min(maximum),
        }
    }
}

/// Where a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamStart {
    /// After this sequence.
    After(Sequence),
    /// After whatever is the last one now.
    Latest,
}

impl StreamStart {
    /// After which sequence that is, and the same once more where only the server knows it. `end` is asked if it has to be.
    pub(super) async fn place(
        self,
        end: impl Future<Output = Result<LogBounds, StoreError>>,
    ) -> Result<(Sequence, Option<Sequence>), StoreError> {
        match self {
            Self::After(after) => Ok((after, None)),
            Self::Latest => {
                let latest = end.await?.latest;
                Ok((latest, Some(latest)))
            }
        }
    }
}

/// Where a stream resumes: `?after=` above zero, else `Last-Event-ID`, else the end of the log for `after=latest`, else the
/// beginning. A page that connects again sends the address that it began with, so what it received since comes first.
pub(super) fn stream_start(uri: &Uri, headers: &HeaderMap) -> StreamStart {
    let query = uri.query().map(|_| Query::of(uri));
    let after = query.as_ref().and_then(|query| query.get("after"));
    let asked = after.and_then(sequence).filter(|after| *after > Sequence::ZERO);
    let resumed = || headers.get(LAST_EVENT_ID).and_then(|value| value.to_str().ok()).and_then(sequence);
    match asked.or_else(resumed) {
        Some(after) => StreamStart::After(after),
        None if after == Some(LATEST) => StreamStart::Latest,
        None => StreamStart::After(Sequence::ZERO),
    }
}

/// A sequence that a log can hold: the database counts with signed 64 bits.
fn sequence(text: &str) -> Option<Sequence> {
    text.trim().parse::<u64>().ok().filter(|number| i64::try_from(*number).is_ok()).map(Sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(target: &str, last_event_id: Option<&str>) -> StreamStart {
        let mut headers = HeaderMap::new();
        if let Some(id) = last_event_id {
            headers.insert(LAST_EVENT_ID, id.parse().expect("a header value"));
        }
        stream_start(&target.parse().expect("a request target"), &headers)
    }

    fn cursor(target: &str, last_event_id: Option<&str>) -> u64 {
        match start(target, last_event_id) {
            StreamStart::After(sequence) => sequence.0,
            StreamStart::Latest => panic!("{target} asks for a place"),
        }
    }

    #[test]
    fn whoever_begins_at_the_end_resumes_where_it_was() {
        assert_eq!(start("/e?after=latest", None), StreamStart::Latest);
        assert_eq!(start("/e?after=latest", Some("9")), StreamStart::After(Sequence(9)));
        assert_eq!(start("/e?after=Latest", None), StreamStart::After(Sequence::ZERO));
    }

    #[test]
    fn the_query_wins_over_the_header_unless_it_says_nothing() {
        assert_eq!(cursor("/e?after=7", Some("9")), 7);
        for silent in ["/e", "/e?after=", "/e?after=0", "/e?after=-3", "/e?after=1.5", "/e?after=x", "/e?after=99999999999999999999"] {
            assert_eq!(cursor(silent, Some("9")), 9, "{silent}");
            assert_eq!(cursor(silent, None), 0, "{silent}");
        }
        assert_eq!(cursor("/e", Some("nonsense")), 0);
    }

    #[test]
    fn a_limit_is_never_an_error() {
        let limit = |target: &str| Query::of(&target.parse().expect("a request target")).limit(100, 500);
        assert_eq!(limit("/s?limit=2"), 2);
        assert_eq!(limit("/s?limit=9999"), 500);
        for ignored in ["/s", "/s?limit=0", "/s?limit=-1", "/s?limit=two", "/s?limit="] {
            assert_eq!(limit(ignored), 100, "{ignored}");
        }
    }
}
