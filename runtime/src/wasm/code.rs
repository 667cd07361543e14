//! Compiled components, and everything that can be wrong with a file that should be one.

use super::engine::Engine;
use super::host;
use super::outline;
use super::state::State;
use membrane::__private::visible;
use std::fmt;
use wasmtime::component::{Component, InstancePre};

/// The package that guest and host speak by, as it stands in `wit/guest.wit`.
const PACKAGE: &str = "object-membrane:guest/";
const VERSION: &str = "0.1.0";

/// A compiled component that can be started any number of times.
#[derive(Clone)]
pub struct Code {
    engine: Engine,
    name: String,
    pre: super::bindings::PluginPre<State>,
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Code").field(&self.name).finish()
    }
}

/// Why a file is no code for a guest.
///
/// It is for the host: it names the file. The texts in it, of which some are the file's, are as they were found; `Display` shows
/// what would act on a terminal or a log instead of writing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// The file, or the name that was given instead of one.
    pub file: String,
    /// What was found there instead of a component of the world `object-membrane:guest/plugin@0.1.0`.
    pub found: Found,
}

/// What a file was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// It cannot be read; the system says why.
    Unreadable(String),
    /// Something other than WebAssembly.
    NotWasm,
    /// A core module: it has to be made a component first.
    CoreModule,
    /// WebAssembly of a format that this engine does not have.
    OtherFormat {
        /// Its number.
        version: u16,
    },
    /// It is larger than [`EngineOptions::code_bytes`](super::EngineOptions::code_bytes).
    TooLarge {
        /// Its bytes.
        bytes: usize,
        /// How many there may be.
        most: usize,
    },
    /// Its parts lie in each other, or are used, more often than a guest has any need of: what compiling it takes would not be
    /// bounded by its size.
    TooComplex {
        /// How many there may be.
        most: usize,
        /// Of what.
        what: &'static str,
    },
    /// It is damaged, or uses what this engine does not have; the engine says what.
    Invalid(String),
    /// It imports something that is not granted.
    Import(String),
    /// It was built against another version of the WIT package.
    OtherVersion {
        /// What it names.
        found: String,
        /// What it is to name.
        expected: String,
    },
    /// It lacks an export of the world.
    NoExport(String),
    /// An import or an export has the right name and another type; the engine says which.
    OtherType(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // All of it: the engine's words quote the file, too.
        let text = format!(
            "{}: expected a component of the world {PACKAGE}plugin@{VERSION}, found {}",
            self.file,
            Words(&self.found)
        );
        f.write_str(&visible(&text))
    }
}

/// What was found, with the texts as they are.
struct Words<'a>(&'a Found);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Found::Unreadable(why) => write!(f, "nothing that can be read: {why}"),
            Found::NotWasm => f.write_str("something other than WebAssembly"),
            Found::CoreModule => f.write_str(
                "a core module: build it for a wasm32 target with the guest crate, and make it a component",
            ),
            Found::OtherFormat { version } => write!(f, "WebAssembly in format {version}"),
            Found::TooLarge { bytes, most } => write!(
                f,
                "one of {bytes} bytes: more than {most} take a larger `EngineOptions::code_bytes`"
            ),
            Found::TooComplex { most, what } => {
                write!(f, "one with more than {most} {what}: too much for a guest")
            }
            Found::Invalid(why) => write!(f, "an invalid one: {why}"),
            Found::Import(name) => write!(f, "one that imports {name}, which is not granted"),
            Found::OtherVersion { found, expected } => {
                write!(f, "one that was built against {found}: build it against {expected}")
            }
            Found::NoExport(name) => write!(f, "one without the export {name}"),
            Found::OtherType(why) => write!(f, "one of another type: {why}"),
        }
    }
}

impl std::error::Error for LoadError {}

impl LoadError {
    pub(super) fn unreadable(file: &str, error: &std::io::Error) -> Self {
        Self {
            file: file.into(),
            found: Found::Unreadable(error.to_string()),
        }
    }
}

impl Code {
    pub(super) fn compile(engine: &Engine, name: &str, bytes: &[u8]) -> Result<Self, LoadError> {
        let pre = check_format(bytes)
            .and_then(|()| check_size(bytes, engine.options().code_bytes))
            .and_then(|()| outline::check(bytes))
            .and_then(|()| prepare(engine, bytes))
            .map_err(|found| LoadError {
                file: name.into(),
                found,
            })?;
        Ok(Self {
            engine: engine.clone(),
            name: name.into(),
            pre,
        })
    }

    /// The engine that it was compiled by.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn pre(&self) -> &super::bindings::PluginPre<State> {
        &self.pre
    }
}

/// The first eight bytes: a magic word, a version, and whether it is a module or a component.
fn check_format(bytes: &[u8]) -> Result<(), Found> {
    let [b'\0', b'a', b's', b'm', version @ .., layer, _] =
        bytes.first_chunk::<8>().ok_or(Found::NotWasm)?
    else {
        return Err(Found::NotWasm);
    };
    let version = u16::from_le_bytes(*version);
    match (layer, version) {
        (0, 1) => Err(Found::CoreModule),
        (1, 0x0d) => Ok(()),
        _ => Err(Found::OtherFormat { version }),
    }
}

fn check_size(bytes: &[u8], most: usize) -> Result<(), Found> {
    let bytes = bytes.len();
    if bytes > most {
        return Err(Found::TooLarge { bytes, most });
    }
    Ok(())
}

fn prepare(engine: &Engine, bytes: &[u8]) -> Result<super::bindings::PluginPre<State>, Found> {
    let engine = engine.inner();
    let component = Component::from_binary(engine, bytes)
        .map_err(|error| Found::Invalid(format!("{error:#}")))?;
    let ty = component.component_type();
    for (import, _) in ty.imports(engine) {
        check_name(import)?
            .then_some(())
            .ok_or_else(|| Found::Import(import.into()))?;
    }
    let export = format!("{PACKAGE}guest@{VERSION}");
    if ty.get_export(engine, &export).is_none() {
        for (name, _) in ty.exports(engine) {
            check_name(name)?;
        }
        return Err(Found::NoExport(export));
    }
    let linker = host::linker(engine).map_err(|error| Found::Invalid(format!("{error:#}")))?;
    let pre: InstancePre<State> = linker
        .instantiate_pre(&component)
        .map_err(|error| Found::OtherType(format!("{error:#}")))?;
    super::bindings::PluginPre::new(pre).map_err(|error| Found::OtherType(format!("{error:#}")))
}

/// Whether an import is one of the package's, in this version.
fn check_name(name: &str) -> Result<bool, Found> {
    let Some(rest) = name.strip_prefix(PACKAGE) else {
        return Ok(false);
    };
    match rest.split_once('@') {
        Some((interface, VERSION)) => Ok(matches!(interface, "host" | "values" | "guest")),
        Some((interface, _)) => Err(Found::OtherVersion {
            found: name.into(),
            expected: format!("{PACKAGE}{interface}@{VERSION}"),
        }),
        None => Ok(false),
    }
}
