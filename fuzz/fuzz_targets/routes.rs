//! Requests to the authority, in all dialects: see `daypass_fuzz_targets::routes`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| daypass_fuzz_targets::routes(bytes));
