//! Sets of scopes, as OAuth writes them. An input is one set, or two with a line break between.
//!
//! What is read is written and read again as the same, in order; no set reaches beyond its union with another.

use daypass_core::lineage::Scopes;

/// See the module.
pub fn scopes(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (one, other) = text.split_once('\n').unwrap_or((text, ""));
    let Some(one) = read(one) else { return };
    let Some(other) = read(other) else { return };
    let both = one.union(&other);
    assert!(both.include(&one) && both.include(&other) && both == other.union(&one));
    assert_eq!(one.include(&other), both == one, "what adds nothing was there");
}

/// The set that `text` names.
fn read(text: &str) -> Option<Scopes> {
    let scopes = Scopes::parse(text)?;
    let written = scopes.to_string();
    let sound = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic() && !b"\"\\".contains(&b));
    assert!(written.len() <= text.len() && (written.is_empty() || written.split(' ').all(sound)), "{written:?}");
    assert_eq!(Scopes::parse(&written).as_ref(), Some(&scopes));
    assert!(scopes.include(&scopes) && scopes.include(&Scopes::default()));
    Some(scopes)
}
