//! What a call is to a guarded scope: asked about before it goes ahead, and told how it ended.

use super::Cell;
use super::owned::clone_of;
use crate::scope::Refusal;
use crate::sync::Arc;

/// A call that guarded scopes admit, or do not. One value for both, so that the plain call has one thing to carry.
pub trait Admission<T: ?Sized, R, E> {
    /// What it carries once it was asked about.
    type Pass: Pass;

    /// Makes the error of a call that does not get as far as being asked about: [`Refusal::Revoked`] or
    /// [`Refusal::TooDeep`].
    fn turned_away(&self, method: u32, refusal: Refusal) -> E;

    /// Asks whether it may go ahead. In guarded scopes only. The answer is in the pass: [`run`](Self::run) heeds it.
    ///
    /// So what a call is refused for is one of the ways in which it can end, and a cut meanwhile overrides it as any other.
    fn admit(&self, method: u32) -> Self::Pass;

    /// The call itself, unless the pass says that it may not go ahead: then its error.
    fn run(self, target: &T, pass: Option<&Self::Pass>) -> Result<R, E>;
}

/// A call that goes ahead in guarded scopes, too.
pub(super) struct Unasked<F, G> {
    pub(super) f: F,
    pub(super) turned_away: G,
}

impl<T: ?Sized, R, E, F, G> Admission<T, R, E> for Unasked<F, G>
where
    F: FnOnce(&T) -> Result<R, E>,
    G: Fn(Refusal) -> E,
{
    type Pass = ();

    #[inline(always)]
    fn turned_away(&self, _: u32, refusal: Refusal) -> E {
        (self.turned_away)(refusal)
    }

    fn admit(&self, _: u32) {}

    #[inline(always)]
    fn run(self, target: &T, _: Option<&()>) -> Result<R, E> {
        (self.f)(target)
    }
}

/// A call that is lent the target's `Arc`.
pub(super) struct Sharing<'a, T: ?Sized + 'static, X, C> {
    /// The cell that runs it.
    pub(super) cell: &'a Cell<T, X>,
    pub(super) call: C,
}

impl<T: ?Sized, X, R, E, C: Admission<Arc<T>, R, E>> Admission<T, R, E> for Sharing<'_, T, X, C> {
    type Pass = C::Pass;

    fn turned_away(&self, method: u32, refusal: Refusal) -> E {
        self.call.turned_away(method, refusal)
    }

    fn admit(&self, method: u32) -> Self::Pass {
        self.call.admit(method)
    }

    fn run(self, _: &T, pass: Option<&Self::Pass>) -> Result<R, E> {
        // SAFETY: I1: run by this cell only, which `call_sharing` sees to, inside a call.
        let target = self.cell.target.with(|target| unsafe { clone_of(target) });
        let target = target.expect("a live cell has a target (I1)");
        self.call.run(&target, pass)
    }
}

/// What a call carries that a guarded scope was asked about.
pub trait Pass {
    /// The call is over; `refusal` says how, unless its result was delivered.
    ///
    /// Called after the call's frame is cleared, and before its caller goes on. Must not panic. A call that makes its caller
    /// panic drops what it carries instead.
    fn end(self, refusal: Option<Refusal>);
}

impl Pass for () {
    fn end(self, _: Option<Refusal>) {}
}
