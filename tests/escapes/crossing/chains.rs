//! A16, A21, A23: who calls whom, with what, and on whose behalf.

use super::chests::{self, Chest};
use super::loot::{BOTH, Bag, back, is_more, look, settle};
use crate::cast::{Safe, Vault, is_raw, listed};
use crate::lab::{breaks, contained};
use membrane::{Direction, Error, Membrane, allow, interface};
use runtime::{CallError, DynamicInterface, Foreign, Handle, Object, Value};
use std::sync::{Arc, Weak};
use tests::fixtures::parcel::{Actor, Load, Ref, Secret, shapes, swap_policy};
use tests::fixtures::ways::{INWARD, Link, OUTWARD, Way};

// ---------------------------------------------------------------------------------------------------------------------
// A16: a chain of delegation over both sides.

/// Hands on to `to`, and keeps what comes by.
fn decorator(to: Ref, seen: &Bag<Ref>) -> Ref {
    let seen = seen.clone();
    let keep = move |load: Load| {
        let all = load.reach();
        for one in &all {
            seen.put(one.clone());
        }
        Load::Vec(all)
    };
    Actor::new(0, move |load| Ok(keep(to.swap(keep(load))?))).share()
}

/// A16: the owner calls the other side's object, which delegates to one of the owner's own, and so on: there and back, each
/// hop converts.
#[test]
fn a16_delegation_that_goes_to_and_fro() {
    for direction in BOTH {
        for links in [1, 3] {
            contained(
                breaks![
                    membrane::BareArguments,
                    membrane::BareResults,
                    membrane::BareElements,
                    membrane::BareReferences
                ],
                |lab| {
                    let membrane = Membrane::new(swap_policy());
                    let secret = Secret::new(1);
                    let (theirs, own) = (Bag::new(), Bag::new());
                    let mut last = Actor::echo(7);
                    for _ in 0..links {
                        let lent = membrane.pass(last, direction).expect("live");
                        let decorated = decorator(lent, &theirs);
                        let taken_in = membrane.pass(decorated, back(direction));
                        last = decorator(taken_in.expect("live"), &own);
                    }
                    let home = last.swap(Load::One(secret.raw.clone()));
                    for home in home.expect("listed").reach() {
                        lab.escaped_if(!Arc::ptr_eq(&home, &secret.raw), "a proxy of its own");
                    }
                    for one in theirs.take() {
                        lab.reached();
                        lab.escaped_if(is_more(&one, &secret), "in the middle of the chain");
                    }
                    for one in own.take() {
                        let is_own = Arc::ptr_eq(&one, &secret.raw);
                        lab.escaped_if(!is_own, "at a hop of the owner's");
                    }
                },
            );
        }
    }
}

/// A16 over three sides in a line: what belongs to one end is a proxy in the middle and at the other.
#[test]
fn a16_delegation_over_three_sides() {
    contained(
        breaks![
            membrane::HomeAnywhere,
            membrane::BareArguments,
            membrane::BareReferences
        ],
        |lab| {
            let outer = Membrane::new(swap_policy());
            let inner = outer.attenuate(&swap_policy()).expect("as wide");
            let secret = Secret::new(1);
            let (middle, end) = (Bag::new(), Bag::new());
            let echo = outer.wrap(Actor::echo(7)).expect("live");
            // The owner's echo, in the middle; decorated there, and at the end; and called from the owner's side.
            let in_the_middle = decorator(echo, &middle);
            let at_the_end = inner.wrap(in_the_middle).expect("live");
            let decorated = decorator(at_the_end, &end);
            let in_the_middle = inner.wrap_inbound(decorated).expect("live");
            let in_the_middle = decorator(in_the_middle, &middle);
            let own = outer.wrap_inbound(in_the_middle).expect("live");
            let home = own.swap(Load::One(secret.raw.clone())).expect("listed");
            for home in home.reach() {
                lab.escaped_if(!Arc::ptr_eq(&home, &secret.raw), "a proxy of its own");
            }
            for (name, bag) in [("in the middle", middle), ("at the end", end)] {
                for one in bag.take() {
                    lab.reached();
                    lab.escaped_if(is_more(&one, &secret), name);
                }
            }
        },
    );
}

// ---------------------------------------------------------------------------------------------------------------------
// A21: callbacks.

fn callbacks() -> impl Iterator<Item = Way> {
    let ways = OUTWARD.into_iter().chain(INWARD);
    ways.filter(|way| way.name.starts_with("argument"))
}

/// A21: what the owner calls the other side's objects and closures with, in every shape.
#[test]
fn a21_argument_of_a_callback() {
    for way in callbacks() {
        for shape in shapes() {
            contained(
                breaks![membrane::BareArguments, membrane::BareReferences],
                |lab| {
                    let membrane = Membrane::new(swap_policy());
                    let secret = Secret::new(1);
                    let got = way.carry(Link(Some(&membrane)), shape.build(&secret.raw));
                    look(
                        lab,
                        got,
                        &secret,
                        format!("{}, as {}", shape.name, way.name),
                    );
                },
            );
        }
    }
}

