//! What an audit hook is told of one call has one number, however many calls are on their way at once.

use super::executors::{Boxed, block_on, poll_idly};
use super::library::{Book, House, Library, Reader, lending, policy};
use membrane::AuditEvent::{Admitted, Call};
use membrane::{AuditRecord, CallId, Direction, Error, ErrorKind, Membrane, Outcome, rule};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use tests::{Census, assert_kind, sized};

/// What was told of calls: which, its method, and how it ended. `None` when it was let in and waits.
type Told = (CallId, &'static str, Option<Outcome>);

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Told>>>);

impl Log {
    fn of(membrane: &Membrane) -> Self {
        let log = Self::default();
        let told = log.0.clone();
        membrane.audit(move |record: &AuditRecord<'_>| {
            let event = match record.event {
                Call(decision) => (decision.call, decision.method, Some(decision.outcome)),
                Admitted { call, method, .. } => (call, method, None),
                _ => return,
            };
            told.lock().unwrap().push(event);
        });
        log
    }

    fn take(&self) -> Vec<Told> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// The number of the one call that was let in and waits since this was asked last.
    #[track_caller]
    fn one_more(&self) -> CallId {
        let told = self.take();
        let [(call, "wait", None)] = told[..] else {
            panic!("{told:?}");
        };
        call
    }
}

fn lent(membrane: &Membrane) -> (Arc<House>, Arc<dyn Library>) {
    let house = House::new(&Census::default());
    let lent = membrane.wrap::<dyn Library>(house.clone()).unwrap();
    (house, lent)
}

/// Fails if a call is told of by another number when it is over, or two calls by the same.
#[test]
fn calls_that_wait_at_once_are_told_apart() {
    let membrane = Membrane::new(policy());
    let (house, lent) = lent(&membrane);
    let (_, other) = self::lent(&membrane);
    let log = Log::of(&membrane);
    let mut calls: Vec<_> = [&lent, &other, &lent, &lent]
        .into_iter()
        .map(|library| {
            let mut waiting = library.wait(1);
            assert!(poll_idly(&mut waiting).is_pending());
            (log.one_more(), waiting)
        })
        .collect();
    let numbers: HashSet<_> = calls.iter().map(|(call, _)| *call).collect();
    assert_eq!(numbers.len(), 4);
    // A poll that does not end a call is not told of, and leaves it its number.
    for (_, waiting) in &mut calls {
        assert!(poll_idly(waiting).is_pending());
    }
    assert_eq!(log.take(), []);

    // They end in another order than they began in, and in between another call comes and goes.
    let (given_up, waiting) = calls.remove(1);
    drop(waiting);
    assert_eq!(log.take(), [(given_up, "wait", Some(Outcome::GivenUp))]);
    assert_eq!(lent.count(), Ok(3));
    let count = log.take();
    assert!(matches!(count[..], [(call, "count", _)] if !numbers.contains(&call)));
    house.bell.ring();
    let (answered, mut waiting) = calls.remove(2);
    assert_eq!(poll_idly(&mut waiting), Poll::Ready(Ok(2)));
    assert_eq!(log.take(), [(answered, "wait", Some(Outcome::Answered))]);
    membrane.revoke("over");
    let revoked = Some(Outcome::Withheld(lent.count().unwrap_err()));
    let mut told = log.take();
    let turned_away = told.pop().expect("`count` was refused");
    assert!(!numbers.contains(&turned_away.0));
    told.sort_by_key(|(call, ..)| *call);
    let [first, third] = [0, 1].map(|at: usize| calls[at].0);
    assert_eq!(told, [(first, "wait", revoked), (third, "wait", revoked)]);
}

/// Fails if a call that does not wait has no number of its own, whatever becomes of it.
#[test]
fn every_call_that_is_told_of_has_its_own_number() {
    let policy = lending()
        .inbound_rule(rule!(dyn Library: at_once, |number| *number < 10))
        .build()
        .unwrap();
    let membrane = Membrane::new(policy);
    let (_, lent) = lent(&membrane);
    let log = Log::of(&membrane);
    assert_eq!(block_on(lent.at_once(1)), Ok(2));
    assert_eq!(lent.count(), Ok(1));
    assert_kind(block_on(lent.at_once(10)), ErrorKind::Rejected);
    assert_kind(block_on(lent.close()), ErrorKind::Refused);
    assert_kind(block_on(lent.close()), ErrorKind::Refused);
    assert_kind(block_on(lent.panic(false)), ErrorKind::Panicked);
    membrane.suspend("night", None);
    assert_kind(lent.count(), ErrorKind::Suspended);
    membrane.revoke("over");
    assert_kind(lent.count(), ErrorKind::Revoked);
    let told = log.take();
    let numbers: HashSet<_> = told.iter().map(|(call, ..)| *call).collect();
    assert_eq!((told.len(), numbers.len()), (8, 8), "{told:?}");
    let texts: Vec<_> = told.iter().map(|(call, ..)| call.to_string()).collect();
    let counted: Vec<_> = (1..=8)
        .map(|number| format!("{}.{number}", membrane.id()))
        .collect();
    assert_eq!(texts, counted);
    assert_eq!((told[7].0.grant(), told[7].0.number()), (membrane.id(), 8));
}

