//! Hostile implementors and holders in safe Rust get nowhere.
