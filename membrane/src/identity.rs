//! Which proxy stands for which object: while it lives, one for each object, scope, direction, side and interface.
//!
//! A table maps the address of a target to its proxy, weakly. The address is that of an `Arc`'s contents, held by the
//! proxy, so it cannot be another object's while the entry counts. An entry goes when its proxy is dropped.
//!
//! The tables are also the list of a scope's cells: revocation takes them whole.

use crate::authority::watch;
use crate::crossing::Place;
use crate::direction::Direction;
use crate::error::{Error, ErrorKind};
use crate::fault::{self, Fault};
use crate::flat::run_flat;
use crate::interface::{Keep, Label, Target, allowed};
use crate::proxy::{Proxy, named};
use crate::reason::Reason;
use crate::table::{Full, Table};
use crate::tree::{Node, Scope};
use crate::waiting::Waiters;
use object_membrane_gate::sync::lock;
use object_membrane_gate::{Holder, InUse, drop_flat};
use std::any::{Any, TypeId};
use std::sync::{Arc, Weak};
use std::time::Duration;

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
            run_flat(watcher);
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

/// The interface and the method of a running call, and for how long it has been running, if that is known.
pub(crate) type RunningMethod = (Label, Option<Duration>);

struct Entry {
    interface: TypeId,
    direction: Direction,
    home: u16,
    /// The methods that the scope's policy allows on this interface in this direction.
    allowed: u64,
    table: Box<dyn AnyTable>,
}

