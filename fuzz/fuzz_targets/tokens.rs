//! The parsers of the token formats: see `daypass_fuzz_targets::tokens`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| daypass_fuzz_targets::tokens(bytes));
