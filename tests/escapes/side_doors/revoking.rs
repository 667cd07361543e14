//! Taking back: what is in flight, what was kept from before, whose it is.

use super::staging::{Boxed, Chest, Coffer, KEEP, NAME, joined, poll, poll_next};
use crate::cast::{Safe, Vault, listed};
use crate::lab::{Lab, breaks, contained};
use futures_core::Stream;
use membrane::{
    Direction, Error, Membrane, Passable, Policy, PolicyBuilder, allow, interface, lease,
};
use runtime::Limits;
use std::fmt::Debug;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tests::{Census, Token};

type Closure = Arc<dyn Fn(u64) -> Result<u64, Error> + Send + Sync>;
type Items = Box<dyn Iterator<Item = Result<u64, Error>> + Send>;
type Flow = Pin<Box<dyn Stream<Item = Result<u64, Error>> + Send>>;

/// An error of its own.
#[derive(Debug, Passable)]
enum Alarm {
    Rings(u64),
    Membrane(Error),
}

impl From<Error> for Alarm {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

#[interface]
trait Agent: Send + Sync {
    fn number(&self) -> Result<u64, Error>;
    fn text(&self) -> Result<String, Error>;
    fn vault(&self) -> Result<Arc<dyn Vault>, Error>;
    fn alarm(&self) -> Result<u64, Alarm>;
    fn call(&self, back: Closure) -> Result<u64, Error>;
    fn items(&self) -> Result<Items, Error>;
    fn flow(&self) -> Result<Flow, Error>;
    fn future(&self) -> Result<Boxed<u64>, Error>;
    fn closure(&self) -> Result<Closure, Error>;
    async fn later(&self) -> Result<u64, Error>;
}

/// Acts whenever it is called, and then answers.
struct Acting(Arc<dyn Fn() + Send + Sync>);

/// Acts at each poll, and then gives an item.
struct ActingFlow(Arc<dyn Fn() + Send + Sync>, std::ops::Range<u64>);

impl Stream for ActingFlow {
    type Item = Result<u64, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        (self.0)();
        Poll::Ready(self.1.next().map(Ok))
    }
}

fn acting(act: impl Fn() + Send + Sync + 'static) -> Arc<dyn Agent> {
    Arc::new(Acting(Arc::new(act)))
}

#[interface]
impl Agent for Acting {
    fn number(&self) -> Result<u64, Error> {
        (self.0)();
        Ok(7)
    }

    fn text(&self) -> Result<String, Error> {
        (self.0)();
        Ok("what it read".into())
    }

    fn vault(&self) -> Result<Arc<dyn Vault>, Error> {
        (self.0)();
        Ok(Safe::new())
    }

    fn alarm(&self) -> Result<u64, Alarm> {
        (self.0)();
        Err(Alarm::Rings(7))
    }

    fn call(&self, back: Closure) -> Result<u64, Error> {
        (self.0)();
        back(7)
    }

    fn items(&self) -> Result<Items, Error> {
        let act = self.0.clone();
        Ok(Box::new((0..9).map(move |item| {
            act();
            Ok(item)
        })))
    }

    fn flow(&self) -> Result<Flow, Error> {
        Ok(Box::pin(ActingFlow(self.0.clone(), 0..9)))
    }

    fn future(&self) -> Result<Boxed<u64>, Error> {
        let act = self.0.clone();
        Ok(Box::pin(async move {
            act();
            Ok(7)
        }))
    }

    fn closure(&self) -> Result<Closure, Error> {
        let act = self.0.clone();
        Ok(Arc::new(move |number| {
            act();
            Ok(number)
        }))
    }

    async fn later(&self) -> Result<u64, Error> {
        tokio::task::yield_now().await;
        (self.0)();
        Ok(7)
    }
}

fn agents() -> PolicyBuilder {
    let agents =
        allow!(dyn Agent: number, text, vault, alarm, call, items, flow, future, closure, later);
    listed().inbound(agents).outbound(agents)
}

/// An agent of one side, which revokes its membrane whenever it is called, as the other side holds it.
fn saboteur(direction: Direction) -> Arc<dyn Agent> {
    let membrane = Membrane::new(agents().build().expect("one list each"));
    let revoker = membrane.revoker();
    let agent = acting(move || revoker.revoke("over"));
    membrane.pass(agent, direction).expect("live")
}

/// The result of a call that was revoked before it ended got out.
#[allow(clippy::needless_pass_by_value, reason = "what got out ends here")]
fn delivered<R, E: Debug>(lab: &Lab, result: Result<R, E>, what: &str) {
    lab.escaped_if(result.is_ok(), what);
}

