//! Programs over a tree of grants with conditions; see `fuzz::grants`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(finding) = fuzz::grants::run(bytes) {
        panic!("{finding}");
    }
});
