//! Code of the other side's that the membrane cannot help running: drops, hashes, answers, wakers.

use crate::cast::{Safe, Vault};
use crate::lab::{breaks, contained};
use crate::stage::{Chest, Evil, Oak, chests, guests, locked, policy, sent};
use membrane::{
    Direction, Error, Interface as _, Membrane, Passable, Policy, allow, interface, lease,
};
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::thread::spawn;
use std::time::Duration;

/// How long something may take that ends at once, if it does.
const ENDS_WITHIN: Duration = if cfg!(membrane_faults) {
    Duration::from_secs(1)
} else {
    tests::SOON
};

/// D1: "bridge-internal container calls U code": an object comes too late, since it revoked the membrane when it was asked
/// what it is, and comes back in its `Drop`. Under the lock of the tables that would wait for ever.
#[test]
fn d1_drop_under_a_lock() {
    contained(breaks![membrane::DropUnderLock], |lab| {
        for direction in [Direction::Outbound, Direction::Inbound] {
            let membrane = Membrane::new(policy(chests()));
            let (revokes, comes_back) = (membrane.clone(), membrane.clone());
            let dropped = Arc::<AtomicUsize>::default();
            let count = dropped.clone();
            let evil = Evil::dropping(
                move |_| revokes.revoke("by what was asked"),
                move || {
                    count.fetch_add(1 + comes_back.live_proxies(), SeqCst);
                },
            );
            let (told, answer) = channel();
            // Not joined: on a broken build it never ends.
            spawn(move || {
                let evil: Arc<dyn Chest> = evil;
                let wrapped = membrane.pass(evil, direction).map(drop);
                let _ = told.send(wrapped);
            });
            let answer = answer.recv_timeout(ENDS_WITHIN);
            lab.reached();
            let Ok(wrapped) = answer else {
                lab.escaped("its `Drop` waits for a lock that is held around it");
                continue;
            };
            assert!(wrapped.expect_err("too late").is_revoked());
            assert_eq!(dropped.load(SeqCst), 1);
        }
    });
}

/// A key whose hash is its author's, with what it does on the side.
struct Key(u8, Arc<dyn Fn() + Send + Sync>);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.1)();
        hasher.write_u8(self.0);
    }
}

impl Passable for Key {
    const BARE: bool = false;

    fn pass(self, _: &membrane::Crossing<'_>) -> Result<Self, Error> {
        Ok(self)
    }
}

impl membrane::Data for Key {}

#[interface]
trait Index: Send + Sync {
    fn sort(&self, entries: HashMap<Key, u64>) -> Result<u64, Error>;
    fn sorted(&self) -> Result<HashMap<Key, u64>, Error>;
}

struct Cards(Mutex<Option<HashMap<Key, u64>>>);

impl Index for Cards {
    fn sort(&self, entries: HashMap<Key, u64>) -> Result<u64, Error> {
        Ok(entries.into_values().sum())
    }

    fn sorted(&self) -> Result<HashMap<Key, u64>, Error> {
        Ok(locked(&self.0).take().unwrap_or_default())
    }
}

/// A way, and whether something came out of it as if nothing were.
type Try<'a> = (&'static str, Box<dyn FnOnce() -> bool + 'a>);

/// D1: a map is rebuilt, and hashes its keys by their author's code: which panics, and throws an object across.
///
/// A hasher of the other side's own does not cross: `ui/fail`'s `argument_map_of_own_hasher.rs`.
#[test]
fn d1_hash_of_a_key() {
    contained(breaks![gate::PayloadThrough, membrane::LoudPass], |lab| {
        for direction in [Direction::Outbound, Direction::Inbound] {
            let safe = Safe::new();
            let armed = Arc::<AtomicBool>::default();
            let (thrown, is_armed) = (safe.clone(), armed.clone());
            let throw: Arc<dyn Fn() + Send + Sync> = Arc::new(move || {
                if is_armed.load(SeqCst) {
                    panic_any(thrown.clone());
                }
            });
            let entries =
                || HashMap::from([(Key(1, throw.clone()), 1), (Key(2, throw.clone()), 2)]);
            let list = allow!(dyn Index: sort, sorted);
            let membrane = Membrane::new(policy(Policy::builder().inbound(list).outbound(list)));
            let cards: Arc<dyn Index> = Arc::new(Cards(Mutex::new(Some(entries()))));
            let cards = membrane.pass(cards, direction).expect("live");
            let leased = lease(&cards);
            assert_eq!(cards.sort(entries()), Ok(3));
            let (first, second, third) = (entries(), entries(), entries());
            armed.store(true, SeqCst);
            let tries: [Try<'_>; 4] = [
                ("an argument", Box::new(|| cards.sort(first).is_ok())),
                (
                    "a leased argument",
                    Box::new(|| leased.sort(second).is_ok()),
                ),
                ("a result", Box::new(|| cards.sorted().is_ok())),
                (
                    "passed",
                    Box::new(|| membrane.pass(third, direction).is_ok()),
                ),
            ];
            for (way, attempt) in tries {
                lab.reached();
                match catch_unwind(AssertUnwindSafe(attempt)) {
                    Ok(is_ok) => lab.escaped_if(is_ok, format!("{way}: as if nothing were")),
                    Err(payload) => lab.escaped_if(
                        payload.is::<Arc<Safe>>(),
                        format!("{way}: the safe in a panic"),
                    ),
                }
            }
            armed.store(false, SeqCst);
            lab.escaped_if(
                cards.sort(entries()) != Ok(3),
                "the gate is not right after it",
            );
        }
    });
}