const BOTH: [Direction; 2] = [Direction::Outbound, Direction::Inbound];

/// E12: "object result refused but primitive result still delivered, error after revoke still crosses": of a call that revokes
/// its own membrane nothing comes out, whichever kind it is of, either way.
#[test]
fn e12_call_that_revokes() {
    contained(breaks![gate::NoExitCheck, gate::NoCut], |lab| {
        for direction in BOTH {
            lab.reached();
            delivered(lab, saboteur(direction).number(), "a number");
            delivered(lab, saboteur(direction).text(), "a text");
            delivered(lab, saboteur(direction).vault(), "an object");
            let rings = matches!(saboteur(direction).alarm(), Err(Alarm::Rings(_)));
            lab.escaped_if(rings, "an error");
            let called = Arc::new(AtomicUsize::new(0));
            let log = called.clone();
            let back: Closure = Arc::new(move |number| {
                log.fetch_add(1, SeqCst);
                Ok(number)
            });
            delivered(lab, saboteur(direction).call(back), "what was called back");
            lab.escaped_if(called.load(SeqCst) > 0, "a call back");
        }
    });
}

/// E12, of each kind of later step.
#[test]
fn e12_step_and_poll_that_revoke() {
    contained(breaks![gate::NoExitCheck, gate::NoCut], |lab| {
        for direction in BOTH {
            let mut items = saboteur(direction).items().expect("live");
            let mut flow = saboteur(direction).flow().expect("live");
            let mut future = saboteur(direction).future().expect("live");
            let closure = saboteur(direction).closure().expect("live");
            let agent = saboteur(direction);
            let mut later = agent.later();
            assert!(poll(&mut later).is_pending());
            lab.reached();
            lab.escaped_if(matches!(items.next(), Some(Ok(_))), "an item");
            lab.escaped_if(items.any(|item| item.is_ok()), "a later item");
            for which in ["an item of a stream", "a later one"] {
                let item = poll_next(&mut flow);
                lab.escaped_if(matches!(item, Poll::Ready(Some(Ok(_)))), which);
            }
            let ended = poll(&mut future);
            lab.escaped_if(matches!(ended, Poll::Ready(Ok(_))), "a future's end");
            delivered(lab, closure(7), "what a closure gives");
            let ended = poll(&mut later);
            lab.escaped_if(matches!(ended, Poll::Ready(Ok(_))), "a call's later end");
        }
    });
}

/// E12, through a lease.
#[test]
fn e12_lease_whose_call_revokes() {
    contained(breaks![gate::UncheckedKept, gate::NoCut], |lab| {
        for direction in BOTH {
            let (number, text, alarm) = (
                saboteur(direction),
                saboteur(direction),
                saboteur(direction),
            );
            let (number, text, alarm) = (lease(&number), lease(&text), lease(&alarm));
            lab.reached();
            delivered(lab, number.number(), "a number");
            delivered(lab, text.text(), "a text");
            lab.escaped_if(matches!(alarm.alarm(), Err(Alarm::Rings(_))), "an error");
        }
    });
}

/// E12, of dynamic calls: the membrane is revoked, or the domain closed, in the middle.
#[test]
fn e12_dynamic_call_that_revokes() {
    contained(breaks![gate::NoExitCheck, gate::NoCut], |lab| {
        for close in [false, true] {
            let (runtime, guest, membrane) = joined(Limits::default());
            let closed = guest.clone();
            let own = runtime.host().own::<dyn Chest>(Arc::new(Coffer {
                on_name: Some(Box::new(move || {
                    if close {
                        closed.close("over");
                    } else {
                        membrane.revoke("over");
                    }
                })),
                ..Coffer::default()
            }));
            let lent = runtime.host().send(&own, &guest).expect("live");
            lab.reached();
            delivered(lab, guest.call(&lent, NAME, &[]), "a text");
        }
    });
}

/// E13: "method handle, iterator, half-finished cursor, callback held by T": the reference itself, on either side.
#[test]
fn e13_reference_kept_from_before() {
    contained(breaks![gate::NoCut, membrane::OneWay], |lab| {
        for direction in BOTH {
            let safe = Safe::new();
            let membrane = Membrane::new(listed().build().expect("one list each"));
            let vault: Arc<dyn Vault> = safe.clone();
            let vault = membrane.pass(vault, direction).expect("live");
            assert!(vault.name().is_ok(), "it may be named before");
            membrane.revoke("over");
            lab.reached();
            lab.escaped_if(vault.name().is_ok(), format!("{direction:?}: a call"));
            lab.escaped_if(safe.opened() > 0, "the gold");
        }
    });
}

