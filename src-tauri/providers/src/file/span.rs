//! Spans of time as people write them: `90s`, `30m`, `24h`, `7d`, `100y`.

use std::time::Duration;

use daypass_core::expiry::MAX_LIFE;
use serde::Deserialize;

/// A span from 1 s to 100 years; a year has 365.25 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Span(pub(crate) Duration);

/// In the largest unit that divides it: `7d`.
impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.0.as_secs();
        let units = [("y", 31_557_600), ("d", 86_400), ("h", 3600), ("m", 60)];
        match units.into_iter().find(|(_, unit)| seconds.is_multiple_of(*unit)) {
            Some((name, unit)) => write!(f, "{}{name}", seconds / unit),
            None => write!(f, "{seconds}s"),
        }
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a span of time; write it like 90s, 30m, 24h, 7d or 1y");
        let unit = text.chars().last().ok_or_else(wrong)?;
        let seconds: u64 = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'y' => 31_557_600,
            _ => return Err(wrong()),
        };
        let count: u64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| wrong())?;
        let span = Duration::from_secs(count.saturating_mul(seconds));
        if span.is_zero() || span > MAX_LIFE {
            return Err(format!("{text:?} is not between 1s and 100y"));
        }
        Ok(Self(span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read() {
        let seconds = |text: &str| Span::try_from(text.to_owned()).map(|span| span.0.as_secs());
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("30m"), Ok(1800));
        assert_eq!(seconds("24h"), Ok(86_400));
        assert_eq!(seconds("7d"), Ok(604_800));
        assert_eq!(seconds("100y"), Ok(MAX_LIFE.as_secs()));
        for text in ["90s", "30m", "25h", "7d", "100y"] {
            assert_eq!(Span::try_from(text.to_owned()).map(|span| span.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "s", "0s", "-1s", "1", "1w", "1.5h", "101y", "18446744073709551615y", "5µ"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