trait AnyTable: Any + Send {
    fn holders(self: Box<Self>, into: &mut Vec<Weak<dyn Holder>>);
    /// Those at which somebody may wait.
    fn waiters(&self, into: &mut Waiters);
    fn len(&self) -> usize;
    /// The interface's name, and its methods by number.
    fn names(&self) -> (&'static str, &'static [&'static str]);
    /// Adds the calls among `in_use` that run on proxies of this table. What is put into `held` may be the last reference to a
    /// proxy: it is to be dropped after the lock.
    fn running(
        &self,
        in_use: &InUse,
        into: &mut Vec<RunningMethod>,
        held: &mut Vec<Arc<dyn Holder>>,
    );
}

impl<T: ?Sized + Target> AnyTable for Table<Proxy<T>> {
    fn holders(self: Box<Self>, into: &mut Vec<Weak<dyn Holder>>) {
        let holders = self.into_values().map(|weak| weak as Weak<dyn Holder>);
        if into.is_empty() {
            // In the memory of the table.
            *into = holders.collect();
        } else {
            into.extend(holders);
        }
    }

    fn waiters(&self, into: &mut Waiters) {
        if T::Keep::WAITS {
            self.values().for_each(|proxy| into.add(proxy));
        }
    }

    fn len(&self) -> usize {
        Table::len(self)
    }

    fn names(&self) -> (&'static str, &'static [&'static str]) {
        (T::NAME, T::METHODS)
    }

    fn running(
        &self,
        in_use: &InUse,
        into: &mut Vec<RunningMethod>,
        held: &mut Vec<Arc<dyn Holder>>,
    ) {
        for proxy in self.values() {
            let mut methods = in_use.methods(Proxy::cell_address(proxy)).peekable();
            let mut label = None;
            if T::Keep::WAITS
                && methods.peek().is_some()
                && let Some(proxy) = proxy.upgrade()
            {
                label = proxy.keep.label();
                held.push(proxy);
            }
            into.extend(methods.map(|(method, running_for)| {
                (label.unwrap_or_else(|| named::<T>(method)), running_for)
            }));
        }
    }
}

impl Tables {
    #[inline]
    fn position<T: ?Sized + Target>(&self, place: Place) -> Option<usize> {
        let interface = TypeId::of::<T>();
        self.entries.iter().position(|entry| {
            entry.home == place.home
                && entry.direction == place.direction
                && entry.interface == interface
        })
    }

    #[inline]
    fn find<T: ?Sized + Target>(&mut self, place: Place) -> Option<&mut Entry> {
        let at = self.position::<T>(place)?;
        Some(&mut self.entries[at])
    }

    fn entry<T: ?Sized + Target>(&mut self, scope: &Scope, place: Place) -> &mut Entry {
        let at = self.position::<T>(place).unwrap_or_else(|| {
            let Place {
                direction, home, ..
            } = place;
            // An object is called against the direction in which it crossed.
            let allowed = if fault::on(Fault::AllowAll) {
                u64::MAX
            } else if let (true, Some(parent)) =
                (fault::on(Fault::ParentsLists), scope.data().parent())
            {
                allowed::<T>(parent.data().policy(), direction.reversed())
            } else {
                allowed::<T>(scope.data().policy(), direction.reversed())
            };
            self.entries.push(Entry {
                interface: TypeId::of::<T>(),
                direction,
                home,
                allowed,
                table: Box::new(Table::<Proxy<T>>::default()),
            });
            self.entries.len() - 1
        });
        &mut self.entries[at]
    }

    /// How many proxies are listed.
    pub(crate) fn len(&self) -> usize {
        self.entries.iter().map(|entry| entry.table.len()).sum()
    }

    pub(crate) fn watch(&mut self, watcher: Watcher) {
        self.watchers.get_or_insert_default().0.push(watcher);
    }

    /// Whether there are so many entries, and somebody wants to know.
    fn is_watched_with(&self, len: usize) -> bool {
        self.watchers.is_some() && self.len() == len
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
    ///
    /// What is put into `held` is to be dropped after the lock.
    pub(crate) fn running(
        &self,
        in_use: &InUse,
        held: &mut Vec<Arc<dyn Holder>>,
    ) -> Vec<RunningMethod> {
        let mut running = Vec::new();
        for entry in &self.entries {
            entry.table.running(in_use, &mut running, held);
        }
        running
    }

    /// Whoever may be waiting for something in the tables: the wet side first, since the dry side's wakers may block.
    pub(crate) fn waiters(&self, into: &mut Waiters) {
        // What came in is waited for by the wet side.
        for direction in [Direction::Inbound, Direction::Outbound] {
            let tables = self
                .entries
                .iter()
                .filter(|entry| entry.direction == direction);
            tables.for_each(|entry| entry.table.waiters(into));
        }
    }

    /// The cells behind the tables: the wet side's objects first, since the dry side's may block in their `Drop`. With them, who
    /// will not be told any more.
    pub(crate) fn into_holders(mut self) -> (Vec<Weak<dyn Holder>>, Option<Box<Watchers>>) {
        let mut holders = Vec::new();
        self.entries.sort_by_key(|entry| entry.direction);
        self.entries
            .into_iter()
            .for_each(|entry| entry.table.holders(&mut holders));
        (holders, self.watchers)
    }
}

impl Entry {
    #[inline]
    fn table<T: ?Sized + Target>(&mut self) -> &mut Table<Proxy<T>> {
        let table: &mut dyn Any = &mut *self.table;
        table
            .downcast_mut()
            .expect("a table is found by the type of its interface")
    }
}

/// The proxy that `scope` has for `target`, if it was made for a plain object: one that is no proxy of the same tree.
///
/// Such an object is none ever after, so that it need not be asked again.
#[inline]
pub(crate) fn known<T: ?Sized + Target>(
    scope: &Arc<Scope>,
    place: Place,
    target: &Arc<T>,
) -> Option<Arc<Proxy<T>>> {
    let found = {
        let mut tables = lock(&scope.data().tables);
        if scope.is_revoked() || fault::on(Fault::NoIdentity) {
            return None;
        }
        let table = tables.get_mut()?.find::<T>(place)?.table::<T>();
        table.get(address_of(target)).and_then(Weak::upgrade)
    };
    // Under no lock: this may be the last reference to it.
    found.filter(|proxy| !proxy.is_layered())
}

fn address_of<T: ?Sized>(target: &Arc<T>) -> usize {
    Arc::as_ptr(target).cast::<()>().addr()
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
    proxy_keeping(scope, place, target, None)
}

/// The same, where a new one is to keep `keep` beside its target.
///
/// # Errors
///
/// As for [`proxy`].
pub(crate) fn proxy_keeping<T: ?Sized + Target>(
    scope: &Arc<Scope>,
    place: Place,
    target: Arc<T>,
    // Dropped after the lock, as an argument is.
    mut keep: Option<T::Keep>,
) -> Result<Arc<Proxy<T>>, Error> {
    let address = address_of(&target);
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
    let entry = tables.make().entry::<T>(scope, place);
    let allowed = entry.allowed;
    let table = entry.table::<T>();
    if let Some(proxy) = table.get(address).and_then(Weak::upgrade)
        && !fault::on(Fault::NoIdentity)
    {
        drop(tables);
        return Ok(proxy);
    }
    // What is counted are entries: one whose proxy is being dropped is taken over, and gone with the tables or with its proxy.
    if let Some(ledger) = scope.data().ledger()
        && (table.get(address).is_none() || fault::on(Fault::CountedAnew))
        && let Err(error) = ledger.reserve_proxy()
    {
        drop(tables);
        return Err(error);
    }
    let target = target.take().expect("taken here only");
    let keep = keep.take().unwrap_or_default();
    let switch = if fault::on(Fault::OneWay) && place.direction == Direction::Inbound {
        Node::root(scope.data().policy().clone(), None)
    } else {
        scope.clone()
    };
    let proxy = Arc::new(Proxy::new(switch, target, allowed, place, keep));
    let listed = table.insert(address, Arc::downgrade(&proxy));
    // What is not listed is not to be had, and dropped under no lock.
    drop(tables);
    if fault::on(Fault::TableOwns) {
        std::mem::forget(proxy.clone());
    }
    if let Err(Full) = listed {
        if let Some(ledger) = scope.data().ledger() {
            ledger.release_proxies(1);
        }
        return Err(ErrorKind::Exhausted.into());
    }
    if scope.data().place().flags().audited {
        watch::wrapped::<T>(scope, place.direction);
    }
    Ok(proxy)
}

/// Forgets the entry of a proxy that is being dropped, unless a newer proxy has taken its place.
pub(crate) fn forget<T: ?Sized + Target>(
    scope: &Scope,
    place: Place,
    address: usize,
    proxy: *const Proxy<T>,
) {
    if fault::on(Fault::KeptEntries) {
        return;
    }
    let early = fault::on(Fault::LastTooEarly).then(|| {
        let tables = lock(&scope.data().tables);
        tables.get().is_some_and(|tables| tables.is_watched_with(1))
    });
    let mut tables = lock(&scope.data().tables);
    if scope.is_revoked() {
        // The tables went with the revocation, or are about to, and what is counted of them.
        if let (true, Some(ledger)) = (fault::on(Fault::CountedTwice), scope.data().ledger()) {
            ledger.release_proxies(1);
        }
        return;
    }
    let entry = tables.get_mut().and_then(|tables| tables.find::<T>(place));
    let Some(entry) = entry else { return };
    let table = entry.table::<T>();
    if table
        .get(address)
        .is_some_and(|weak| std::ptr::eq(weak.as_ptr(), proxy) || fault::on(Fault::ForgetAny))
    {
        let removed = table.remove(address);
        if let Some(ledger) = scope.data().ledger() {
            ledger.release_proxies(1);
        }
        let listed = tables.get();
        let last = early.unwrap_or_else(|| listed.is_some_and(|listed| listed.is_watched_with(0)));
        if fault::on(Fault::WatchersTooLate) {
            drop(tables);
            tables = lock(&scope.data().tables);
        }
        let listed = tables.get_mut().filter(|_| last);
        let watchers = listed.and_then(|listed| listed.watchers.take());
        drop(tables);
        // Under no lock, from here.
        drop(removed);
        if let Some(watchers) = watchers {
            watchers.tell();
        }
    }
}
