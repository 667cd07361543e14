//! What guests and peers send, and names of objects; see `fuzz::wire`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(finding) = fuzz::wire::run(bytes) {
        panic!("{finding}");
    }
});
