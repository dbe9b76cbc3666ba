//! The forms of OAuth's endpoints: see `daypass_fuzz_targets::forms`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| daypass_fuzz_targets::forms(bytes));
