//! The verification of access tokens: see `daypass_fuzz_targets::access`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| daypass_fuzz_targets::access(bytes));
