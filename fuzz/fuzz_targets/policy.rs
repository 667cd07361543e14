//! Policies by name, and derived ones; see `fuzz::policy`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(finding) = fuzz::policy::run(bytes) {
        panic!("{finding}");
    }
});
