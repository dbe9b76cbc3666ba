//! Clients that authenticate by HTTP Basic: see `daypass_fuzz_targets::basics`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| daypass_fuzz_targets::basics(bytes));
