//! Builds the guests of `plugin_host`: the plugin, from its crate, and the forger, from text.

#![forbid(unsafe_code)]

use std::{env, error::Error, fs, path::PathBuf};

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Where the WIT package of guests lies.
const WIT: &str = "../runtime/wit";
const FORGER: &str = "plugin_host/forger.wat";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let plugin = guest_build::Guest::new("plugin_host/plugin/Cargo.toml").build()?;
    println!("cargo::rustc-env=PLUGIN={}", plugin.display());

    println!("cargo::rerun-if-changed={FORGER}");
    println!("cargo::rerun-if-changed={WIT}");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let forger = out.join("forger.wasm");
    fs::write(&forger, component(&fs::read_to_string(FORGER)?)?)?;
    println!("cargo::rustc-env=FORGER={}", forger.display());
    Ok(())
}

/// A component of the world of guests, from a core module in text.
fn component(text: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut module = wat::parse_str(text)?;
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(WIT)?;
    let world = resolve.select_world(&[package], Some("plugin"))?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    Ok(ComponentEncoder::default()
        .validate(true)
        .module(&module)?
        .encode()?)
}
