//! Iterators cross as iterators: each step is a call, each item is wrapped, and a revocation is told once.

use membrane::{Direction, Error, ErrorKind, Membrane, Policy, allow, interface};
use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use tests::fixtures::parcel::{
    Actor, Exchange, Fault, Inbox, Items, Load, Loads, Secret, Supply, shapes, swap_policy,
    swapping,
};
use tests::{Census, Token, assert_revoked, sized};

type Numbers = Box<dyn Iterator<Item = Result<u64, Error>> + Send>;

const BOTH: [Direction; 2] = [Direction::Outbound, Direction::Inbound];

/// Counts its steps, and is counted while it lives.
struct Counting {
    steps: Arc<AtomicUsize>,
    next: u64,
    end: u64,
    _token: Token,
}

impl Iterator for Counting {
    type Item = Result<u64, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.steps.fetch_add(1, SeqCst);
        let next = self.next;
        self.next += 1;
        (next < self.end).then_some(Ok(next))
    }
}

fn counting(census: &Census, end: u64) -> (Numbers, Arc<AtomicUsize>) {
    let steps: Arc<AtomicUsize> = Arc::default();
    let iterator = Counting {
        steps: steps.clone(),
        next: 0,
        end,
        _token: census.token(),
    };
    (Box::new(iterator), steps)
}

/// E7. Fails when an iterator is drained as it crosses.
#[test]
fn iterator_takes_a_step_only_when_it_is_asked_for_one() {
    for direction in BOTH {
        let membrane = Membrane::new(Policy::deny_all());
        let census = Census::default();
        let (endless, steps) = counting(&census, u64::MAX);
        let mut lent = membrane.pass(endless, direction).unwrap();
        assert_eq!(steps.load(SeqCst), 0);
        for number in 0..5 {
            assert_eq!(lent.next(), Some(Ok(number)));
            assert_eq!(steps.load(SeqCst) as u64, number + 1);
        }
        assert_eq!(membrane.live_proxies(), 1);
        // Dropped half way, it is dropped on the other side too.
        drop(lent);
        assert_eq!(
            (census.alive(), membrane.live_proxies(), steps.load(SeqCst)),
            (0, 0, 5)
        );
    }
}

/// A10, A11. Fails when `Proxy<dyn Pull>::pull` does not convert its result.
#[test]
fn iterator_wraps_each_item_and_each_error() {
    for direction in BOTH {
        for shape in shapes() {
            let membrane = Membrane::new(swap_policy());
            let secret = Secret::new(1);
            let loads = [
                Ok(shape.build(&secret.raw)),
                Err(Fault::Payload(shape.build(&secret.raw))),
                Ok(shape.build(&secret.raw)),
            ];
            let loads: Loads = Box::new(loads.into_iter());
            let lent = membrane.pass(loads, direction).unwrap();
            let got = Load::Loads(lent).reach();
            assert!(
                got.len() >= 3,
                "an error of the iterator's own is not its end"
            );
            for got in &got {
                secret.assert_lent(got);
            }
        }
    }
}

#[test]
fn items_that_are_one_object_are_one_proxy_however_they_are_collected() {
    let membrane = Membrane::new(swap_policy());
    let secret = Secret::new(1);
    let raw = secret.raw.clone();
    let items: Items = Box::new(std::iter::repeat_with(move || Ok(raw.clone())).take(6));
    let mut lent = membrane.pass(items, Direction::Outbound).unwrap();
    // The holder's bulk operations are steps like any other.
    let first = lent.next().unwrap().unwrap();
    let second = lent.by_ref().nth(1).unwrap().unwrap();
    let rest: Vec<_> = lent.collect::<Result<_, _>>().unwrap();
    assert_eq!(rest.len(), 3);
    assert!(
        rest.iter()
            .chain([&second])
            .all(|one| Arc::ptr_eq(one, &first))
    );
    secret.assert_lent(&first);
    assert!(Arc::ptr_eq(
        &membrane.wrap(secret.raw.clone()).unwrap(),
        &first
    ));
}

/// E13. Fails when `Pulled` does not end after the error: then the loop below has no end.
#[test]
fn revocation_is_told_once_and_then_the_iterator_is_over() {
    for direction in BOTH {
        let membrane = Membrane::new(Policy::deny_all());
        let census = Census::default();
        let (endless, steps) = counting(&census, u64::MAX);
        let mut lent = membrane.pass(endless, direction).unwrap();
        assert_eq!(lent.next(), Some(Ok(0)));
        membrane.revoke("over");
        assert_eq!(
            census.alive(),
            0,
            "the other side's iterator is dropped at once"
        );
        assert_revoked(lent.next().expect("not the end"), "over");
        assert_eq!((lent.next(), lent.next()), (None, None));
        assert_eq!(steps.load(SeqCst), 1);
        // A loop that skips errors ends.
        let membrane = Membrane::new(Policy::deny_all());
        let (endless, _) = counting(&census, u64::MAX);
        let lent = membrane.pass(endless, direction).unwrap();
        membrane.revoke("over");
        assert_eq!(lent.flatten().count(), 0);
    }
}

