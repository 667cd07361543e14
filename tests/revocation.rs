//! One switch ends all access, both ways, at once.

#[path = "revocation/entering.rs"]
mod entering;
#[path = "revocation/freeing.rs"]
mod freeing;
#[path = "revocation/observers.rs"]
mod observers;
#[path = "revocation/revokers.rs"]
mod revokers;
#[path = "revocation/waiting.rs"]
mod waiting;

use membrane::{
    Direction, Error, ErrorKind, Membrane, Passable, Policy, PolicyProblem, Reason, allow,
    interface,
};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tests::{
    Census, Door, SOON, Scripted, Worker, assert_kind, assert_revoked, plain_worker, start,
    worker_policy, working,
};

type Closure = Arc<dyn Fn(u64) -> Result<u64, Error> + Send + Sync>;
type Lent = Result<Arc<dyn Worker>, Error>;
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

// What is revoked.

#[test]
fn new_call_ends_when_revoked() {
    for direction in DIRECTIONS {
        for kind in 0..KINDS {
            for own in [true, false] {
                let (census, root) = (Census::default(), Membrane::new(shopping()));
                let (name, membrane) = descents(&root)[kind].clone();
                let shop = lend_shop(&membrane, direction, Stock::new(None, &census));
                assert_eq!(shop.number(), Ok(1), "{name}");
                (if own { &membrane } else { &root }).revoke("closing");
                for (_, call) in CALLS {
                    assert_failed(call(&*shop), "closing");
                }
                assert_eq!(census.alive(), 0, "{name}");
            }
        }
    }
}

/// E12, D16. Fails if `Cell::call` delivers without `scope.leave()`.
#[test]
fn in_flight_call_ends_when_revoked() {
    for direction in DIRECTIONS {
        for kind in 0..KINDS {
            for (method, call) in CALLS {
                let (census, door, root) =
                    (Census::default(), Door::shut(), Membrane::new(shopping()));
                let (name, membrane) = descents(&root)[kind].clone();
                let stock = Stock::new(Some(&door), &census);
                let told = stock.told.clone();
                let shop = lend_shop(&membrane, direction, stock);
                let caller = start(move || call(&*shop));
                door.await_arrivals(1);

                root.revoke("closing");
                assert!(census.alive() > 0, "{name}::{method} still runs");
                door.open();
                assert_failed(caller.finish(), "closing");
                assert_eq!(census.alive(), 0, "{name}::{method}: the last caller frees");
                // The callback of a running call is dead, too.
                assert_eq!(told.lock().unwrap().len(), usize::from(method == "tell"));
                for result in told.lock().unwrap().drain(..) {
                    assert_revoked(result, "closing");
                }
            }
        }
    }
}

/// E14, E15. Fails if `revocation::revoke` walks only the scope itself, or its children but not theirs.
#[test]
fn revocation_cuts_the_subtree_and_nothing_else() {
    const PARENTS: [Option<usize>; 8] = [
        None,
        Some(0),
        Some(0),
        Some(1),
        Some(1),
        Some(2),
        Some(3),
        Some(6),
    ];
    for cut in 0..PARENTS.len() {
        let mut nodes: Vec<Membrane> = vec![];
        for (index, parent) in PARENTS.iter().enumerate() {
            nodes.push(match parent {
                None => Membrane::new(worker_policy()),
                Some(parent) if index % 2 == 0 => nodes[*parent].grant(&worker_policy()).unwrap(),
                Some(parent) => nodes[*parent].attenuate(&worker_policy()).unwrap(),
            });
        }
        let census = Census::default();
        let lent: Vec<_> = nodes
            .iter()
            .map(|node| DIRECTIONS.map(|direction| lend(node, direction, &census)))
            .collect();
        nodes[cut].revoke("pruned");
        let mut remaining = 0;
        for (index, node) in nodes.iter().enumerate() {
            let mut line = std::iter::successors(Some(index), |at| PARENTS[*at]);
            let dead = line.any(|at| at == cut);
            assert_eq!(node.is_revoked(), dead, "{index} when {cut} is revoked");
            assert_eq!(node.reason().is_some(), dead);
            for worker in &lent[index] {
                if dead {
                    assert_revoked(worker.run(), "pruned");
                } else {
                    assert_eq!(worker.run(), Ok(7));
                    remaining += 1;
                }
            }
            assert_eq!(node.wrap(plain_worker()).is_err(), dead);
            assert_eq!(node.grant(&worker_policy()).is_err(), dead);
        }
        assert_eq!(census.alive(), remaining);
    }
}

