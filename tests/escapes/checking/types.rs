//! What an object or an argument is, when it is looked at and when it is used.

use crate::cast::{Safe, Vault};
use crate::lab::{breaks, contained};
use crate::stage::{Chest, Evil, Oak, chests, guests, policy, sent, values};
use membrane::{Direction, Error, Membrane, Passable, Policy, allow, interface};
use runtime::{CallError, Dynamic, DynamicInterface as _, Foreign, Value};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// C3: "type tag of an argument changes between match and use": asked whose proxy it is, an object has a stolen proxy answer
/// the first time, says nothing the second time, and so on.
#[test]
fn c3_object_that_answers_differently_each_time() {
    contained(breaks![membrane::BelieveAnyone], |lab| {
        for direction in [Direction::Outbound, Direction::Inbound] {
            for first in 0..2 {
                let membrane = Membrane::new(policy(chests()));
                let (victim, desk) = (Oak::new(), Oak::new());
                let stolen = membrane.pass(victim.chest(), direction).expect("live");
                let lent = membrane.pass(desk.chest(), direction).expect("live");
                let turn = AtomicUsize::new(first);
                let evil = Evil::new(move |query| {
                    if turn.fetch_add(1, SeqCst).is_multiple_of(2) {
                        stolen.__membrane_chest(query);
                    }
                });
                for _ in 0..3 {
                    lent.keep(evil.chest()).expect("listed");
                    let taken = desk.taken().expect("it is kept");
                    lab.escaped_if(
                        Arc::ptr_eq(&taken, &victim.chest()),
                        format!("{direction:?}: it passed for the owner's own chest"),
                    );
                }
                if evil.asked() > 0 {
                    lab.reached();
                }
            }
        }
    });
}

/// Lists less than [`Vault`] alone does: see below.
#[interface]
trait Strongbox: Vault {
    fn weigh(&self) -> Result<u64, Error>;
}

impl Strongbox for Safe {
    fn weigh(&self) -> Result<u64, Error> {
        Ok(7)
    }
}

/// C3: an object that crossed as one interface is asked as another one, whose list is longer, and lent on.
#[test]
fn c3_object_asked_as_its_super_interface() {
    contained(breaks![membrane::AskedAsSuper], |lab| {
        let (boxes, vaults) = (allow!(dyn Strongbox: weigh), allow!(dyn Vault: name, open));
        let builder = Policy::builder().inbound(boxes).inbound(vaults);
        let policy = policy(builder.outbound(boxes).outbound(vaults));
        let root = Membrane::new(policy.clone());
        let on = root.attenuate(&policy).expect("as wide");
        let safe = Safe::new();
        let held: Arc<dyn Strongbox> = root.wrap::<dyn Strongbox>(safe.clone()).expect("live");
        let further = on.wrap(held.clone()).expect("live");
        assert_eq!((held.weigh(), further.weigh()), (Ok(7), Ok(7)));
        let up: Arc<dyn Vault> = held;
        assert!(up.open().is_err(), "a strongbox is not opened");
        lab.reached();
        let out = on.wrap(up).expect("live");
        lab.escaped_if(out.open().is_ok(), "on the way out");
        let up: Arc<dyn Vault> = further;
        let back = on.wrap_inbound(up).expect("live");
        lab.escaped_if(back.open().is_ok(), "on the way back");
        lab.escaped_if(safe.opened() > 0, "the gold");
    });
}

#[interface(dynamic)]
trait Gate: Send + Sync {
    fn pass(&self) -> Result<(), Error>;
}

/// Something of a guest's, which says of itself what it likes.
struct Script;

impl Foreign for Script {
    fn call(&self, _: u32, _: &[Value]) -> Result<Value, CallError> {
        Ok(Value::Null)
    }
}

/// C3: a guest says of one object of its own now that it is a chest, and then that it is a gate.
#[test]
fn c3_import_as_another_interface() {
    contained(breaks![runtime::AnyInterface], |lab| {
        let (runtime, [guest]) = guests::<1>(&policy(chests()));
        runtime.know::<dyn Chest>();
        runtime.know::<dyn Gate>();
        let (chest, gate) = (<dyn Chest>::interface(), <dyn Gate>::interface());
        let first = guest.import(7, chest.hash(), || Arc::new(Script));
        let first = first.expect("it is known");
        lab.reached();
        let second = guest.import(7, gate.hash(), || Arc::new(Script));
        let second = second.expect("it is known");
        lab.escaped_if(
            second.typed::<dyn Gate>().is_none(),
            format!("asked for as a gate, it is {second:?}"),
        );
        lab.escaped_if(first == second, "two interfaces, and one object");
        assert!(
            first.typed::<dyn Chest>().is_some(),
            "the first is as it was"
        );
    });
}

