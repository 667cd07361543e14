//! One switch ends all access, both ways, at once.

#[path = "revocation/access.rs"]
mod access;
#[path = "revocation/entering.rs"]
mod entering;
#[path = "revocation/freeing.rs"]
mod freeing;
#[path = "revocation/in_flight.rs"]
mod in_flight;
#[path = "revocation/observers.rs"]
mod observers;
#[path = "revocation/reasons.rs"]
mod reasons;
#[path = "revocation/revokers.rs"]
mod revokers;
#[path = "revocation/subtree.rs"]
mod subtree;
#[path = "revocation/waiting.rs"]
mod waiting;

use membrane::{Direction, Error, ErrorKind, Membrane, Passable, Policy, allow, interface};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tests::{Census, Door, Scripted, Worker, assert_revoked, plain_worker, worker_policy, working};

type Closure = Arc<dyn Fn(u64) -> Result<u64, Error> + Send + Sync>;
type Items = Box<dyn Iterator<Item = Result<u64, Error>> + Send>;

const DIRECTIONS: [Direction; 2] = [Direction::Outbound, Direction::Inbound];

/// An error of the interface's own.
#[derive(Debug, PartialEq, Passable)]
enum Failure {
    Poor { missing: u64 },
    Membrane(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

/// A method for each kind of result.
#[interface]
trait Shop {
    fn nothing(&self) -> Result<(), Failure>;
    fn number(&self) -> Result<u64, Failure>;
    fn text(&self) -> Result<String, Failure>;
    fn poor(&self) -> Result<u64, Failure>;
    fn object(&self) -> Result<Arc<dyn Worker>, Failure>;
    fn objects(&self) -> Result<Vec<Option<Arc<dyn Worker>>>, Failure>;
    fn closure(&self) -> Result<Closure, Failure>;
    fn items(&self) -> Result<Items, Failure>;
    fn tell(&self, by: Closure) -> Result<u64, Failure>;
}

/// Has a name of its own for `Shop`'s methods.
#[interface]
trait Bakery: Shop {
    fn bread(&self) -> Result<(), Failure>;
}

/// Every method waits at the door, if there is one, once it has its result.
struct Stock {
    door: Option<Arc<Door>>,
    census: Census,
    told: Arc<Mutex<Vec<Result<u64, Error>>>>,
    _token: tests::Token,
}

impl Stock {
    fn new(door: Option<&Arc<Door>>, census: &Census) -> Self {
        Self {
            door: door.cloned(),
            census: census.clone(),
            told: Arc::default(),
            _token: census.token(),
        }
    }

    fn after<R>(&self, result: Result<R, Failure>) -> Result<R, Failure> {
        if let Some(door) = &self.door {
            door.pass();
        }
        // Nothing of it is dropped while it is in use.
        assert!(self.census.alive() > 0);
        result
    }
}

impl Shop for Stock {
    fn nothing(&self) -> Result<(), Failure> {
        self.after(Ok(()))
    }

    fn number(&self) -> Result<u64, Failure> {
        self.after(Ok(1))
    }

    fn text(&self) -> Result<String, Failure> {
        self.after(Ok("text".into()))
    }

    fn poor(&self) -> Result<u64, Failure> {
        self.after(Err(Failure::Poor { missing: 3 }))
    }

    fn object(&self) -> Result<Arc<dyn Worker>, Failure> {
        self.after(Ok(Scripted::counted(&self.census).share()))
    }

    fn objects(&self) -> Result<Vec<Option<Arc<dyn Worker>>>, Failure> {
        self.after(Ok(vec![
            None,
            Some(Scripted::counted(&self.census).share()),
        ]))
    }

    fn closure(&self) -> Result<Closure, Failure> {
        let token = self.census.token();
        self.after(Ok(Arc::new(move |n| {
            let _kept = &token;
            Ok(n)
        })))
    }

    fn items(&self) -> Result<Items, Failure> {
        let token = self.census.token();
        self.after(Ok(Box::new((0..9).map(move |n| {
            let _kept = &token;
            Ok(n)
        }))))
    }

    fn tell(&self, by: Closure) -> Result<u64, Failure> {
        self.after(Ok(()))?;
        let told = by(5);
        self.told.lock().unwrap().push(told);
        Ok(told?)
    }
}

impl Bakery for Stock {
    fn bread(&self) -> Result<(), Failure> {
        self.after(Ok(()))
    }
}

type Call = fn(&dyn Shop) -> Result<(), Failure>;

/// Every method, each result dropped.
const CALLS: [(&str, Call); 9] = [
    ("nothing", |shop| shop.nothing()),
    ("number", |shop| shop.number().map(drop)),
    ("text", |shop| shop.text().map(drop)),
    ("poor", |shop| shop.poor().map(drop)),
    ("object", |shop| shop.object().map(drop)),
    ("objects", |shop| shop.objects().map(drop)),
    ("closure", |shop| shop.closure().map(drop)),
    ("items", |shop| shop.items().map(drop)),
    ("tell", |shop| shop.tell(Arc::new(Ok)).map(drop)),
];

fn shopping() -> Policy {
    let list = || {
        let all =
            allow!(dyn Shop: nothing, number, text, poor, object, objects, closure, items, tell);
        [all, allow!(dyn Bakery: bread, text)]
    };
    let mut builder = working();
    for allow in list() {
        builder = builder.inbound(allow).outbound(allow);
    }
    builder.build().unwrap()
}

/// How many kinds of descent there are; under Miri, which is slow, fewer.
const KINDS: usize = if cfg!(miri) { 3 } else { 5 };

/// `root` itself, and a membrane of each kind of descent from it.
fn descents(root: &Membrane) -> [(&'static str, Membrane); 5] {
    let derived = |from: &Membrane| {
        (
            from.grant(root.policy()).unwrap(),
            from.attenuate(root.policy()).unwrap(),
        )
    };
    let (grant, attenuated) = derived(root);
    let (_, far) = derived(&grant);
    let (further, _) = derived(&derived(&attenuated).1);
    [
        ("itself", root.clone()),
        ("grant", grant),
        ("attenuated", attenuated),
        ("attenuated grant", far),
        ("grant of attenuated twice", further),
    ]
}

#[track_caller]
fn assert_failed(result: Result<(), Failure>, reason: &str) {
    match result {
        Err(Failure::Membrane(error)) => assert_revoked(Err::<(), _>(error), reason),
        other => panic!("delivered: {other:?}"),
    }
}

/// A shop on the far side of `membrane`.
fn lend_shop(membrane: &Membrane, direction: Direction, stock: Stock) -> Arc<dyn Shop> {
    membrane
        .pass(Arc::new(stock) as Arc<dyn Shop>, direction)
        .unwrap()
}

/// A worker on the far side of `membrane`, counted.
fn lend(membrane: &Membrane, direction: Direction, census: &Census) -> Arc<dyn Worker> {
    membrane
        .pass(Scripted::counted(census).share(), direction)
        .unwrap()
}

/// A worker that runs `f` when it is dropped.
fn plain_worker_that_drops(f: impl FnOnce() + Send + Sync + 'static) -> Arc<dyn Worker> {
    Scripted::new(|_| Ok(7)).on_drop(f).share()
}

/// A worker that waits at the door.
fn waiting_worker(door: &Arc<Door>) -> Arc<dyn Worker> {
    let door = door.clone();
    let wait = move |_| {
        door.pass();
        Ok(0)
    };
    Scripted::new(wait).share()
}
