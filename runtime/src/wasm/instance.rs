//! A guest's instance: its store, lent to one thread at a time, and the objects that the host has of it.

use super::bindings::Plugin;
use super::convert::{Answer, failure_in};
use super::engine::Engine;
use super::frames;
use super::host;
use super::stack::{Footing, Inside};
use super::state::{End, Held, Released, State};
use crate::call_error::CallError;
use crate::domain::Domain;
use crate::foreign::Foreign;
use crate::interface::InterfaceHash;
use crate::object::Object;
use crate::value::Value;
use crate::wire::{self, Malformed};
use membrane::ErrorKind;
use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};
use wasmtime::component::Resource;
use wasmtime::{AsContextMut, Store, StoreContextMut};

/// How long a call waits for a guest without a deadline that is at work for somebody else.
const PATIENCE: Duration = Duration::from_secs(10);

/// A guest's instance.
pub(super) struct Instance {
    engine: Engine,
    deadline: Option<Duration>,
    fuel: Option<u64>,
    /// The store, while nobody uses it; gone when the guest has ended.
    idle: Mutex<Idle>,
    changed: Condvar,
    plugin: OnceLock<Plugin>,
    /// By the guest's number and by the interface.
    exports: Mutex<HashMap<(u64, u64), Weak<GuestObject>>>,
    pub(super) released: Arc<Released>,
}

