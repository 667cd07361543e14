//! Why a guest could not be built.

use std::fmt;
use std::path::Path;

/// Why a guest could not be built.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// `OUT_DIR` is not set: this is for build scripts.
    NotABuildScript,
    /// The target is not installed, and rustup did not install it.
    NoTarget {
        /// The target.
        target: String,
        /// What to type.
        command: String,
        /// What went wrong.
        why: String,
    },
    /// Cargo could not be started.
    Cargo(String),
    /// The crate with this manifest does not compile. Cargo has said why.
    Compile(String),
    /// The crate with this manifest makes no WebAssembly: its library is to be a `cdylib`.
    NoModule(String),
    /// What was compiled is no guest: it lacks `guest::plugin!`, or imports something else.
    NoComponent(String),
    /// A file could not be read or written.
    File(String),
}

impl BuildError {
    pub(crate) fn io(path: &Path, error: &std::io::Error) -> Self {
        Self::File(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotABuildScript => {
                f.write_str("OUT_DIR is not set: call this from a build script")
            }
            Self::NoTarget {
                target,
                command,
                why,
            } => write!(
                f,
                "the target {target} is not installed ({why}); type: {command}"
            ),
            Self::Cargo(why) => write!(f, "cargo could not be started: {why}"),
            Self::Compile(manifest) => write!(f, "the guest does not compile: {manifest}"),
            Self::NoModule(manifest) => write!(
                f,
                "the guest makes no WebAssembly: write `crate-type = [\"cdylib\"]` under [lib] in {manifest}"
            ),
            Self::NoComponent(why) => write!(
                f,
                "the guest cannot be made a component (does it say `guest::plugin!`?): {why}"
            ),
            Self::File(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for BuildError {}