#[test]
fn chain_of_grants_to_one_object_is_cut_below_the_revoked_link() {
    for cut in 0..4 {
        let mut links = vec![Membrane::new(worker_policy())];
        let mut lent = vec![links[0].wrap(plain_worker()).unwrap()];
        for link in 1..4 {
            links.push(links[link - 1].attenuate(&worker_policy()).unwrap());
            lent.push(links[link].wrap(lent[link - 1].clone()).unwrap());
        }
        links[cut].revoke("snapped");
        for (index, worker) in lent.iter().enumerate() {
            assert_eq!(
                worker.run().is_ok(),
                index < cut,
                "{index} of a chain cut at {cut}"
            );
        }
    }
}

#[test]
fn proxy_of_a_siblings_proxy_dies_with_either() {
    for cut in 0..2 {
        let root = Membrane::new(worker_policy());
        let siblings = [
            root.grant(&worker_policy()).unwrap(),
            root.grant(&worker_policy()).unwrap(),
        ];
        let lent = siblings[0].wrap(plain_worker()).unwrap();
        let through_both = siblings[1].wrap(lent).unwrap();
        assert_eq!(through_both.run(), Ok(7));
        siblings[cut].revoke("one of two");
        assert_kind(through_both.run(), ErrorKind::Revoked);
    }
}

/// E14.
#[test]
fn both_directions_are_cut() {
    let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
    let kept: Arc<Mutex<Vec<Arc<dyn Worker>>>> = Arc::default();
    let keeper = Scripted::new({
        let kept = kept.clone();
        move |listener| {
            kept.lock().unwrap().extend(listener);
            Ok(0)
        }
    });
    let lent = membrane
        .wrap(keeper.with_token(census.token()).share())
        .unwrap();
    // The holder's listener comes in by a call, another by hand.
    assert_eq!(lent.run_with(Scripted::counted(&census).share()), Ok(0));
    kept.lock()
        .unwrap()
        .push(lend(&membrane, Direction::Inbound, &census));
    for listener in kept.lock().unwrap().iter() {
        assert_eq!(listener.run(), Ok(7));
    }
    membrane.revoke("both ways");
    assert_revoked(lent.run(), "both ways");
    for listener in kept.lock().unwrap().iter() {
        assert_revoked(listener.run(), "both ways");
        assert_revoked(listener.run_with(plain_worker()), "both ways");
    }
    assert_eq!((census.made(), census.alive()), (3, 0));
}

/// E13, C10. Fails if `revoke` leaves out the tables of closures and iterators, or a proxy asks only when it is made.
#[test]
fn what_was_got_before_is_dead() {
    for direction in DIRECTIONS {
        for kind in 0..KINDS {
            let (census, root) = (Census::default(), Membrane::new(shopping()));
            let (_, membrane) = descents(&root)[kind].clone();
            let shop = lend_shop(&membrane, direction, Stock::new(None, &census));
            let method = {
                let shop = shop.clone();
                move || shop.number()
            };
            let request = {
                let (shop, argument): (_, Closure) = (shop.clone(), Arc::new(Ok));
                move || shop.tell(argument.clone())
            };
            let object = shop.object().unwrap();
            let in_a_list = shop.objects().unwrap().pop().flatten().unwrap();
            let closure = shop.closure().unwrap();
            let (mut fresh, mut begun) = (shop.items().unwrap(), shop.items().unwrap());
            assert_eq!((begun.next(), begun.next()), (Some(Ok(0)), Some(Ok(1))));
            assert!(
                method().is_ok() && request().is_ok() && object.run().is_ok() && closure(1).is_ok()
            );

            root.revoke("over");
            assert_failed(method().map(drop), "over");
            assert_failed(request().map(drop), "over");
            assert_revoked(object.run(), "over");
            assert_revoked(in_a_list.run(), "over");
            assert_revoked(closure(1), "over");
            for items in [&mut fresh, &mut begun] {
                assert_revoked(items.next().expect("not the end"), "over");
                assert_eq!(items.next(), None, "a loop over it ends");
            }
            assert_eq!(census.alive(), 0);
        }
    }
}

#[test]
fn closures_and_iterators_lent_by_hand_are_dead() {
    for direction in DIRECTIONS {
        let membrane = Membrane::new(Policy::deny_all());
        let closure: Closure = Arc::new(|n| Ok(2 * n));
        let closure = membrane.pass(closure, direction).unwrap();
        let items: Items = Box::new([Ok(1), Ok(2)].into_iter());
        let mut items = membrane.pass(items, direction).unwrap();
        assert_eq!((closure(4), items.next()), (Ok(8), Some(Ok(1))));
        membrane.revoke("by hand");
        assert_revoked(closure(4), "by hand");
        assert_revoked(items.next().unwrap(), "by hand");
        assert!(items.next().is_none());
    }
}

