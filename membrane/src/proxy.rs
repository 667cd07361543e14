//! The one type that stands between the sides: an allowlist in front of a revocable cell.

use crate::admitted::Admitted;
use crate::authority::tally::Counted;
use crate::authority::watch;
use crate::crossing::{Call, Place};
use crate::direction::Direction;
use crate::error::{Error, ErrorKind};
use crate::fault::{self, Fault};
use crate::future::{Boxed, Calling};
use crate::identity;
use crate::interface::{Keep, Target};
use crate::ongoing::Ongoing;
use crate::passable::Passable;
use crate::policy::names_in;
use crate::reason::Reason;
use crate::tree::{Node, Scope};
use crate::waiting::Relay;
use object_membrane_gate::{Admission, Cell, HELD, Hold, Holder, Reclaim, Refusal};
use std::mem::offset_of;
use std::sync::{Arc, Weak};

/// Stands for a target of another side.
///
/// Public because generated code names it; nobody but this crate makes one, and nothing takes one apart.
pub struct Proxy<T: ?Sized + Target> {
    cell: Cell<T, Node>,
    /// The methods that may be called, as bits.
    allowed: u64,
    place: Place,
    pub(crate) keep: T::Keep,
}

impl<T: ?Sized + Target> Proxy<T> {
    pub(crate) fn new(
        scope: Arc<Scope>,
        target: Arc<T>,
        allowed: u64,
        place: Place,
        keep: T::Keep,
    ) -> Self {
        Self {
            cell: Cell::new(scope, target),
            allowed,
            place,
            keep,
        }
    }

    /// Calls an async method, given by number, when what is returned is polled for the first time; see
    /// [`future`](crate::future).
    #[doc(hidden)]
    pub fn __call_async<'a, R, E>(
        &'a self,
        method: u32,
        start: impl FnOnce(&Arc<T>, &Call<'_>) -> Result<Boxed<'static, R, E>, E> + Send + 'a,
    ) -> Boxed<'a, R, E>
    where
        R: Passable,
        E: Passable + From<Error>,
    {
        Box::pin(Calling::new(self, method, start))
    }