#[test]
fn iterator_that_was_at_its_end_before_the_revocation_stays_at_its_end() {
    let membrane = Membrane::new(Policy::deny_all());
    let census = Census::default();
    let (short, steps) = counting(&census, 1);
    let mut lent = membrane.pass(short, Direction::Outbound).unwrap();
    assert_eq!((lent.next(), lent.next()), (Some(Ok(0)), None));
    assert_eq!(
        (census.alive(), membrane.live_proxies()),
        (0, 0),
        "freed at its end"
    );
    membrane.revoke("over");
    assert_eq!((lent.next(), steps.load(SeqCst)), (None, 2));
}

#[test]
fn iterator_that_revokes_in_the_middle_of_a_step_delivers_nothing_of_it() {
    let membrane = Membrane::new(swap_policy());
    let secret = Secret::new(1);
    let (revoking, raw) = (membrane.clone(), secret.raw.clone());
    let items: Items = Box::new((0..).map(move |step| {
        if step == 1 {
            revoking.revoke("enough");
        }
        Ok(raw.clone())
    }));
    let mut lent = membrane.pass(items, Direction::Outbound).unwrap();
    let first = lent.next().unwrap().unwrap();
    secret.assert_lent(&first);
    assert_revoked(lent.next().expect("not the end").map(drop), "enough");
    assert!(lent.next().is_none());
    secret.assert_dead(&first, Some("enough"));
}

/// The iterator that is taken out for its step is dropped when the step is over, not put back.
#[test]
fn iterator_that_is_in_a_step_when_it_is_revoked_is_dropped_after_it() {
    let membrane = Membrane::new(Policy::deny_all());
    let census = Census::default();
    let (token, seen, revoking) = (census.token(), census.clone(), membrane.clone());
    let items: Numbers = Box::new((0..).map(move |number| {
        let _ = &token;
        revoking.revoke("enough");
        assert_eq!(seen.alive(), 1, "in use");
        Ok(number)
    }));
    let mut lent = membrane.pass(items, Direction::Outbound).unwrap();
    assert_revoked(lent.next().expect("not the end"), "enough");
    assert_eq!(census.alive(), 0);
}

#[test]
fn iterator_that_panics_is_an_error_and_then_over() {
    for direction in BOTH {
        let membrane = Membrane::new(Policy::deny_all());
        let census = Census::default();
        let (token, payloads) = (census.token(), census.clone());
        let items: Numbers = Box::new((0..).map(move |number| {
            let _ = &token;
            if number == 1 {
                panic_any(payloads.token());
            }
            Ok(number)
        }));
        let mut lent = membrane.pass(items, direction).unwrap();
        assert_eq!(lent.next(), Some(Ok(0)));
        let error = lent.next().expect("not the end").unwrap_err();
        assert_eq!((error.kind(), error.reason()), (ErrorKind::Panicked, None));
        assert_eq!(
            (census.made(), census.alive()),
            (2, 0),
            "iterator and payload are dropped"
        );
        assert_eq!((lent.next(), lent.next()), (None, None));
        assert!(!membrane.is_revoked());
    }
}

struct PanicsWhenDropped;
impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

/// E6: the other side's `Drop` panics, at the end, on revocation and when the holder lets go.
#[test]
fn iterator_whose_drop_panics_harms_nobody() {
    let make = |steps: u64| -> Numbers {
        let bomb = PanicsWhenDropped;
        Box::new((0..steps).map(move |number| {
            let _ = &bomb;
            Ok(number)
        }))
    };
    let membrane = Membrane::new(Policy::deny_all());
    drop(membrane.pass(make(3), Direction::Outbound).unwrap());
    let mut lent = membrane.pass(make(1), Direction::Outbound).unwrap();
    assert_eq!(lent.next(), Some(Ok(0)));
    // It is dropped at its end, in the last step.
    let last = lent.next().map(|item| item.map_err(Error::kind));
    assert!(
        matches!(last, None | Some(Err(ErrorKind::Panicked))),
        "{last:?}"
    );
    assert_eq!(lent.next(), None);
    let mut lent = membrane.pass(make(3), Direction::Outbound).unwrap();
    membrane.revoke("over");
    assert_revoked(lent.next().expect("not the end"), "over");
}

