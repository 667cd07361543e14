//! A guest: from a compiled component to its root object, and to its end.

use super::code::Code;
use super::engine::EngineOptions;
use super::instance::Instance;
use super::stack::Inside;
use super::state::{End, State};
use crate::call_error::CallError;
use crate::domain::Domain;
use crate::dynamic::DynamicInterface;
use crate::limits::Limits;
use crate::object::Object;
use crate::runtime_handle::Runtime;
use membrane::{Error, ErrorKind, Membrane, Policy, Reason};
use std::fmt;
use std::sync::Arc;
use wasmtime::{Store, UpdateDeadline};

/// A guest: an instance of a component, in a domain of its own that a membrane joins to the host's.
///
/// Dropping it ends it.
///
/// # Authority
///
/// Whoever has it can end the guest, and stand on its side: see [`root_object`](Self::root_object).
///
/// # Examples
///
/// See [the module](crate::wasm).
pub struct Guest {
    domain: Domain,
    host: Domain,
    membrane: Membrane,
    instance: Arc<Instance>,
    root: Object,
}

/// Why a guest did not start.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StartError {
    /// A limit on instructions was asked for, of an engine that does not count them: see
    /// [`EngineOptions::fuel`](super::EngineOptions::fuel).
    NoFuel,
    /// The domain could not be joined to the host's.
    Join(crate::JoinError),
    /// It is made of more than the engine allows: nothing of it has run, or only what comes before the one too many.
    TooMany(Parts),
    /// It ended before it had started.
    Ended(End),
    /// It has no root object to give, or one of an interface that the runtime does not [know](crate::Runtime::know).
    NoRoot(CallError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFuel => f.write_str(
                "a limit on fuel needs an engine that counts: set `EngineOptions::fuel`",
            ),
            Self::Join(error) => error.fmt(f),
            Self::TooMany(parts) => parts.fmt(f),
            Self::Ended(end) => end.fmt(f),
            Self::NoRoot(error) => write!(
                f,
                "the guest gives no root object of an interface that is known here (`Runtime::know`): {error}"
            ),
        }
    }
}

impl std::error::Error for StartError {}

/// What a guest has more of than it may have, and how many it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Parts {
    /// [`EngineOptions::instances`](super::EngineOptions::instances).
    Instances(usize),
    /// [`EngineOptions::memories`](super::EngineOptions::memories).
    Memories(usize),
    /// [`EngineOptions::tables`](super::EngineOptions::tables).
    Tables(usize),
}

impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (most, what) = match self {
            Self::Instances(most) => (most, "instances"),
            Self::Memories(most) => (most, "memories"),
            Self::Tables(most) => (most, "tables"),
        };
        write!(
            f,
            "the guest has more than {most} {what}: more take a larger `EngineOptions::{what}`"
        )
    }
}

/// What is known of a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// How it ended, if it has.
    pub ended: Option<End>,
    /// Bytes of memory and tables that it has; `None` while it runs, and after its end.
    pub memory_bytes: Option<usize>,
    /// Whether it asked for more memory than it may have, once; `None` while it runs, and after its end.
    pub memory_refused: Option<bool>,
    /// Instructions left of its last call; `None` if they are not counted, while it runs, and after its end.
    pub fuel_left: Option<u64>,
    /// The objects of the host's that it has handles of.
    pub handles: usize,
    /// The objects of its own that the host remembers.
    pub exports: usize,
}

impl Guest {
    /// Starts a guest: in a new domain, joined to the host's under `policy`, within `limits`.
    ///
    /// # Authority
    ///
    /// The guest gets nothing but what is passed to its objects afterwards.
    ///
    /// # Errors
    ///
    /// [`StartError`].
    pub fn start(
        runtime: &Runtime,
        code: &Code,
        name: &str,
        policy: Policy,
        limits: Limits,
    ) -> Result<Self, StartError> {
        if limits.fuel.is_some() && !code.engine().options().fuel {
            return Err(StartError::NoFuel);
        }
        let domain = runtime.domain(name, limits);
        let host = runtime.host().clone();
        let membrane = runtime
            .join(&host, &domain, policy)
            .map_err(StartError::Join)?;
        let instance =
            instantiate(code, &domain).inspect_err(|error| domain.close(error.to_string()))?;
        let ending = Arc::downgrade(&instance);
        domain.on_close(move || {
            if let Some(instance) = ending.upgrade() {
                instance.end();
            }
        });
        let root = instance.start().map_err(|error| {
            let ended = instance.ended();
            domain.close("the guest did not start");
            ended.map_or(StartError::NoRoot(error), StartError::Ended)
        })?;
        Ok(Self {
            domain,
            host,
            membrane,
            instance,
            root,
        })
    }