    /// As [`Route::call`], for a call whose work goes on after it returned. `prepare` runs before the look at the
    /// switch that counts. `f` may keep the target, but only in something that the scope's revoker drops.
    pub(crate) fn call_sharing<P, R, E: From<Error>>(
        &self,
        method: u32,
        prepare: impl FnOnce() -> P,
        f: impl FnOnce(P, &Arc<T>, &Call<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        if self.allowed & (1 << method) == 0 && !fault::on(Fault::UnlistedAsync) {
            return Err(not_allowed(self, method));
        }
        self.check_early(method)?;
        let prepared = prepare();
        let f = |target: &Arc<T>, call: &Call<'_>| f(prepared, target, call);
        self.cell
            .call_sharing(method, Forward { proxy: self, f }, refused)
    }

    /// Polls: as [`Route::call`], of an object that crossed with all its methods, and with a result of any kind,
    /// which `f` converts. What is polled `again` has been let in, and the relay has the rest of that call.
    pub(crate) fn call_polled<R, E: From<Error>>(
        &self,
        again: Option<&Arc<Relay>>,
        f: impl FnOnce(&T, &Call<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        let forward = Forward { proxy: self, f };
        let Some(relay) = again else {
            self.check_early(0)?;
            return self.cell.call_admitted(0, forward, refused);
        };
        let ongoing = &relay.ongoing;
        if self.scope().is_revoked() {
            if fault::on(Fault::ToldApart) {
                return Err(turned_away(self, 0, Refusal::Revoked));
            }
            return Err(ends(self.scope(), ongoing, Refusal::Revoked));
        }
        self.cell
            .call_admitted(0, Again { forward, ongoing }, refused)
    }

    /// Turns away whoever was woken by a revocation without a frame: a frame would make this thread free what the revoker
    /// has not come to yet, whose `Drop` may block.
    fn check_early<E: From<Error>>(&self, method: u32) -> Result<(), E> {
        if self.scope().is_revoked() {
            return Err(turned_away(self, method, Refusal::Revoked));
        }
        Ok(())
    }

    pub(crate) fn scope(&self) -> &Arc<Scope> {
        self.cell.scope()
    }

    pub(crate) fn direction(&self) -> Direction {
        self.place.direction
    }

    pub(crate) fn home(&self) -> u16 {
        self.place.home
    }

    pub(crate) fn allowed(&self) -> u64 {
        self.allowed
    }

    pub(crate) fn is_layered(&self) -> bool {
        self.place.layered
    }

    /// The name by which frames know the cell of `proxy`, which may be gone: for as long as `proxy` is kept, no other cell has it.
    pub(crate) fn cell_address(proxy: &Weak<Self>) -> usize {
        proxy.as_ptr().addr() + offset_of!(Self, cell)
    }

    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// The target, in use for as long as the hold lives, if calls go through freely.
    pub(crate) fn hold(&self) -> Option<(Hold<Node>, Arc<T>)> {
        self.cell.hold()
    }

    /// The target, if the scope is live.
    pub(crate) fn pin(&self) -> Result<Arc<T>, Refusal> {
        self.cell.pin()
    }
}

/// How a call gets to its target.
///
/// Public because generated code names it.
pub trait Route<T: ?Sized> {
    /// Calls a method, given by number. `f` converts the arguments, looks again after each conversion that can run foreign
    /// code, has the rules look at them, calls the target and converts the result.
    fn call<R, E>(self, method: u32, f: impl FnOnce(&T, &Call<'_>) -> Result<R, E>) -> Result<R, E>
    where
        R: Passable,
        E: Passable + From<Error>;
}

impl<T: ?Sized + Target> Route<T> for &Proxy<T> {
    /// The order is fixed: the method is allowed; the scope is live; its conditions hold; then `f`, all of it counted as running
    /// and its panics caught; then the scope is still live.
    #[inline(always)]
    fn call<R, E>(self, method: u32, f: impl FnOnce(&T, &Call<'_>) -> Result<R, E>) -> Result<R, E>
    where
        R: Passable,
        E: Passable + From<Error>,
    {
        if self.allowed & (1 << method) == 0 {
            if fault::on(Fault::KeptArguments) {
                std::mem::forget(f);
            }
            return Err(not_allowed(self, method));
        }
        self.cell
            .call_admitted(method, Forward { proxy: self, f }, refused)
    }
}

/// A call on its way to the gate.
struct Forward<'a, T: ?Sized + Target, F> {
    proxy: &'a Proxy<T>,
    f: F,
}

/// `S` is the target, or its `Arc`.
impl<'a, T, S, R, E, F> Admission<S, R, E> for Forward<'a, T, F>
where
    T: ?Sized + Target,
    S: ?Sized,
    E: From<Error>,
    F: FnOnce(&S, &Call<'_>) -> Result<R, E>,
{
    type Pass = Admitted<'a>;

    #[inline(always)]
    fn turned_away(&self, method: u32, refusal: Refusal) -> E {
        turned_away(self.proxy, method, refusal)
    }

    fn admit(&self, method: u32) -> Admitted<'a> {
        let proxy = self.proxy;
        Admitted::new::<T>(proxy.cell.scope(), proxy.place, method)
    }

    #[inline(always)]
    fn run(self, target: &S, admitted: Option<&Admitted<'a>>) -> Result<R, E> {
        if let Some(error) = admitted.and_then(Admitted::refusal) {
            return Err(error.into());
        }
        let proxy = self.proxy;
        (self.f)(
            target,
            &Call::new(proxy.cell.scope(), &proxy.place, admitted),
        )
    }
}

/// A call that goes on after it was let in.
struct Again<'a, C> {
    forward: C,
    ongoing: &'a Ongoing,
}

impl<'a, T, R, E, F> Admission<T, R, E> for Again<'_, Forward<'a, T, F>>
where
    T: ?Sized + Target,
    E: From<Error>,
    F: FnOnce(&T, &Call<'_>) -> Result<R, E>,
{
    type Pass = Admitted<'a>;

    fn turned_away(&self, _: u32, refusal: Refusal) -> E {
        ends(self.forward.proxy.scope(), self.ongoing, refusal)
    }

    fn admit(&self, method: u32) -> Admitted<'a> {
        let proxy = self.forward.proxy;
        Admitted::again::<T>(proxy.cell.scope(), proxy.place, method, self.ongoing)
    }

    fn run(self, target: &T, admitted: Option<&Admitted<'a>>) -> Result<R, E> {
        if admitted.is_none() {
            // Whoever was to be told has gone meanwhile.
            self.ongoing.take().unheard();
        }
        self.forward.run(target, admitted)
    }
}

/// The answer to a call that was let in, and is turned away as it would go on. Whoever is told of it hears that it is over,
/// unless whoever cut the scope has told that.
#[cold]
fn ends<E: From<Error>>(scope: &Scope, ongoing: &Ongoing, refusal: Refusal) -> E {
    scope.data().place().count(counted(refusal));
    let error = error(scope, refusal);
    ongoing.take().failed(error);
    error.into()
}

#[cold]
#[inline(never)]
fn not_allowed<T: ?Sized + Target, E: From<Error>>(proxy: &Proxy<T>, method: u32) -> E {
    let counted = proxy
        .scope()
        .data()
        .place()
        .count_again(Counted::NotAllowed);
    if !counted {
        return not_allowed_first(proxy, method);
    }
    Error::from(ErrorKind::Refused).into()
}

/// Apart, so that the common case needs no stack. A scope that is audited always comes here.
#[inline(never)]
fn not_allowed_first<T: ?Sized + Target, E: From<Error>>(proxy: &Proxy<T>, method: u32) -> E {
    let error = Error::from(ErrorKind::Refused);
    watch::turned_away::<T>(
        proxy.scope(),
        proxy.place,
        method,
        Counted::NotAllowed,
        || error,
    );
    error.into()
}

/// The answer to a call that nobody was asked about, because the scope is revoked or the thread nested too deeply.
#[inline(always)]
fn turned_away<T: ?Sized + Target, E: From<Error>>(
    proxy: &Proxy<T>,
    method: u32,
    refusal: Refusal,
) -> E {
    let scope = proxy.scope();
    if !scope.data().place().count_again(counted(refusal)) {
        return turned_away_first(proxy, method, refusal);
    }
    error(scope, refusal).into()
}

#[inline(never)]
fn turned_away_first<T: ?Sized + Target, E: From<Error>>(
    proxy: &Proxy<T>,
    method: u32,
    refusal: Refusal,
) -> E {
    let scope = proxy.scope();
    watch::turned_away::<T>(scope, proxy.place, method, counted(refusal), || {
        error(scope, refusal)
    });
    error(scope, refusal).into()
}

/// The answer to a call that was let in. Whoever is to be told of that hears it from what it was admitted with.
#[cold]
#[inline(never)]
pub(crate) fn refused<E: From<Error>>(scope: &Scope, refusal: Refusal) -> E {
    if !scope.data().place().count_again(counted(refusal)) {
        return refused_first(scope, refusal);
    }
    error(scope, refusal).into()
}

#[inline(never)]
fn refused_first<E: From<Error>>(scope: &Scope, refusal: Refusal) -> E {
    scope.data().place().count_first(counted(refusal));
    error(scope, refusal).into()
}

#[inline(always)]
fn counted(refusal: Refusal) -> Counted {
    match refusal {
        Refusal::Revoked => Counted::Revoked,
        Refusal::TooDeep => Counted::TooDeep,
        Refusal::Panicked => Counted::Panicked,
    }
}

/// What the membrane tells of a refusal.
#[cold]
pub(crate) fn error(scope: &Scope, refusal: Refusal) -> Error {
    match refusal {
        Refusal::Revoked => Error::revoked(Reason::from_number(scope.reason())),
        Refusal::TooDeep => ErrorKind::TooDeep.into(),
        Refusal::Panicked => ErrorKind::Panicked.into(),
    }
}

impl<T: ?Sized + Target> Drop for Proxy<T> {
    fn drop(&mut self) {
        // A target that was taken went with the tables.
        if let Some(address) = self.cell.target_address() {
            identity::forget(self.cell.scope(), self.place, address, &raw const *self);
        }
        if self.scope().data().place().flags().audited {
            watch::proxy_dropped::<T>(self.scope(), self.place.direction);
        }
        // The target itself goes with the cell, outside every lock.
    }
}

impl<T: ?Sized + Target> std::fmt::Debug for Proxy<T> {
    /// Shows the interface and its allowed methods. Never asks the target.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if fault::on(Fault::DebugAsks)
            && let Ok(target) = self.pin()
        {
            write!(f, "{:p} ", Arc::as_ptr(&target))?;
        }
        write!(f, "dyn {} ", T::NAME)?;
        f.debug_set()
            .entries(names_in(T::METHODS, self.allowed).map(format_args_of))
            .finish()
    }
}

/// A name, shown without quotes.
fn format_args_of(name: &'static str) -> impl std::fmt::Debug {
    struct Name(&'static str);
    impl std::fmt::Debug for Name {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str(self.0)
        }
    }
    Name(name)
}

/// What a frame says, or a hold: the interface, and the method of this number.
pub(crate) fn named<T: ?Sized + Target>(method: u32) -> (&'static str, Option<&'static str>) {
    if method == HELD {
        return (T::NAME, Some("(leased)"));
    }
    (T::NAME, T::METHODS.get(method as usize).copied())
}

impl<T: ?Sized + Target> Holder for Proxy<T> {
    fn cell(&self) -> &dyn Reclaim {
        &self.cell
    }

    fn method_name(&self, method: u32) -> (&'static str, Option<&'static str>) {
        self.keep.label().unwrap_or_else(|| named::<T>(method))
    }
}
