//! The plugin as a WebAssembly component: it has what it is lent, and nothing else of the system.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use membrane::Membrane;
use plugin::Plugin;
use runtime::{Limits, Runtime, wasm};

use crate::host::{self, Failure};

/// The plugin, as the build script has made it.
const PLUGIN: &[u8] = include_bytes!(env!("PLUGIN"));

/// What the plugin may use. A call that it is asked for walks a whole tree, however large.
const LIMITS: Limits = Limits {
    handles: 1_000,
    message: runtime::MessageLimits {
        bytes: 8 << 20,
        nodes: 1 << 16,
        depth: 64,
    },
    memory_bytes: 64 << 20,
    fuel: None,
    deadline: Some(Duration::from_hours(1)),
};

/// A guest that is the plugin.
pub(crate) struct Component {
    guest: wasm::Guest,
    plugin: Arc<dyn Plugin>,
}

/// The engine and the plugin's code, compiled once.
fn code() -> Result<&'static wasm::Code, Failure> {
    static CODE: OnceLock<wasm::Code> = OnceLock::new();
    if let Some(code) = CODE.get() {
        return Ok(code);
    }
    let engine = wasm::Engine::new(wasm::EngineOptions::default())?;
    let code = engine.compile("the plugin", PLUGIN)?;
    Ok(CODE.get_or_init(|| code))
}

/// The engine that the plugin runs in.
pub(crate) fn engine() -> Result<&'static wasm::Engine, Failure> {
    code().map(wasm::Code::engine)
}

impl Component {
    pub(crate) fn start() -> Result<Self, Failure> {
        let runtime = Runtime::new();
        runtime.know::<dyn Plugin>();
        let guest = wasm::Guest::start(&runtime, code()?, "plugin", host::policy()?, LIMITS)?;
        // On the guest's side of the membrane: see `host.rs`.
        let plugin = guest
            .root_object()
            .typed()
            .ok_or("the component is no plugin")?;
        Ok(Self { guest, plugin })
    }

    pub(crate) fn plugin(&self) -> Arc<dyn Plugin> {
        self.plugin.clone()
    }

    pub(crate) fn membrane(&self) -> &Membrane {
        self.guest.membrane()
    }

    /// Bytes of memory that the guest has, and that it may have.
    pub(crate) fn memory(&self) -> (usize, usize) {
        let now = self.guest.report().memory_bytes;
        (now.unwrap_or_default(), LIMITS.memory_bytes)
    }
}
