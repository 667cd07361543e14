//! Async methods, and futures as values: each poll is a call, and a revocation wakes whoever waits.
//!
//! ```text
//! holder                      membrane                                  target's side
//! Calling ── first poll ────▶ one gated call of the method ───────────▶ the target's future is made, and polled
//!    │                        if that is not over:
//!    └─ Awaiting ─ polls ───▶ Proxy<dyn Pending> ── a gated call each ▶ Slot(future)
//!         its waker ─▶ Relay ◀───────────────── our waker ────────────── kept by whatever the future waits for
//! ```
//!
//! # Where the inner future lives
//!
//! In a [`Slot`] that is the target of a proxy like any other: so a revocation drops it, at once if it is idle, and at the
//! end of the poll that it is in otherwise; and so a poll is seen by `revoke_and_wait`, has its panics caught, and its
//! result withheld. It is taken out of the slot for each poll, so that none of its code runs under the slot's lock.
//!
//! A call that is over at its first poll is never listed: it runs in the call that started it.
//!
//! # What an async call allocates
//!
//! | | why |
//! |---|---|
//! | the holder's future | `dyn Trait` returns a box |
//! | the target's future, by the target itself | as in a call without a membrane |
//! | what owns the target, the arguments and that future | it borrows from them, and must be able to outlive the holder's borrow of the proxy |
//! | the relay | the target's side must not see the caller's waker; it has the rest of the call, too |
//! | the slot, and its proxy | only if the first poll does not end the call: what the revoker finds, and what it drops |
//!
//! Beside these, a copy of each borrowed argument, and amortised growth of the table of proxies.

use crate::crossing::{Call, Crossing};
use crate::error::{Error, ErrorKind};
use crate::fault::{self, Fault};
use crate::identity;
use crate::interface::{Label, Target};
use crate::passable::Passable;
use crate::proxy::Proxy;
use crate::query::Query;
use crate::waiting::{Listening, Relay, Waiting};
use object_membrane_gate::drop_quietly;
use std::mem::replace;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// What an async method returns.
pub(crate) type Boxed<'a, R, E> = Pin<Box<dyn Future<Output = Result<R, E>> + Send + 'a>>;

/// Something of the target's side that is polled. The call is over when it is dropped: the holder may forget what it holds.
pub(crate) struct Slot<F: ?Sized> {
    polled: Mutex<Option<Pin<Box<F>>>>,
    relay: Arc<Relay>,
}

impl<F: ?Sized> Slot<F> {
    pub(crate) fn new(polled: Pin<Box<F>>, relay: Arc<Relay>) -> Self {
        Self {
            polled: Mutex::new(Some(polled)),
            relay,
        }
    }