#[test]
fn iterator_of_closures_gives_closures_that_are_gated_themselves() {
    let membrane = Membrane::new(swap_policy());
    let secret = Secret::new(1);
    let raw = secret.raw.clone();
    let closures: Vec<Load> = (0..3)
        .map(|_| {
            let raw = raw.clone();
            let supply: Supply = Arc::new(move || Ok(raw.clone()));
            Load::Supply(supply)
        })
        .collect();
    let loads: Loads = Box::new(closures.into_iter().map(Ok));
    let mut lent = membrane.pass(loads, Direction::Outbound).unwrap();
    let mut kept = Vec::new();
    for _ in 0..2 {
        let Some(Ok(Load::Supply(supply))) = lent.next() else {
            panic!("a closure")
        };
        secret.assert_lent(&supply().unwrap());
        kept.push(supply);
    }
    membrane.revoke("over");
    for supply in kept {
        assert_revoked(supply().map(drop), "over");
    }
    assert!(matches!(lent.next(), Some(Err(fault)) if fault.error().is_revoked()));
    assert!(lent.next().is_none());
}

/// An iterator is a value: what crosses back is wrapped once more, and its items come home all the same.
#[test]
fn iterator_that_crosses_back_gives_the_objects_themselves() {
    for direction in BOTH {
        let membrane = Membrane::new(swap_policy());
        let secret = Secret::new(1);
        let raw = secret.raw.clone();
        let items: Items = Box::new((0..2).map(move |_| Ok(raw.clone())));
        let there = membrane.pass(items, direction).unwrap();
        let back = match direction {
            Direction::Outbound => Direction::Inbound,
            Direction::Inbound => Direction::Outbound,
        };
        let mut home = membrane.pass(there, back).unwrap();
        secret.assert_raw(&home.next().unwrap().unwrap());
        assert_eq!(membrane.live_proxies(), 2);
        membrane.revoke("over");
        assert!(home.next().unwrap().is_err());
        assert!(home.next().is_none());
    }
}

#[test]
fn iterator_lent_on_by_a_grant_ends_with_either() {
    for revoke_root in [true, false] {
        let root = Membrane::new(swap_policy());
        let on = root.attenuate(&swap_policy()).unwrap();
        let census = Census::default();
        let (endless, _) = counting(&census, u64::MAX);
        let held = root.pass(endless, Direction::Outbound).unwrap();
        let mut further = on.pass(held, Direction::Outbound).unwrap();
        assert_eq!(further.next(), Some(Ok(0)));
        if revoke_root {
            root.revoke("left");
        } else {
            on.revoke("left");
        }
        assert_revoked(further.next().expect("not the end"), "left");
        assert!(further.next().is_none());
        assert_eq!(census.alive(), 0);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// The other side's iterator in the owner's hands.

#[interface]
trait Summing {
    fn sum(&self, numbers: Numbers) -> Result<u64, Error>;
    fn start(&self, numbers: Numbers) -> Result<(), Error>;
    fn step(&self) -> Result<Option<u64>, Error>;
}

#[derive(Default)]
struct Adder(Mutex<Option<Numbers>>);

impl Summing for Adder {
    fn sum(&self, numbers: Numbers) -> Result<u64, Error> {
        numbers.sum()
    }
    fn start(&self, numbers: Numbers) -> Result<(), Error> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(numbers);
        Ok(())
    }
    fn step(&self) -> Result<Option<u64>, Error> {
        let mut numbers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        numbers.as_mut().expect("it was started").next().transpose()
    }
}

fn adder() -> (Membrane, Arc<Adder>, Arc<dyn Summing>) {
    let policy = Policy::builder()
        .inbound(allow!(dyn Summing: sum, start, step))
        .build()
        .unwrap();
    let membrane = Membrane::new(policy);
    let adder = Arc::new(Adder::default());
    let lent = membrane.wrap::<dyn Summing>(adder.clone()).unwrap();
    (membrane, adder, lent)
}

/// C18, E13. Kept by the owner after the call, and pulled without any call around it.
#[test]
fn iterator_that_was_handed_in_works_until_it_is_revoked() {
    let (membrane, adder, lent) = adder();
    let census = Census::default();
    assert_eq!(lent.sum(Box::new((1..=4).map(Ok))), Ok(10));
    let (numbers, _) = counting(&census, u64::MAX);
    lent.start(numbers).unwrap();
    assert_eq!((lent.step(), adder.step()), (Ok(Some(0)), Ok(Some(1))));
    membrane.revoke("over");
    assert_revoked(adder.step(), "over");
    assert_eq!((adder.step(), census.alive()), (Ok(None), 0));
}

/// Numbers each of which is asked for as the sum of further ones of the same kind.
fn nested(steps: Arc<AtomicUsize>, lent: Arc<dyn Summing>) -> Numbers {
    Box::new(std::iter::from_fn(move || {
        steps.fetch_add(1, SeqCst);
        Some(lent.sum(nested(steps.clone(), lent.clone())))
    }))
}

/// A hostile iterator: it calls back in, revokes, or never stops failing, in the midst of the owner's loop.
#[test]
fn iterator_that_was_handed_in_and_misbehaves_ends_the_owners_loop() {
    let (membrane, _, lent) = adder();
    let steps: Arc<AtomicUsize> = Arc::default();
    let (counted, calling) = (steps.clone(), lent.clone());
    let error = lent.sum(nested(counted, calling)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooDeep);
    let depth = steps.load(SeqCst);
    assert!((2..=128).contains(&depth), "{depth}");

    let error = lent
        .sum(Box::new(std::iter::repeat_with(|| panic!("always"))))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Panicked);

    let revoking = membrane.clone();
    let numbers = (0..).map(move |number| {
        if number == 3 {
            revoking.revoke("enough");
        }
        Ok(0)
    });
    assert_revoked(lent.sum(Box::new(numbers)), "enough");
}

