//! The system's reasons, as they stand in a sentence.

use std::fmt::Display;

/// What `error` says, for the middle of a sentence: without the numbers that are for programmers, its first letter small.
pub fn reason(error: &impl Display) -> String {
    let text = error.to_string();
    let mut kept = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once(" (os error ") {
        // Windows ends its reasons as sentences.
        kept.push_str(before.trim_end_matches('.'));
        rest = after.split_once(')').map_or("", |(_, after)| after);
    }
    kept.push_str(rest);
    let mut letters = kept.chars();
    match (letters.next(), letters.next()) {
        // An abbreviation stays as it is.
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(kept.chars().skip(1)).collect()
        }
        _ => kept,
    }
}

#[cfg(test)]
mod tests {
    use super::reason;

    #[test]
    fn the_systems_numbers_are_left_out() {
        let missing = std::io::Error::from_raw_os_error(2);
        assert_eq!(reason(&missing), "no such file or directory");
        assert_eq!(
            reason(&format!("I/O error: {missing}; later: {missing}!")),
            "I/O error: No such file or directory; later: No such file or directory!"
        );
        assert_eq!(reason(&"it is empty"), "it is empty");
        assert_eq!(reason(&""), "");
    }

    #[test]
    fn a_reason_that_is_a_sentence_does_not_end_the_one_it_stands_in() {
        assert_eq!(reason(&"The system cannot find the file. (os error 2)"), "the system cannot find the file");
    }
}
