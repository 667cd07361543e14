//! What whoever gets something can do with it.

use crate::lab::Lab;
use membrane::{Conditions, Direction, Membrane, Policy};
use std::fmt::Display;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use tests::fixtures::parcel::{Load, Ref, Secret};
use tests::fixtures::ways::{INWARD, OUTWARD, Way};

pub(crate) const BOTH: [Direction; 2] = [Direction::Outbound, Direction::Inbound];

/// The way back.
pub(crate) fn back(direction: Direction) -> Direction {
    match direction {
        Direction::Outbound => Direction::Inbound,
        Direction::Inbound => Direction::Outbound,
    }
}

/// Each way, with its direction.
pub(crate) fn ways() -> impl Iterator<Item = (Direction, Way)> {
    let outward = OUTWARD.map(|way| (Direction::Outbound, way));
    let inward = INWARD.map(|way| (Direction::Inbound, way));
    outward.into_iter().chain(inward)
}

/// A membrane whose calls take the plain path, and one whose calls are admitted one by one.
pub(crate) fn plain_and_guarded(policy: &Policy) -> [Membrane; 2] {
    let many = Conditions::builder().calls(1 << 40).build();
    let guarded = Membrane::with_conditions(policy.clone(), &many.expect("of use"));
    [
        Membrane::new(policy.clone()),
        guarded.expect("what it may do is not at odds"),
    ]
}

/// Whether whoever holds `got` has more of `secret` than was lent: the object itself, or what no policy lists.
pub(crate) fn is_more(got: &Ref, secret: &Secret) -> bool {
    Arc::ptr_eq(got, &secret.raw) || got.forbidden().is_ok()
}

/// Tries all that there is in `load`: where it arrives is where a broken membrane gives way.
pub(crate) fn look(lab: &Lab, load: Load, secret: &Secret, how: impl Display) {
    for one in load.reach() {
        lab.reached();
        lab.escaped_if(is_more(&one, secret), &how);
    }
}

/// What a side has been given.
pub(crate) struct Bag<T>(Arc<Mutex<Vec<T>>>);

impl<T> Bag<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    pub(crate) fn put(&self, one: T) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(one);
    }

    pub(crate) fn take(&self) -> Vec<T> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T> Clone for Bag<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// Polls `future` until it is over.
///
/// # Panics
///
/// If it is not, after many polls: nothing here waits for anybody else.
pub(crate) fn settle<R>(future: impl Future<Output = R>) -> R {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1_000 {
        if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
            return result;
        }
    }
    panic!("it is never over")
}

/// Is pending at so many polls.
pub(crate) async fn turns(mut polls: u32) {
    poll_fn(|context| {
        if polls == 0 {
            return Poll::Ready(());
        }
        polls -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
