//! A value on its way from one side to another: what becomes of each reference in it.
//!
//! # The rules
//!
//! A reference that crosses in scope `S`, between `S`'s dry side and a side nearer to the owner, is one of these:
//!
//! | it is | it becomes |
//! |---|---|
//! | an object, or a proxy of another tree, or broken | a proxy of `S` for it |
//! | a proxy whose target lives on the side of arrival, or a proxy for such a one | that target (**home**; the policy may say otherwise) |
//! | a proxy of `S` that belongs on the side of arrival | itself |
//! | outward: a proxy of an ancestor of `S` for an object further in | a proxy of `S` for the same object (**one hop**) |
//! | inward: a proxy derived from one that the side of arrival had | that one (**scope of arrival**, never the target) |
//! | any other proxy (a sibling's, a descendant's) | a proxy of `S` for that proxy: both are checked at each call |
//!
//! Where a proxy is replaced by another for the same object, it must have been asked as the very interface that it crossed
//! as: a supertrait's list of methods may be longer than what the proxy had.

use crate::admitted::Admitted;
use crate::authority::watch;
use crate::direction::Direction;
use crate::error::{Error, ErrorKind};
use crate::fault::{self, Fault};
use crate::identity;
use crate::interface::Target;
use crate::passable::{Inspected, Passable};
use crate::policy::Homecoming;
use crate::query::{Found, Whose, whose};
use crate::reason::Reason;
use crate::rules::{self, Arguments, Erased};
use crate::tree::{Scope, descends, holder, passes, same_side};
use crate::waiting::Relay;
use object_membrane_gate::drop_quietly;
use std::any::TypeId;
use std::cell::Cell;
use std::sync::Arc;

/// How deep data may be nested in itself, in levels.
const MAX_LEVELS: u32 = 256;
/// How many proxies of one tree may stand for each other when an object is looked for behind them. What lies deeper is
/// treated as not at home, and wrapped once more.
pub(crate) const MAX_LAYERS: u32 = 16;

/// Where a proxy stands, in its scope.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The side, nearer to the owner than the scope's dry side, at the other end: where the target lives if the
    /// direction is outbound, where the proxy is held if it is inbound.
    pub(crate) home: u16,
    /// The way the target went.
    pub(crate) direction: Direction,
    /// Whether the target is a proxy of the same tree itself.
    pub(crate) layered: bool,
}

/// A value's way through one membrane, as [`Passable::pass`] sees it.
pub struct Crossing<'a> {
    scope: &'a Arc<Scope>,
    direction: Direction,
    /// The side at the end that is not the scope's dry side.
    home: u16,
    levels: Cell<u32>,
}

/// A call on its way to a target: its arguments go one way, its result the other.
///
/// References only, so that a call of plain data looks nothing up.
pub struct Call<'a> {
    scope: &'a Arc<Scope>,
    place: &'a Place,
    /// If the scope is guarded. A constant where it is not.
    admitted: Option<&'a Admitted<'a>>,
}

impl<'a> Call<'a> {
    #[inline(always)]
    pub(crate) fn new(
        scope: &'a Arc<Scope>,
        place: &'a Place,
        admitted: Option<&'a Admitted<'a>>,
    ) -> Self {
        Self {
            scope,
            place,
            admitted,
        }
    }