/// Tells whoever subscribes, with itself as the one who tells.
struct Sender {
    me: Weak<Sender>,
    safe: Arc<Safe>,
}

#[interface]
trait Listener: Send + Sync {
    fn told(&self, by: Arc<dyn Post>, vault: Arc<dyn Vault>) -> Result<(), Error>;
    async fn told_later(&self, by: Arc<dyn Post>, vault: Arc<dyn Vault>) -> Result<(), Error>;
}

#[interface]
trait Post: Send + Sync {
    fn tell(&self, listener: Arc<dyn Listener>) -> Result<(), Error>;
    async fn tell_later(&self, listener: Arc<dyn Listener>) -> Result<(), Error>;
    /// Listed nowhere.
    fn burn(&self) -> Result<u64, Error>;
}

impl Sender {
    fn me(&self) -> Arc<dyn Post> {
        self.me.upgrade().expect("it is being called")
    }
}

#[interface]
impl Post for Sender {
    fn tell(&self, listener: Arc<dyn Listener>) -> Result<(), Error> {
        listener.told(self.me(), self.safe.clone())
    }
    async fn tell_later(&self, listener: Arc<dyn Listener>) -> Result<(), Error> {
        listener.told_later(self.me(), self.safe.clone()).await
    }
    fn burn(&self) -> Result<u64, Error> {
        Ok(1)
    }
}

#[derive(Clone)]
struct Ear(Bag<(Arc<dyn Post>, Arc<dyn Vault>)>);

#[interface]
impl Listener for Ear {
    fn told(&self, by: Arc<dyn Post>, vault: Arc<dyn Vault>) -> Result<(), Error> {
        self.0.put((by, vault));
        Ok(())
    }
    async fn told_later(&self, by: Arc<dyn Post>, vault: Arc<dyn Vault>) -> Result<(), Error> {
        self.0.put((by, vault));
        Ok(())
    }
}

/// A21, "also its `this`": who calls back passes itself along.
#[test]
fn a21_sender_of_a_callback() {
    let posts = allow!(dyn Post: tell, tell_later);
    let listeners = allow!(dyn Listener: told, told_later);
    for direction in BOTH {
        for later in [false, true] {
            contained(
                breaks![membrane::BareArguments, membrane::BareReferences],
                |lab| {
                    let policy = listed()
                        .inbound(posts)
                        .outbound(posts)
                        .inbound(listeners)
                        .outbound(listeners);
                    let membrane = Membrane::new(policy.build().expect("one list each"));
                    let safe = Safe::new();
                    let sender = Arc::new_cyclic(|me: &Weak<Sender>| Sender {
                        me: me.clone(),
                        safe: safe.clone(),
                    });
                    let post: Arc<dyn Post> = sender;
                    let lent = membrane.pass(post, direction).expect("live");
                    let ear = Ear(Bag::new());
                    if later {
                        settle(lent.tell_later(Arc::new(ear.clone()))).expect("listed");
                    } else {
                        lent.tell(Arc::new(ear.clone())).expect("listed");
                    }
                    for (by, vault) in ear.0.take() {
                        lab.reached();
                        lab.escaped_if(by.burn().is_ok(), "the one who calls back");
                        lab.escaped_if(is_raw(&vault, &safe), "what it calls back with");
                    }
                },
            );
        }
    }
}

/// An object of a guest's, elsewhere: it keeps what it is called with.
struct Script(Bag<Object>);

impl Foreign for Script {
    fn call(&self, _: u32, args: &[Value]) -> Result<Value, CallError> {
        args.iter()
            .flat_map(chests::objects)
            .for_each(|object| self.0.put(object));
        Ok(Value::Null)
    }
}

/// A21, dynamically: a guest's object is called by the host, in Rust and by number.
#[test]
fn a21_argument_of_a_guests_object() {
    contained(
        breaks![
            membrane::BareArguments,
            membrane::BareReferences,
            runtime::SendsBare
        ],
        |lab| {
            let stage = chests::Stage::new();
            let (host, guest) = (stage.runtime.host(), &stage.guest);
            let (oak, lent) = chests::lend(host, guest);
            let got = Bag::new();
            let hash = <dyn Chest>::interface().hash();
            let script = got.clone();
            let imported = guest
                .import(1, hash, move || Arc::new(Script(script)))
                .expect("it is known");
            // The guest hands it in, and the chest calls it back.
            let told = guest.call_named(&lent, "tell", &[imported.clone().into()]);
            told.expect("listed");
            // The host has it, and calls it.
            let held = guest.send(&imported, host).expect("joined");
            let chest = host.own::<dyn Chest>(oak.clone());
            let taken = host.call_named(&held, "take", &[chest.into()]);
            taken.expect("listed");
            let typed = held.typed::<dyn Chest>().expect("it is one");
            typed.take(oak.clone()).ok().expect("listed");
            let got = got.take();
            assert_eq!(got.len(), 3, "each time it was called");
            for object in got {
                chests::look(lab, guest, &object.into(), "called back with");
            }
            lab.escaped_if(oak.opened() > 0, "opened");
        },
    );
}

