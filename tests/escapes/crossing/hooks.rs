//! A18, A20: what diagnostics and conversions show.

use super::chests::{self, Chest};
use super::loot::{BOTH, Bag, back};
use crate::cast::{Safe, Vault, listed};
use crate::lab::{breaks, contained};
use membrane::{
    AuditEvent, AuditRecord, Error, GrantId, Membrane, OnPanic, Policy, PolicyBuilder, allow,
    interface,
};
use runtime::Value;
use std::any::Any;
use std::fmt::{self, Debug};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Weak};

// ---------------------------------------------------------------------------------------------------------------------
// A18: diagnostics.

/// A18: a holder who lends on has a handle, and may put a hook there. It hears of what is below, and of nothing above or beside.
#[test]
fn a18_audit_hook_of_a_grant() {
    contained(breaks![membrane::HearsAbove], |lab| {
        let membrane = Membrane::new(listed().build().expect("one list each"));
        membrane.audit(|_: &AuditRecord<'_>| ());
        let guests = membrane.attenuate(&listed().build().expect("one list each"));
        let guests = guests.expect("as wide").labelled("guest");
        let beside = membrane.grant(&listed().build().expect("one list each"));
        let beside = beside.expect("as wide").labelled("a secret name");
        let heard: Bag<(GrantId, String)> = Bag::new();
        let hook = heard.clone();
        guests.audit(move |record: &AuditRecord<'_>| {
            hook.put((record.grant, format!("{record:?}")));
        });
        let safe = Safe::new();
        let vault: Arc<dyn Vault> = safe.clone();
        let own = membrane.wrap(vault.clone()).expect("live");
        let other = beside.wrap(vault.clone()).expect("live");
        let lent_on = guests.wrap(vault).expect("live");
        for vault in [&own, &other, &lent_on] {
            assert!(vault.name().is_ok() && vault.open().is_err(), "as listed");
        }
        membrane.suspend("a secret reason", None);
        membrane.resume();
        beside.revoke("a secret reason");
        let heard = heard.take();
        let own = |(grant, _): &&(GrantId, String)| *grant == guests.id();
        assert!(heard.iter().any(|one| own(&one)), "it hears of its own");
        lab.reached();
        let address = format!("{:p}", Arc::as_ptr(&safe));
        for (grant, text) in &heard {
            lab.escaped_if(*grant != guests.id(), "what another grant does");
            lab.escaped_if(text.contains("secret"), "another's name, or reason");
            lab.escaped_if(text.contains(&address), "where the target is");
        }
    });
}