    /// The guest's root object, as the host has it: through the membrane.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`] if it is not a `T`; [`ErrorKind::Revoked`] if the guest has ended.
    pub fn root<T: ?Sized + DynamicInterface>(&self) -> Result<Arc<T>, Error> {
        let root = self.domain.send(&self.root, &self.host)?;
        root.typed().ok_or(ErrorKind::Rejected.into())
    }

    /// The guest's root object, as its own domain has it: not through the membrane.
    ///
    /// # Authority
    ///
    /// Whoever calls it stands on the guest's side. What is passed to it the guest has: pass proxies of
    /// [`membrane`](Self::membrane), or plain data. What comes from it is the guest's.
    pub fn root_object(&self) -> &Object {
        &self.root
    }

    /// The guest's domain. Closing it [stops](Self::stop) the guest.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The membrane between the host and the guest. Revoking it cuts the two from each other, and lets the guest be.
    pub fn membrane(&self) -> &Membrane {
        &self.membrane
    }

    /// Ends the guest, with a reason for those who hold its objects. If it runs, it is ended at its next look at the clock,
    /// or when the host's function that it waits for returns.
    pub fn stop(&self, reason: impl Into<Reason>) {
        self.domain.close(reason);
    }

    /// What is known of it.
    pub fn report(&self) -> Report {
        let seen = self.instance.peek(|store| {
            let memory = store.data().memory;
            (memory, store.get_fuel().ok())
        });
        Report {
            ended: self.instance.ended(),
            memory_bytes: seen.map(|(memory, _)| memory.now),
            memory_refused: seen.map(|(memory, _)| memory.refused),
            fuel_left: seen.and_then(|(_, fuel)| fuel),
            handles: self.domain.handles(),
            exports: self.domain.imports(),
        }
    }
}

/// The most bytes that the engine counts for a node, its text and bytes not included.
const LIFTED_BYTES: usize = 256;

fn instantiate(code: &Code, domain: &Domain) -> Result<Arc<Instance>, StartError> {
    let options = code.engine().options();
    // What a module does when it starts runs on this stack, too.
    let _inside = Inside::enter(options).map_err(|_| StartError::Ended(End::OutOfStack))?;
    let limits = domain.limits();
    let state = State::new(domain.clone(), code.engine());
    let mut store = Store::new(code.engine().inner(), state);
    store.limiter(|state| state);
    // What may be lifted out of its memory for one call, before the message is measured.
    let message = limits.message;
    store.set_hostcall_fuel(
        message
            .bytes
            .saturating_add(message.nodes.saturating_mul(LIFTED_BYTES)),
    );
    store.epoch_deadline_callback(|store| {
        store.data().check()?;
        Ok(UpdateDeadline::Continue(1))
    });
    let instance = Arc::new(Instance::new(code.engine(), domain));
    let state = store.data_mut();
    state.instance = Arc::downgrade(&instance);
    state.released = instance.released.clone();
    instance.prepare(&mut store);
    let _running = code.engine().running();
    let instantiated = code.pre().instantiate(&mut store);
    let plugin = instantiated.map_err(|error| {
        if store.data().memory.refused {
            return StartError::Ended(End::OutOfMemory);
        }
        match one_too_many(code, options, &error) {
            Some(parts) => StartError::TooMany(parts),
            None => StartError::Ended(End::of(&error)),
        }
    })?;
    instance.settle(store, plugin);
    Ok(instance)
}

/// Which of the engine's limits on what a guest is made of stood in its way, if one did.
fn one_too_many(code: &Code, options: EngineOptions, error: &wasmtime::Error) -> Option<Parts> {
    let more = |count: u32, most: usize| usize::try_from(count).is_ok_and(|count| count > most);
    let needs = code.pre().instance_pre().component().resources_required()?;
    if more(needs.num_memories, options.memories) {
        return Some(Parts::Memories(options.memories));
    }
    if more(needs.num_tables, options.tables) {
        return Some(Parts::Tables(options.tables));
    }
    // The engine tells nobody how many instances there are, but by these words. With other words it is an end like another.
    let words = "resource limit exceeded: instance count too high";
    error
        .chain()
        .any(|error| error.to_string().starts_with(words))
        .then_some(Parts::Instances(options.instances))
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.stop("the guest was dropped");
    }
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guest")
            .field("domain", &self.domain)
            .field("report", &self.report())
            .finish_non_exhaustive()
    }
}