/// D3: "gate calls overridable code": the hidden method by which an object is asked what it is, overridden to have others
/// answer: a stolen proxy, one of another tree, one of each grant, a lease's.
#[test]
fn d3_question_that_was_overridden() {
    contained(breaks![membrane::BelieveAnyone], |lab| {
        let membrane = Membrane::new(policy(chests()));
        let victim = Oak::new();
        let grant = membrane.grant(membrane.policy()).expect("as wide");
        let foreign = Membrane::new(policy(chests()));
        let loot = [
            membrane.wrap(victim.chest()).expect("live"),
            grant.wrap(victim.chest()).expect("live"),
            foreign.wrap(victim.chest()).expect("live"),
        ];
        for stolen in loot {
            let desk = Oak::new();
            let lent = membrane.wrap(desk.chest()).expect("live");
            let evil = Evil::new(move |query| {
                <dyn Chest as membrane::__private::Target>::ask(&stolen, query);
                stolen.__membrane_chest(query);
            });
            let said = membrane.lent(&evil.chest());
            lab.escaped_if(said.is_some(), "the owner is told that it is a proxy");
            lent.keep(evil.chest()).expect("listed");
            if evil.asked() > 1 {
                lab.reached();
            }
            let taken = desk.taken().expect("it is kept");
            let is_victim = Arc::ptr_eq(&taken, &victim.chest());
            lab.escaped_if(is_victim, "the owner takes it for its own");
            let leased = lease(&evil.chest()).name();
            lab.escaped_if(leased != Ok("evil".into()), "a lease of the victim");
        }
    });
}

struct Told(AtomicUsize);

impl Wake for Told {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[interface]
trait Bell: Send + Sync {
    async fn rung(&self) -> Result<u64, Error>;
}

/// Keeps the waker that it is polled with.
#[derive(Default)]
struct Kept(Arc<Mutex<Option<Waker>>>);

#[interface]
impl Bell for Kept {
    async fn rung(&self) -> Result<u64, Error> {
        let kept = self.0.clone();
        std::future::poll_fn(move |context| {
            *locked(&kept) = Some(context.waker().clone());
            std::task::Poll::Pending
        })
        .await
    }
}

/// D3: the caller's waker is the caller's code: the other side never has it, nor can wake it for ever.
#[test]
fn d3_waker_of_the_caller() {
    contained(breaks![membrane::WakerThrough], |lab| {
        for direction in [Direction::Outbound, Direction::Inbound] {
            let list = allow!(dyn Bell: rung);
            let membrane = Membrane::new(policy(Policy::builder().inbound(list).outbound(list)));
            let kept = Arc::<Kept>::default();
            let bell: Arc<dyn Bell> = kept.clone();
            let bell = membrane.pass(bell, direction).expect("live");
            let told = Arc::new(Told(AtomicUsize::new(0)));
            let waker = Waker::from(told.clone());
            let mut future = bell.rung();
            let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
            let theirs = locked(&kept.0).take().expect("it was polled");
            lab.reached();
            lab.escaped_if(theirs.will_wake(&waker), "the waker itself");
            lab.escaped_if(theirs.data() == waker.data(), "what the waker wakes");
            theirs.wake_by_ref();
            assert_eq!(told.0.load(SeqCst), 1, "it is woken in time");
            drop(future);
            theirs.wake_by_ref();
            theirs.wake();
            lab.escaped_if(told.0.load(SeqCst) > 1, "woken after it has given up");
        }
    });
}

/// D15: "internal token visible to U": the question that an object is asked is a token. It can be forwarded, and does nothing
/// in other hands; it shows nothing, and no listing of methods has the name of what takes it.
#[test]
fn d15_token_that_is_forwarded() {
    contained(breaks![membrane::BelieveAnyone], |lab| {
        let (runtime, [guest]) = guests(&policy(chests()));
        let host = runtime.host();
        let oak = Oak::new();
        let lent = sent(host, &guest, &oak);
        let stolen: Arc<dyn Chest> = lent.typed().expect("a chest");
        let shown = Arc::<Mutex<Vec<String>>>::default();
        let (forwarded, notes) = (stolen.clone(), shown.clone());
        let evil = Evil::new(move |query| {
            locked(&notes).push(format!("{query:?}"));
            // It offers itself, the loot and the loot's answer.
            query.offer(&forwarded);
            forwarded.__membrane_chest(query);
            query.offer(&forwarded);
        });
        let own = guest.own::<dyn Chest>(evil.clone());
        let received = guest.send(&own, host).expect("joined");
        if evil.asked() > 0 {
            lab.reached();
        }
        let typed: Arc<dyn Chest> = received.typed().expect("a chest");
        lab.escaped_if(Arc::ptr_eq(&typed, &oak.chest()), "the host's own chest");
        lab.escaped_if(typed.name() != Ok("evil".into()), "it answers for another");
        // What is seen of the token, and of what takes it.
        lab.escaped_if(
            locked(&shown).iter().any(|shown| shown != "Query"),
            "what it is",
        );
        let described = guest.describe(&lent).expect("held");
        let mut names: Vec<String> = described
            .methods()
            .iter()
            .map(|(_, method)| method.to_string())
            .collect();
        names.extend(<dyn Chest>::METHODS.iter().map(ToString::to_string));
        names.extend(lent.interface().methods().iter().map(ToString::to_string));
        names.extend([format!("{lent:?}"), format!("{described:?}")]);
        let hidden = names.iter().filter(|name| name.contains("__"));
        lab.escaped_if(hidden.count() > 0, "a hidden name");
        let vault = Membrane::new(policy(Policy::builder().inbound(allow!(dyn Vault: name))));
        let vault = vault.wrap::<dyn Vault>(Safe::new()).expect("live");
        assert!(vault.name().is_ok());
    });
}
