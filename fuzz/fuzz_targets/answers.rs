//! What providers answer, through the real engine: see `daypass_fuzz_targets::answers`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| daypass_fuzz_targets::answers(bytes));