/// Fails if calls are numbered together with those of others: their hooks could count each other's calls.
#[test]
fn number_tells_nothing_of_the_calls_of_others() {
    let owner = Membrane::new(policy());
    let _heard = Log::of(&owner);
    let grants = [(); 2].map(|()| owner.grant(&policy()).unwrap());
    let [mine, theirs] = &grants;
    let (foreign, log) = (Membrane::new(policy()), Log::of(mine));
    let _heard_elsewhere = Log::of(&foreign);
    let [lent, others, elsewhere, below] =
        [mine, theirs, &foreign, &mine.attenuate(&policy()).unwrap()]
            .map(|membrane| lent(membrane).1);
    for number in 1..=5 {
        for _ in 0..number {
            others.count().unwrap();
            elsewhere.count().unwrap();
            below.count().unwrap();
        }
        log.take();
        lent.count().unwrap();
        assert_eq!(log.take()[0].0.number(), number);
    }
}

/// Fails if hooks of one line are told different numbers of a call; or the two calls of a call that goes through two
/// membranes the same.
#[test]
fn number_is_the_same_for_every_hook_and_another_in_every_membrane() {
    let root = Membrane::new(policy());
    let grant = root.grant(&policy()).unwrap();
    let above = Log::of(&root);
    let below = Log::of(&grant);
    let (house, lent) = lent(&grant);
    let mut waiting = lent.wait(1);
    assert!(poll_idly(&mut waiting).is_pending());
    house.bell.ring();
    assert!(poll_idly(&mut waiting).is_ready());
    let told = below.take();
    assert_eq!(above.take(), told);
    assert!(matches!(told[..], [(one, _, None), (other, _, Some(_))] if one == other));

    let foreign = Membrane::new(policy());
    let beyond = Log::of(&foreign);
    let twice = foreign.wrap(lent.clone()).unwrap();
    assert_eq!(block_on(twice.at_once(1)), Ok(2));
    let (inner, outer) = (below.take(), beyond.take());
    assert_eq!([inner.len(), outer.len()], [1, 1]);
    assert_ne!(inner[0].0, outer[0].0);
}

/// A reader that the library tells, and that takes its time.
struct Slow(Arc<super::executors::Bell>);

#[membrane::interface]
impl Reader for Slow {
    async fn told(&self, _: Arc<dyn Book>) -> Result<u64, Error> {
        self.0.rung().await;
        Ok(1)
    }
}

/// Fails if a call that a call waits for, the other way, is told of by the number of the other.
#[test]
fn call_inside_a_call_has_its_own_number() {
    let membrane = Membrane::new(policy());
    let (house, lent) = lent(&membrane);
    let log = Log::of(&membrane);
    let mut telling = lent.tell(Arc::new(Slow(house.bell.clone())));
    assert!(poll_idly(&mut telling).is_pending());
    let told = log.take();
    let [(inner, "told", None), (outer, "tell", None)] = told[..] else {
        panic!("{told:?}");
    };
    assert_ne!(inner, outer);
    house.bell.ring();
    assert_eq!(poll_idly(&mut telling), Poll::Ready(Ok(1)));
    let told = log.take();
    assert_eq!(told[0], (inner, "told", Some(Outcome::Answered)));
    assert_eq!(told.last(), Some(&(outer, "tell", Some(Outcome::Answered))));
}

/// Fails if two calls have one number, or a call that waits is not told of as over by the number by which it was let in.
#[test]
fn calls_of_many_threads_are_joined_by_their_numbers() {
    const THREADS: usize = 4;
    let rounds = sized(500, 10);
    let membrane = Membrane::new(policy());
    let log = Log::of(&membrane);
    std::thread::scope(|threads| {
        for thread in 0..THREADS {
            let membrane = &membrane;
            threads.spawn(move || {
                let (house, lent) = lent(membrane);
                let mut waiting: Vec<Boxed<'_, Result<u64, Error>>> = vec![];
                for round in 0..rounds {
                    let mut call = lent.wait(1);
                    assert!(poll_idly(&mut call).is_pending());
                    waiting.push(call);
                    lent.count().unwrap();
                    if (round + thread) % 3 == 0 {
                        // The oldest first, so that calls overlap.
                        drop(waiting.remove(0));
                    }
                }
                house.bell.ring();
                for mut call in waiting {
                    assert_eq!(poll_idly(&mut call), Poll::Ready(Ok(2)));
                }
            });
        }
    });
    let mut open = HashMap::new();
    let mut over = HashSet::new();
    for (call, method, outcome) in log.take() {
        if outcome.is_none() {
            assert_eq!(open.insert(call, method), None, "let in twice: {call}");
            continue;
        }
        assert!(over.insert(call), "over twice: {call}");
        let admitted = open.remove(&call);
        assert_eq!(admitted, (method == "wait").then_some(method));
    }
    assert!(open.is_empty(), "never over: {open:?}");
    assert_eq!(over.len(), 2 * THREADS * rounds);
}

#[test]
fn future_as_a_value_keeps_its_number() {
    type Answer = Boxed<'static, Result<u64, Error>>;
    let membrane = Membrane::new(policy());
    let log = Log::of(&membrane);
    let lend = || {
        let bell = super::executors::Bell::new();
        let rung = bell.clone();
        let answer: Answer = Box::pin(async move {
            rung.rung().await;
            Ok(1)
        });
        (bell, membrane.pass(answer, Direction::Outbound).unwrap())
    };
    let (bell, mut one) = lend();
    let (_, mut other) = lend();
    assert!(poll_idly(&mut one).is_pending());
    assert!(poll_idly(&mut other).is_pending());
    bell.ring();
    assert_eq!(poll_idly(&mut one), Poll::Ready(Ok(1)));
    drop(other);
    let told = log.take();
    let [
        (first, "poll", None),
        (second, "poll", None),
        (answered, ..),
        (given_up, ..),
    ] = told[..]
    else {
        panic!("{told:?}");
    };
    assert_ne!(first, second);
    assert_eq!((answered, given_up), (first, second));
}
