//! The forms of OAuth's endpoints. An input is the body.
//!
//! A form that is read has each parameter once and none without a value; written again, it is read as the same.

use std::collections::BTreeSet;

use daypass_authority::fuzzing::form;
use url::form_urlencoded::Serializer;

/// See the module.
pub fn forms(bytes: &[u8]) {
    let Some(fields) = form(bytes.to_vec()) else { return };
    let names: BTreeSet<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), fields.len(), "a parameter is there twice");
    assert!(fields.iter().all(|(_, value)| !value.is_empty()));
    let mut written = Serializer::new(String::new());
    for (name, value) in &fields {
        written.append_pair(name, value.expose());
    }
    assert_eq!(form(written.finish().into_bytes()), Some(fields));
}
