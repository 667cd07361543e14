//! What happens while a call is prepared, and to what was looked at.

use crate::lab::{breaks, contained};
use crate::stage::{
    Chest, Evil, Oak, Post, SEIZE, at_once, chests, guests, locked, policy, posts, sent, values,
};
use bytes::Bytes;
use membrane::{
    Direction, Error, ErrorKind, Homecoming, Membrane, Passable, Policy, allow, interface, lease,
};
use runtime::{CallError, Dynamic, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// C13: "work done while preparing the call happens ungated": a call that will be refused, because its method is not listed or
/// all is revoked, must not so much as ask what its arguments are.
#[test]
fn c13_arguments_of_a_refused_call() {
    contained(breaks![membrane::AllowAll, gate::NoCut], |lab| {
        for direction in [Direction::Outbound, Direction::Inbound] {
            let membrane = Membrane::new(policy(posts()));
            let oak = Oak::new();
            let chest = membrane.pass(oak.chest(), direction).expect("live");
            let post: Arc<dyn Post> = oak.clone();
            let post = membrane.pass(post, direction).expect("live");
            let evil = Evil::new(|_| ());
            let calls = || {
                lab.reached();
                let leased = lease(&chest);
                let _ = (chest.seize(evil.chest()), leased.seize(evil.chest()));
                let _ = at_once(post.seize(evil.chest()));
            };
            calls();
            lab.escaped_if(evil.asked() > 0, "asked for a method that is not listed");
            lab.escaped_if(membrane.live_proxies() > 2, "wrapped for nobody");
            drop(oak.taken());
            let before = evil.asked();
            chest.keep(evil.chest()).expect("listed");
            assert!(evil.asked() > before, "a call that is let in asks");
            drop(oak.taken());

            let asked = evil.asked();
            membrane.revoke("over");
            calls();
            let _ = (chest.keep(evil.chest()), lease(&chest).keep(evil.chest()));
            lab.escaped_if(evil.asked() > asked, "asked although all is revoked");
        }
        // By number: the same, and what does not fit is not told.
        let (runtime, [guest]) = guests(&policy(chests()));
        let oak = Oak::new();
        let lent = sent(runtime.host(), &guest, &oak);
        let evil = Evil::new(|_| ());
        let own: Value = guest.own::<dyn Chest>(evil.clone()).into();
        let refused = Err(CallError::from(ErrorKind::Refused));
        for args in [&[own][..], &["no chest".into()], &[]] {
            let answer = guest.call(&lent, SEIZE, args);
            lab.escaped_if(answer != refused, format!("{answer:?}"));
        }
        lab.escaped_if(evil.asked() > 0, "asked, by number");
    });
}

type Items = Box<dyn Iterator<Item = Result<u64, Error>> + Send>;

#[interface(dynamic)]
trait Tap: Send + Sync {
    fn run(&self) -> Result<Items, Error>;
    fn fill(&self, items: Items) -> Result<u64, Error>;
    fn drain(&self, items: Items) -> Result<u64, Error>;
}

struct Water;

impl Tap for Water {
    fn run(&self) -> Result<Items, Error> {
        Ok(Box::new((1..).map(Ok)))
    }

    fn fill(&self, mut items: Items) -> Result<u64, Error> {
        items.next().unwrap_or(Ok(0))
    }

    fn drain(&self, items: Items) -> Result<u64, Error> {
        self.fill(items)
    }
}

/// C13: to read an iterator among the arguments is to take it: a call that is refused leaves it where it is.
#[test]
fn c13_iterator_of_a_refused_call() {
    contained(breaks![runtime::LooksFirst], |lab| {
        const RUN: u32 = 0;
        let list = allow!(dyn Tap: run, fill);
        let (runtime, [guest]) = guests(&policy(Policy::builder().inbound(list).outbound(list)));
        let host = runtime.host();
        for (owner, caller) in [(host, &guest), (&guest, host)] {
            let tap = owner.own::<dyn Tap>(Arc::new(Water));
            let tap = owner.send(&tap, caller).expect("joined");
            let own = caller.own::<dyn Tap>(Arc::new(Water));
            let Ok(Value::Object(items)) = caller.call(&own, RUN, &[]) else {
                panic!("an iterator of its own")
            };
            let next = || caller.call(&items, 0, &[]);
            assert!(next().is_ok());
            lab.reached();
            let refused = caller.call_named(&tap, "drain", &[items.clone().into()]);
            lab.escaped_if(refused.is_ok(), "drained");
            let drain = caller.call(&tap, 2, &[items.clone().into()]);
            lab.escaped_if(drain != refused, format!("{drain:?}"));
            lab.escaped_if(next().is_err(), "a refused call has taken it");
        }
        // The same of a call that is listed, and revoked.
        let tap = host.own::<dyn Tap>(Arc::new(Water));
        let tap = host.send(&tap, &guest).expect("joined");
        let own = guest.own::<dyn Tap>(Arc::new(Water));
        let Ok(Value::Object(items)) = guest.call(&own, RUN, &[]) else {
            panic!("an iterator of its own")
        };
        guest.membrane(host).expect("joined").revoke("over");
        let revoked = guest.call_named(&tap, "fill", &[items.clone().into()]);
        lab.escaped_if(revoked.is_ok(), "filled");
        let next = guest.call(&items, 0, &[]);
        lab.escaped_if(next.is_err(), "a revoked call has taken it");
    });
}

/// A buffer whose memory is its owner's to give back, or to keep.
struct Owner(Vec<u8>, Arc<AtomicBool>);

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.1.store(true, SeqCst);
    }
}

