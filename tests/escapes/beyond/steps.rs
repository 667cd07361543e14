//! What Rust lets the other side's iterators and panics say.

use crate::lab::{breaks, contained};
use membrane::{Direction, Error, Membrane, Policy, allow, interface};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tests::soon;

type Items = Box<dyn Iterator<Item = Result<u64, Error>> + Send>;

/// Says that it has no end, and has one item.
struct Boasting(bool);

impl Iterator for Boasting {
    type Item = Result<u64, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        std::mem::take(&mut self.0).then_some(Ok(7))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, Some(usize::MAX))
    }
}

/// N4: a length that the other side states is believed (GHSA-7gcf-g7xr-8hxj: capacity by `size_hint` of what is deserialised):
/// whoever collects an iterator of the other side's reserves what it says, over one hop and over two.
#[test]
fn n4_hint_of_an_iterator() {
    contained(breaks![membrane::HintThrough], |lab| {
        let (first, second) = (
            Membrane::new(Policy::deny_all()),
            Membrane::new(Policy::deny_all()),
        );
        for direction in [Direction::Outbound, Direction::Inbound] {
            let boasting: fn() -> Items = || Box::new(Boasting(true));
            let near = first.pass(boasting(), direction).expect("live");
            let far = first.pass(boasting(), direction).expect("live");
            let far = second.pass(far, direction).expect("live");
            lab.reached();
            for items in [near, far] {
                let hint = items.size_hint();
                lab.escaped_if(hint.0 > 1, format!("{hint:?}"));
                let collect = AssertUnwindSafe(|| items.collect::<Vec<_>>());
                let collected = catch_unwind(collect);
                let right = matches!(&collected, Ok(items) if items.len() == 1);
                lab.escaped_if(!right, "whoever collects is struck");
            }
        }
    });
}

/// Ends, and goes on.
struct Undead(usize);

impl Iterator for Undead {
    type Item = Result<u64, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0 += 1;
        (self.0 != 3).then_some(Ok(self.0 as u64))
    }
}

/// N5: an iterator that goes on after its end: whoever has looked through all of it, hands on more than was looked at.
#[test]
fn n5_items_after_the_end() {
    contained(breaks![membrane::Unfused], |lab| {
        let (first, second) = (
            Membrane::new(Policy::deny_all()),
            Membrane::new(Policy::deny_all()),
        );
        for direction in [Direction::Outbound, Direction::Inbound] {
            let undead: fn() -> Items = || Box::new(Undead(0));
            let near = first.pass(undead(), direction).expect("live");
            let far = first.pass(undead(), direction).expect("live");
            let far = second.pass(far, direction).expect("live");
            for mut items in [near, far] {
                assert_eq!(items.by_ref().count(), 2);
                lab.reached();
                lab.escaped_if(items.next().is_some(), "an item after the end");
                lab.escaped_if(items.nth(3).is_some(), "a later one");
            }
        }
    });
}

#[interface]
trait Fuse: Send + Sync {
    fn light(&self) -> Result<u64, Error>;
    fn light_later(&self) -> Result<Burning, Error>;
    fn swap(&self, items: Items) -> Result<u64, Error>;
}

type Burning = Box<dyn Iterator<Item = Result<u64, Error>> + Send>;

/// A panic's payload that panics when it is dropped, and so does the payload of that panic, and so on. Of no size, so that
/// nothing leaks where one is forgotten.
struct Charge;

/// How many of them went off.
static GONE_OFF: AtomicUsize = AtomicUsize::new(0);

impl Drop for Charge {
    fn drop(&mut self) {
        GONE_OFF.fetch_add(1, SeqCst);
        if !std::thread::panicking() {
            panic_any(Self);
        }
    }
}

struct Burns;

impl Burns {
    fn go_off() -> ! {
        panic_any(Charge)
    }
}

impl Fuse for Burns {
    fn light(&self) -> Result<u64, Error> {
        Self::go_off()
    }

    fn light_later(&self) -> Result<Burning, Error> {
        Ok(Box::new(std::iter::from_fn(|| Self::go_off())))
    }

    fn swap(&self, mut items: Items) -> Result<u64, Error> {
        items.next().unwrap_or(Ok(0))
    }
}

/// N6: the payload of a panic that was caught panics when it is dropped (rust-lang/rust#86027).
#[test]
fn n6_payload_that_is_a_bomb() {
    contained(breaks![gate::LoudPayloads, gate::LoudDrops], |lab| {
        for direction in [Direction::Outbound, Direction::Inbound] {
            let struck = soon(move || {
                let fuses = allow!(dyn Fuse: light, light_later, swap);
                let policy = Policy::builder().inbound(fuses).outbound(fuses);
                let membrane = Membrane::new(policy.build().expect("one list each"));
                let fuse: Arc<dyn Fuse> = Arc::new(Burns);
                let fuse = membrane.pass(fuse, direction).expect("live");
                let mut struck = Vec::new();
                let mut strike = |what: &'static str, call: &dyn Fn() -> bool| match catch_unwind(
                    AssertUnwindSafe(call),
                ) {
                    Ok(failed) => assert!(failed, "{what}: the call went well"),
                    Err(payload) => {
                        std::mem::forget(payload);
                        struck.push(what);
                    }
                };
                strike("a caller", &|| fuse.light().is_err());
                strike("a caller through a lease", &|| {
                    membrane::lease(&fuse).light().is_err()
                });
                strike("who iterates", &|| {
                    let mut items = fuse.light_later().expect("it is not lit");
                    items.next().is_some_and(|item| item.is_err())
                });
                strike("a caller whose own iterator it is", &|| {
                    let items: Items = Box::new(std::iter::from_fn(|| Burns::go_off()));
                    fuse.swap(items).is_err()
                });
                struck
            });
            assert!(GONE_OFF.load(SeqCst) > 0, "a payload was dropped");
            lab.reached();
            for what in struck {
                lab.escaped(format!("{direction:?}: {what}"));
            }
        }
    });
}
