//! What comes back from a call beside its value: futures, iterators and closures, errors and their reasons.

use super::{Contents, Safe, Vault, Visitor, Wide, listed, policy, targets};
use membrane::{
    Check, Condition, Conditions, Direction, Error, ErrorKind, ManualClock, Membrane, Policy,
    Reason, allow, interface, rule,
};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tests::assert_kind;

/// Fails if what crosses is handed on in a box of its own size, or says how much is left.
#[test]
fn what_a_call_returns_looks_the_same_whatever_its_target_made() {
    let membrane = Membrane::new(policy());
    let raw = targets();
    let lent = targets().map(|target| membrane.wrap(target).unwrap());

    let sizes = |vaults: &[Arc<dyn Vault>; 2]| {
        vaults.each_ref().map(|vault| {
            let (items, news) = (vault.items().unwrap(), vault.news().unwrap());
            let (key, later) = (vault.key().unwrap(), vault.later().unwrap());
            let call = vault.wait();
            let aligned = (
                align_of_val(&*items),
                align_of_val(&*key),
                align_of_val(&*later),
                align_of_val(&*news),
                align_of_val(&*call),
            );
            let sizes = (
                size_of_val(&*items),
                size_of_val(&*key),
                size_of_val(&*later),
                size_of_val(&*news),
                size_of_val(&*call),
            );
            (aligned, sizes, [items.size_hint(), news.size_hint()])
        })
    };
    let [small, large] = sizes(&raw);
    assert!(small.0 != large.0 && small.1 != large.1, "control");
    assert!(small.2 != large.2, "control: {:?}", small.2);
    let [small, large] = sizes(&lent);
    assert_eq!(small, large);
    assert_eq!(
        small.2,
        [(0, None); 2],
        "not even whether there is anything"
    );
    let keys = lent.map(|vault| {
        let key = vault.key().unwrap();
        (Arc::strong_count(&key), Arc::weak_count(&key), key())
    });
    assert_eq!(keys[0], keys[1]);
}

/// Both are over at their second poll, and alike before, between and after.
#[test]
fn future_tells_nothing_between_its_polls() {
    let membrane = Membrane::new(policy());
    let mut context = Context::from_waker(Waker::noop());
    let seen = targets().map(|target| {
        let vault = membrane.wrap(target).unwrap();
        let (mut call, mut later) = (vault.wait(), vault.later().unwrap());
        let before = (size_of_val(&*call), size_of_val(&*later));
        assert_eq!(call.as_mut().poll(&mut context), Poll::Pending);
        assert_eq!(later.as_mut().poll(&mut context), Poll::Pending);
        let between = (size_of_val(&*call), size_of_val(&*later));
        assert_eq!(call.as_mut().poll(&mut context), Poll::Ready(Ok(7)));
        assert_eq!(later.as_mut().poll(&mut context), Poll::Ready(Ok(7)));
        (before, between)
    });
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].0, seen[0].1);
}

// ---------------------------------------------------------------------------------------------------------------------
// Errors.

/// Hears what a value hashes.
#[derive(Default)]
struct Ear(Vec<u8>);