#[interface]
trait Store: Send + Sync {
    fn put(&self, data: Bytes) -> Result<(), Error>;
    fn put_all(&self, data: Vec<Bytes>) -> Result<(), Error>;
    fn get(&self) -> Result<Bytes, Error>;
}

#[derive(Default)]
struct Cellar(Mutex<Vec<Bytes>>);

impl Store for Cellar {
    fn put(&self, data: Bytes) -> Result<(), Error> {
        locked(&self.0).push(data);
        Ok(())
    }

    fn put_all(&self, data: Vec<Bytes>) -> Result<(), Error> {
        locked(&self.0).extend(data);
        Ok(())
    }

    fn get(&self) -> Result<Bytes, Error> {
        locked(&self.0).pop().ok_or(ErrorKind::Failed.into())
    }
}

/// C18: "copy in before check": bytes whose memory, and whose `Drop`, are the other side's. What can change while it is looked
/// at does not compile: `ui/fail`'s `argument_cell.rs`, `argument_mutex.rs`, `argument_arc_of_data.rs`.
#[test]
fn c18_buffer_of_a_foreign_owner() {
    contained(breaks![membrane::BareBuffers], |lab| {
        for direction in [Direction::Outbound, Direction::Inbound] {
            let list = allow!(dyn Store: put, put_all, get);
            let membrane = Membrane::new(policy(Policy::builder().inbound(list).outbound(list)));
            let cellar = Arc::<Cellar>::default();
            let store: Arc<dyn Store> = cellar.clone();
            let store = membrane.pass(store, direction).expect("live");
            let owned = || {
                let given_back = Arc::<AtomicBool>::default();
                let owner = Owner(vec![7; 100], given_back.clone());
                (Bytes::from_owner(owner), given_back)
            };
            let check = |way: &str, given_back: &AtomicBool, address: *const u8, got: &Bytes| {
                lab.reached();
                let is_kept = !given_back.load(SeqCst);
                lab.escaped_if(is_kept, format!("{way}: the owner is kept"));
                let is_shared = is_kept && std::ptr::eq(got.as_ptr(), address);
                lab.escaped_if(is_shared, format!("{way}: one memory"));
                assert_eq!(got[..], [7; 100]);
            };
            let (data, given_back) = owned();
            let address = data.as_ptr();
            store.put(data).expect("listed");
            let got = cellar.get().expect("it was put");
            check("an argument", &given_back, address, &got);
            let (data, given_back) = owned();
            let address = data.as_ptr();
            store.put_all(vec![data]).expect("listed");
            let got = cellar.get().expect("it was put");
            check("an element", &given_back, address, &got);
            let (data, given_back) = owned();
            let address = data.as_ptr();
            cellar.put(data).expect("room");
            let got = store.get().expect("it was put");
            check("a result", &given_back, address, &got);
        }
    });
}

#[derive(Passable, Dynamic)]
struct Label {
    name: String,
}

