//! Streams: `Pin<Box<dyn Stream<Item = Result<T, E>> + Send>>` crosses as a stream each poll of which is a call.
//!
//! As an [iterator](crate::iterator) a stream is a value without identity, whose items are `Result`s. As a
//! [future](crate::future) it is woken by a waker of ours, and whoever waits for it is woken by a revocation.

use crate::crossing::Crossing;
use crate::error::Error;
use crate::fault::{self, Fault};
use crate::future::Slot;
use crate::identity;
use crate::interface::Target;
use crate::iterator::is_over;
use crate::passable::Passable;
use crate::proxy::Proxy;
use crate::query::Query;
use crate::waiting::{Listening, Waiting};
use futures_core::Stream;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

type Items<T, E> = dyn Stream<Item = Result<T, E>> + Send;

/// A stream of the target's side.
trait Flow<T, E>: Send + Sync {
    /// `first` if this is the first poll for an item.
    fn poll_next(&self, waker: &Waker, first: bool) -> Result<Poll<Option<T>>, E>;
}

impl<T, E> Flow<T, E> for Slot<Items<T, E>> {
    fn poll_next(&self, waker: &Waker, _: bool) -> Result<Poll<Option<T>>, E> {
        let mut context = Context::from_waker(waker);
        let outcome = self.poll(
            |stream| stream.poll_next(&mut context),
            |outcome| !matches!(outcome, Poll::Ready(None)),
        );
        match outcome {
            Some(Poll::Ready(Some(item))) => item.map(|item| Poll::Ready(Some(item))),
            Some(Poll::Pending) => Ok(Poll::Pending),
            // Gone after its end, or after a panic: either way there is nothing more.
            Some(Poll::Ready(None)) | None => Ok(Poll::Ready(None)),
        }
    }
}

impl<T: Passable, E: Passable + From<Error>> Flow<T, E> for Proxy<dyn Flow<T, E>> {
    fn poll_next(&self, waker: &Waker, first: bool) -> Result<Poll<Option<T>>, E> {
        let relay = self.keep.relay();
        self.call_polled(relay.filter(|_| !first), |target, call| {
            if first {
                call.enter_carried(|| 0)?;
            }
            let item = match target.poll_next(waker, first) {
                Ok(Poll::Pending) => {
                    call.goes_on(relay);
                    return Ok(Poll::Pending);
                }
                Ok(Poll::Ready(item)) => Ok(item),
                Err(error) => Err(error),
            };
            if fault::on(Fault::BareItems) {
                return item.map(Poll::Ready);
            }
            call.result(item).map(Poll::Ready)
        })
    }
}

impl<T: Passable, E: Passable + From<Error>> Target for dyn Flow<T, E> {
    const NAME: &'static str = "Stream";
    const METHODS: &'static [&'static str] = &["next"];
    type Keep = Waiting;
    const CARRIED: bool = true;

    fn face(proxy: Arc<Proxy<Self>>) -> Arc<Self> {
        proxy
    }

    fn ask(_: &Arc<Self>, _: &Query<'_>) {}
}

type Listened<T, E> = (Arc<Proxy<dyn Flow<T, E>>>, Listening);

/// What the other side polls. Ends after an error of the membrane's.
struct Flowing<T: Passable, E: Passable + From<Error>> {
    source: Option<Listened<T, E>>,
    /// Whether the last poll was for the same item as the next.
    asked: bool,
}

impl<T: Passable, E: Passable + From<Error>> Stream for Flowing<T, E> {
    type Item = Result<T, E>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // After a panic there is nothing more.
        let Some((source, listening)) = self.source.take() else {
            return Poll::Ready(None);
        };
        listening.relay.listen(context.waker());
        let through = fault::on(Fault::WakerThrough);
        let waker = if through {
            context.waker()
        } else {
            &listening.waker
        };
        let outcome = match source.poll_next(waker, !self.asked) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(item)) => Poll::Ready(item.map(Ok)),
            Err(error) => Poll::Ready(Some(Err(error))),
        };
        let over = match &outcome {
            Poll::Ready(None) => true,
            Poll::Pending | Poll::Ready(Some(Ok(_))) => false,
            // Nothing more will ever come: the error is told once, as for iterators.
            Poll::Ready(Some(Err(_))) => is_over(source.scope()),
        };
        self.asked = outcome.is_pending();
        if !over {
            self.source = Some((source, listening));
        }
        outcome
    }
}

impl<T: Passable, E: Passable + From<Error>> Passable for Pin<Box<Items<T, E>>> {
    const BARE: bool = false;

    /// Each item counts when it comes.
    fn size_bytes(&self) -> u64 {
        0
    }

    fn pass(self, crossing: &Crossing<'_>) -> Result<Self, Error> {
        if fault::on(Fault::BareSuspended) {
            return Ok(self);
        }
        let listening = Listening::new();
        let slot = Slot::new(self, listening.relay.clone());
        let source: Arc<dyn Flow<T, E>> = Arc::new(slot);
        let (scope, place) = crossing.place(false);
        let keep = Some(listening.waiting(None));
        let proxy = identity::proxy_keeping(scope, place, source, keep)?;
        Ok(Box::pin(Flowing {
            source: Some((proxy, listening)),
            asked: false,
        }))
    }
}
