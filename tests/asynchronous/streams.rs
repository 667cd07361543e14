//! Streams cross as streams: each poll is a call, each item is wrapped, and a revocation is told once.

use super::executors::{Bell, Counter, block_on};
use super::library::{Book, House, policy};
use futures_core::Stream;
use membrane::{Direction, Error, ErrorKind, Membrane, Policy, WaitError, allow, interface};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tests::{Census, Door, Token, assert_kind, assert_revoked, sized, start};

type Items<T> = Pin<Box<dyn Stream<Item = Result<T, Error>> + Send>>;

const BOTH: [Direction; 2] = [Direction::Outbound, Direction::Inbound];

/// Yields what `next` makes, as long as it makes something.
struct Source<F>(
    F,
    #[expect(dead_code, reason = "counted while it lives")] Token,
);

impl<T, F> Stream for Source<F>
where
    F: FnMut(&mut Context<'_>) -> Poll<Option<Result<T, Error>>> + Unpin,
{
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        (self.0)(context)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (3, Some(3))
    }
}

fn source<T: 'static>(
    census: &Census,
    next: impl FnMut(&mut Context<'_>) -> Poll<Option<Result<T, Error>>> + Unpin + Send + 'static,
) -> Items<T> {
    Box::pin(Source(next, census.token()))
}

/// Counts up to `end`; from the second item on it waits for the bell.
fn counting(census: &Census, bell: &Arc<Bell>, end: u64) -> Items<u64> {
    let (bell, mut number) = (bell.clone(), 0);
    source(census, move |context| {
        if number == 1 && std::pin::pin!(bell.rung()).poll(context).is_pending() {
            return Poll::Pending;
        }
        number += 1;
        Poll::Ready((number <= end).then_some(Ok(number)))
    })
}

fn poll_next<T>(items: &mut Items<T>, waker: &Waker) -> Poll<Option<Result<T, Error>>> {
    items.as_mut().poll_next(&mut Context::from_waker(waker))
}

fn next<T>(items: &mut Items<T>) -> Option<Result<T, Error>> {
    block_on(poll_fn(|context| items.as_mut().poll_next(context)))
}

#[test]
fn stream_is_polled_when_it_is_asked_and_ends_once() {
    for direction in BOTH {
        let (membrane, bell, census) = (
            Membrane::new(Policy::deny_all()),
            Bell::new(),
            Census::default(),
        );
        let (counter, waker) = Counter::new();
        let mut lent = membrane
            .pass(counting(&census, &bell, 2), direction)
            .unwrap();
        assert_eq!(lent.size_hint(), (0, None), "nothing of the source's");
        assert_eq!(poll_next(&mut lent, &waker), Poll::Ready(Some(Ok(1))));
        assert_eq!(poll_next(&mut lent, &waker), Poll::Pending);
        let seen = bell.wakers().remove(0);
        assert!(!seen.will_wake(&waker));
        bell.ring();
        assert_eq!(counter.woken(), 1);
        assert_eq!(poll_next(&mut lent, &waker), Poll::Ready(Some(Ok(2))));
        assert_eq!(membrane.live_proxies(), 1);
        assert_eq!(poll_next(&mut lent, &waker), Poll::Ready(None));
        assert_eq!((membrane.live_proxies(), census.alive()), (0, 0));
        assert_eq!(poll_next(&mut lent, &waker), Poll::Ready(None));
        // Dropped half way, it is dropped on the other side, too.
        let mut lent = membrane
            .pass(counting(&census, &bell, 9), direction)
            .unwrap();
        assert_eq!(next(&mut lent), Some(Ok(1)));
        drop(lent);
        assert_eq!((membrane.live_proxies(), census.alive()), (0, 0));
    }
}

/// Fails when `revoke` wakes nobody, or when the error of a revocation does not end the stream.
#[test]
fn revocation_of_a_stream_wakes_its_holder_and_is_told_once() {
    for direction in BOTH {
        let (membrane, bell, census) = (
            Membrane::new(Policy::deny_all()),
            Bell::new(),
            Census::default(),
        );
        let mut lent = membrane
            .pass(counting(&census, &bell, 9), direction)
            .unwrap();
        let holder = start(move || {
            let items = std::iter::from_fn(|| next(&mut lent)).take(9);
            items.collect::<Vec<_>>()
        });
        while bell.wakers().is_empty() {
            std::thread::yield_now();
        }
        membrane.revoke("over");
        let items = holder.finish();
        assert_eq!((items.len(), &items[0]), (2, &Ok(1)));
        assert_revoked(items[1], "over");
        assert_eq!(census.alive(), 0);
    }
}

