//! Which proxy stands for which object: while it lives, one for each object, scope, direction, side and interface.
//!
//! A table maps the address of a target to its proxy, weakly. The address is that of an `Arc`'s contents, held by the
//! proxy, so it cannot be another object's while the entry counts. An entry goes when its proxy is dropped; a table that
//! has become much too large for its entries shrinks.
//!
//! The tables are also the list of a scope's cells: revocation takes them whole.

use crate::crossing::Place;
use crate::direction::Direction;
use crate::error::Error;
use crate::fault::{self, Fault};
use crate::interface::{Target, allowed};
use crate::proxy::Proxy;
use crate::reason::Reason;
use crate::tree::Scope;
use object_membrane_gate::sync::lock;
use object_membrane_gate::{Holder, InUse, drop_flat, quietly};
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, Weak};

/// A scope's tables, one for each interface, direction and far side in use.
#[derive(Default)]
pub(crate) struct Tables {
    entries: Vec<Entry>,
    /// Who wants to know when there is no entry left.
    watchers: Option<Box<Watchers>>,
}

pub(crate) type Watcher = Box<dyn FnOnce() + Send>;

/// Boxed together: most scopes have none.
#[derive(Default)]
pub(crate) struct Watchers(Vec<Watcher>);

impl Watchers {
    /// Tells them, under no lock.
    fn tell(mut self) {
        for watcher in std::mem::take(&mut self.0) {
            quietly(watcher);
        }
    }
}

impl Drop for Watchers {
    /// Those who were not told are foreign code, and must not panic at whoever drops them.
    fn drop(&mut self) {
        self.0.drain(..).for_each(drop_flat);
    }
}

/// A table, as a snapshot shows it.
pub(crate) struct Listed {
    pub(crate) interface: TypeId,
    pub(crate) name: &'static str,
    pub(crate) methods: &'static [&'static str],
    /// Which way its proxies are called.
    pub(crate) calls: Direction,
    pub(crate) allowed: u64,
    pub(crate) live_proxies: usize,
}

/// The interface and the method of a running call.
pub(crate) type RunningMethod = (&'static str, Option<&'static str>);

struct Entry {
    interface: TypeId,
    direction: Direction,
    home: u16,
    /// The methods that the scope's policy allows on this interface in this direction.
    allowed: u64,
    table: Box<dyn AnyTable>,
}

trait AnyTable: Send {
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn holders(self: Box<Self>, into: &mut Vec<Weak<dyn Holder>>);
    fn len(&self) -> usize;
    /// The interface's name, and its methods by number.
    fn names(&self) -> (&'static str, &'static [&'static str]);
    /// Adds the calls among `in_use` that run on proxies of this table.
    fn running(&self, in_use: &InUse, into: &mut Vec<RunningMethod>);
}

struct Table<T: ?Sized + Target>(HashMap<usize, Weak<Proxy<T>>, BuildHasherDefault<AddressHasher>>);

impl<T: ?Sized + Target> AnyTable for Table<T> {
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn holders(self: Box<Self>, into: &mut Vec<Weak<dyn Holder>>) {
        into.extend(self.0.into_values().map(|weak| weak as Weak<dyn Holder>));
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn names(&self) -> (&'static str, &'static [&'static str]) {
        (T::NAME, T::METHODS)
    }

    fn running(&self, in_use: &InUse, into: &mut Vec<RunningMethod>) {
        for proxy in self.0.values() {
            let cell = Proxy::cell_address(proxy);
            into.extend(
                in_use
                    .methods(cell)
                    .map(|method| (T::NAME, T::METHODS.get(method as usize).copied())),
            );
        }
    }
}

/// Spreads addresses, whose low bits are all alike. They are ours to choose, not the other side's.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte) ^ usize::try_from(self.0).unwrap_or(usize::MAX));
        }
    }

    fn write_usize(&mut self, address: usize) {
        // Fibonacci hashing; the rotation brings the well-mixed high bits to where the map looks.
        self.0 = (address as u64)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(26);
    }
}

/// Below this many slots a table is left as it is.
const SMALL: usize = 64;

impl Tables {
    fn entry<T: ?Sized + Target>(&mut self, scope: &Scope, place: Place) -> &mut Entry {
        let Place {
            direction, home, ..
        } = place;
        let interface = TypeId::of::<T>();
        let found = self.entries.iter().position(|entry| {
            entry.interface == interface && entry.direction == direction && entry.home == home
        });
        let index = found.unwrap_or_else(|| {
            // An object is called against the direction in which it crossed.
            let allowed = allowed::<T>(scope.data().policy(), direction.reversed());
            let table = Box::new(Table::<T>(HashMap::default()));
            self.entries.push(Entry {
                interface,
                direction,
                home,
                allowed,
                table,
            });
            self.entries.len() - 1
        });
        &mut self.entries[index]
    }

    /// How many proxies are listed.
    pub(crate) fn len(&self) -> usize {
        self.entries.iter().map(|entry| entry.table.len()).sum()
    }

