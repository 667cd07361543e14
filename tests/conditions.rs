//! How long, how often, how many at once, how much: the conditions of a membrane and of those that it derives from.

#[path = "conditions/bad_input.rs"]
mod bad_input;
#[path = "conditions/budgets.rs"]
mod budgets;
#[path = "conditions/bytes.rs"]
mod bytes;
#[path = "conditions/children.rs"]
mod children;
#[path = "conditions/concurrency.rs"]
mod concurrency;
#[path = "conditions/expiry.rs"]
mod expiry;
#[path = "conditions/proxies.rs"]
mod proxies;
#[path = "conditions/rate.rs"]
mod rate;
#[path = "conditions/suspension.rs"]
mod suspension;

use membrane::{
    Condition, Conditions, ConditionsBuilder, Direction, Error, ErrorKind, ManualClock, Membrane,
    Passable, Policy, allow, interface,
};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

type Closure = Arc<dyn Fn(u64) -> Result<u64, Error> + Send + Sync>;
type Items = Box<dyn Iterator<Item = Result<u64, Error>> + Send>;
/// What a test has a call do inside.
type Script = Box<dyn Fn() + Send + Sync>;

const SECOND: Duration = Duration::from_secs(1);
const DIRECTIONS: [Direction; 2] = [Direction::Outbound, Direction::Inbound];

/// An error of the interface's own.
#[derive(Debug, PartialEq, Passable)]
enum Failure {
    Said(String),
    Membrane(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

/// A call of each kind.
#[interface]
trait Shop {
    fn ping(&self) -> Result<(), Error>;
    fn say(&self, text: &str) -> Result<u64, Error>;
    fn fetch(&self, bytes: u64) -> Result<Vec<u8>, Error>;
    fn complain(&self, bytes: u64) -> Result<(), Failure>;
    fn tell(&self, by: Closure) -> Result<u64, Error>;
    fn hand(&self, other: Arc<dyn Shop>) -> Result<(), Error>;
    fn open(&self) -> Result<Arc<dyn Shop>, Error>;
    fn items(&self, count: u64) -> Result<Items, Error>;
}

/// Counts how often its methods are entered, and how many calls are inside at once.
#[derive(Default)]
struct Stock {
    entered: AtomicUsize,
    inside: AtomicUsize,
    most_inside: AtomicUsize,
    script: Mutex<Option<Arc<Script>>>,
}

impl Stock {
    fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Has each further call do `script`.
    fn on_call(self: &Arc<Self>, script: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        *self.script.lock().unwrap() = Some(Arc::new(Box::new(script)));
        self.clone()
    }

    fn entered(&self) -> usize {
        self.entered.load(SeqCst)
    }

    fn enter(&self) {
        struct Inside<'a>(&'a AtomicUsize);
        impl Drop for Inside<'_> {
            fn drop(&mut self) {
                self.0.fetch_sub(1, SeqCst);
            }
        }
        self.entered.fetch_add(1, SeqCst);
        let now = self.inside.fetch_add(1, SeqCst) + 1;
        let _inside = Inside(&self.inside);
        self.most_inside.fetch_max(now, SeqCst);
        let script = self.script.lock().unwrap().clone();
        if let Some(script) = script {
            script();
        }
    }
}

impl Shop for Stock {
    fn ping(&self) -> Result<(), Error> {
        self.enter();
        Ok(())
    }

    fn say(&self, text: &str) -> Result<u64, Error> {
        self.enter();
        Ok(text.len() as u64)
    }

    fn fetch(&self, bytes: u64) -> Result<Vec<u8>, Error> {
        self.enter();
        Ok(vec![7; usize::try_from(bytes).unwrap()])
    }

    fn complain(&self, bytes: u64) -> Result<(), Failure> {
        self.enter();
        Err(Failure::Said("x".repeat(usize::try_from(bytes).unwrap())))
    }

    fn tell(&self, by: Closure) -> Result<u64, Error> {
        self.enter();
        by(4)
    }

    fn hand(&self, _: Arc<dyn Shop>) -> Result<(), Error> {
        self.enter();
        Ok(())
    }

    fn open(&self) -> Result<Arc<dyn Shop>, Error> {
        self.enter();
        Ok(Self::new())
    }

    fn items(&self, count: u64) -> Result<Items, Error> {
        self.enter();
        Ok(Box::new((0..count).map(Ok)))
    }
}

/// Counts how often it is converted, and how often it is measured.
#[derive(Clone, Default)]
struct Probe(Arc<[AtomicUsize; 2]>);

impl Probe {
    fn converted(&self) -> usize {
        self.0[0].load(SeqCst)
    }

    fn measured(&self) -> usize {
        self.0[1].load(SeqCst)
    }
}

impl Passable for Probe {
    const BARE: bool = false;

    fn pass(self, _: &membrane::Crossing<'_>) -> Result<Self, Error> {
        self.0[0].fetch_add(1, SeqCst);
        Ok(self)
    }

    fn size_bytes(&self) -> u64 {
        self.0[1].fetch_add(1, SeqCst);
        10
    }
}

#[interface]
trait Post {
    fn send(&self, probe: Probe) -> Result<(), Error>;
    fn back(&self, probe: Probe) -> Result<Probe, Error>;
    fn weigh(&self, one: &[u32; 3], many: &[u32]) -> Result<(), Error>;
}

struct Office;

impl Post for Office {
    fn send(&self, _: Probe) -> Result<(), Error> {
        Ok(())
    }