// ---------------------------------------------------------------------------------------------------------------------
// A23: no receiver.

/// A23: a call on nobody must not become one on somebody: names that were never given, given up, or of no domain.
#[test]
fn a23_name_that_names_nothing() {
    contained(breaks![runtime::AnyDomain, runtime::AnyGeneration], |lab| {
        let stage = chests::Stage::new();
        let (host, guest) = (stage.runtime.host(), &stage.guest);
        let (_, kept) = chests::lend(host, guest);
        let (_, gone) = chests::lend(host, guest);
        let given_up = guest.insert(&gone).expect("room");
        let name = guest.insert(&kept).expect("room");
        assert!(guest.release(given_up), "it was one");
        // In the place of the one that was given up.
        let (_, other) = chests::lend(host, guest);
        let others = guest.insert(&other).expect("room");
        let domain = name.to_bits() >> 64;
        let low = |bits: u128| bits & u128::from(u64::MAX);
        let mut nobodies = vec![0, 1, u128::MAX, low(u128::MAX), given_up.to_bits()];
        for of in [0, domain + 1_000, low(u128::MAX)] {
            nobodies.extend([name, others].map(|name| of << 64 | low(name.to_bits())));
        }
        for generation in [0, 1, 2, 4, 5, 7] {
            for place in 0..4 {
                nobodies.push(domain << 64 | generation << 32 | place);
            }
        }
        let taken = [name.to_bits(), others.to_bits()];
        for bits in nobodies.into_iter().filter(|bits| !taken.contains(bits)) {
            lab.reached();
            let found = guest.get(Handle::from_bits(bits));
            lab.escaped_if(found.is_some(), format!("somebody, by {bits:#x}"));
        }
    });
}

/// A23: null, where an object is to be: no default is put in its place, for the receiver, an argument or a result.
#[test]
fn a23_null_where_an_object_is_to_be() {
    /// Gives null for everything.
    struct Empty;
    impl Foreign for Empty {
        fn call(&self, _: u32, _: &[Value]) -> Result<Value, CallError> {
            Ok(Value::Null)
        }
    }
    contained(
        breaks![membrane::BareElements, membrane::BareReferences],
        |lab| {
            let stage = chests::Stage::new();
            let (host, guest) = (stage.runtime.host(), &stage.guest);
            let (oak, lent) = chests::lend(host, guest);
            for method in ["take", "tell"] {
                let called = guest.call_named(&lent, method, &[Value::Null]);
                lab.reached();
                lab.escaped_if(called.is_ok(), "null, for an argument");
            }
            lab.escaped_if(!oak.taken().is_empty(), "something else, for null");
            let hash = <dyn Chest>::interface().hash();
            let empty = guest.import(1, hash, || Arc::new(Empty));
            let empty = guest.send(&empty.expect("known"), host).expect("joined");
            let typed = empty.typed::<dyn Chest>().expect("it is one");
            lab.escaped_if(typed.inner().is_ok(), "an object, for null");
            lab.escaped_if(typed.name().is_ok(), "a number, for null");
            // What is not there stays away, and what is beside it is what it was.
            let membrane = Membrane::new(listed().build().expect("one list each"));
            let safe = Safe::new();
            let vault: Arc<dyn Vault> = safe.clone();
            let list = vec![None, Some(vault), None];
            let got = membrane.pass(list, Direction::Outbound).expect("live");
            lab.escaped_if(got[0].is_some() || got[2].is_some(), "somebody, for nobody");
            let there = got.into_iter().flatten().next().expect("the second");
            lab.escaped_if(is_raw(&there, &safe), "beside nobody");
        },
    );
}

/// A23: a domain to which nothing leads is called by nobody, and its objects are not looked for elsewhere.
#[test]
fn a23_object_of_nobodys() {
    contained(breaks![runtime::StaysJoined], |lab| {
        let stage = chests::Stage::new();
        let host = stage.runtime.host();
        let (oak, lent) = chests::lend(host, &stage.guest);
        stage.guest.close("gone");
        lab.reached();
        for method in ["name", "inner"] {
            let called = stage.guest.call_named(&lent, method, &[]);
            lab.escaped_if(called.is_ok(), format!("{method}, after the end"));
        }
        let sent = host.send(&host.own::<dyn Chest>(oak), &stage.guest);
        lab.escaped_if(sent.is_ok(), "sent to nobody");
    });
}