    /// The target is entered next, with arguments of so many bytes: rules look at them, and budgets are spent.
    ///
    /// `ask` asks a closure about all of them; `show` shows one of them, by its place. None of these is there on the plain path.
    ///
    /// The error is the caller's own, so that generated code can return it as it is.
    #[inline(always)]
    pub fn enter<'v, E: From<Error>>(
        &self,
        bytes: impl FnOnce() -> u64,
        ask: impl Fn(&Erased) -> bool,
        show: impl Fn(usize) -> Inspected<'v>,
    ) -> Result<(), E> {
        match self.admitted {
            None => Ok(()),
            Some(admitted) => {
                let (ask, show) = (&ask, &show);
                self.agreed(admitted, &Arguments { ask, show })?;
                Ok(admitted.enter(bytes)?)
            }
        }
    }

    /// Whether the rules agree to these arguments.
    #[cold]
    #[inline(never)]
    fn agreed(&self, admitted: &Admitted<'_>, arguments: &Arguments<'_, '_>) -> Result<(), Error> {
        if fault::on(Fault::UncheckedRules) {
            return Ok(());
        }
        rules::check(self.scope, admitted.asked, arguments)
            .inspect_err(|error| turned_away(self.scope, Some(admitted), *error))
    }

    /// The target is entered next, by a call that is no interface's: no rule can be about it.
    #[inline(always)]
    pub(crate) fn enter_carried(&self, bytes: impl FnOnce() -> u64) -> Result<(), Error> {
        if fault::on(Fault::FreeCarried) {
            return Ok(());
        }
        self.enter(bytes, |_| false, |_| Inspected::Opaque)
    }

    /// An argument, as the target sees it.
    #[inline(always)]
    pub fn argument<A: Passable>(&self, argument: A) -> Result<A, Error> {
        if A::BARE || fault::on(Fault::BareArguments) {
            Ok(argument)
        } else {
            self.converted(argument)
        }
    }

    /// An argument that is not bare, in a scope that is still live afterwards: the conversion may have run foreign code (the
    /// `Drop` of what was converted), for any length of time.
    fn converted<A: Passable>(&self, argument: A) -> Result<A, Error> {
        let crossing = Crossing::new(self.scope, self.place.direction.reversed(), self.place.home);
        let argument = argument
            .pass(&crossing)
            .inspect_err(|error| turned_away(self.scope, self.admitted, *error))?;
        if self.scope.is_revoked() && !fault::on(Fault::ArgumentUnchecked) {
            drop_quietly(argument);
            return Err(Error::revoked(Reason::from_number(self.scope.reason())));
        }
        Ok(argument)
    }

    /// What is to be returned may not cross, with this error.
    pub(crate) fn unreturned(&self, error: Error) {
        turned_away(self.scope, self.admitted, error);
    }

    /// The call returns and is not over: the rest of it is for `relay` to keep.
    pub(crate) fn goes_on(&self, relay: Option<&Arc<Relay>>) {
        if let (Some(admitted), Some(relay)) = (self.admitted, relay) {
            admitted.goes_on(relay);
        }
    }

    /// The way of the result.
    pub(crate) fn returning(&self) -> Crossing<'a> {
        Crossing::new(self.scope, self.place.direction, self.place.home)
    }

    /// A result, as the caller sees it.
    #[inline(always)]
    pub fn result<R: Passable, E: Passable + From<Error>>(
        &self,
        result: Result<R, E>,
    ) -> Result<R, E> {
        match self.admitted {
            None => self.converted_result(result),
            Some(admitted) => deliver(self.scope, *self.place, admitted, result),
        }
    }

    #[inline(always)]
    fn converted_result<R: Passable, E: Passable + From<Error>>(
        &self,
        result: Result<R, E>,
    ) -> Result<R, E> {
        match result {
            Ok(value) if R::BARE || fault::on(Fault::BareResults) => Ok(value),
            Ok(value) => Ok(value
                .pass(&Crossing::new(
                    self.scope,
                    self.place.direction,
                    self.place.home,
                ))
                .inspect_err(|error| turned_away(self.scope, None, *error))?),
            Err(error) if E::BARE || fault::on(Fault::BareErrors) => Err(error),
            Err(error) => Err(pass_error(self.scope, *self.place, error)),
        }
    }
}

/// Counts a call that was refused because of an argument, or whose result may not cross; in a guarded scope, notes it for when
/// the call is over. If the scope is revoked by then, leaving the call counts it.
#[cold]
#[inline(never)]
fn turned_away(scope: &Scope, admitted: Option<&Admitted<'_>>, error: Error) {
    match admitted {
        Some(admitted) => admitted.failed(error),
        None if scope.is_revoked() => {}
        None => scope.data().place().count(watch::kind(error)),
    }
}