/// E13: the pieces of it, begun and not begun.
#[test]
fn e13_pieces_kept_from_before() {
    contained(breaks![gate::NoCut, membrane::OneWay], |lab| {
        for direction in BOTH {
            let membrane = Membrane::new(agents().build().expect("one list each"));
            let ran = Arc::new(AtomicUsize::new(0));
            let counter = ran.clone();
            let agent = acting(move || {
                counter.fetch_add(1, SeqCst);
            });
            let agent = membrane.pass(agent, direction).expect("live");
            let closure = agent.closure().expect("listed");
            let (mut items, mut begun) = (agent.items().expect("listed"), agent.items());
            let begun = begun.as_mut().expect("listed");
            assert_eq!(begun.next(), Some(Ok(0)));
            let (mut flow, mut flowing) = (agent.flow().expect("listed"), agent.flow());
            let flowing = flowing.as_mut().expect("listed");
            assert_eq!(poll_next(flowing), Poll::Ready(Some(Ok(0))));
            let mut future = agent.future().expect("listed");
            let mut unpolled = agent.later();
            let mut polled = agent.later();
            assert!(poll(&mut polled).is_pending());
            let leased = lease(&agent);
            assert_eq!(leased.number(), Ok(7));
            let before = ran.load(SeqCst);

            membrane.revoke("over");
            lab.reached();
            delivered(lab, closure(1), "a closure");
            lab.escaped_if(items.any(|item| item.is_ok()), "an iterator");
            lab.escaped_if(begun.any(|item| item.is_ok()), "the rest of an iterator");
            for (flow, what) in [(&mut flow, "a stream"), (flowing, "the rest of a stream")] {
                let item = poll_next(flow);
                lab.escaped_if(matches!(item, Poll::Ready(Some(Ok(_)))), what);
            }
            let polls = [
                ("a future", poll(&mut future)),
                ("a call that was not begun", poll(&mut unpolled)),
                ("a call that waited", poll(&mut polled)),
            ];
            for (what, outcome) in polls {
                lab.escaped_if(!matches!(outcome, Poll::Ready(Err(_))), what);
            }
            delivered(lab, leased.number(), "a lease");
            delivered(
                lab,
                membrane.pass(agent.clone(), direction),
                "a further crossing",
            );
            let after = ran.load(SeqCst);
            lab.escaped_if(after > before, format!("{} effects", after - before));
        }
    });
}

/// E13, of dynamic pieces: a reference with a method's number, a name, the typed view.
#[test]
fn e13_dynamic_pieces_kept_from_before() {
    contained(breaks![gate::NoCut, runtime::StaysJoined], |lab| {
        for outward in [true, false] {
            let (runtime, guest, _membrane) = joined(Limits::default());
            let host = runtime.host();
            let (from, to) = if outward {
                (host, &guest)
            } else {
                (&guest, host)
            };
            let own = from.own::<dyn Chest>(Arc::new(Coffer::default()));
            let sent = from.send(&own, to).expect("live");
            let typed = sent.typed::<dyn Chest>().expect("a chest");
            let number = sent.method("name").expect("listed");
            let name = to.insert(&sent).expect("room");
            assert!(to.call(&sent, number, &[]).is_ok());
            guest.close("over");
            lab.reached();
            delivered(lab, to.call(&sent, number, &[]), "a call by number");
            delivered(lab, to.call_named(&sent, "name", &[]), "a call by name");
            delivered(lab, typed.name(), "a typed call");
            delivered(lab, from.send(&own, to), "a further crossing");
            let named = outward && to.get(name).is_some();
            lab.escaped_if(named, "what a closed domain's name stands for");
        }
    });
}

/// Keeps whoever is to be told.
#[derive(Default)]
struct Board(Mutex<Vec<Arc<dyn Listener>>>);

#[interface]
trait Listener: Send + Sync {
    fn told(&self, news: u64) -> Result<u64, Error>;
}

#[interface]
trait Subscription: Send + Sync {
    fn subscribe(&self, listener: Arc<dyn Listener>) -> Result<(), Error>;
}

impl Subscription for Board {
    fn subscribe(&self, listener: Arc<dyn Listener>) -> Result<(), Error> {
        self.listeners().push(listener);
        Ok(())
    }
}

impl Board {
    fn listeners(&self) -> std::sync::MutexGuard<'_, Vec<Arc<dyn Listener>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many have heard.
    fn tell(&self, news: u64) -> usize {
        let listeners = self.listeners().clone();
        listeners
            .iter()
            .filter(|one| one.told(news).is_ok())
            .count()
    }
}

