//! B15, B17: what is dropped, once, and not again.

use crate::cast::{Safe, Vault, listed};
use crate::crossing::loot::{BOTH, Bag};
use crate::lab::{breaks, contained};
use membrane::{Direction, Error, Membrane, Policy, allow, interface};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tests::{Census, Scripted, Token, Worker, worker_policy, working};

// ---------------------------------------------------------------------------------------------------------------------
// B15: risen again.

/// What a target gets hold of while it is dropped.
type Risen = Bag<(&'static str, Arc<dyn Worker>)>;

/// Tries, in its `Drop`, to go on in the membrane that lets it go.
struct Phoenix {
    me: Weak<Phoenix>,
    membrane: Membrane,
    beside: Mutex<Option<Arc<dyn Worker>>>,
    risen: Risen,
    dropped: Bag<()>,
    _token: Token,
}

impl Worker for Phoenix {
    fn run(&self) -> Result<u64, Error> {
        Ok(1)
    }
    fn run_with(&self, _: Arc<dyn Worker>) -> Result<u64, Error> {
        Ok(1)
    }
    fn unlisted(&self, _: Arc<dyn Worker>) -> Result<u64, Error> {
        Ok(1)
    }
}

impl Drop for Phoenix {
    fn drop(&mut self) {
        self.dropped.put(());
        if let Some(me) = self.me.upgrade() {
            self.risen.put(("itself", me));
        }
        let ashes = || Scripted::new(|_| Ok(2)).share();
        let policy = worker_policy();
        let derived = [
            ("a grant", self.membrane.grant(&policy)),
            ("an attenuation", self.membrane.attenuate(&policy)),
        ];
        for (name, derived) in derived {
            let wrapped = derived.map(|grant| BOTH.map(|way| grant.pass(ashes(), way)));
            for wrapped in wrapped.into_iter().flatten().flatten() {
                self.risen.put((name, wrapped));
            }
        }
        for way in BOTH {
            if let Ok(wrapped) = self.membrane.pass(ashes(), way) {
                self.risen.put(("a proxy", wrapped));
            }
        }
        let beside = self
            .beside
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(beside) = beside {
            self.risen.put(("its neighbour", beside));
        }
    }
}

/// B15: a target whose membrane is revoked runs code as it goes. What it gets hold of then is as dead as it is.
#[test]
fn b15_target_that_goes_on_in_its_drop() {
    for direction in BOTH {
        contained(breaks![membrane::ChildUnchecked], |lab| {
            let census = Census::default();
            let membrane = Membrane::new(worker_policy());
            let (risen, dropped) = (Risen::new(), Bag::new());
            let beside = membrane
                .pass(Scripted::counted(&census).share(), direction)
                .expect("live");
            let phoenix = Arc::new_cyclic(|me: &Weak<Phoenix>| Phoenix {
                me: me.clone(),
                membrane: membrane.clone(),
                beside: Mutex::new(Some(beside)),
                risen: risen.clone(),
                dropped: dropped.clone(),
                _token: census.token(),
            });
            let again = Arc::downgrade(&phoenix);
            let phoenix: Arc<dyn Worker> = phoenix;
            let lent = membrane.pass(phoenix, direction).expect("live");
            assert!(lent.run().is_ok(), "it lives");
            membrane.revoke("over");
            assert!(lent.run().is_err(), "it does not");
            let times = dropped.take().len();
            lab.reached();
            lab.escaped_if(times != 1, format!("dropped {times} times"));
            lab.escaped_if(again.upgrade().is_some(), "the target itself");
            lab.escaped_if(census.alive() > 0, "what it was made of");
            for (name, risen) in risen.take() {
                lab.escaped_if(risen.run().is_ok(), name);
            }
        });
    }
}

/// Is in the middle of a call when the last reference to it goes, and the membrane with it.
#[test]
fn b15_target_that_is_let_go_while_it_runs() {
    for direction in BOTH {
        contained(breaks![gate::NoCut], |lab| {
            let census = Census::default();
            let membrane = Membrane::new(working().build().expect("one list each"));
            let revoking = membrane.clone();
            let (seen, inside) = (Bag::new(), census.clone());
            let notes = seen.clone();
            let worker = Scripted::new(move |_| {
                revoking.revoke("from inside");
                // It is used here: it must not be gone.
                notes.put(inside.alive());
                Ok(3)
            });
            let worker = worker.with_token(census.token()).share();
            let lent = membrane.pass(worker, direction).expect("live");
            let answer = lent.run();
            lab.reached();
            assert_eq!(seen.take(), [1], "alive, for as long as it runs");
            lab.escaped_if(answer.is_ok(), "its answer");
            lab.escaped_if(census.alive() > 0, "kept after its end");
            lab.escaped_if(lent.run().is_ok(), "another call");
        });
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// B17: cycles through the tables.

/// Holds what it is told to.
#[interface]
trait Shelf: Send + Sync {
    fn put(&self, other: Arc<dyn Shelf>) -> Result<(), Error>;
}

#[derive(Default)]
struct Board {
    held: Mutex<Vec<Arc<dyn Shelf>>>,
    /// The handle by which it is lent itself.
    handle: Mutex<Option<Membrane>>,
    token: Option<Token>,
}

impl Board {
    fn new(census: &Census) -> Arc<Self> {
        Arc::new(Self {
            token: Some(census.token()),
            ..Self::default()
        })
    }
}

impl Shelf for Board {
    fn put(&self, other: Arc<dyn Shelf>) -> Result<(), Error> {
        assert!(self.token.is_some(), "it is counted");
        self.held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(other);
        Ok(())
    }
}

fn shelves() -> Policy {
    let list = allow!(dyn Shelf: put);
    let policy = Policy::builder().inbound(list).outbound(list).build();
    policy.expect("one list each way")
}

/// What a scenario leaves behind, which is nothing: what was made is dropped, once.
fn left(census: &Census) -> Option<String> {
    let (made, dropped) = (census.made(), census.dropped());
    (made != dropped).then(|| format!("{made} made, {dropped} dropped"))
}

/// B17: a target has the handle of its own membrane, whose table has its proxy.
#[test]
fn b17_handle_inside_of_a_target() {
    for direction in BOTH {
        contained(breaks![membrane::TableOwns], |lab| {
            let census = Census::default();
            let membrane = Membrane::new(shelves());
            let board = Board::new(&census);
            *board.handle.lock().unwrap_or_else(PoisonError::into_inner) = Some(membrane.clone());
            let object: Arc<dyn Shelf> = board;
            let lent = membrane.pass(object, direction).expect("live");
            // Once more, under another holder's grant.
            let grant = membrane.grant(&shelves()).expect("as wide");
            let other = grant.pass(lent.clone(), direction).expect("live");
            drop((membrane, grant, other));
            lab.reached();
            lab.escaped_if(census.alive() != 1, "while it is held");
            drop(lent);
            lab.escaped_if(left(&census).is_some(), left(&census).unwrap_or_default());
        });
    }
}

/// B17: proxies, closures and what they stand for go with the last that holds them, without anybody's revoking anything.
#[test]
fn b17_table_that_lists_what_nobody_holds() {
    contained(breaks![membrane::TableOwns], |lab| {
        let census = Census::default();
        let membrane = Membrane::new(shelves());
        for direction in BOTH {
            let board: Arc<dyn Shelf> = Board::new(&census);
            let lent = membrane.pass(board.clone(), direction).expect("live");
            lent.put(Board::new(&census)).expect("listed");
            let token = census.token();
            let closure: Arc<dyn Fn() -> Result<bool, Error> + Send + Sync> =
                Arc::new(move || Ok(size_of_val(&token) > 0));
            let closure = membrane.pass(closure, direction).expect("live");
            assert!(closure().is_ok(), "it is carried");
            drop((closure, lent));
        }
        lab.reached();
        lab.escaped_if(left(&census).is_some(), left(&census).unwrap_or_default());
        let live = membrane.live_proxies();
        lab.escaped_if(live > 0, format!("{live} proxies"));
    });
}

/// B17: objects of both sides hold each other: a cycle that the language does not free. The revocation does, once.
#[test]
fn b17_cycle_over_both_sides() {
    contained(breaks![gate::NoCut], |lab| {
        let census = Census::default();
        let membrane = Membrane::new(shelves());
        for _ in 0..3 {
            let [wet, dry]: [Arc<dyn Shelf>; 2] =
                [(); 2].map(|()| -> Arc<dyn Shelf> { Board::new(&census) });
            let lent = membrane.wrap(wet).expect("live");
            let taken_in = membrane.wrap_inbound(dry).expect("live");
            // Each has the other's proxy, and so itself. What comes home would be a cycle of its owner's own.
            lent.put(taken_in.clone()).expect("listed");
            taken_in.put(lent.clone()).expect("listed");
        }
        assert_eq!(census.alive(), 6, "they hold each other");
        membrane.revoke("over");
        lab.reached();
        lab.escaped_if(left(&census).is_some(), left(&census).unwrap_or_default());
        let late = membrane.pass::<Arc<dyn Shelf>>(Board::new(&census), Direction::Outbound);
        lab.escaped_if(late.is_ok(), "after the end");
        drop(late);
        // Nothing is left that could be freed again.
        let late: Arc<dyn Vault> = Safe::new();
        let other = Membrane::new(listed().build().expect("one list each"));
        lab.escaped_if(other.wrap(late).is_err(), "the next membrane");
    });
}
