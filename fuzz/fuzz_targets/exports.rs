//! The file of an export: see `daypass_fuzz_targets::exports`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| daypass_fuzz_targets::exports(bytes));