    pub(crate) fn watch(&mut self, watcher: Watcher) {
        self.watchers.get_or_insert_default().0.push(watcher);
    }

    /// Who is to be told that the last entry is gone, if it is: under no lock.
    fn deserted(&mut self) -> Option<Box<Watchers>> {
        if self.watchers.is_none() || self.len() > 0 {
            return None;
        }
        self.watchers.take()
    }

    /// What a snapshot shows of each table.
    pub(crate) fn listed(&self) -> Vec<Listed> {
        let each = self.entries.iter().map(|entry| {
            let (name, methods) = entry.table.names();
            Listed {
                interface: entry.interface,
                name,
                methods,
                calls: entry.direction.reversed(),
                allowed: entry.allowed,
                live_proxies: entry.table.len(),
            }
        });
        each.collect()
    }

    /// The calls among `in_use` that run on proxies of these tables.
    pub(crate) fn running(&self, in_use: &InUse) -> Vec<RunningMethod> {
        let mut running = Vec::new();
        for entry in &self.entries {
            entry.table.running(in_use, &mut running);
        }
        running
    }

    /// The cells behind the tables: the wet side's objects first, since the dry side's may block in their `Drop`. With them, who
    /// will not be told any more.
    pub(crate) fn into_holders(mut self) -> (Vec<Weak<dyn Holder>>, Option<Box<Watchers>>) {
        let mut holders = Vec::with_capacity(self.len());
        self.entries.sort_by_key(|entry| entry.direction);
        self.entries
            .into_iter()
            .for_each(|entry| entry.table.holders(&mut holders));
        (holders, self.watchers)
    }
}

impl Entry {
    fn table<T: ?Sized + Target>(&mut self) -> &mut Table<T> {
        self.table
            .as_any_mut()
            .downcast_mut()
            .expect("a table is found by the type of its interface")
    }
}

/// The proxy of `target` in `scope`, the one there is or a new one.
///
/// # Errors
///
/// Revoked, if the scope is; exhausted, if its conditions allow no further proxy.
pub(crate) fn proxy<T: ?Sized + Target>(
    scope: &Arc<Scope>,
    place: Place,
    target: Arc<T>,
) -> Result<Arc<Proxy<T>>, Error> {
    let address = Arc::as_ptr(&target).cast::<()>().addr();
    // Declared before the lock, hence dropped after it: dropping a target may run foreign code.
    let mut target = Some(target);
    let mut tables = lock(&scope.data().tables);
    // Under the lock: a revoker cuts the scope first and then takes the tables under it.
    let unchecked = fault::on(Fault::WrapUnchecked) || fault::on(Fault::ArgumentUnchecked);
    if scope.is_revoked() && !unchecked {
        if fault::on(Fault::DropUnderLock) {
            drop(target.take());
        }
        drop(tables);
        return Err(Error::revoked(Reason::from_number(scope.reason())));
    }
    let entry = tables.entry::<T>(scope, place);
    let allowed = entry.allowed;
    let table = entry.table::<T>();
    if let Some(proxy) = table.0.get(&address).and_then(Weak::upgrade) {
        drop(tables);
        return Ok(proxy);
    }
    // What is counted are entries: one whose proxy is being dropped is taken over, and gone with the tables or with its proxy.
    if let Some(ledger) = scope.data().ledger()
        && !table.0.contains_key(&address)
        && let Err(error) = ledger.reserve_proxy()
    {
        drop(tables);
        return Err(error);
    }
    let target = target.take().expect("taken here only");
    let proxy = Arc::new(Proxy::new(scope.clone(), target, allowed, place));
    table.0.insert(address, Arc::downgrade(&proxy));
    Ok(proxy)
}

/// Forgets the entry of a proxy that is being dropped, unless a newer proxy has taken its place.
pub(crate) fn forget<T: ?Sized + Target>(
    scope: &Scope,
    place: Place,
    address: usize,
    proxy: *const Proxy<T>,
) {
    let entry;
    let mut tables = lock(&scope.data().tables);
    if scope.is_revoked() {
        // The tables went with the revocation, or are about to.
        return;
    }
    let table = tables.entry::<T>(scope, place).table::<T>();
    if table
        .0
        .get(&address)
        .is_some_and(|weak| std::ptr::eq(weak.as_ptr(), proxy) || fault::on(Fault::ForgetAny))
    {
        entry = table.0.remove(&address);
        if let Some(ledger) = scope.data().ledger() {
            ledger.release_proxies(1);
        }
        let capacity = table.0.capacity();
        if capacity > SMALL && table.0.len() < capacity / 8 {
            let target = table.0.len() * 2;
            table.0.shrink_to(target.max(SMALL / 2));
        }
        let watchers = tables.deserted();
        drop(tables);
        drop(entry);
        if let Some(watchers) = watchers {
            watchers.tell();
        }
    }
}
