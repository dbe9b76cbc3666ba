//! Definition files: see `daypass_fuzz_targets::definitions`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| daypass_fuzz_targets::definitions(bytes));
