//! The agent's answers, as the light client reads them: see `daypass_fuzz_targets::client`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| daypass_fuzz_targets::client(bytes));
