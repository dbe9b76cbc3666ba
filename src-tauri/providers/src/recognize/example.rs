//! What documentation writes where the reader's own value goes: `<token>`, `YOUR_TOKEN`, `$TOKEN`, `rt_xxxx`.

/// The words that such a text is made of, between its `_` and `-`.
const WORDS: [&str; 16] = [
    "token",
    "key",
    "apikey",
    "secret",
    "credential",
    "credentials",
    "password",
    "refresh",
    "access",
    "master",
    "session",
    "jwt",
    "example",
    "placeholder",
    "id",
    "here",
];

/// Whether `text` is obviously no value of anybody's.
pub(super) fn is_example(text: &str) -> bool {
    let lower = text.to_lowercase();
    let marks = ['<', '>', '{', '}', '$', '[', ']', '\u{2026}', '*'];
    let between_percents = text.len() > 2 && text.starts_with('%') && text.ends_with('%');
    if lower.is_empty() || text.contains(marks) || text.contains("...") || between_percents {
        return true;
    }
    let parts: Vec<&str> = lower.split(['_', '-', '.', ' ']).filter(|part| !part.is_empty()).collect();
    if parts.first().is_some_and(|first| matches!(*first, "your" | "my")) {
        return true;
    }
    let is_word = |part: &&str| WORDS.contains(part);
    let is_blank = |part: &&str| part.len() >= 3 && part.chars().all(|c| c == 'x' || c == '0');
    let is_short = |part: &&str| part.len() <= 3 && part.chars().all(|c| c.is_ascii_alphanumeric());
    // A known word may stand among others, but nothing that looks drawn by chance.
    let all_words = parts.iter().all(|part| part.chars().all(char::is_alphabetic));
    (all_words && parts.iter().any(is_word))
        || (parts.iter().any(is_blank) && parts.iter().all(|p| is_blank(p) || is_short(p)))
}

#[cfg(test)]
mod tests {
    use super::is_example;

    #[test]
    fn what_documentation_writes_is_no_value() {
        for text in [
            "<token>",
            "YOUR_TOKEN",
            "your-api-key",
            "$TOKEN",
            "${TOKEN}",
            "{token}",
            "{{api_key}}",
            "[token]",
            "API_KEY",
            "token",
            "ACCESS_TOKEN",
            "rt_...",
            "rt_xxxxxxxx",
            "%TOKEN%",
            "eyJhbGciOi…",
            "PROFILE_ID",
            "****",
            "my token",
            "",
            "01-xxxxxxxx-xxxxxxxx",
            "YOUR_MASTER_TOKEN_HERE",
            "refresh-token",
            "00000000-0000-0000-0000-000000000000",
        ] {
            assert!(is_example(text), "{text}");
        }
        for text in [
            "rt_5f2b6c1a",
            "01-90d33624-99f708fa77a1e94a25c4a1afd0f28a4c23ff5251",
            "0b5f9d3e-2c1a-4e8f-9b7d-6a5c4d3e2f10",
            "hunter2",
            "correct horse",
            "profile_abc123",
            "search-rec",
            "daypass",
            "pp_live_Ab3xxK9",
        ] {
            assert!(!is_example(text), "{text}");
        }
    }
}
