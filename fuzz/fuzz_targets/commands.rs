//! Commands copied from documentation: see `daypass_fuzz_targets::commands`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| daypass_fuzz_targets::commands(bytes));