/// The owner's loop over failing items goes on, since they are the iterator's own errors.
#[test]
fn error_of_the_iterators_own_is_an_item() {
    let membrane = Membrane::new(swapping().build().unwrap());
    let inbox = Inbox::default();
    let kept = inbox.clone();
    let pulling = Actor::new(0, move |load| {
        let Load::Loads(loads) = load else {
            panic!("an iterator")
        };
        let texts = loads.map(|load| match load {
            Ok(load) | Err(Fault::Payload(load)) => load,
            Err(Fault::Membrane(error)) => Load::Text(error.to_string()),
        });
        kept.put(Load::Several(texts.collect()));
        Ok(Load::Nothing)
    });
    let lent = membrane.wrap(pulling.share()).unwrap();
    let failing: Exchange = Arc::new(|load| Err(Fault::Payload(load)));
    let texts = ["a", "b", "c"].map(|text| Load::Text(String::from(text)));
    let loads: Loads = Box::new(texts.into_iter().map(move |load| failing(load)));
    lent.swap(Load::Loads(loads)).unwrap();
    let Load::Several(got) = inbox.take() else {
        panic!("texts")
    };
    let got: Vec<_> = got
        .into_iter()
        .map(|load| {
            if let Load::Text(text) = load {
                text
            } else {
                String::new()
            }
        })
        .collect();
    assert_eq!(got, ["a", "b", "c"]);
}

/// A membrane's error within an iterator of another tree is an item of that one, and is not told twice either.
#[test]
fn iterator_over_a_broken_foreign_one_tells_it_once() {
    let (inner, outer) = (
        Membrane::new(Policy::deny_all()),
        Membrane::new(Policy::deny_all()),
    );
    let census = Census::default();
    let (endless, _) = counting(&census, u64::MAX);
    let within = inner.pass(endless, Direction::Inbound).unwrap();
    let mut lent = outer.pass(within, Direction::Outbound).unwrap();
    assert_eq!(lent.next(), Some(Ok(0)));
    inner.revoke("theirs");
    let error = lent.next().expect("not the end").unwrap_err();
    assert_eq!(
        (error.kind(), error.reason()),
        (ErrorKind::Revoked, None),
        "not our reason to tell"
    );
    assert_eq!((lent.next(), lent.next()), (None, None));
    assert!(!outer.is_revoked());
}

/// Passed round and round, an iterator grows a layer each time: nobody wrote a recursive type, and dropping must not recurse
/// either, neither at the holder nor at the revoker.
///
/// Fails (by overflowing the stack) if `Cell::drop` or `Cell::release` drops its target by `drop_quietly`.
#[test]
fn iterator_of_many_layers_is_dropped_on_a_bounded_stack() {
    type Items = Box<dyn Iterator<Item = Result<u64, Error>> + Send>;
    for revoking in [false, true] {
        let small = std::thread::Builder::new().stack_size(512 << 10);
        let dropping = small.spawn(move || {
            let membranes = [(); 2].map(|()| Membrane::new(Policy::deny_all()));
            let mut items: Items = Box::new(std::iter::empty());
            for layer in 0..sized(20_000, 300) {
                items = membranes[layer % 2]
                    .pass(items, Direction::Outbound)
                    .unwrap();
            }
            if revoking {
                membranes[0].revoke("all of them");
            }
            drop(items);
            membranes.iter().map(Membrane::live_proxies).sum::<usize>()
        });
        assert_eq!(dropping.unwrap().join().unwrap(), 0);
    }
}
