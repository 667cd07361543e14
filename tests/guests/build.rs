//! Builds the guest that the tests load.

#![forbid(unsafe_code)]

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    match guest_build::Guest::new("probe/Cargo.toml").build() {
        Ok(component) => println!("cargo::rustc-env=PROBE={}", component.display()),
        Err(error) => panic!("{error}"),
    }
}
