//! PocketPaw's stamped tokens: held against codes by Python's `hmac`.

use daypass_core::token::stamped::{self, Form};
use daypass_core::token::{expiry_inside, jwt};
use daypass_core::{Secret, TokenError};

use crate::clock::at;
use crate::golden::{Golden, named, word};

#[test]
fn each_golden_token_is_accepted_or_refused_as_it_should_be() {
    let golden = Golden::load();
    let master = Secret::new(golden.master.as_str());
    for case in &golden.stamped {
        let outcome = stamped::verify(&master, &case.token(), golden.now());
        assert_eq!(word(&outcome), case.expect, "{}", case.name);
    }
}

#[test]
fn we_write_both_forms_as_the_other_implementation_does() {
    let golden = Golden::load();
    let master = Secret::new(golden.master.as_str());
    let bare = stamped::sign(&master, golden.exp(), Form::Bare).unwrap();
    assert_eq!(bare, named(&golden.stamped, "as servers write it"));
    let documented = stamped::sign(&master, golden.exp(), Form::Documented).unwrap();
    assert_eq!(documented, named(&golden.stamped, "as it is documented"));
}

#[test]
fn a_token_still_counts_in_the_second_that_it_names() {
    let golden = Golden::load();
    let (master, exp) = (Secret::new(golden.master.as_str()), golden.exp());
    let token = named(&golden.stamped, "as it is documented");
    assert_eq!(stamped::verify(&master, &token, exp), Ok(exp));
    let next = exp + chrono::TimeDelta::seconds(1);
    assert_eq!(stamped::verify(&master, &token, next), Err(TokenError::Expired { at: exp }));
}

#[test]
fn the_expiry_is_read_without_the_master() {
    let golden = Golden::load();
    for name in ["as servers write it", "as it is documented", "another master"] {
        let token = named(&golden.stamped, name);
        assert_eq!(stamped::peek(&token), Ok(golden.exp()), "{name}");
        assert_eq!(expiry_inside(&token), Some(golden.exp()), "{name}");
        assert_eq!(jwt::peek(&token), Err(TokenError::Malformed), "{name}");
    }
    assert_eq!(expiry_inside(&Secret::new("rt_0123456789abcdef")), None);
    for name in ["over 8 KiB", "a code in upper case", "half a code", "a fraction"] {
        assert_eq!(expiry_inside(&named(&golden.stamped, name)), None, "{name}");
    }
}

#[test]
fn nothing_is_signed_without_a_master_or_before_1970() {
    let nobody = Secret::new("");
    let golden = Golden::load();
    assert_eq!(stamped::sign(&nobody, golden.exp(), Form::Bare), Err(TokenError::WeakKey));
    let token = named(&golden.stamped, "as servers write it");
    assert_eq!(stamped::verify(&nobody, &token, golden.now()), Err(TokenError::WeakKey));
    let master = Secret::new(golden.master.as_str());
    assert_eq!(stamped::sign(&master, at("1969-12-31T23:59:59Z"), Form::Bare), Err(TokenError::AbsurdExpiry));
}
