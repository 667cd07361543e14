//! Builds a guest from a build script: compiles a crate for `wasm32-unknown-unknown`, and makes it a component that
//! `runtime::wasm` loads.
//!
//! ```no_run
//! // build.rs of the host
//! let component = guest_build::Guest::new("plugin/Cargo.toml").build()?;
//! println!("cargo::rustc-env=PLUGIN={}", component.display());
//! # Ok::<(), guest_build::BuildError>(())
//! ```
//!
//! The compilation has a target directory of its own, below the build script's `OUT_DIR`, so that it can run while another
//! cargo waits for it. It is built in release, always: what runs in the engine is what is measured. It may use WebAssembly's
//! vectors (`simd128`), unless `CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS` is set and says otherwise.
//!
//! # What is needed
//!
//! The target `wasm32-unknown-unknown` of the toolchain that builds the host. If it is missing, rustup is asked for it; if
//! that fails, the error says what to type.

#![forbid(unsafe_code)]

mod error;
mod target;

pub use error::BuildError;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-unknown-unknown";
/// Where cargo looks for flags for that target; who sets it for guests is heeded.
const FLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

/// A guest to build.
#[derive(Clone, Debug)]
pub struct Guest {
    manifest: PathBuf,
    features: Vec<String>,
}

impl Guest {
    /// The guest whose crate has this manifest, a path from the build script's package. The crate's library is a `cdylib`.
    pub fn new(manifest: impl AsRef<Path>) -> Self {
        let base = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        Self {
            manifest: base.unwrap_or_default().join(manifest),
            features: Vec::new(),
        }
    }

    /// Switches a feature of the crate on.
    #[must_use]
    pub fn feature(mut self, name: impl Into<String>) -> Self {
        self.features.push(name.into());
        self
    }

    /// Builds it, and returns where the component lies.
    ///
    /// Also tells cargo to run the build script again when a file of the guest's package changes, or one of the other local
    /// files that it is made of.
    ///
    /// # Errors
    ///
    /// [`BuildError`]: there is no target, the crate does not compile, it is no `cdylib`, or it does not make a component.
    pub fn build(&self) -> Result<PathBuf, BuildError> {
        let out = env::var_os("OUT_DIR")
            .map(PathBuf::from)
            .ok_or(BuildError::NotABuildScript)?;
        target::ensure(TARGET)?;
        let directory = self.manifest.parent().unwrap_or(Path::new("."));
        println!("cargo::rerun-if-changed={}", directory.display());
        let module = self.compile(&out.join("guest"))?;
        // What lies elsewhere and is compiled into it: cargo lists it beside the module.
        if let Ok(list) = std::fs::read_to_string(module.with_extension("d")) {
            for source in sources(&list) {
                println!("cargo::rerun-if-changed={source}");
            }
        }
        let bytes = std::fs::read(&module).map_err(|error| BuildError::io(&module, &error))?;
        let component = wit_component::ComponentEncoder::default()
            .validate(true)
            .module(&bytes)
            .and_then(wit_component::ComponentEncoder::encode)
            .map_err(|error| BuildError::NoComponent(format!("{error:#}")))?;
        let file = module.with_extension("component.wasm");
        std::fs::write(&file, component).map_err(|error| BuildError::io(&file, &error))?;
        Ok(file)
    }

    fn compile(&self, target: &Path) -> Result<PathBuf, BuildError> {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .args([
                "build",
                "--release",
                "--lib",
                "--target",
                TARGET,
                "--message-format=json-render-diagnostics",
                "--manifest-path",
            ])
            .arg(&self.manifest)
            .arg("--target-dir")
            .arg(target);
        if !self.features.is_empty() {
            cargo.arg("--features").arg(self.features.join(","));
        }
        // A guest is loaded as it is: small.
        cargo
            .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
            .env("CARGO_PROFILE_RELEASE_STRIP", "symbols")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
            .env("CARGO_PROFILE_RELEASE_PANIC", "abort");
        // The engine has vectors of 128 bits: a loop over bytes is several times as fast with them.
        if env::var_os(FLAGS).is_none() {
            cargo.env(FLAGS, "-Ctarget-feature=+simd128");
        }
        // What the host is compiled with is for the host: sanitizers, coverage, a wrapper that lints.
        for name in [
            "CARGO_ENCODED_RUSTFLAGS",
            "RUSTFLAGS",
            "RUSTC_WRAPPER",
            "RUSTC_WORKSPACE_WRAPPER",
            "CARGO_BUILD_TARGET",
            "CARGO_TARGET_DIR",
            "CARGO_BUILD_TARGET_DIR",
            "MIRI_SYSROOT",
        ] {
            cargo.env_remove(name);
        }
        let output = cargo
            .stderr(std::process::Stdio::inherit())
            .output()
            .map_err(|error| BuildError::Cargo(error.to_string()))?;
        if !output.status.success() {
            return Err(BuildError::Compile(self.manifest.display().to_string()));
        }
        artifact(&String::from_utf8_lossy(&output.stdout))
            .ok_or_else(|| BuildError::NoModule(self.manifest.display().to_string()))
    }
}

/// The files after the colon of a rule of make's. A space in a name is escaped.
fn sources(rule: &str) -> Vec<String> {
    let (_, files) = rule.split_once(": ").unwrap_or_default();
    let mut sources: Vec<String> = Vec::new();
    for word in files.split_ascii_whitespace() {
        match sources.last_mut().filter(|last| last.ends_with('\\')) {
            Some(last) => {
                last.pop();
                last.push(' ');
                last.push_str(word);
            }
            None => sources.push(word.into()),
        }
    }
    sources
}

/// The last WebAssembly file that cargo's messages name: the package's own, since what it depends on comes before.
fn artifact(messages: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter(|line| line.contains("\"reason\":\"compiler-artifact\""))
        .flat_map(|line| line.split('"'))
        // A path in JSON: a backslash is two.
        .map(|word| PathBuf::from(word.replace("\\\\", "\\")))
        .rfind(|path| {
            path.extension()
                .is_some_and(|extension| extension == "wasm")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_what_the_rule_depends_on() {
        let rule = "/t/plugin.wasm: /a/lib.rs /a\\ b/c.rs\n/d.rs\n";
        assert_eq!(sources(rule), ["/a/lib.rs", "/a b/c.rs", "/d.rs"]);
        assert!(sources("").is_empty());
    }

    #[test]
    fn the_artifact_is_the_last_module_that_is_named() {
        let messages = concat!(
            "{\"reason\":\"compiler-artifact\",\"filenames\":[\"/t/libserde.rlib\"]}\n",
            "{\"reason\":\"compiler-artifact\",\"filenames\":[\"/t/deps/other.wasm\"]}\n",
            "{\"reason\":\"compiler-artifact\",\"filenames\":[\"/t/plugin.wasm\",\"/t/libplugin.rlib\"]}\n",
            "{\"reason\":\"build-finished\",\"success\":true}\n",
        );
        assert_eq!(artifact(messages), Some("/t/plugin.wasm".into()));
        assert_eq!(artifact("{\"reason\":\"build-finished\"}"), None);
    }
}
