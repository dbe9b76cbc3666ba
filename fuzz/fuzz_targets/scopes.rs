//! Sets of scopes: see `daypass_fuzz_targets::scopes`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| daypass_fuzz_targets::scopes(bytes));
