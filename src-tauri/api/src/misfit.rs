//! Why a text is not the JSON that it should be, without any value of it: one of them may be a secret.

use serde_json::error::Category;

/// The longest reason of the library that is passed on, in bytes.
const LONGEST: usize = 300;

/// What is wrong, for the middle of a sentence. Of the text it names fields at most, and never a value.
pub fn misfit(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let names_a_field = text.starts_with("missing field") || text.starts_with("unknown field");
    let plain = text.len() <= LONGEST && !text.chars().any(char::is_control);
    match error.classify() {
        Category::Data if names_a_field && plain => text,
        Category::Data => format!("a value of another kind is expected at line {line} column {column}"),
        _ => format!("it is not JSON, at line {line} column {column}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::AddAccount;

    #[test]
    fn what_is_wrong_is_told_without_the_values() {
        let why = |text: &str| misfit(&serde_json::from_str::<AddAccount>(text).unwrap_err());
        assert!(why(r#"{"provider":"discovr"}"#).contains("missing field `name`"));
        assert!(why(r#"{"nonsense":1}"#).contains("unknown field `nonsense`"));
        assert!(!why(r#"{"two\nlines":1}"#).contains('\n'));
        assert!(!why(r#"{"provider":"d","name":"n","credential":12345}"#).contains("12345"));
        assert!(!why(r#"{"check":"rt_0123"}"#).contains("rt_0123"));
        assert_eq!(why("{"), "it is not JSON, at line 1 column 1");
    }
}
