//! Programs over two trees of membranes; see `fuzz::calls`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(finding) = fuzz::calls::run(bytes) {
        panic!("{finding}");
    }
});