/// The same in a guarded scope, or the condition that stands in its way.
#[cold]
#[inline(never)]
fn deliver<R: Passable, E: Passable + From<Error>>(
    scope: &Arc<Scope>,
    place: Place,
    admitted: &Admitted<'_>,
    result: Result<R, E>,
) -> Result<R, E> {
    let crossing = Crossing::new(scope, place.direction, place.home);
    let crossed = match result {
        Ok(value) if fault::on(Fault::BareResults) => Ok(Ok(value)),
        Ok(value) => value.pass(&crossing).map(Ok),
        Err(error) if fault::on(Fault::BareErrors) => Ok(Err(error)),
        Err(error) => error.pass(&crossing).map(Err),
    };
    let result: Result<R, E> = crossed.unwrap_or_else(|error| {
        turned_away(scope, Some(admitted), error);
        Err(error.into())
    });
    let bytes = || match &result {
        Ok(value) => value.size_bytes(),
        Err(error) => error.size_bytes(),
    };
    match admitted.deliver(bytes) {
        Ok(()) => result,
        Err(error) => {
            drop_quietly(result);
            Err(error.into())
        }
    }
}

/// Apart from the call, and by the parts of a [`Call`], so that a call that succeeds keeps everything in registers.
#[cold]
#[inline(never)]
fn pass_error<E: Passable + From<Error>>(scope: &Arc<Scope>, place: Place, error: E) -> E {
    error
        .pass(&Crossing::new(scope, place.direction, place.home))
        .unwrap_or_else(|error| {
            turned_away(scope, None, error);
            error.into()
        })
}

impl<'a> Crossing<'a> {
    pub(crate) fn new(scope: &'a Arc<Scope>, direction: Direction, home: u16) -> Self {
        Self {
            scope,
            direction,
            home,
            levels: Cell::new(0),
        }
    }

    /// Which way the value goes.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// Whether a value inside another crosses as it is. It never does.
    #[doc(hidden)]
    #[inline(always)]
    pub fn __bare(&self) -> bool {
        fault::on(Fault::BareElements)
    }

    /// A value inside another: what containers are rebuilt of.
    ///
    /// # Errors
    ///
    /// As [`Passable::pass`].
    #[inline(always)]
    pub(crate) fn inner<V: Passable>(&self, value: V) -> Result<V, Error> {
        if self.__bare() {
            return Ok(value);
        }
        value.pass(self)
    }