#[interface(dynamic)]
trait Registry: Send + Sync {
    fn map(&self, entries: BTreeMap<String, String>) -> Result<String, Error>;
    fn set(&self, entries: BTreeSet<String>) -> Result<u64, Error>;
    fn label(&self, label: Label) -> Result<String, Error>;
}

#[derive(Default)]
struct Entered(AtomicUsize);

impl Registry for Entered {
    fn map(&self, entries: BTreeMap<String, String>) -> Result<String, Error> {
        self.0.fetch_add(1, SeqCst);
        Ok(entries.into_values().collect())
    }

    fn set(&self, entries: BTreeSet<String>) -> Result<u64, Error> {
        self.0.fetch_add(1, SeqCst);
        Ok(entries.len() as u64)
    }

    fn label(&self, label: Label) -> Result<String, Error> {
        self.0.fetch_add(1, SeqCst);
        Ok(label.name)
    }
}

/// C18: a map with a key twice: of two readers, one checks the first entry, and the other one acts on the last.
#[test]
fn c18_key_that_occurs_twice() {
    contained(breaks![runtime::LastOfTwo], |lab| {
        let list = allow!(dyn Registry: map, set, label);
        let (runtime, [guest]) = guests(&policy(Policy::builder().inbound(list)));
        let entered = Arc::<Entered>::default();
        let registry = runtime.host().own::<dyn Registry>(entered.clone());
        let registry = runtime.host().send(&registry, &guest).expect("joined");
        let pair = |key: &str, value: &str| values([key.into(), value.into()]);
        let once: [(&str, Value); 3] = [
            ("map", values([pair("to", "you"), pair("by", "me")])),
            ("set", values(["a".into(), "b".into()])),
            ("label", Value::record([("name", "you".into())])),
        ];
        for (method, value) in once {
            assert!(guest.call_named(&registry, method, &[value]).is_ok());
        }
        let before = entered.0.load(SeqCst);
        let twice: [(&str, Value); 3] = [
            ("map", values([pair("to", "you"), pair("to", "me")])),
            ("set", values(["a".into(), "a".into()])),
            (
                "label",
                Value::record([("name", "you".into()), ("name", "me".into())]),
            ),
        ];
        for (method, value) in twice {
            lab.reached();
            let answer = guest.call_named(&registry, method, &[value]);
            lab.escaped_if(answer.is_ok(), format!("{method}: {answer:?}"));
        }
        lab.escaped_if(entered.0.load(SeqCst) > before, "it was entered");
    });
}

/// Says that it has three items, and has as many as it likes: each method of an iterator that can be overridden is.
struct Liar(u64);

impl Iterator for Liar {
    type Item = Result<u64, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0 += 1;
        (self.0 <= 10).then_some(Ok(self.0))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (3, Some(3))
    }

    fn count(self) -> usize {
        3
    }

    fn nth(&mut self, _: usize) -> Option<Self::Item> {
        Some(Ok(666))
    }
}

#[interface]
trait Counter: Send + Sync {
    /// How long the items say that they are, at least; what they have at place one; and how many there were.
    fn count(&self, items: Items) -> Result<(usize, u64, usize), Error>;
}

struct Believing;

impl Counter for Believing {
    fn count(&self, mut items: Items) -> Result<(usize, u64, usize), Error> {
        let said = items.size_hint().0;
        let second = items.nth(1).unwrap_or(Ok(0))?;
        Ok((said, second, items.count()))
    }
}

/// C18: "list validated, then T iterates": what an iterator says of itself, and every method of it but `next`, stays on the
/// side where it was made.
#[test]
fn c18_iterator_that_says_how_long_it_is() {
    contained(breaks![membrane::BareArguments], |lab| {
        for direction in [Direction::Outbound, Direction::Inbound] {
            let list = allow!(dyn Counter: count);
            let builder = Policy::builder().inbound(list).outbound(list);
            let membrane = Membrane::new(policy(builder.homecoming(Homecoming::Refuse)));
            let counter: Arc<dyn Counter> = Arc::new(Believing);
            let counter = membrane.pass(counter, direction).expect("live");
            for before in [0, 1] {
                lab.reached();
                let items = Box::new(Liar(before));
                let (said, second, count) = counter.count(items).expect("listed");
                lab.escaped_if(said > 0, "its own word for its length");
                lab.escaped_if(second == 666, "its own way to a place");
                lab.escaped_if(count == 3, "its own count");
            }
        }
    });
}
