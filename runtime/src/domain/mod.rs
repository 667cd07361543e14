//! Sets of objects that share trust and fate.
//!
//! A domain holds references: to objects of its own, and to objects of others through the membranes that join it to them. The
//! host's program is one domain, each guest another. What a domain holds it can call; nothing else reaches it.
//!
//! # Locks
//!
//! `links`, `exports` and `table` are never held together, and no foreign code runs under any of them.

mod exports;
mod link;
mod table;

pub use link::JoinError;
pub use table::Handle;

pub(crate) use link::Link;

use crate::call_error::CallError;
use crate::dynamic::DynamicInterface;
use crate::fault::{self, Fault};
use crate::interface::InterfaceHash;
use crate::limits::Limits;
use crate::object::{Object, Typed};
use crate::registry::Registry;
use crate::value::Value;
use exports::Exports;
use membrane::{Error, ErrorKind, Membrane, Reason};
use smallvec::SmallVec;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, Weak};
use table::Table;

/// Tells domains apart, for the life of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct DomainId(u64);

impl DomainId {
    fn next() -> Self {
        static LAST: Mutex<u64> = Mutex::new(0);
        let mut last = lock(&LAST);
        *last += 1;
        Self(*last)
    }

    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

/// A set of objects that share trust and fate.
///
/// # Authority
///
/// Whoever has a domain can call what it holds, make references for it, and close it. A clone carries the same. It is the
/// host's to have; a guest has references.
///
/// # Concurrency
///
/// All methods may be called from any thread, also from inside a call.
///
/// # Examples
///
/// ```
/// use membrane::{Error, ErrorKind, Policy, allow, interface};
/// use runtime::{CallError, Limits, Runtime, Value};
/// use std::sync::Arc;
///
/// #[interface(dynamic)]
/// pub trait Account {
///     fn balance(&self) -> Result<u64, Error>;
///     fn close(&self) -> Result<(), Error>;
/// }
/// struct Savings;
/// impl Account for Savings {
///     fn balance(&self) -> Result<u64, Error> { Ok(100) }
///     fn close(&self) -> Result<(), Error> { Ok(()) }
/// }
///
/// let runtime = Runtime::new();
/// let host = runtime.host();
/// let tenant = runtime.domain("tenant", Limits::default());
/// runtime.join(host, &tenant, Policy::builder().inbound(allow!(dyn Account: balance)).build()?)?;
///
/// let account = host.own::<dyn Account>(Arc::new(Savings));
/// let lent = host.send(&account, &tenant)?;
/// let balance = lent.method("balance").unwrap();
/// assert_eq!(tenant.call(&lent, balance, &[]), Ok(Value::Int(100)));
/// assert_eq!(lent.method("close"), None);
///
/// tenant.close("moved out");
/// let CallError::Membrane(error) = tenant.call(&lent, balance, &[]).unwrap_err() else { panic!() };
/// assert_eq!(error.to_string(), "revoked: moved out");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Domain(Arc<Inner>);

struct Inner {
    id: DomainId,
    name: Box<str>,
    limits: Limits,
    registry: Arc<Registry>,
    links: RwLock<HashMap<DomainId, Link>>,
    exports: Mutex<Exports>,
    table: Mutex<Table>,
    closed: OnceLock<Reason>,
    /// What ends with it.
    end: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

/// A domain, without keeping it.
#[derive(Clone)]
pub(crate) struct WeakDomain(Weak<Inner>);

impl WeakDomain {
    pub(crate) fn upgrade(&self) -> Option<Domain> {
        self.0.upgrade().map(Domain)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Domain {
    pub(crate) fn new(name: &str, limits: Limits, registry: Arc<Registry>) -> Self {
        let id = DomainId::next();
        Self(Arc::new(Inner {
            id,
            name: name.into(),
            table: Mutex::new(Table::new(id, limits.handles)),
            limits,
            registry,
            links: RwLock::default(),
            exports: Mutex::default(),
            closed: OnceLock::new(),
            end: OnceLock::new(),
        }))
    }

    #[inline]
    pub(crate) fn id(&self) -> DomainId {
        self.0.id
    }

    pub(crate) fn downgrade(&self) -> WeakDomain {
        WeakDomain(Arc::downgrade(&self.0))
    }

    /// The name that it was given, for reports.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is limited to.
    #[inline]
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// A reference to an object of this domain's own.
    ///
    /// # Authority
    ///
    /// The holder, this domain, can call all of it. `object` must be this domain's: whoever passes an object of another
    /// one has given it away.
    pub fn own<T: ?Sized + DynamicInterface>(&self, object: Arc<T>) -> Object {
        Object::own(self.id(), Typed::new(object))
    }

    /// A reference to what this domain has come to hold: an object of its own, or a proxy of a membrane of its.
    pub(crate) fn hold<T: ?Sized + DynamicInterface>(&self, object: Arc<T>) -> Object {
        // Asking may run the object's own code, if it is no proxy: so not under the lock.
        let links: SmallVec<[Link; 1]> = {
            let links = self.0.links.read().unwrap_or_else(PoisonError::into_inner);
            links.values().cloned().collect()
        };
        self.hold_through(object, &links)
    }

    fn hold_through<T: ?Sized + DynamicInterface>(&self, object: Arc<T>, links: &[Link]) -> Object {
        for link in links {
            let Some(lent) = link.membrane().lent(&object) else {
                continue;
            };
            // A proxy that is for the other side stays what it is to this one: an object of its own, with a gate.
            if lent.direction() != link.direction_to(self.id()) {
                break;
            }
            let allowed = (0..u64::BITS)
                .filter(|method| lent.allows(*method))
                .fold(0, |bits, method| bits | 1 << method);
            return Object::foreign(
                self.id(),
                link.peer_of(self.id()),
                allowed,
                lent,
                Typed::new(object),
            );
        }
        self.own(object)
    }

    /// Sends a reference that this domain holds to another domain, through the membrane that joins them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`] if this domain does not hold `object`, or if no membrane joins the two;
    /// [`ErrorKind::Revoked`] if one of them is closed; and what [`Membrane::wrap`] may answer.
    pub fn send(&self, object: &Object, to: &Self) -> Result<Object, Error> {
        if object.holder() != self.id() {
            return Err(ErrorKind::Rejected.into());
        }
        if to.id() == self.id() {
            return Ok(object.clone());
        }
        let link = self.link_to(to.id()).ok_or_else(|| self.apart(to))?;
        object.dispatch().cross(&link, to)
    }

    /// Why no membrane joins this domain to `other`.
    fn apart(&self, other: &Self) -> Error {
        match self.closed().or(other.closed()) {
            Some(reason) => revoked(reason),
            None => ErrorKind::Rejected.into(),
        }
    }

    /// Gets a reference that another domain holds, through the membrane that joins the two.
    pub(crate) fn receive(&self, object: &Object) -> Result<Object, Error> {
        let link = self.link_to(object.holder()).ok_or(ErrorKind::Rejected)?;
        object.dispatch().cross(&link, self)
    }

    /// Makes an object that is implemented elsewhere one of this domain's own: `make` brings the implementation, unless
    /// the object that was imported as `key` is still alive; then it is that one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`] if the program does not [know](crate::Runtime::know) an interface with this hash: another
    /// interface, or another version of it. [`ErrorKind::Revoked`] if the domain is closed.
    ///
    /// # Concurrency
    ///
    /// Threads that import one key at once get one object. Each of them may have called its `make`, without any lock; what
    /// the others made is dropped without having been called, and its `Drop` must not give up what the object needs.
    pub fn import(
        &self,
        key: u64,
        interface: InterfaceHash,
        make: impl FnOnce() -> Arc<dyn crate::Foreign>,
    ) -> Result<Object, Error> {
        if let Some(reason) = self.0.closed.get() {
            return Err(revoked(*reason));
        }
        let known = self.0.registry.find(interface).ok_or(ErrorKind::Rejected)?;
        let mut make = Some(make);
        let mut fresh = None;
        loop {
            let seen = lock(&self.0.exports).get(key, interface);
            if let Some(object) = seen.as_ref().and_then(|again| again(self)) {
                return Ok(object);
            }
            if let Some(make) = make.take() {
                let foreign = make();
                let weak = Arc::downgrade(&foreign);
                fresh = Some(((known.import)(self, foreign), weak));
            }
            let Some((own, weak)) = &fresh else {
                unreachable!("made in the first round");
            };
            let replaced = {
                let mut exports = lock(&self.0.exports);
                // Under the lock: who closes sets the reason first, and then empties the table under it.
                if let Some(reason) = self.0.closed.get() {
                    return Err(revoked(*reason));
                }
                let (object, again) = (&own.object, &own.again);
                exports.insert(key, object, again, weak.clone(), seen.as_ref())
            };
            // What it replaces is dropped here, outside the lock. Another thread's object is asked for in the next round.
            if replaced.is_ok() {
                return Ok(own.object.clone());
            }
        }
    }

    /// The key that an object of this domain's was imported by, if it was.
    pub fn import_key(&self, object: &Object) -> Option<u64> {
        if object.home() != self.id() || object.holder() != self.id() {
            return None;
        }
        let key = lock(&self.0.exports).key(object.dispatch().address())?;
        // The address may have been another's by now: the object behind the key decides.
        let again = lock(&self.0.exports).get(key, object.interface().hash())?;
        (again(self)? == *object).then_some(key)
    }

    /// Forgets the imports whose implementation is gone. Called by an implementation's `Drop`.
    pub fn forget_import(&self, key: u64) {
        // Bound, so that it is dropped outside the lock.
        let _forgotten = lock(&self.0.exports).remove_dead(key);
    }

    /// Gives `object` a name for a guest to use; the same one as long as it has one.
    ///
    /// # Errors
    ///
    /// [`CallError::Limit`] if the domain has as many as [`Limits::handles`] says. [`ErrorKind::Rejected`] if the domain
    /// does not hold `object`, [`ErrorKind::Revoked`] if it is closed.
    pub fn insert(&self, object: &Object) -> Result<Handle, CallError> {
        if object.holder() != self.id() {
            return Err(ErrorKind::Rejected.into());
        }
        let mut table = lock(&self.0.table);
        // Under the lock: who closes sets the reason first, and then empties the table under it.
        if let Some(reason) = self.0.closed.get() {
            return Err(revoked(*reason).into());
        }
        Ok(table.insert(object)?)
    }

    /// The object of this name. `None` for a name that was released, that never was, or that is another domain's.
    pub fn get(&self, handle: Handle) -> Option<Object> {
        lock(&self.0.table).get(handle)
    }

    /// Takes back one [`insert`](Self::insert); the last one frees the name, for ever. Whether it was one.
    pub fn release(&self, handle: Handle) -> bool {
        // Bound, so that the object is dropped outside the lock.
        let released = lock(&self.0.table).release(handle);
        released.is_some()
    }

    /// How many objects have a name here.
    pub fn handles(&self) -> usize {
        lock(&self.0.table).len()
    }

    /// How many objects that were imported here are remembered.
    pub fn imports(&self) -> usize {
        lock(&self.0.exports).len()
    }

    /// Ends it: every reference that went through a membrane, from it or to it, is broken, with this reason; all names and
    /// imports are freed, and none are made any more. Again does nothing; the first reason stays.
    ///
    /// What has not gone through a membrane goes on: its own objects, called from the domain itself or as what they are in Rust.
    ///
    /// # Concurrency
    ///
    /// As [`Membrane::revoke`], for each membrane that joins it to another domain.
    pub fn close(&self, reason: impl Into<Reason>) {
        self.0.close(reason.into());
    }

    /// Has `end` called when it is closed, after the cut: at once, if it is closed already. One for each domain.
    #[cfg(feature = "wasm")]
    pub(crate) fn on_close(&self, end: impl Fn() + Send + Sync + 'static) {
        let first = self.0.end.set(Box::new(end)).is_ok();
        debug_assert!(first, "a domain is one guest's");
        // Who closes sets the reason first, and then looks for this.
        if self.closed().is_some()
            && let Some(end) = self.0.end.get()
        {
            end();
        }
    }

    /// Why it was closed, if it is, or is being closed: the reason is there before the cut. When a [`close`](Self::close) has
    /// returned, the cut was made.
    pub fn closed(&self) -> Option<Reason> {
        self.0.closed.get().copied()
    }

    /// The membrane that joins it to `other`.
    ///
    /// # Authority
    ///
    /// With it comes all that its handle can do: revoke, and derive grants.
    pub fn membrane(&self, other: &Self) -> Option<Membrane> {
        self.link_to(other.id()).map(|link| link.membrane().clone())
    }

    fn link_to(&self, other: DomainId) -> Option<Link> {
        let links = self.0.links.read().unwrap_or_else(PoisonError::into_inner);
        links.get(&other).cloned()
    }

    /// How large a message that comes from outside may be.
    #[cfg(feature = "wasm")]
    #[inline]
    pub(crate) fn message_limits(&self) -> crate::MessageLimits {
        if fault::on(Fault::AnyMessage) {
            return crate::MessageLimits {
                bytes: usize::MAX,
                nodes: usize::MAX,
                depth: usize::MAX,
            };
        }
        self.0.limits.message
    }

    /// What an argument or a result that comes from outside may not go beyond.
    #[inline]
    pub(crate) fn check_message(&self, values: &[Value]) -> Result<(), CallError> {
        if fault::on(Fault::AnyMessage) {
            return Ok(());
        }
        Ok(self.0.limits.message.admit(values)?)
    }
}

pub(crate) fn revoked(reason: Reason) -> Error {
    // A revoked membrane is the one source of this error.
    let membrane = Membrane::new(membrane::Policy::deny_all());
    membrane.revoke(reason);
    membrane
        .pass((), membrane::Direction::Outbound)
        .err()
        .unwrap_or(ErrorKind::Revoked.into())
}

impl Inner {
    fn close(&self, reason: Reason) {
        // Whoever comes second must not return before the cut either, so that both make it: the first reason stays.
        let reason = *self.closed.get_or_init(|| reason);
        // No link is added any more. Together, so that what one side's `Drop` does holds up no other's cut.
        let membranes: Vec<Membrane> = {
            let links = self.links.read().unwrap_or_else(PoisonError::into_inner);
            links.values().map(|link| link.membrane().clone()).collect()
        };
        if !fault::on(Fault::StaysJoined) {
            Membrane::revoke_all(&membranes, reason);
        }
        let links = {
            let mut links = self.links.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *links)
        };
        for link in links.into_values() {
            if let Some(peer) = link.peer().upgrade() {
                peer.0.unlink(self.id);
            }
        }
        let (names, imports) = (
            lock(&self.table).clear(),
            std::mem::take(&mut *lock(&self.exports)),
        );
        drop((names, imports));
        if let Some(end) = self.end.get() {
            end();
        }
    }

    fn unlink(&self, peer: DomainId) {
        let mut links = self.links.write().unwrap_or_else(PoisonError::into_inner);
        let unlinked = links.remove(&peer);
        drop(links);
        drop(unlinked);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close(Reason::from("the domain is gone"));
    }
}

impl PartialEq for Domain {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Domain {}

impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Domain")
            .field("name", &self.name())
            .field("closed", &self.closed())
            .field("handles", &self.handles())
            .finish_non_exhaustive()
    }
}

/// Joins two domains: see [`Runtime::join`](crate::Runtime::join).
pub(crate) fn join(
    wet: &Domain,
    dry: &Domain,
    policy: membrane::Policy,
) -> Result<Membrane, JoinError> {
    if wet == dry {
        return Err(JoinError::Itself);
    }
    let membrane = Membrane::new(policy);
    let link = Link::new(&membrane, wet, dry);
    // In a fixed order, so that two who join the same two cannot wait for each other.
    let (first, second) = if wet.id() < dry.id() {
        (wet, dry)
    } else {
        (dry, wet)
    };
    let mut one = first
        .0
        .links
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    let mut other = second
        .0
        .links
        .write()
        .unwrap_or_else(PoisonError::into_inner);
    // Under the locks: who closes sets the reason first, and then takes the links.
    if let Some(reason) = wet.closed().or(dry.closed()) {
        return Err(JoinError::Closed(reason));
    }
    let joined = one.get(&second.id());
    if joined.is_some_and(|link| !link.membrane().is_revoked()) {
        return Err(JoinError::Joined);
    }
    let replaced = (
        one.insert(second.id(), link.clone_for(second)),
        other.insert(first.id(), link.clone_for(first)),
    );
    drop((one, other));
    drop(replaced);
    Ok(membrane)
}