#[derive(Passable, Dynamic)]
struct Order {
    title: String,
    copies: u8,
}

type Job = Arc<dyn Fn(u64) -> Result<u64, Error> + Send + Sync>;

#[interface(dynamic)]
trait Clerk: Send + Sync {
    fn write(&self, text: &str) -> Result<(), Error>;
    fn run(&self, job: Job) -> Result<u64, Error>;
    fn keep(&self, chest: Arc<dyn Chest>) -> Result<(), Error>;
    fn order(&self, order: Order) -> Result<(), Error>;
    #[allow(clippy::option_option, reason = "an argument may be absent twice over")]
    fn maybe(&self, count: Option<Option<u8>>) -> Result<(), Error>;
}

#[derive(Default)]
struct Busy(AtomicUsize, Mutex<Vec<Arc<dyn Chest>>>);

impl Busy {
    fn enter(&self) {
        self.0.fetch_add(1, SeqCst);
    }
}

impl Clerk for Busy {
    fn write(&self, _: &str) -> Result<(), Error> {
        self.enter();
        Ok(())
    }

    fn run(&self, job: Job) -> Result<u64, Error> {
        self.enter();
        job(1)
    }

    fn keep(&self, chest: Arc<dyn Chest>) -> Result<(), Error> {
        self.enter();
        self.1.lock().expect("no panic").push(chest);
        Ok(())
    }

    fn order(&self, _: Order) -> Result<(), Error> {
        self.enter();
        Ok(())
    }

    fn maybe(&self, _: Option<Option<u8>>) -> Result<(), Error> {
        self.enter();
        Ok(())
    }
}

/// C12: "argument accepted by T in a more powerful interpretation": text where a closure is wanted, bytes for text, an object
/// of another interface or of other hands.
#[test]
fn c12_argument_of_another_kind() {
    contained(breaks![runtime::LooseTypes, runtime::AnyHolder], |lab| {
        let list = allow!(dyn Clerk: write, run, keep, order, maybe);
        let (runtime, [guest]) = guests(&policy(chests().inbound(list)));
        let host = runtime.host();
        let busy = Arc::<Busy>::default();
        let clerk = host.own::<dyn Clerk>(busy.clone());
        let clerk = host.send(&clerk, &guest).expect("joined");
        let (treasure, own) = (Oak::new(), Oak::new());
        let of_the_host: Value = host.own::<dyn Chest>(treasure.clone()).into();
        let lent: Value = sent(host, &guest, &treasure).into();
        let own: Value = guest.own::<dyn Chest>(own).into();
        let order = |fields: Vec<(&'static str, Value)>| Value::record(fields);
        let title = || ("title", Value::from("t"));
        let wrong: Vec<(&str, Vec<Value>)> = vec![
            ("write", vec![Value::from(b"text".to_vec())]),
            ("write", vec![1.into()]),
            ("write", vec![own.clone()]),
            ("write", vec![values(["text".into()])]),
            ("run", vec!["|n| n".into()]),
            ("run", vec![own.clone(), 1.into()]),
            ("run", vec![own.clone()]),
            ("run", vec![Value::Null]),
            ("keep", vec![of_the_host]),
            ("keep", vec!["Chest".into()]),
            ("keep", vec![clerk.clone().into()]),
            ("order", vec![order(vec![title()])]),
            ("order", vec![order(vec![title(), ("copies", 256.into())])]),
            (
                "order",
                vec![order(vec![
                    title(),
                    ("copies", 1.into()),
                    ("more", 1.into()),
                ])],
            ),
            ("order", vec![order(vec![title(), ("copies", "1".into())])]),
            ("order", vec![values(["t".into(), 1.into()])]),
            ("maybe", vec![1.into()]),
            ("maybe", vec![values([1.into(), 2.into()])]),
        ];
        for (method, args) in wrong {
            lab.reached();
            let answer = guest.call_named(&clerk, method, &args);
            lab.escaped_if(answer.is_ok(), format!("{method}({args:?})"));
        }
        lab.escaped_if(busy.0.load(SeqCst) > 0, "it was entered");
        // What is of the right kind is taken.
        let right: [(&str, Value); 4] = [
            ("write", "text".into()),
            ("keep", lent),
            ("order", order(vec![title(), ("copies", 255.into())])),
            ("maybe", values([Value::Null])),
        ];
        for (method, value) in right {
            let answer = guest.call_named(&clerk, method, &[value]);
            assert_eq!(answer, Ok(Value::Null), "{method}");
        }
    });
}
