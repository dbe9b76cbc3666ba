//! Spans, lists of names and foreign text in the words of a menu.

use std::time::Duration;

use daypass_words::Words;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// How coarse a count-down in seconds is, in seconds.
pub(crate) const STEP: u64 = 5;

/// A span in one unit, rounded down: `under 1 min`, `23 min`, `3 h`, `6 days`.
///
/// It changes at most once a minute, so that a menu is seldom redrawn. Two of the larger unit are needed before it is
/// used: 119 min says more than 1 h.
pub(crate) fn coarse(words: &Words, span: Duration) -> String {
    let say = |id, count: u64| words.say(id, [("count", count.into())]);
    match span.as_secs() {
        0..MINUTE => words.say("menu-span-soon", []),
        seconds @ MINUTE..7_200 => say("menu-span-minutes", seconds / MINUTE),
        seconds @ 7_200..172_800 => say("menu-span-hours", seconds / HOUR),
        seconds => say("menu-span-days", seconds / DAY),
    }
}

/// A span for a sentence that is read once: as [`coarse`], but in seconds below two minutes.
pub(crate) fn exact(words: &Words, span: Duration) -> String {
    match span.as_secs() {
        seconds @ 0..120 => words.say("menu-span-seconds", [("count", seconds.into())]),
        _ => coarse(words, span),
    }
}

/// A span that has just begun: as [`exact`], rounded up to whole seconds.
pub(crate) fn whole(words: &Words, span: Duration) -> String {
    let seconds = span.as_millis().div_ceil(1000);
    exact(words, Duration::from_secs(u64::try_from(seconds).unwrap_or(u64::MAX)))
}

/// A span that counts down in a menu: as [`exact`], rounded up to [`STEP`] seconds.
pub(crate) fn counting(words: &Words, span: Duration) -> String {
    let seconds = span.as_millis().div_ceil(1000);
    let steps = u64::try_from(seconds).unwrap_or(u64::MAX).div_ceil(STEP);
    exact(words, Duration::from_secs(steps.saturating_mul(STEP)))
}

/// Names for a sentence, the first `most` of them: `a`, `a and b`, `a, b and c`, `a, b, c, d and 3 more`.
pub(crate) fn names<'a>(words: &Words, names: impl ExactSizeIterator<Item = &'a str>, most: usize) -> String {
    let more = names.len().saturating_sub(most);
    let shown: Vec<&str> = names.take(most).collect();
    match (more, shown.as_slice()) {
        (0, [head @ .., last]) if !head.is_empty() => {
            words.say("menu-names-and", [("names", head.join(", ").into()), ("last", (*last).into())])
        }
        (0, all) => all.concat(),
        (more, some) => words.say("menu-names-more", [("names", some.join(", ").into()), ("count", more.into())]),
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
    use daypass_words::Spoken;

    use super::*;

    #[test]
    fn a_span_is_told_in_one_unit() {
        let words = Words::new(Spoken::English);
        let told = |seconds| coarse(&words, Duration::from_secs(seconds));
        assert_eq!(told(0), "under 1 min");
        assert_eq!(told(59), "under 1 min");
        assert_eq!(told(60), "1 min");
        assert_eq!(told(7_199), "119 min");
        assert_eq!(told(7_200), "2 h");
        assert_eq!(told(172_799), "47 h");
        assert_eq!(told(172_800), "2 days");
        assert_eq!(exact(&words, Duration::from_secs(119)), "119 s");
        assert_eq!(exact(&words, Duration::from_secs(120)), "2 min");
        let german = Words::new(Spoken::German);
        assert_eq!(coarse(&german, Duration::from_secs(172_800)), "2 Tage");
        assert_eq!(coarse(&german, Duration::from_secs(59)), "unter 1 min");
    }

    #[test]
    fn a_count_down_goes_in_steps_and_is_never_over_too_early() {
        let words = Words::new(Spoken::English);
        let told = |milliseconds| counting(&words, Duration::from_millis(milliseconds));
        assert_eq!(told(45_000), "45 s");
        assert_eq!(told(44_001), "45 s");
        assert_eq!(told(40_001), "45 s");
        assert_eq!(told(40_000), "40 s");
        assert_eq!(told(1), "5 s");
        assert_eq!(told(600_000), "10 min");
    }

    #[test]
    fn names_are_listed_as_in_a_sentence() {
        let words = Words::new(Spoken::English);
        let listed = |all: &[&str]| names(&words, all.iter().copied(), 4);
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
