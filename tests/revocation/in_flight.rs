//! What is under way when it is revoked.

use super::*;
use tests::start;

type Lent = Result<Arc<dyn Worker>, Error>;

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