struct Ear {
    heard: Arc<AtomicUsize>,
    #[allow(dead_code, reason = "it counts while it lives")]
    token: Token,
}

impl Listener for Ear {
    fn told(&self, _: u64) -> Result<u64, Error> {
        Ok(self.heard.fetch_add(1, SeqCst) as u64)
    }
}

/// E14: "yellow revoked; blue proxy to yellow listener survives": by one hop and by two, of which either is revoked.
#[test]
fn e14_listener_of_the_other_side() {
    contained(breaks![gate::NoCut, membrane::OneWay], |lab| {
        for (hops, revoked) in [(1, 0), (2, 0), (2, 1)] {
            let policy = || {
                Policy::builder()
                    .inbound(allow!(dyn Subscription: subscribe))
                    .outbound(allow!(dyn Listener: told))
                    .build()
                    .expect("one list each")
            };
            let membranes: Vec<_> = (0..hops).map(|_| Membrane::new(policy())).collect();
            let (board, census) = (Arc::new(Board::default()), Census::default());
            let mut lent: Arc<dyn Subscription> = board.clone();
            for membrane in &membranes {
                lent = membrane.wrap(lent).expect("live");
            }
            let heard = Arc::new(AtomicUsize::new(0));
            let ear = Ear {
                heard: heard.clone(),
                token: census.token(),
            };
            lent.subscribe(Arc::new(ear)).expect("listed");
            assert_eq!(board.tell(1), 1, "it hears before");
            membranes[revoked].revoke("over");
            lab.reached();
            lab.escaped_if(board.tell(2) > 0, "an answer");
            lab.escaped_if(heard.load(SeqCst) > 1, "what was told after the revocation");
            // Of two hops the one that stands keeps its own proxy, and no more.
            let last = revoked + 1 == hops;
            lab.escaped_if(last && census.alive() > 0, "the listener itself");
        }
    });
}

/// E14, of domains: what the guest lent to the host dies with what the host lent to it.
#[test]
fn e14_domain_that_is_closed() {
    contained(breaks![gate::NoCut, runtime::StaysJoined], |lab| {
        let (runtime, guest, _membrane) = joined(Limits::default());
        let host = runtime.host();
        let (of_host, of_guest) = (Arc::new(Coffer::default()), Arc::new(Coffer::default()));
        let own = host.own::<dyn Chest>(of_host);
        let lent = host.send(&own, &guest).expect("live");
        let own = guest.own::<dyn Chest>(of_guest.clone());
        assert!(guest.call(&lent, KEEP, &[own.clone().into()]).is_ok());
        let taken = guest.send(&own, host).expect("live");
        drop(own);
        assert!(host.call(&taken, NAME, &[]).is_ok());
        guest.close("over");
        lab.reached();
        delivered(lab, guest.call(&lent, NAME, &[]), "inward");
        delivered(lab, host.call(&taken, NAME, &[]), "outward");
        lab.escaped_if(Arc::strong_count(&of_guest) > 1, "an object of the dead");
    });
}

/// E15: "wrong cohort": a revoker ends what it was made for. That none crosses is in the types: `hostile_revoker_as_argument`.
#[test]
fn e15_revoker_of_one_cohort() {
    contained(breaks![membrane::ParentToo], |lab| {
        let policy = listed().build().expect("one list each");
        let owner = Membrane::new(policy.clone());
        let (alice, bob) = (owner.grant(&policy), owner.grant(&policy));
        let (alice, bob) = (alice.expect("no more"), bob.expect("no more"));
        let vault: Arc<dyn Vault> = Safe::new();
        let lend = |to: &Membrane| to.wrap(vault.clone()).expect("live");
        let (for_owner, for_alice, for_bob) = (lend(&owner), lend(&alice), lend(&bob));
        // What the holder derives, and what the owner finds of what it has derived.
        let carol = alice.attenuate(&policy).expect("no more");
        let for_carol = carol.wrap(for_alice.clone()).expect("live");
        let found = owner.lent(&for_carol).expect("one of the owner's");
        assert_eq!(found.grant(), carol.id());
        lab.reached();
        found.revoker().revoke("carol left");
        assert!(for_carol.name().is_err());
        lab.escaped_if(for_alice.name().is_err(), "carol's revoker ends alice's");
        alice.revoker().revoke("alice left");
        assert!(for_alice.name().is_err());
        lab.escaped_if(for_bob.name().is_err(), "alice's revoker ends bob's");
        lab.escaped_if(
            for_owner.name().is_err(),
            "alice's revoker ends the owner's",
        );
    });
}
