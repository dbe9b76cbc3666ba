//! Requests to the local API: see `daypass_fuzz_targets::requests`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| daypass_fuzz_targets::requests(bytes));