    fn back(&self, probe: Probe) -> Result<Probe, Error> {
        Ok(probe)
    }

    fn weigh(&self, _: &[u32; 3], _: &[u32]) -> Result<(), Error> {
        Ok(())
    }
}

fn post_policy() -> Policy {
    let policy = Policy::builder().inbound(allow!(dyn Post: send, back, weigh));
    policy.build().expect("one list")
}

fn post(membrane: &Membrane) -> Arc<dyn Post> {
    membrane.wrap::<dyn Post>(Arc::new(Office)).expect("live")
}

fn policy() -> Policy {
    let all = allow!(dyn Shop: ping, say, fetch, complain, tell, hand, open, items);
    let both = Policy::builder().inbound(all).outbound(all);
    both.build().expect("one list for each direction")
}

fn conditions(build: impl FnOnce(ConditionsBuilder) -> ConditionsBuilder) -> Conditions {
    build(Conditions::builder()).build().expect("sound")
}

/// A membrane under conditions.
fn under(build: impl FnOnce(ConditionsBuilder) -> ConditionsBuilder) -> Membrane {
    Membrane::with_conditions(policy(), &conditions(build)).expect("the clock does not panic")
}

/// The same, with a clock to be moved.
fn timed(
    build: impl FnOnce(ConditionsBuilder) -> ConditionsBuilder,
) -> (Membrane, Arc<ManualClock>) {
    let clock = ManualClock::new();
    // Not at its start: nothing may depend on that.
    clock.advance(1_000 * SECOND);
    let membrane = under(|builder| build(builder.clock(clock.clone())));
    (membrane, clock)
}

/// A grant of `parent` under conditions.
fn grant(
    parent: &Membrane,
    build: impl FnOnce(ConditionsBuilder) -> ConditionsBuilder,
) -> Membrane {
    let grant = parent.grant_with(&policy(), &conditions(build));
    grant.expect("no more than the parent has")
}

fn lend(membrane: &Membrane, stock: &Arc<Stock>, direction: Direction) -> Arc<dyn Shop> {
    let object: Arc<dyn Shop> = stock.clone();
    membrane.pass(object, direction).expect("live")
}

fn lent(membrane: &Membrane) -> (Arc<Stock>, Arc<dyn Shop>) {
    let stock = Stock::new();
    let shop = lend(membrane, &stock, Direction::Outbound);
    (stock, shop)
}

/// Asserts that a condition stood in the way, and when to try again.
#[track_caller]
fn assert_unmet<R: std::fmt::Debug>(
    result: Result<R, Error>,
    condition: Condition,
    retry_after: Option<Duration>,
) {
    let error = result.expect_err("refused");
    let kind = match condition {
        Condition::Suspended => ErrorKind::Suspended,
        Condition::Expired => ErrorKind::Expired,
        _ => ErrorKind::Exhausted,
    };
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(error.condition(), Some(condition), "{error}");
    assert_eq!(error.retry_after(), retry_after, "{error}");
}

/// A membrane without conditions is told apart from one with.
#[test]
fn nothing_is_limited_without_conditions() {
    let membrane = Membrane::new(policy());
    assert_eq!(membrane.conditions(), membrane::Standing::default());
    let empty = Membrane::with_conditions(policy(), &Conditions::default()).unwrap();
    assert_eq!(empty.conditions(), membrane::Standing::default());
    assert!(Conditions::default().is_empty());
    assert!(!conditions(|builder| builder.bytes_out(0)).is_empty());
}

/// Fails if `Error::pass` keeps the condition: it was for the holders of another membrane.
#[test]
fn condition_is_lost_when_the_error_crosses_as_data() {
    let inner = under(|builder| builder.calls(1));
    let (_, shop) = lent(&inner);
    shop.ping().unwrap();
    let outer = Membrane::new(Policy::deny_all());
    let told: Closure = Arc::new(move |_| shop.ping().map(|()| 0));
    let error = outer.wrap(told).unwrap()(0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exhausted);
    assert_eq!((error.condition(), error.retry_after()), (None, None));
}

#[test]
fn conditions_are_read_as_they_were_set() {
    let all = conditions(|builder| {
        builder
            .expires_after(2 * SECOND)
            .calls(3)
            .rate_with_burst(4, SECOND, 5)
            .concurrency(6)
            .bytes_in(7)
            .bytes_out(8)
            .proxies(9)
    });
    assert_eq!(all.expiry(), Some(2 * SECOND));
    assert_eq!(all.calls(), Some(3));
    let rate = all.rate().expect("set");
    assert_eq!((rate.calls, rate.per, rate.burst), (4, SECOND, 5));
    assert_eq!(all.concurrency(), Some(6));
    assert_eq!((all.bytes_in(), all.bytes_out()), (Some(7), Some(8)));
    assert_eq!(all.proxies(), Some(9));
    let shown = format!("{all:?}");
    for part in [
        "Conditions {",
        "expiry: Some(2s)",
        "calls: Some(3)",
        "proxies: Some(9)",
    ] {
        assert!(shown.contains(part), "{shown}");
    }
    let none = conditions(|builder| builder);
    assert_eq!(
        (none.expiry(), none.calls(), none.rate()),
        (None, None, None)
    );
    assert_eq!((none.concurrency(), none.proxies()), (None, None));
    assert_eq!((none.bytes_in(), none.bytes_out()), (None, None));
}