/// Fails when `Proxy<dyn Flow>::poll_next` does not convert.
#[test]
fn items_of_a_stream_are_wrapped() {
    let census = Census::default();
    let membrane = Membrane::new(policy());
    let house = House::new(&census);
    let (own, mut remaining) = (house.book.clone(), 2);
    let items: Items<Arc<dyn Book>> = source(&census, move |_| {
        remaining -= 1;
        Poll::Ready((remaining >= 0).then(|| Ok(own.clone())))
    });
    let mut lent = membrane.pass(items, Direction::Outbound).unwrap();
    let (first, second) = (
        next(&mut lent).unwrap().unwrap(),
        next(&mut lent).unwrap().unwrap(),
    );
    assert!(next(&mut lent).is_none());
    assert!(Arc::ptr_eq(&first, &second) && membrane.lent(&first).is_some());
    assert_kind(block_on(first.burn()), ErrorKind::Refused);
}

#[test]
fn panic_and_errors_of_a_stream_are_items() {
    let membrane = Membrane::new(Policy::deny_all());
    let census = Census::default();
    let mut number = 0;
    let items: Items<u64> = source(&census, move |_| {
        number += 1;
        assert!(number < 3, "enough");
        Poll::Ready(Some(Err(ErrorKind::Rejected.into())))
    });
    let mut lent = membrane.pass(items, Direction::Outbound).unwrap();
    for _ in 0..2 {
        assert_kind(next(&mut lent).unwrap(), ErrorKind::Rejected);
    }
    assert_kind(next(&mut lent).unwrap(), ErrorKind::Panicked);
    assert_eq!(census.alive(), 0);
    assert!(next(&mut lent).is_none() && next(&mut lent).is_none());
    assert_eq!(membrane.live_proxies(), 0);
}

#[test]
fn poll_of_a_stream_in_progress_counts_as_running() {
    let (membrane, door, census) = (
        Membrane::new(Policy::deny_all()),
        Door::shut(),
        Census::default(),
    );
    let passed = door.clone();
    let items: Items<u64> = source(&census, move |_| {
        passed.pass();
        Poll::Ready(Some(Ok(1)))
    });
    let mut lent = membrane.pass(items, Direction::Inbound).unwrap();
    let holder = start(move || (next(&mut lent), next(&mut lent)));
    door.await_arrivals(1);
    let result = membrane.revoke_and_wait("stop", Duration::from_millis(1));
    let Err(WaitError::TimedOut(calls)) = result else {
        panic!("{result:?}")
    };
    assert_eq!(calls[0].to_string(), "Stream::next");
    assert_eq!(census.alive(), 1, "in use");
    door.open();
    let (error, end) = holder.finish();
    assert_revoked(error.unwrap(), "stop");
    assert!(end.is_none());
    assert_eq!(membrane.revoke_and_wait("stop", Duration::MAX), Ok(()));
    assert_eq!(census.alive(), 0);
}

#[interface]
trait Feed {
    async fn news(&self, from: Items<u64>) -> Result<Items<u64>, Error>;
}

struct Doubling(Census);

#[interface]
impl Feed for Doubling {
    async fn news(&self, mut from: Items<u64>) -> Result<Items<u64>, Error> {
        Ok(source(&self.0, move |context| {
            from.as_mut().poll_next(context).map_ok(|number| 2 * number)
        }))
    }
}

#[test]
fn streams_are_arguments_and_results_of_async_methods() {
    let policy = Policy::builder().inbound(allow!(dyn Feed: news));
    let membrane = Membrane::new(policy.build().unwrap());
    let (census, bell) = (Census::default(), Bell::new());
    bell.ring();
    let lent = membrane
        .wrap::<dyn Feed>(Arc::new(Doubling(census.clone())))
        .unwrap();
    let mut news = block_on(lent.news(counting(&census, &bell, 3))).unwrap();
    assert_eq!(membrane.live_proxies(), 3);
    let items: Vec<_> = std::iter::from_fn(|| next(&mut news)).collect();
    assert_eq!(items, [2, 4, 6].map(Ok));
    drop(news);
    assert_eq!((membrane.live_proxies(), census.alive()), (1, 0));
}

#[test]
fn stream_of_many_layers_is_dropped_on_a_bounded_stack() {
    let small = std::thread::Builder::new().stack_size(512 << 10);
    let dropping = small.spawn(move || {
        let membranes = [(); 2].map(|()| Membrane::new(Policy::deny_all()));
        let mut items: Items<u64> = source(&Census::default(), |_| Poll::Ready(None));
        for layer in 0..sized(20_000, 300) {
            items = membranes[layer % 2]
                .pass(items, Direction::Outbound)
                .unwrap();
        }
        membranes[0].revoke("all of them");
        drop(items);
        membranes.iter().map(Membrane::live_proxies).sum::<usize>()
    });
    assert_eq!(dropping.unwrap().join().unwrap(), 0);
}
