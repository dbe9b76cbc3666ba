//! Expiries, dates and pauses as providers write them: see `daypass_fuzz_targets::expiries`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| daypass_fuzz_targets::expiries(bytes));
