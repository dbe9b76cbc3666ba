//! Opaque random tokens: they have their form whatever chance brings.

use daypass_core::token::opaque;
use daypass_core::{Chance, Secret};
use proptest::prelude::*;

/// The bytes that a test gives, again and again.
struct Given(Vec<u8>);

impl Chance for Given {
    fn fill(&self, bytes: &mut [u8]) {
        for (byte, given) in bytes.iter_mut().zip(self.0.iter().cycle()) {
            *byte = *given;
        }
    }
}

#[test]
fn hex_writes_every_byte_behind_the_prefix() {
    let token = opaque::hex("dvc_", 4, &Given(vec![0x00, 0x7f, 0xff, 0x10]));
    assert_eq!(token, Secret::new("dvc_007fff10"));
}

#[test]
fn a_number_of_chance_is_below_one() {
    assert_eq!(Given(vec![0]).unit(), 0.0);
    assert!(Given(vec![0xff]).unit() < 1.0);
}

proptest! {
    #[test]
    fn a_uuid_has_its_form_whatever_chance_brings(bytes in prop::collection::vec(any::<u8>(), 16)) {
        let uuid = opaque::uuid(&Given(bytes));
        let groups: Vec<usize> = uuid.split('-').map(str::len).collect();
        prop_assert_eq!(groups, [8, 4, 4, 4, 12]);
        prop_assert_eq!(&uuid[14..15], "4");
        prop_assert!(matches!(&uuid[19..20], "8" | "9" | "a" | "b"));
    }

    #[test]
    fn alphanumerics_have_their_length(seed in prop::collection::vec(0_u8..248, 64), length in 0_usize..300) {
        let text = opaque::alphanumeric(length, &Given(seed));
        prop_assert_eq!(text.expose().len(), length);
        prop_assert!(text.expose().bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}