enum Idle {
    Here(Box<Store<State>>),
    InUse,
    Gone(End),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Instance {
    pub(super) fn new(engine: &Engine, domain: &Domain) -> Self {
        Self {
            engine: engine.clone(),
            deadline: domain.limits().deadline,
            fuel: domain.limits().fuel,
            idle: Mutex::new(Idle::InUse),
            changed: Condvar::new(),
            plugin: OnceLock::new(),
            exports: Mutex::default(),
            released: Arc::default(),
        }
    }

    /// Takes over the store, and what it was instantiated with.
    pub(super) fn settle(&self, store: Store<State>, plugin: Plugin) {
        // Set once, before anybody has the instance.
        let _first = self.plugin.set(plugin);
        self.put_back(Idle::Here(Box::new(store)));
    }

    /// What frames know it by.
    pub(super) fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    fn put_back(&self, idle: Idle) {
        *lock(&self.idle) = idle;
        self.changed.notify_one();
    }

    /// The store, when it is idle. Who does not wait gets it if it is.
    fn take(&self, waits: bool) -> Result<Box<Store<State>>, CallError> {
        let now = Instant::now();
        let until = now
            .checked_add(self.deadline.unwrap_or(PATIENCE))
            .unwrap_or(now + PATIENCE);
        let mut idle = lock(&self.idle);
        loop {
            match std::mem::replace(&mut *idle, Idle::InUse) {
                Idle::Here(store) => return Ok(store),
                Idle::Gone(end) => {
                    *idle = Idle::Gone(end);
                    return Err(ErrorKind::Failed.into());
                }
                Idle::InUse => {}
            }
            let left = until.saturating_duration_since(Instant::now());
            if !waits || left.is_zero() {
                return Err(CallError::Busy);
            }
            (idle, _) = self
                .changed
                .wait_timeout(idle, left)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Runs `f` in the guest: while it waits for this thread, or else when it is idle.
    ///
    /// # Errors
    ///
    /// Busy, gone, or ended by this very call.
    fn enter<R>(
        self: &Arc<Self>,
        f: impl FnOnce(&Plugin, StoreContextMut<'_, State>) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        let plugin = self.plugin.get().ok_or(CallError::Busy)?;
        let mut f = Some(f);
        let called_back = frames::call_back(self.id(), |mut store| {
            let f = f.take().ok_or(CallError::Busy)?;
            // It must not be ended by what others have taken of the stack while it waits.
            let state = store.data();
            if !state.footing.has_room(state.options) {
                return Err(ErrorKind::TooDeep.into());
            }
            guarded(store.as_context_mut(), |store| f(plugin, store))
        });
        if let Some(result) = called_back {
            return result;
        }
        let f = f.take().ok_or(CallError::Busy)?;
        let mut visit = Visit::begin(self)?;
        let store = visit.store()?;
        let result = self.outermost(store, plugin, f);
        visit.finished = true;
        drop(visit);
        result
    }

    /// A call from outside: with a deadline and fuel of its own.
    fn outermost<R>(
        self: &Arc<Self>,
        store: &mut Store<State>,
        plugin: &Plugin,
        f: impl FnOnce(&Plugin, StoreContextMut<'_, State>) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        let _running = self.engine.running();
        store.data_mut().footing = Footing::here();
        self.prepare(store);
        let result = guarded(store.as_context_mut(), |store| f(plugin, store))?;
        if self.released.count() > 0 {
            // With limits of its own: what the host has dropped is nothing that this call did.
            let left = store.get_fuel();
            self.prepare(store);
            // A guest that cannot be told is ended by it, and the result with it.
            guarded(store.as_context_mut(), |store| self.tell_released(store))?;
            if let Ok(left) = left {
                let _counted = store.set_fuel(left);
            }
        }
        Ok(result)
    }

    /// Tells the guest what the host no longer holds.
    pub(super) fn tell_released(
        &self,
        mut store: StoreContextMut<'_, State>,
    ) -> wasmtime::Result<()> {
        let released = self.released.take();
        match self.plugin.get() {
            Some(plugin) => plugin
                .object_membrane_guest_guest()
                .call_release(&mut store, &released),
            None => Ok(()),
        }
    }

    /// Sets the limits of one call from outside.
    pub(super) fn prepare(&self, store: &mut Store<State>) {
        let deadline = self
            .deadline
            .and_then(|limit| Instant::now().checked_add(limit));
        store.data_mut().set_deadline(deadline);
        store.set_epoch_deadline(1);
        if self.engine.options().fuel {
            // A store begins with none. Refused only by an engine that does not count.
            let _counted = store.set_fuel(self.fuel.unwrap_or(u64::MAX));
        }
    }

    /// Ends it: at once if it is idle, else when whoever is inside of it leaves.
    pub(super) fn end(&self) {
        let mut idle = lock(&self.idle);
        if let Idle::Here(_) = &*idle {
            let store = std::mem::replace(&mut *idle, Idle::Gone(End::Stopped));
            drop(idle);
            self.changed.notify_all();
            drop(store);
        }
    }

    /// How it ended, if it has.
    pub(super) fn ended(&self) -> Option<End> {
        match &*lock(&self.idle) {
            Idle::Gone(end) => Some(*end),
            _ => None,
        }
    }

    /// Reads something of the store's, if it is idle.
    pub(super) fn peek<R>(&self, f: impl FnOnce(&mut Store<State>) -> R) -> Option<R> {
        match &mut *lock(&self.idle) {
            Idle::Here(store) => Some(f(store)),
            _ => None,
        }
    }

    /// The guest's object of this number, which the guest has just passed.
    pub(super) fn import(
        self: &Arc<Self>,
        domain: &Domain,
        id: u64,
        interface: u64,
    ) -> Option<Object> {
        let mut made = None;
        let object = domain.import(id, InterfaceHash::from_bits(interface), || {
            let object = Arc::new(GuestObject {
                instance: self.clone(),
                domain: domain.clone(),
                id,
                interface,
                passed: Mutex::new(0),
            });
            made = Some(object.clone());
            object
        });
        let object = object.ok()?;
        // The object keeps it alive.
        let guest_object = match made {
            Some(made) => {
                lock(&self.exports).insert((id, interface), Arc::downgrade(&made));
                Some(made)
            }
            None => lock(&self.exports)
                .get(&(id, interface))
                .and_then(Weak::upgrade),
        };
        if let Some(guest_object) = guest_object {
            *lock(&guest_object.passed) += 1;
        }
        Some(object)
    }

    /// Calls the guest to start, and gets its root object.
    pub(super) fn start(self: &Arc<Self>) -> Result<Object, CallError> {
        self.enter(|plugin, mut store| {
            let root = plugin
                .object_membrane_guest_guest()
                .call_start(&mut store)?;
            let state = store.data_mut();
            Ok(match root {
                Ok(root) => state
                    .instance()?
                    .import(&state.domain, root.id, root.interface)
                    .ok_or_else(|| ErrorKind::Rejected.into()),
                Err(failure) => Err(failure_in(&failure)),
            })
        })?
    }
}

/// Runs `f`; if that ends the guest, says so to everybody.
fn guarded<R>(
    mut store: StoreContextMut<'_, State>,
    f: impl FnOnce(StoreContextMut<'_, State>) -> wasmtime::Result<R>,
) -> Result<R, CallError> {
    if store.data().ended.is_some() {
        return Err(ErrorKind::Failed.into());
    }
    f(store.as_context_mut()).map_err(|error| {
        let state = store.data_mut();
        let end = *state.ended.get_or_insert_with(|| End::of(&error));
        let domain = state.domain.clone();
        domain.close(end.to_string());
        match domain.closed() {
            Some(reason) => crate::domain::revoked(reason).into(),
            None => ErrorKind::Failed.into(),
        }
    })
}

/// The store, for the length of a call from outside.
struct Visit<'a> {
    instance: &'a Instance,
    store: Option<Box<Store<State>>>,
    inside: Option<Inside>,
    /// The call has returned: it does not unwind through the guest.
    finished: bool,
}

impl<'a> Visit<'a> {
    fn begin(instance: &'a Instance) -> Result<Self, CallError> {
        // Two that are inside guests and wait for each other's would for ever.
        let waits = !Inside::any();
        let inside = Inside::enter(instance.engine.options()).map_err(|_| ErrorKind::TooDeep)?;
        let store = instance.take(waits)?;
        Ok(Self {
            instance,
            store: Some(store),
            inside: Some(inside),
            finished: false,
        })
    }

    fn store(&mut self) -> Result<&mut Store<State>, CallError> {
        self.store.as_deref_mut().ok_or(CallError::Busy)
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        // What is dropped below may call other guests, and wait for them.
        drop(self.inside.take());
        let Some(store) = self.store.take() else {
            return;
        };
        let state = store.data();
        let ended = match state.ended {
            Some(end) => Some(end),
            None if !self.finished => Some(End::Broke),
            None if state.domain.closed().is_some() => Some(End::Stopped),
            None => None,
        };
        match ended {
            None => {
                let domain = state.domain.clone();
                self.instance.put_back(Idle::Here(store));
                // Who stopped it since the look above found it in use.
                if domain.closed().is_some() {
                    self.instance.end();
                }
            }
            Some(end) => {
                let domain = state.domain.clone();
                self.instance.put_back(Idle::Gone(end));
                self.instance.changed.notify_all();
                drop(store);
                // Closed already, but for a panic of the host's that went through the guest.
                domain.close(end.to_string());
            }
        }
    }
}

/// An object of a guest's, as the host calls it.
struct GuestObject {
    instance: Arc<Instance>,
    domain: Domain,
    id: u64,
    interface: u64,
    /// How often the guest has passed it.
    passed: Mutex<u64>,
}

impl Foreign for GuestObject {
    fn call(&self, method: u32, args: &[Value]) -> Result<Value, CallError> {
        self.domain.message_limits().check(args)?;
        self.instance.enter(|plugin, mut store| {
            let message = match host::write(store.data_mut(), args.iter().cloned())? {
                Ok(message) => message,
                Err(error) => return Ok(Err(error)),
            };
            let arity = u32::try_from(args.len()).unwrap_or(u32::MAX);
            let answer: Answer = plugin.object_membrane_guest_guest().call_call(
                &mut store,
                self.id,
                method,
                arity,
                &message.nodes,
                &message.objects,
            )?;
            let (message, is_error) = match answer {
                Ok(message) => (message, false),
                Err(super::bindings::object_membrane::guest::host::Failure::Raised(message)) => {
                    (message, true)
                }
                Err(failure) => return Ok(Err(failure_in(&failure))),
            };
            let mut objects: Vec<Option<Resource<Held>>> =
                message.objects.into_iter().map(Some).collect();
            let state = store.data_mut();
            // They are the host's now, used or not.
            let mut taken: Vec<Option<Arc<Object>>> = Vec::with_capacity(objects.len());
            for held in &mut objects {
                taken.push(match held.take() {
                    Some(held) => Some(host::take(state, held)?),
                    None => None,
                });
            }
            let values = host::read(
                state,
                message.nodes,
                1,
                |_, place| {
                    let object = taken[place].as_deref().cloned();
                    object.ok_or_else(|| super::state::EndNow(End::Broke).into())
                },
                taken.len(),
            )?;
            Ok(answered(values, is_error))
        })?
    }
}

fn answered(values: Result<wire::Values, Malformed>, is_error: bool) -> Result<Value, CallError> {
    match values {
        Ok(mut values) => match (values.pop(), is_error) {
            (Some(value), false) => Ok(value),
            (Some(value), true) => Err(CallError::Raised(value)),
            (None, _) => Err(ErrorKind::Failed.into()),
        },
        Err(Malformed::Limit(limit)) => Err(limit.into()),
        Err(_) => Err(ErrorKind::Failed.into()),
    }
}

impl Drop for GuestObject {
    fn drop(&mut self) {
        self.domain.forget_import(self.id);
        {
            let key = (self.id, self.interface);
            let mut exports = lock(&self.instance.exports);
            if exports
                .get(&key)
                .is_some_and(|weak| weak.strong_count() == 0)
            {
                exports.remove(&key);
            }
        }
        let passed = *lock(&self.passed);
        self.instance.released.add(self.id, passed);
    }
}