    /// Polls what is there by `poll`, and keeps it if it `goes_on`. `None` if there is nothing: it was over, or panicked.
    pub(crate) fn poll<P>(
        &self,
        poll: impl FnOnce(Pin<&mut F>) -> P,
        goes_on: impl FnOnce(&P) -> bool,
    ) -> Option<P> {
        // Bound, so that the lock is gone before foreign code runs.
        let taken = self.lock().take();
        let (outcome, kept) = poll_once(taken?, poll, goes_on, &self.relay);
        if kept.is_some() {
            *self.lock() = kept;
        }
        Some(outcome)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Pin<Box<F>>>> {
        self.polled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: ?Sized> Drop for Slot<F> {
    /// What is polled goes first: who is told that the call is over finds nothing of it.
    fn drop(&mut self) {
        let polled = self.lock().take();
        self.relay.mute();
        drop_quietly(polled);
        self.relay.ongoing.close();
    }
}

/// Polls `polled` once, by `poll`; drops it unless it `goes_on`, when it can wake nobody any more by `relay`.
///
/// # Panics
///
/// If `poll` does.
fn poll_once<F: ?Sized, P>(
    mut polled: Pin<Box<F>>,
    poll: impl FnOnce(Pin<&mut F>) -> P,
    goes_on: impl FnOnce(&P) -> bool,
    relay: &Relay,
) -> (P, Option<Pin<Box<F>>>) {
    match catch_unwind(AssertUnwindSafe(|| poll(polled.as_mut()))) {
        Ok(outcome) if goes_on(&outcome) => (outcome, Some(polled)),
        Ok(outcome) => {
            relay.mute();
            drop_quietly(polled);
            (outcome, None)
        }
        Err(payload) => {
            // Not while the panic unwinds: a second one, in the future's `Drop`, would abort.
            relay.mute();
            drop_quietly(polled);
            resume_unwind(payload)
        }
    }
}

/// A future of the target's side.
trait Pending<R, E>: Send + Sync {
    /// `first` if this is where the call begins.
    fn poll(&self, waker: &Waker, first: bool) -> Result<Poll<R>, E>;
}

type Inner<R, E> = dyn Future<Output = Result<R, E>> + Send;

impl<R, E: From<Error>> Pending<R, E> for Slot<Inner<R, E>> {
    fn poll(&self, waker: &Waker, _: bool) -> Result<Poll<R>, E> {
        let mut context = Context::from_waker(waker);
        let outcome = Slot::poll(self, |future| future.poll(&mut context), Poll::is_pending);
        match outcome {
            Some(Poll::Ready(result)) => result.map(Poll::Ready),
            Some(Poll::Pending) => Ok(Poll::Pending),
            // Nobody polls on after the end.
            None => Err(Error::from(ErrorKind::Failed).into()),
        }
    }
}

impl<R: Passable, E: Passable + From<Error>> Pending<R, E> for Proxy<dyn Pending<R, E>> {
    fn poll(&self, waker: &Waker, first: bool) -> Result<Poll<R>, E> {
        let relay = self.keep.relay();
        self.call_polled(relay.filter(|_| !first), |target, call| {
            if first {
                call.enter_carried(|| 0)?;
            }
            let result = match target.poll(waker, first) {
                Ok(Poll::Pending) => {
                    call.goes_on(relay);
                    return Ok(Poll::Pending);
                }
                Ok(Poll::Ready(value)) => Ok(value),
                Err(error) => Err(error),
            };
            if fault::on(Fault::BareCompletions) {
                return result.map(Poll::Ready);
            }
            call.result(result).map(Poll::Ready)
        })
    }
}

impl<R: Passable, E: Passable + From<Error>> Target for dyn Pending<R, E> {
    const NAME: &'static str = "Future";
    const METHODS: &'static [&'static str] = &["poll"];
    type Keep = Waiting;
    const CARRIED: bool = true;

    fn face(proxy: Arc<Proxy<Self>>) -> Arc<Self> {
        proxy
    }

    fn ask(_: &Arc<Self>, _: &Query<'_>) {}
}

/// The other end of a future that crossed. Dropping it drops the future.
struct Awaiting<R, E> {
    source: Arc<dyn Pending<R, E>>,
    listening: Listening,
    /// Whether the next poll is the first.
    unpolled: bool,
}

impl<R: Passable, E: Passable + From<Error>> Awaiting<R, E> {
    /// Lists `future` in the scope of the crossing. What was `polled` in a call already counts as one of that label.
    fn new(
        crossing: &Crossing<'_>,
        future: Boxed<'static, R, E>,
        listening: Listening,
        polled: Option<Label>,
    ) -> Result<Self, Error> {
        let slot = Slot::new(future, listening.relay.clone());
        let source: Arc<dyn Pending<R, E>> = Arc::new(slot);
        let (scope, place) = crossing.place(false);
        let keep = Some(listening.waiting(polled));
        let proxy = identity::proxy_keeping(scope, place, source, keep)?;
        Ok(Self {
            source: <dyn Pending<R, E>>::face(proxy),
            listening,
            unpolled: polled.is_none(),
        })
    }

    fn poll(&mut self, waker: &Waker) -> Poll<Result<R, E>> {
        let late = fault::on(Fault::LateWaker);
        if !late {
            self.listening.relay.listen(waker);
        }
        let first = std::mem::take(&mut self.unpolled);
        let through = fault::on(Fault::WakerThrough);
        let ours = if through {
            waker
        } else {
            &self.listening.waker
        };
        let outcome = self.source.poll(ours, first);
        if late {
            self.listening.relay.listen(waker);
        }
        match outcome {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

/// What a first poll came to.
enum Begun<R, E> {
    Over(R),
    Goes(Awaiting<R, E>),
}

/// A call of an async method, from the holder's side. Nothing happens before it is polled.
pub(crate) struct Calling<'a, T: ?Sized + Target, F, R, E>(Stage<'a, T, F, R, E>);

enum Stage<'a, T: ?Sized + Target, F, R, E> {
    Unpolled {
        proxy: &'a Proxy<T>,
        method: u32,
        start: F,
    },
    Goes(Awaiting<R, E>),
    Over,
}

// Nothing in it is pinned: `start` is moved out before it is called.
impl<T: ?Sized + Target, F, R, E> Unpin for Calling<'_, T, F, R, E> {}

impl<'a, T, F, R, E> Calling<'a, T, F, R, E>
where
    T: ?Sized + Target,
    F: FnOnce(&Arc<T>, &Call<'_>) -> Result<Boxed<'static, R, E>, E>,
    R: Passable,
    E: Passable + From<Error>,
{
    pub(crate) fn new(proxy: &'a Proxy<T>, method: u32, start: F) -> Self {
        Self(Stage::Unpolled {
            proxy,
            method,
            start,
        })
    }
}

impl<T, F, R, E> Future for Calling<'_, T, F, R, E>
where
    T: ?Sized + Target,
    F: FnOnce(&Arc<T>, &Call<'_>) -> Result<Boxed<'static, R, E>, E>,
    R: Passable,
    E: Passable + From<Error>,
{
    type Output = Result<R, E>;

    /// # Panics
    ///
    /// If it is over already; if the caller's waker panics when it is cloned; if the target panics in a scope that propagates
    /// that.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // After a panic it is over.
        let mut awaiting = match replace(&mut self.0, Stage::Over) {
            Stage::Unpolled {
                proxy,
                method,
                start,
            } => match begin(proxy, method, start, context.waker()) {
                Ok(Begun::Over(value)) => return Poll::Ready(Ok(value)),
                Ok(Begun::Goes(awaiting)) => {
                    self.0 = Stage::Goes(awaiting);
                    return Poll::Pending;
                }
                Err(error) => return Poll::Ready(Err(error)),
            },
            Stage::Goes(awaiting) => awaiting,
            Stage::Over => panic!("polled after the call was over"),
        };
        let outcome = awaiting.poll(context.waker());
        if outcome.is_pending() {
            self.0 = Stage::Goes(awaiting);
        }
        outcome
    }
}

/// Makes the call, and polls for the first time inside of it.
///
/// What goes on is listed before the call is left: at every moment the inner future is in a call that counts as running, or
/// where the revoker finds it.
fn begin<T, R, E>(
    proxy: &Proxy<T>,
    method: u32,
    start: impl FnOnce(&Arc<T>, &Call<'_>) -> Result<Boxed<'static, R, E>, E>,
    waker: &Waker,
) -> Result<Begun<R, E>, E>
where
    T: ?Sized + Target,
    R: Passable,
    E: Passable + From<Error>,
{
    // The waker is foreign code, and cloned before the look at the switch.
    let prepare = || {
        let listening = Listening::new();
        listening.relay.listen(waker);
        listening
    };
    proxy.call_sharing(method, prepare, |listening, target, call| {
        let future = start(target, call)?;
        let through = fault::on(Fault::WakerThrough);
        let mut context = Context::from_waker(if through { waker } else { &listening.waker });
        let (outcome, future) = poll_once(
            future,
            |future| future.poll(&mut context),
            Poll::is_pending,
            &listening.relay,
        );
        match (outcome, future) {
            (Poll::Pending, Some(future)) => {
                let label = (T::NAME, T::METHODS.get(method as usize).copied());
                let awaiting = Awaiting::new(&call.returning(), future, listening, Some(label))
                    .inspect_err(|error| call.unreturned(*error))?;
                call.goes_on(Some(&awaiting.listening.relay));
                Ok(Begun::Goes(awaiting))
            }
            (Poll::Ready(result), _) if fault::on(Fault::BareCompletions) => {
                result.map(Begun::Over)
            }
            (Poll::Ready(result), _) => call.result(result).map(Begun::Over),
            (Poll::Pending, None) => unreachable!("what is pending is kept"),
        }
    })
}

/// The other side's end of a future that crossed as a value.
struct Awaited<R, E>(Option<Awaiting<R, E>>);

impl<R: Passable, E: Passable + From<Error>> Future for Awaited<R, E> {
    type Output = Result<R, E>;

    /// # Panics
    ///
    /// As [`Calling::poll`].
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut awaiting = self.0.take().expect("polled after the future was over");
        let outcome = awaiting.poll(context.waker());
        if outcome.is_pending() {
            self.0 = Some(awaiting);
        }
        outcome
    }
}

impl<R: Passable, E: Passable + From<Error>> Passable for Boxed<'static, R, E> {
    const BARE: bool = false;

    /// What it ends with counts when it comes.
    fn size_bytes(&self) -> u64 {
        0
    }

    fn pass(self, crossing: &Crossing<'_>) -> Result<Self, Error> {
        if fault::on(Fault::BareSuspended) {
            return Ok(self);
        }
        let awaiting = Awaiting::new(crossing, self, Listening::new(), None)?;
        Ok(Box::pin(Awaited(Some(awaiting))))
    }
}
