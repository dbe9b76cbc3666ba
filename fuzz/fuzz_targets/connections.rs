//! The raw bytes of a connection to the agent's socket: see `daypass_fuzz_targets::connections`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| daypass_fuzz_targets::connections(bytes));