impl Hasher for Ear {
    fn finish(&self) -> u64 {
        0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

fn hashed(value: &impl Hash) -> Vec<u8> {
    let mut ear = Ear::default();
    value.hash(&mut ear);
    ear.0
}

/// Reasons are numbered in the order in which the process first used them. A holder that reads a number can tell how many
/// there were, and by a text of its own whether somebody has used it.
///
/// Fails if the hash of a reason or of an error is that of its number.
#[test]
fn hash_of_an_error_is_that_of_what_it_tells() {
    let told = |text: &str| {
        let membrane = Membrane::new(policy());
        let [target, _] = targets();
        let lent = membrane.wrap(target).unwrap();
        membrane.revoke(text);
        lent.look().unwrap_err()
    };
    let one = told("hiding: one");
    for number in 0..10 {
        let _ = Reason::from(format!("hiding: between {number}"));
    }
    let two = told("hiding: two");
    assert_eq!(hashed(&Reason::from("hiding: one")), hashed(&"hiding: one"));
    assert_eq!(
        one.reason().map(|reason| hashed(&reason)),
        Some(hashed(&"hiding: one"))
    );
    // The two differ in their last word, and in nothing else.
    let (one, two) = (hashed(&one), hashed(&two));
    let differing: Vec<_> = one.iter().zip(&two).filter(|(a, b)| a != b).collect();
    assert_eq!(one.len(), two.len());
    assert_eq!(
        differing,
        "one"
            .as_bytes()
            .iter()
            .zip("two".as_bytes())
            .collect::<Vec<_>>()
    );
    // Equal ones hash alike, and others may differ.
    assert_eq!(hashed(&told("hiding: one")), one);
    assert_ne!(
        hashed(&Error::from(ErrorKind::Refused)),
        hashed(&Error::from(ErrorKind::Failed))
    );
}

/// A condition of an ancestor is one for all that derive from it: that it is not met tells that others used it. A grant's own
/// tells nothing of anybody else.
#[test]
fn condition_tells_of_other_holders_only_where_it_is_shared() {
    let calls = |calls| Conditions::builder().calls(calls).build().unwrap();
    let [target, _] = targets();
    // Shared.
    let shared = Membrane::with_conditions(policy(), &calls(3)).unwrap();
    let [one, other] = [(); 2].map(|()| {
        let grant = shared.grant(&policy()).unwrap();
        grant.wrap(target.clone()).unwrap()
    });
    assert_eq!(one.look(), Ok(7));
    assert_eq!((other.look(), other.look()), (Ok(7), Ok(7)));
    let error = one.look().unwrap_err();
    assert_eq!(error.condition(), Some(Condition::Calls));
    // Each its own.
    let owner = Membrane::new(policy());
    let [one, other] = [(); 2].map(|()| {
        let grant = owner.grant_with(&policy(), &calls(2)).unwrap();
        grant.wrap(target.clone()).unwrap()
    });
    assert_eq!((other.look(), other.look()), (Ok(7), Ok(7)));
    assert!(other.look().is_err());
    assert_eq!((one.look(), one.look()), (Ok(7), Ok(7)));
}

/// When to try again is told to the millisecond, by the clock of whoever made the condition.
#[test]
fn time_to_try_again_is_all_that_a_rate_tells() {
    let clock = ManualClock::new();
    let rate = Conditions::builder()
        .rate(1, Duration::from_secs(10))
        .clock(clock.clone())
        .build()
        .unwrap();
    let membrane = Membrane::with_conditions(policy(), &rate).unwrap();
    let lent = targets().map(|target| membrane.wrap(target).unwrap());
    assert_eq!(lent[0].look(), Ok(7));
    clock.advance(Duration::from_secs(3));
    let errors = lent.map(|lent| lent.look().unwrap_err());
    assert_eq!(errors[0], errors[1]);
    assert_eq!(errors[0].retry_after(), Some(Duration::from_secs(7)));
}

#[interface]
trait Shop {
    fn buy(&self, thing: &str) -> Result<u64, Error>;
}

struct Corner(Mutex<Vec<String>>);

impl Shop for Corner {
    fn buy(&self, thing: &str) -> Result<u64, Error> {
        self.0.lock().unwrap().push(thing.into());
        Ok(7)
    }
}

/// A rule is found out by trying, at no cost; the target never hears of it, and the answer is the same for every miss.
#[test]
fn rule_can_be_found_out_by_trying_and_its_target_cannot() {
    let policy = Policy::builder()
        .inbound(allow!(dyn Shop: buy))
        .inbound_rule(rule!(dyn Shop: buy, thing: Check::prefix("b")))
        .build()
        .unwrap();
    let once = Conditions::builder().calls(1).build().unwrap();
    let membrane = Membrane::with_conditions(policy, &once).unwrap();
    let shop = Arc::new(Corner(Mutex::default()));
    let lent = membrane.wrap(shop.clone() as Arc<dyn Shop>).unwrap();
    let mut misses = Vec::new();
    let found = ["apples", "", "Bread", "bread"].into_iter().find(|thing| {
        let answer = lent.buy(thing);
        misses.extend(answer.err());
        answer.is_ok()
    });
    assert_eq!(found, Some("bread"));
    assert_eq!(misses, [Error::from(ErrorKind::Rejected); 3]);
    assert_eq!(*shop.0.lock().unwrap(), ["bread"]);
}

/// Names of objects are good in one domain only. The number of that domain is in them, and domains are numbered in order.
#[test]
fn name_of_an_object_tells_how_many_domains_were_made() {
    let runtime = runtime::Runtime::new();
    let number = |domain: &runtime::Domain| {
        let own = domain.own::<dyn Plain>(Arc::new(Nothing));
        domain.insert(&own).unwrap().to_bits() >> 64
    };
    let domain = |name: &str| runtime.domain(name, runtime::Limits::default());
    let first = number(&domain("first"));
    let between: Vec<_> = (0..5).map(|_| domain("between")).collect();
    // At least: other tests make some, too.
    assert!(number(&domain("last")) >= first + 6);
    drop(between);
}

/// An interface is no secret: a description keeps back what is not listed, but the numbers of what is have gaps, and the hash,
/// which a guest is told, is that of the whole. So a guess at the rest can be confirmed.
#[test]
fn description_tells_by_gaps_that_something_is_not_listed() {
    let runtime = runtime::Runtime::new();
    let visitor = runtime.domain("visitor", runtime::Limits::default());
    let list = Policy::builder().inbound(allow!(dyn Plain: nothing, more));
    let host = runtime.host();
    runtime.join(host, &visitor, list.build().unwrap()).unwrap();
    let own = host.own::<dyn Plain>(Arc::new(Nothing));
    let lent = host.send(&own, &visitor).unwrap();
    let described = visitor.describe(&lent).unwrap();
    let numbers: Vec<_> = described
        .methods()
        .iter()
        .map(|(number, _)| *number)
        .collect();
    assert_eq!(numbers, [0, 2]);
    assert!(!format!("{described:?}").contains("secret"));
    let whole = <dyn Plain as runtime::DynamicInterface>::interface();
    assert_eq!(lent.interface().hash(), whole.hash());
}

#[interface(dynamic)]
trait Plain {
    fn nothing(&self) -> Result<(), Error>;
    fn secret(&self) -> Result<(), Error>;
    fn more(&self) -> Result<(), Error>;
}

struct Nothing;

impl Plain for Nothing {
    fn nothing(&self) -> Result<(), Error> {
        Ok(())
    }
    fn secret(&self) -> Result<(), Error> {
        Ok(())
    }
    fn more(&self) -> Result<(), Error> {
        Ok(())
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Depth.

/// Calls itself through its own proxy until that is too deep.
struct Probe(Mutex<Option<Arc<dyn Visitor>>>);

impl Visitor for Probe {
    fn enter(&self) -> Result<u64, Error> {
        let again = self.0.lock().unwrap().clone().expect("set");
        match again.enter() {
            Ok(deeper) => Ok(deeper + 1),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::TooDeep);
                Ok(0)
            }
        }
    }
}

/// A callback can find out in how many calls of membranes its thread is, and so whether it was called through one more. It
/// cannot find out which.
#[test]
fn depth_that_is_left_tells_how_many_calls_the_thread_is_in() {
    const LIMIT: u32 = 20;
    let own = Membrane::new(listed().depth_limit(LIMIT).build().unwrap());
    let probe = Arc::new(Probe(Mutex::default()));
    let through = own.wrap_inbound(probe.clone() as Arc<dyn Visitor>).unwrap();
    *probe.0.lock().unwrap() = Some(through);
    let alone = probe.enter().unwrap();
    assert_eq!(alone, u64::from(LIMIT));

    let mut left = Vec::new();
    for mut lent in targets() {
        for _ in 0..3 {
            lent = Membrane::new(policy()).wrap(lent).unwrap();
            left.push(alone - lent.guard(probe.clone()).unwrap());
        }
    }
    // One for each call of a method, and one for each callback.
    assert_eq!(left, [2, 4, 6, 2, 4, 6]);
    *probe.0.lock().unwrap() = None;
}

/// The holder's own membrane shows the holder what it did itself, and nothing of what is behind what it was lent.
#[test]
fn holders_own_membrane_shows_nothing_of_what_it_wraps() {
    fn shown<C: Contents>() -> Vec<String> {
        let target: Arc<dyn Vault> = Arc::new(Safe::<C>::new());
        let lent = Membrane::new(policy()).wrap(target).unwrap();
        let own = Membrane::new(policy());
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        own.audit({
            let heard = heard.clone();
            move |record: &membrane::AuditRecord<'_>| {
                let told = match record.event {
                    membrane::AuditEvent::Call(decision) => format!(
                        "{} {} {:?} {:?}",
                        decision.interface, decision.method, decision.calls, decision.outcome
                    ),
                    event => format!("{event:?}"),
                };
                heard.lock().unwrap().push(told);
            }
        });
        assert!(own.lent(&lent).is_none(), "it is no proxy of this tree");
        let wrapped = own.wrap(lent.clone()).unwrap();
        assert_eq!(wrapped.look(), Ok(7));
        assert_kind(wrapped.open(), ErrorKind::Refused);
        let snapshot = own.snapshot();
        let back = own.pass(wrapped, Direction::Inbound).unwrap();
        assert!(Arc::ptr_eq(&back, &lent), "it comes home no further");
        let mut told = std::mem::take(&mut *heard.lock().unwrap());
        told.push(format!("{:?}", snapshot.grants[0].interfaces));
        told.push(format!("{own:?}"));
        told
    }
    let (small, large) = (shown::<()>(), shown::<Wide>());
    assert!(small.len() >= 5, "{small:?}");
    assert_eq!(small, large);
}
