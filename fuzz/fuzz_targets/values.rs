//! Nested data with objects in it; see `fuzz::values`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(finding) = fuzz::values::run(bytes) {
        panic!("{finding}");
    }
});
