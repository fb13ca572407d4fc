//! One range of bytes (RFC 9110 §14).

use std::ops::Range;

/// What a `Range` header asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// Everything: no range, one in a unit or form that isn't understood, or several at once, which a server may ignore.
    All,
    /// These bytes.
    Part(Range<usize>),
    /// Bytes that aren't there.
    Beyond,
}

/// Reads the header against a content of this length.
pub(super) fn asked(header: Option<&str>, length: usize) -> Asked {
    let Some(spec) = header.and_then(|text| text.trim().strip_prefix("bytes=")) else { return Asked::All };
    let Some((first, last)) = spec.trim().split_once('-') else { return Asked::All };
    let (first, last) = (first.trim(), last.trim());
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // More digits than fit say that it lies beyond any content.
    let number = |text: &str| text.parse::<usize>().unwrap_or(usize::MAX);
    match (first, last) {
        ("", last) if is_number(last) => match number(last).min(length) {
            0 => Asked::Beyond,
            count => Asked::Part(length - count..length),
        },
        (first, "") if is_number(first) => part(number(first), length, length),
        (first, last) if is_number(first) && is_number(last) && number(first) <= number(last) => {
            part(number(first), number(last).saturating_add(1).min(length), length)
        }
        _ => Asked::All,
    }
}

const fn part(first: usize, end: usize, length: usize) -> Asked {
    if first < length { Asked::Part(first..end) } else { Asked::Beyond }
}

#[cfg(test)]
mod tests {
    use super::{Asked::*, *};

    #[test]
    fn a_range_is_cut_to_what_is_there() {
        let of_ten = |header| asked(Some(header), 10);
        assert_eq!(of_ten("bytes=0-3"), Part(0..4));
        assert_eq!(of_ten("bytes=8-"), Part(8..10));
        assert_eq!(of_ten("bytes=8-99"), Part(8..10));
        assert_eq!(of_ten("bytes=-3"), Part(7..10));
        assert_eq!(of_ten("bytes=-99"), Part(0..10));
        assert_eq!(of_ten("bytes=9-99999999999999999999999"), Part(9..10));
        for beyond in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999999-"] {
            assert_eq!(of_ten(beyond), Beyond, "{beyond}");
        }
        for ignored in ["bytes=3-1", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b", "bytes=-", "bytes", ""] {
            assert_eq!(of_ten(ignored), All, "{ignored}");
        }
        assert_eq!(asked(None, 10), All);
        assert_eq!(asked(Some("bytes=0-"), 0), Beyond);
    }
}
