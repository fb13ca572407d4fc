//! Lengths of time as people write them: `500ms`, `5s`, `2m`, `1h`, `90d`.

use std::time::Duration;

/// Reads a whole number with its unit. A number alone is not accepted, except 0: neighbouring settings count milliseconds, and
/// nobody should have to guess.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let unit_at = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let millis_per_unit = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.parse::<u64>().ok()?.checked_mul(millis_per_unit)?))
}

/// The shortest way to write it that [`parse`] reads.
pub(super) fn show(span: Duration) -> String {
    let millis = span.as_millis();
    match millis {
        0 => "0s".to_owned(),
        _ if millis.is_multiple_of(60_000) => format!("{}m", millis / 60_000),
        _ if millis.is_multiple_of(1000) => format!("{}s", millis / 1000),
        _ => format!("{millis}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_need_a_unit_and_read_back() {
        for (text, millis) in [("500ms", 500), ("5s", 5000), ("2m", 120_000), ("0s", 0)] {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
            assert_eq!(show(Duration::from_millis(millis)), text);
        }
        assert_eq!(
            [parse("0"), parse("1h"), parse("2d")],
            [Some(Duration::ZERO), Some(Duration::from_hours(1)), Some(Duration::from_hours(48))]
        );
        for wrong in ["", "5", "s", "5 s", "-1s", "1.5s", "99999999999999999999s", "5w"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