/// What a record is made of: numbers, and names that are in the program's text.
#[test]
fn a18_record_that_keeps_what_it_is_told_of() {
    contained(breaks![membrane::TableOwns], |lab| {
        let membrane = Membrane::new(listed().build().expect("one list each"));
        let kept: Bag<AuditEvent> = Bag::new();
        let hook = kept.clone();
        membrane.audit(move |record: &AuditRecord<'_>| hook.put(record.event));
        for direction in BOTH {
            let safe = Safe::new();
            let vault: Arc<dyn Vault> = safe.clone();
            let lent = membrane.pass(vault, direction).expect("live");
            assert!(lent.name().is_ok() && lent.open().is_err(), "as listed");
            drop(lent);
            let events = kept.take();
            assert!(events.len() >= 3, "made, and called twice: {events:?}");
            lab.reached();
            lab.escaped_if(Arc::strong_count(&safe) > 1, "the target, in a record");
        }
    });
}

/// What a panic carries when it carries all that its frame had.
struct Frame {
    receiver: Arc<dyn Alarm>,
    _arguments: (Arc<dyn Vault>, String),
}

#[interface]
trait Alarm: Send + Sync {
    fn ring(&self, vault: Arc<dyn Vault>, text: &str) -> Result<u64, Error>;
    async fn ring_later(&self, vault: Arc<dyn Vault>, text: &str) -> Result<u64, Error>;
    /// Listed nowhere.
    fn silence(&self) -> Result<u64, Error>;
}

struct Loud(Weak<Loud>);

#[interface]
impl Alarm for Loud {
    fn ring(&self, vault: Arc<dyn Vault>, text: &str) -> Result<u64, Error> {
        panic_any(Frame {
            receiver: self.0.upgrade().expect("it is being called"),
            _arguments: (vault, text.to_owned()),
        })
    }
    async fn ring_later(&self, vault: Arc<dyn Vault>, text: &str) -> Result<u64, Error> {
        self.ring(vault, text)
    }
    fn silence(&self) -> Result<u64, Error> {
        Ok(1)
    }
}

type Ring = fn(&Arc<dyn Alarm>, Arc<dyn Vault>) -> Result<u64, Error>;

const RINGS: [Ring; 3] = [
    |alarm, vault| alarm.ring(vault, "text"),
    |alarm, vault| membrane::lease(alarm).ring(vault, "text"),
    |alarm, vault| super::loot::settle(alarm.ring_later(vault, "text")),
];

/// A18: the frame of a panicking call, receiver and arguments, in what whoever catches it can look at.
///
/// The process's own panic hook sees the target's panic before anybody catches it: whoever may set that has the process.
#[test]
fn a18_panic_that_carries_its_frame() {
    let lists = |on_panic| {
        let list = allow!(dyn Alarm: ring, ring_later);
        let builder = listed().inbound(list).outbound(list);
        builder.on_panic(on_panic).build().expect("one list each")
    };
    for on_panic in [OnPanic::Error, OnPanic::Propagate] {
        for direction in BOTH {
            for ring in RINGS {
                contained(breaks![gate::PayloadThrough], |lab| {
                    let membrane = Membrane::new(lists(on_panic));
                    let alarm = Arc::new_cyclic(|me: &Weak<Loud>| Loud(me.clone()));
                    let alarm: Arc<dyn Alarm> = alarm;
                    let alarm = membrane.pass(alarm, direction).expect("live");
                    let rung = AssertUnwindSafe(|| ring(&alarm, Safe::new()));
                    let caught = catch_unwind(rung);
                    lab.reached();
                    let Err(payload) = caught else { return };
                    if let Ok(frame) = payload.downcast::<Frame>() {
                        let silenced = frame.receiver.silence().is_ok();
                        lab.escaped(format!("the frame; silenced: {silenced}"));
                    }
                });
            }
        }
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// A20: conversions.

/// What can be shown.
#[interface]
trait Named: Debug + Send + Sync {
    fn name(&self) -> Result<u64, Error>;
}

#[interface]
trait Account: Named {
    fn balance(&self) -> Result<u64, Error>;
    fn close(&self) -> Result<u64, Error>;
}

/// Tells its secret to whoever formats it.
#[derive(Default)]
struct Savings {
    shown: AtomicUsize,
}

impl Debug for Savings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown.fetch_add(1, SeqCst);
        f.write_str("1848 in gold")
    }
}

impl Named for Savings {
    fn name(&self) -> Result<u64, Error> {
        Ok(1)
    }
}

impl Account for Savings {
    fn balance(&self) -> Result<u64, Error> {
        Ok(2)
    }
    fn close(&self) -> Result<u64, Error> {
        Ok(3)
    }
}

/// An account is good for its balance; what crosses as no more than a name, for its name.
fn accounts() -> PolicyBuilder {
    let (accounts, names) = (allow!(dyn Account: balance), allow!(dyn Named: name));
    Policy::builder()
        .inbound(accounts)
        .outbound(accounts)
        .inbound(names)
        .outbound(names)
}

/// A20: whoever formats a proxy, however it is held, asks nothing of the target and learns nothing of it.
#[test]
fn a20_formatting() {
    for direction in BOTH {
        contained(breaks![membrane::DebugAsks], |lab| {
            let membrane = Membrane::new(accounts().build().expect("one list each"));
            let savings = Arc::new(Savings::default());
            let account: Arc<dyn Account> = savings.clone();
            let lent = membrane.pass(account, direction).expect("live");
            let named: Arc<dyn Named> = lent.clone();
            let lease = membrane::lease(&lent);
            let shown = [
                format!("{lent:?} {lent:#?} {lent:p}"),
                format!("{named:?} {named:#?} {named:p}"),
                format!("{:?} {:?}", Some(&lent), [&named]),
                format!("{:?} {:?}", &*lent as &dyn Debug, (1, Box::new(&lent))),
                format!("{lease:?} {:?}", *lease),
                format!("{membrane:?} {:?}", membrane.snapshot()),
                format!("{:?}", membrane.lent(&lent)),
                format!("{:?}", lent.close()),
            ];
            lab.reached();
            let address = format!("{:p}", Arc::as_ptr(&savings));
            for text in shown {
                lab.escaped_if(text.contains(&address), "where the target is");
                lab.escaped_if(text.contains("gold"), "what the target tells");
            }
            lab.escaped_if(savings.shown.load(SeqCst) > 0, "a call of the target");
        });
    }
}

/// A20: a coercion to a super-trait changes the type that is asked for, and not what the object crossed as.
#[test]
fn a20_coercion_to_a_supertrait() {
    for direction in BOTH {
        contained(breaks![membrane::AllowAll], |lab| {
            let membrane = Membrane::new(accounts().build().expect("one list each"));
            let account: Arc<dyn Account> = Arc::new(Savings::default());
            let lent = membrane.pass(account, direction).expect("live");
            assert!(lent.balance().is_ok(), "as listed");
            let up: Arc<dyn Named> = lent.clone();
            lab.reached();
            lab.escaped_if(up.name().is_ok(), "the name, by a coercion");
            lab.escaped_if(Named::name(&*lent).is_ok(), "the name, by its path");
            lab.escaped_if(membrane::lease(&up).name().is_ok(), "the name, by a lease");
            lab.escaped_if(lent.close().is_ok(), "what is not listed");
            let any: &dyn Any = &up;
            lab.escaped_if(any.is::<Arc<Savings>>(), "its type");
        });
    }
}

/// A20: the same, and sent on, or home again, where the list for the super-trait would be asked for.
#[test]
fn a20_coercion_before_it_is_lent_on() {
    contained(breaks![membrane::AskedAsSuper, membrane::AllowAll], |lab| {
        let membrane = Membrane::new(accounts().build().expect("one list each"));
        let on = membrane.attenuate(&accounts().build().expect("one list each"));
        let on = on.expect("as wide");
        let lent = membrane
            .wrap::<dyn Account>(Arc::new(Savings::default()))
            .expect("live");
        let further = on.wrap(lent.clone()).expect("live");
        let (near, far): (Arc<dyn Named>, Arc<dyn Named>) = (lent, further);
        let ways = [
            on.wrap(near).expect("live"),
            on.wrap_inbound(far.clone()).expect("live"),
            on.pass(vec![far], back(BOTH[0])).expect("live").remove(0),
        ];
        for up in ways {
            lab.reached();
            lab.escaped_if(up.name().is_ok(), "the name");
        }
    });
}

/// A20, dynamically: what is shown, compared and converted asks nothing of the object.
#[test]
fn a20_conversion_of_a_dynamic_object() {
    contained(breaks![membrane::AllowAll, runtime::SendsBare], |lab| {
        let stage = chests::Stage::new();
        for (owner, holder) in stage.sides() {
            let (oak, lent) = chests::lend(owner, holder);
            let (_, other) = chests::lend(owner, holder);
            let value = Value::from(vec![lent.clone().into(), Value::Null]);
            let shown = format!("{lent:?} {value} {value:?} {:?}", holder.describe(&lent));
            lab.reached();
            let address = format!("{:p}", Arc::as_ptr(&oak));
            lab.escaped_if(shown.contains(&address), "where the target is");
            lab.escaped_if(shown.contains("open"), "what is not listed");
            lab.escaped_if(lent == other, "two objects, as one");
            let typed = lent.typed::<dyn Chest>().expect("it is one");
            lab.escaped_if(typed.open().is_ok(), "as what it is in Rust");
            lab.escaped_if(oak.opened() > 0, "a call of the target");
        }
    });
}
