//! Spans and foreign text in the words of a menu.

use std::time::Duration;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A span in one unit, rounded down: `under 1 min`, `23 min`, `3 h`, `6 days`.
///
/// It changes at most once a minute, so that a menu is seldom redrawn. Two of the larger unit are needed before it is
/// used: 119 min says more than 1 h.
pub(crate) fn coarse(span: Duration) -> String {
    match span.as_secs() {
        0..MINUTE => "under 1 min".to_owned(),
        seconds @ MINUTE..7_200 => format!("{} min", seconds / MINUTE),
        seconds @ 7_200..172_800 => format!("{} h", seconds / HOUR),
        seconds => format!("{} days", seconds / DAY),
    }
}

/// A span for a sentence that is read once: as [`coarse`], but in seconds below two minutes.
pub(crate) fn exact(span: Duration) -> String {
    match span.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        _ => coarse(span),
    }
}

/// Names for a sentence, the first `most` of them: `a`, `a and b`, `a, b and c`, `a, b, c, d and 3 more`.
pub(crate) fn names<'a>(names: impl ExactSizeIterator<Item = &'a str>, most: usize) -> String {
    let more = names.len().saturating_sub(most);
    let shown: Vec<&str> = names.take(most).collect();
    match (more, shown.as_slice()) {
        (0, [head @ .., before, last]) if !head.is_empty() => format!("{}, {before} and {last}", head.join(", ")),
        (0, all) => all.join(" and "),
        (more, some) => format!("{} and {more} more", some.join(", ")),
    }
}

/// Foreign text (a session's name, a provider's message) as one line of at most `most` characters.
///
/// Control characters and direction overrides would let a name lie about the entry that it stands in.
pub(crate) fn line(text: &str, most: usize) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let clean: String = words.collect::<Vec<_>>().join(" ").chars().filter(|&c| !is_invisible(c)).collect();
    if clean.chars().count() <= most {
        return clean;
    }
    let head: String = clean.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", head.trim_end())
}

/// Zero-width and direction-changing characters (Unicode, "Default_Ignorable" ones that rearrange or hide text).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_one_unit() {
        let told = |seconds| coarse(Duration::from_secs(seconds));
        assert_eq!(told(0), "under 1 min");
        assert_eq!(told(59), "under 1 min");
        assert_eq!(told(60), "1 min");
        assert_eq!(told(7_199), "119 min");
        assert_eq!(told(7_200), "2 h");
        assert_eq!(told(172_799), "47 h");
        assert_eq!(told(172_800), "2 days");
        assert_eq!(exact(Duration::from_secs(119)), "119 s");
        assert_eq!(exact(Duration::from_secs(120)), "2 min");
    }

    #[test]
    fn names_are_listed_as_in_a_sentence() {
        let listed = |all: &[&str]| names(all.iter().copied(), 4);
        assert_eq!(listed(&[]), "");
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b"]), "a and b");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
        assert_eq!(listed(&["a", "b", "c", "d"]), "a, b, c and d");
        assert_eq!(listed(&["a", "b", "c", "d", "e", "f"]), "a, b, c, d and 2 more");
    }

    #[test]
    fn foreign_text_stays_one_short_honest_line() {
        assert_eq!(line("  my\n\tlaptop ", 40), "my laptop");
        assert_eq!(line("ab\u{202e}cd\u{200b}", 40), "abcd");
        assert_eq!(line("0123456789", 10), "0123456789");
        assert_eq!(line("01234 6789", 7), "01234…");
    }
}