#[test]
fn in_flight_closure_and_iterator_end_when_revoked() {
    for direction in DIRECTIONS {
        let (door, membrane) = (Door::shut(), Membrane::new(Policy::deny_all()));
        let wait = {
            let door = door.clone();
            move |n| {
                door.pass();
                Ok(n)
            }
        };
        let closure: Closure = Arc::new(wait.clone());
        let items: Items = Box::new((0..9).map(wait));
        let closure = membrane.pass(closure, direction).unwrap();
        let mut items = membrane.pass(items, direction).unwrap();
        let calling = start(move || closure(4));
        let iterating = start(move || (items.next().unwrap(), items.next()));
        door.await_arrivals(2);
        membrane.revoke("meanwhile");
        door.open();
        assert_revoked(calling.finish(), "meanwhile");
        let (item, end) = iterating.finish();
        assert_revoked(item, "meanwhile");
        assert_eq!(end, None);
    }
}

#[test]
fn nothing_begins_after_revocation() {
    for direction in DIRECTIONS {
        for kind in 0..KINDS {
            let (entered, root) = (
                Arc::new(AtomicUsize::new(0)),
                Membrane::new(worker_policy()),
            );
            let (_, membrane) = descents(&root)[kind].clone();
            let counting = Scripted::new({
                let entered = entered.clone();
                move |_| {
                    entered.fetch_add(1, SeqCst);
                    Ok(0)
                }
            });
            let lent = membrane.pass(counting.share(), direction).unwrap();
            assert_eq!(lent.run(), Ok(0));
            root.revoke("no more");
            assert_revoked(lent.run(), "no more");
            assert_revoked(lent.run_with(plain_worker()), "no more");
            assert_eq!(entered.load(SeqCst), 1);
        }
    }
}

#[test]
fn every_way_in_is_closed_when_revoked() {
    for kind in 0..KINDS {
        let (census, root) = (Census::default(), Membrane::new(worker_policy()));
        let (_, membrane) = descents(&root)[kind].clone();
        root.revoke("shut");
        assert_revoked(
            membrane.wrap(Scripted::counted(&census).share()).map(drop),
            "shut",
        );
        assert_revoked(
            membrane
                .wrap_inbound(Scripted::counted(&census).share())
                .map(drop),
            "shut",
        );
        for direction in DIRECTIONS {
            assert_revoked(membrane.pass(7_u64, direction), "shut");
            assert_revoked(
                membrane
                    .pass(vec![Scripted::counted(&census).share()], direction)
                    .map(drop),
                "shut",
            );
            assert_revoked(
                membrane.pass(Arc::new(Ok) as Closure, direction).map(drop),
                "shut",
            );
        }
        for derived in [
            membrane.grant(&worker_policy()),
            membrane.attenuate(&Policy::deny_all()),
        ] {
            assert_eq!(derived.unwrap_err().problems(), [PolicyProblem::Revoked]);
        }
        assert_eq!(
            membrane.scoped(&Policy::deny_all()).unwrap_err().problems(),
            [PolicyProblem::Revoked]
        );
        let ran = membrane.with_grant(&Policy::deny_all(), |_| panic!("must not run"));
        assert_eq!(ran.unwrap_err().problems(), [PolicyProblem::Revoked]);
        assert_eq!(
            (census.made(), census.alive(), membrane.live_proxies()),
            (4, 0, 0)
        );
    }
}

/// Does something while it is converted. By hand, hence trusted; it holds no reference.
struct Converted {
    converts: Box<dyn Fn() + Send>,
    _token: tests::Token,
}

impl Passable for Converted {
    const BARE: bool = false;

    fn pass(self, _: &membrane::Crossing<'_>) -> Result<Self, Error> {
        (self.converts)();
        Ok(self)
    }
}