    /// Enters a further level of data that is nested in itself.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooDeep`] beyond 256 levels.
    #[doc(hidden)]
    pub fn __nest(&self) -> Result<Level<'_>, Error> {
        let levels = self.levels.get() + 1;
        if levels > MAX_LEVELS && !fault::on(Fault::NoLevels) {
            return Err(ErrorKind::TooDeep.into());
        }
        self.levels.set(levels);
        Ok(Level(&self.levels))
    }

    /// The scope, and the place in it, of a proxy that is made for this crossing.
    pub(crate) fn place(&self, layered: bool) -> (&'a Arc<Scope>, Place) {
        (
            self.scope,
            Place {
                home: self.home,
                direction: self.direction,
                layered,
            },
        )
    }

    /// The side where the value arrives: the node that holds it, or the owner.
    fn arrival(&self) -> Option<&Arc<Scope>> {
        match self.direction {
            Direction::Outbound => Some(self.scope),
            Direction::Inbound => holder(self.scope, self.home),
        }
    }

    fn root(&self) -> u64 {
        self.scope.data().root_id()
    }

    /// A reference, as the side of arrival sees it. See the table above.
    pub(crate) fn reference<T: ?Sized + Target>(&self, object: Arc<T>) -> Result<Arc<T>, Error> {
        if fault::on(Fault::BareReferences) {
            return Ok(object);
        }
        let (scope, place) = self.place(false);
        if let Some(proxy) = identity::known(scope, place, &object) {
            return Ok(T::face(proxy));
        }
        let Whose::Live(found, target) = whose(&object, self.root())? else {
            return self.wrap(object, false);
        };
        if let Some((own, layered)) = self.at_home(&found, &target)? {
            return match self.scope.data().policy().homecoming() {
                _ if fault::on(Fault::AlwaysUnwraps) => Ok(own),
                Homecoming::Unwrap => Ok(own),
                // Of two layers, one stays.
                Homecoming::KeepWrapped if layered => Ok(own),
                Homecoming::KeepWrapped => self.wrap(object, true),
                Homecoming::Refuse => Err(ErrorKind::Rejected.into()),
            };
        }
        let ours = Arc::ptr_eq(&found.scope, self.scope) && found.direction == self.direction;
        let belongs = match self.direction {
            Direction::Outbound => ours,
            Direction::Inbound => ours && found.home == self.home,
        };
        if belongs {
            return Ok(object);
        }
        match self.elsewhere(&found, TypeId::of::<T>()) {
            Some(_) if fault::on(Fault::ToTheTarget) => Ok(target),
            Some(scope) => {
                let place = Place {
                    home: found.home,
                    direction: Direction::Outbound,
                    layered: found.layered,
                };
                wrap(scope, place, target)
            }
            None if fault::on(Fault::LayerPeeled) => self.wrap(target, false),
            None => self.wrap(object, true),
        }
    }

    /// What of this reference belongs to the side of arrival: the target of the proxy, or of the proxy that it stands for, and
    /// so on. With it, whether that is a proxy itself.
    fn at_home<T: ?Sized + Target>(
        &self,
        found: &Found,
        target: &Arc<T>,
    ) -> Result<Option<(Arc<T>, bool)>, Error> {
        let (mut found, mut target) = (found.clone(), target.clone());
        for _ in 0..MAX_LAYERS {
            if same_side(found.lives(), self.arrival()) || fault::on(Fault::HomeAnywhere) {
                return Ok(Some((target, found.layered)));
            }
            if !found.layered {
                break;
            }
            match whose(&target, self.root())? {
                Whose::Live(deeper, deepest) => (found, target) = (deeper, deepest),
                Whose::Plain | Whose::Broken => break,
            }
        }
        Ok(None)
    }

    /// The scope whose proxy stands for the target of an outbound proxy of the same line, on the side of arrival.
    fn elsewhere(&self, found: &Found, asked: TypeId) -> Option<&Arc<Scope>> {
        let is_asked = found.interface == asked || fault::on(Fault::AskedAsSuper);
        if found.direction != Direction::Outbound || !is_asked {
            return None;
        }
        match self.direction {
            // One hop along a chain of grants: the nearest scope is kept, and an ancestor's revocation includes it.
            Direction::Outbound => descends(self.scope, &found.scope).then_some(self.scope),
            // The reference was derived from one that the side of arrival had: it lies on the way to the target.
            Direction::Inbound => {
                let arrival = holder(self.scope, self.home)?;
                (found.home < self.home && passes(&found.scope, arrival)).then_some(arrival)
            }
        }
    }

    fn wrap<T: ?Sized + Target>(&self, object: Arc<T>, layered: bool) -> Result<Arc<T>, Error> {
        let (scope, place) = self.place(layered);
        wrap(scope, place, object)
    }
}

fn wrap<T: ?Sized + Target>(
    scope: &Arc<Scope>,
    place: Place,
    target: Arc<T>,
) -> Result<Arc<T>, Error> {
    Ok(T::face(identity::proxy(scope, place, target)?))
}

impl std::fmt::Debug for Crossing<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crossing")
            .field("direction", &self.direction)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("direction", &self.place.direction)
            .finish_non_exhaustive()
    }
}

/// A level of nested data, left when dropped.
#[derive(Debug)]
pub struct Level<'a>(&'a Cell<u32>);

impl Drop for Level<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}