/// Fails if `Membrane::pass` does not look before it converts, or not again afterwards.
#[test]
fn value_passed_while_revoked_is_not_delivered() {
    for direction in DIRECTIONS {
        let (census, membrane) = (Census::default(), Membrane::new(worker_policy()));
        let conversions = Arc::new(AtomicUsize::new(0));
        let value = |revokes: bool| {
            let (membrane, conversions) = (membrane.clone(), conversions.clone());
            let converts = move || {
                conversions.fetch_add(1, SeqCst);
                if revokes {
                    membrane.revoke("while it crosses");
                }
            };
            Converted {
                converts: Box::new(converts),
                _token: census.token(),
            }
        };
        assert!(membrane.pass(value(false), direction).is_ok());
        let told = membrane.pass(vec![value(false), value(true), value(false)], direction);
        assert_revoked(told.map(|_| ()), "while it crosses");
        assert_eq!(conversions.load(SeqCst), 4, "reached");
        let told = membrane.pass(value(false), direction);
        assert_revoked(told.map(|_| ()), "while it crosses");
        assert_eq!(conversions.load(SeqCst), 4, "not looked at");
        assert_eq!((census.made(), census.alive()), (5, 0));
    }
}

#[test]
fn proxy_made_inside_a_call_dies_with_it() {
    let (census, door, membrane) = (
        Census::default(),
        Door::shut(),
        Membrane::new(worker_policy()),
    );
    let made: Arc<Mutex<Vec<Lent>>> = Arc::default();
    let maker = Scripted::new({
        let (census, door, membrane, made) =
            (census.clone(), door.clone(), membrane.clone(), made.clone());
        move |_| {
            let grant = membrane.grant(membrane.policy()).unwrap();
            let lend_one = |from: &Membrane| {
                made.lock()
                    .unwrap()
                    .push(from.wrap(Scripted::counted(&census).share()));
            };
            lend_one(&membrane);
            lend_one(&grant);
            door.pass();
            lend_one(&membrane);
            lend_one(&grant);
            assert!(membrane.grant(membrane.policy()).is_err());
            assert!(grant.attenuate(membrane.policy()).is_err());
            Ok(0)
        }
    });
    let lent = membrane.wrap(maker.share()).unwrap();
    let caller = start(move || lent.run());
    door.await_arrivals(1);
    membrane.revoke("too late");
    door.open();
    assert_revoked(caller.finish(), "too late");
    let made = made.lock().unwrap();
    let results: Vec<_> = made
        .iter()
        .map(|made| made.as_ref().map(|worker| worker.run()))
        .collect();
    let [Ok(first), Ok(second), Err(third), Err(fourth)] = results[..] else {
        panic!("{results:?}")
    };
    for result in [first, second, Err(*third), Err(*fourth)] {
        assert_revoked(result, "too late");
    }
    assert_eq!((census.made(), census.alive()), (4, 0));
}

// Which reason.

#[test]
fn first_reason_stays() {
    let root = Membrane::new(worker_policy());
    let child = root.grant(&worker_policy()).unwrap();
    let (by_root, by_child) = (
        root.wrap(plain_worker()).unwrap(),
        child.wrap(plain_worker()).unwrap(),
    );
    assert_eq!((root.reason(), child.reason()), (None, None));
    child.revoke("the child's");
    root.revoke("the root's");
    root.revoke("another");
    child.revoke("yet another");
    root.revoker().revoke("and another");
    assert_eq!(root.revoke_and_wait("and one more", SOON), Ok(()));
    assert_revoked(by_root.run(), "the root's");
    assert_revoked(by_child.run(), "the child's");
    assert_eq!(root.reason().map(Reason::as_str), Some("the root's"));
    assert_eq!(child.reason().map(Reason::as_str), Some("the child's"));
}

/// Fails if an unspecified reason passes for none set yet.
#[test]
fn first_reason_stays_if_it_is_unspecified() {
    let root = Membrane::new(worker_policy());
    let child = root.grant(&worker_policy()).unwrap();
    let lent = child.wrap(plain_worker()).unwrap();
    child.revoke(Reason::UNSPECIFIED);
    let before = lent.run().unwrap_err();
    assert_eq!((before.kind(), before.reason()), (ErrorKind::Revoked, None));
    root.revoke("the root's");
    child.revoke("second");
    assert_eq!(child.reason(), Some(Reason::UNSPECIFIED));
    assert_eq!(lent.run(), Err(before));
}

#[test]
fn any_text_is_a_reason() {
    for (given, told) in [
        (String::new(), None),
        ("line\nline".into(), Some("line\nline".to_owned())),
        ("\u{202e}\0".into(), Some("\u{202e}\0".to_owned())),
        ("x".repeat(1000), Some("x".repeat(256))),
    ] {
        let membrane = Membrane::new(worker_policy());
        let lent = membrane.wrap(plain_worker()).unwrap();
        membrane.revoke(given);
        let error = lent.run().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Revoked);
        assert_eq!(
            error.reason().map(|reason| reason.as_str().to_owned()),
            told
        );
    }
}
