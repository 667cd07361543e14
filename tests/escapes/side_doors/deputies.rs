//! What somebody with more authority does for somebody with less.

use super::staging::{Boxed, poll};
use crate::cast::{GOLD, Safe, Vault, listed};
use crate::lab::{breaks, contained};
use membrane::__private::Query;
use membrane::{
    Check, Conditions, Direction, Error, ErrorKind, Homecoming, Membrane, Policy, allow, interface,
    rule,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::Poll;

/// Calls a method by its name, with an authority of its own: a reflective helper.
#[interface]
trait Deputy: Send + Sync {
    fn perform(&self, method: &str, on: Arc<dyn Vault>) -> Result<u64, Error>;
}

struct Obliging;

impl Deputy for Obliging {
    fn perform(&self, method: &str, on: Arc<dyn Vault>) -> Result<u64, Error> {
        match method {
            "name" => on.name().map(|name| name.len() as u64),
            "open" => on.open(),
            _ => Err(ErrorKind::Refused.into()),
        }
    }
}

/// E17: "trusted reflective helper acts for U": handed the owner's own object back, it has it as it was lent, if the policy
/// says so.
#[test]
fn e17_deputy_that_is_handed_its_own() {
    contained(
        breaks![membrane::AlwaysUnwraps, membrane::AllowAll],
        |lab| {
            for homecoming in [Homecoming::KeepWrapped, Homecoming::Refuse] {
                let policy = listed()
                    .inbound(allow!(dyn Deputy: perform))
                    .homecoming(homecoming);
                let policy = policy.build().expect("one list each");
                let membrane = Membrane::new(policy.clone());
                let safe = Safe::new();
                let vault = membrane.wrap::<dyn Vault>(safe.clone()).expect("live");
                let deputy = membrane.wrap::<dyn Deputy>(Arc::new(Obliging));
                let deputy = deputy.expect("live");
                // The holder lends on, and is asked by whoever it lends to.
                let on = membrane.attenuate(&policy).expect("no more");
                let (on_vault, on_deputy) = (on.wrap(vault.clone()), on.wrap(deputy.clone()));
                let (on_vault, on_deputy) = (on_vault.expect("live"), on_deputy.expect("live"));
                let unlisted: Arc<dyn Vault> = Arc::new(Own);
                lab.escaped_if(
                    deputy.perform("open", unlisted).is_ok(),
                    "an object of the dry side's own, which the outbound list is about",
                );
                lab.reached();
                for (deputy, vault) in [(&deputy, &vault), (&on_deputy, &on_vault)] {
                    let opened = deputy.perform("open", vault.clone());
                    lab.escaped_if(opened == Ok(GOLD), format!("{homecoming:?}: the gold"));
                }
                lab.escaped_if(safe.opened() > 0, "it was opened");
            }
        },
    );
}

/// A vault of the dry side's.
struct Own;

impl Vault for Own {
    fn name(&self) -> Result<String, Error> {
        Ok("own".into())
    }

    fn open(&self) -> Result<u64, Error> {
        Ok(0)
    }
}

/// E17: `call_method(name, object)`: the name is an argument, and has a rule.
#[test]
fn e17_method_named_in_an_argument() {
    contained(breaks![membrane::UncheckedRules], |lab| {
        let policies = [
            rule!(dyn Deputy: perform, method: Check::one_of(["name"])),
            rule!(dyn Deputy: perform, |method, _| method == "name"),
        ];
        for rule in policies {
            let policy = listed()
                .inbound(allow!(dyn Deputy: perform))
                .inbound_rule(rule);
            let policy = policy.build().expect("one list each");
            let membrane = Membrane::new(policy.clone());
            let safe = Safe::new();
            let vault = membrane.wrap::<dyn Vault>(safe.clone()).expect("live");
            let deputy = membrane.wrap::<dyn Deputy>(Arc::new(Obliging));
            let deputy = deputy.expect("live");
            assert_eq!(deputy.perform("name", vault.clone()), Ok(6));
            let wider = Policy::builder().inbound(allow!(dyn Deputy: perform));
            let wider = wider.build().expect("one list");
            let on = membrane.attenuate(&wider).expect("no more methods");
            let on = on.wrap(deputy.clone()).expect("live");
            lab.reached();
            for deputy in [deputy, on] {
                let opened = deputy.perform("open", vault.clone());
                lab.escaped_if(opened == Ok(GOLD), "the gold");
            }
            lab.escaped_if(safe.opened() > 0, "it was opened");
        }
    });
}

/// An object whose hidden method runs code of its author's.
#[derive(Default)]
struct Hooked(AtomicUsize);

impl Vault for Hooked {
    fn name(&self) -> Result<String, Error> {
        Ok("hooked".into())
    }

    fn open(&self) -> Result<u64, Error> {
        Ok(0)
    }

    fn __membrane_vault(&self, _: &Query<'_>) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[interface]
trait Desk: Send + Sync {
    fn listed(&self, vault: Arc<dyn Vault>) -> Result<u64, Error>;
    fn unlisted(&self, vault: Arc<dyn Vault>) -> Result<u64, Error>;
    async fn later(&self) -> Result<u64, Error>;
    async fn unlisted_later(&self) -> Result<u64, Error>;
    fn tool(&self) -> Result<Tools, Error>;
}

type Tool = Arc<dyn Fn() -> Result<u64, Error> + Send + Sync>;
type Items = Box<dyn Iterator<Item = Result<u64, Error>> + Send>;
type Tools = (Tool, Items, Boxed<u64>);

/// Counts what is done.
#[derive(Default)]
struct Working(Arc<AtomicUsize>);

#[interface]
impl Desk for Working {
    fn listed(&self, _: Arc<dyn Vault>) -> Result<u64, Error> {
        Ok(1)
    }

    fn unlisted(&self, _: Arc<dyn Vault>) -> Result<u64, Error> {
        Ok(2)
    }

    async fn later(&self) -> Result<u64, Error> {
        self.0.fetch_add(1, SeqCst);
        Ok(3)
    }

    async fn unlisted_later(&self) -> Result<u64, Error> {
        self.0.fetch_add(1, SeqCst);
        Ok(4)
    }

    fn tool(&self) -> Result<Tools, Error> {
        let (calls, steps) = (self.0.clone(), self.0.clone());
        Ok((
            Arc::new(move || Ok(calls.fetch_add(1, SeqCst) as u64)),
            Box::new((0..1_000).map(move |_| Ok(steps.fetch_add(1, SeqCst) as u64))),
            Box::pin(async { Ok(5) }),
        ))
    }
}

fn desk() -> (Arc<AtomicUsize>, Policy, Arc<dyn Desk>) {
    let policy = listed().inbound(allow!(dyn Desk: listed, later, tool));
    let working = Working::default();
    let done = working.0.clone();
    let policy = policy.build().expect("one list each");
    (done, policy, Arc::new(working))
}

/// E18: "code runs before the gate exists": a hook of what is handed in, before it is decided whether anything is.
#[test]
fn e18_hook_of_an_argument_before_the_decision() {
    contained(breaks![membrane::AllowAll], |lab| {
        let (_, policy, desk) = desk();
        let membrane = Membrane::new(policy);
        let desk = membrane.wrap(desk).expect("live");
        let hooked = Arc::new(Hooked::default());
        assert_eq!(desk.listed(hooked.clone()), Ok(1));
        let before = hooked.0.load(SeqCst);
        assert!(before > 0, "a call that is made asks");
        lab.reached();
        assert!(desk.unlisted(hooked.clone()).is_err() || cfg!(membrane_faults));
        lab.escaped_if(hooked.0.load(SeqCst) > before, "a hook of a refused call's");
        membrane.revoke("over");
        let before = hooked.0.load(SeqCst);
        assert!(desk.listed(hooked.clone()).is_err());
        lab.escaped_if(hooked.0.load(SeqCst) > before, "a hook of a revoked call's");
    });
}

/// E18: what an async method does begins with the first poll, and is decided about then.
#[test]
fn e18_body_of_a_future_before_its_poll() {
    contained(breaks![membrane::AllowAll, gate::NoCut], |lab| {
        let (done, policy, desk) = desk();
        let membrane = Membrane::new(policy);
        let desk = membrane.wrap(desk).expect("live");
        let (kept, mut late) = (desk.later(), desk.later());
        drop(kept);
        let mut unlisted = desk.unlisted_later();
        lab.escaped_if(done.load(SeqCst) > 0, "work before the first poll");
        lab.reached();
        let outcome = poll(&mut unlisted);
        lab.escaped_if(matches!(outcome, Poll::Ready(Ok(_))), "an unlisted method");
        membrane.revoke("over");
        let outcome = poll(&mut late);
        lab.escaped_if(
            matches!(outcome, Poll::Ready(Ok(_))),
            "a call that began late",
        );
        lab.escaped_if(done.load(SeqCst) > 0, "work of a refused call");
    });
}

/// What the whole module can do.
#[interface]
trait Master: Send + Sync {
    fn everything(&self) -> Result<u64, Error>;
    fn all_vaults(&self) -> Result<Vec<Arc<dyn Vault>>, Error>;
}

#[interface]
trait Office: Send + Sync {
    fn vault(&self) -> Result<Arc<dyn Vault>, Error>;
    fn master(&self) -> Result<Arc<dyn Master>, Error>;
}

struct Whole(Arc<Safe>);

impl Office for Whole {
    fn vault(&self) -> Result<Arc<dyn Vault>, Error> {
        Ok(self.0.clone())
    }

    fn master(&self) -> Result<Arc<dyn Master>, Error> {
        Ok(Arc::new(Self(self.0.clone())))
    }
}

impl Master for Whole {
    fn everything(&self) -> Result<u64, Error> {
        self.0.open()
    }

    fn all_vaults(&self) -> Result<Vec<Arc<dyn Vault>>, Error> {
        Ok(vec![self.0.clone()])
    }
}

/// E19: "whole module exposed": what an allowed method returns has its own list, or none, and is reported.
#[test]
fn e19_results_of_an_allowed_method() {
    contained(breaks![membrane::AllowAll, membrane::BareResults], |lab| {
        let safe = Safe::new();
        let policy = listed().inbound(allow!(dyn Office: vault, master));
        let membrane = Membrane::new(policy.build().expect("one list each"));
        let office: Arc<dyn Office> = Arc::new(Whole(safe.clone()));
        let office = membrane.wrap(office).expect("live");
        let (vault, master) = (office.vault(), office.master());
        let (vault, master) = (vault.expect("listed"), master.expect("listed"));
        lab.reached();
        lab.escaped_if(vault.open().is_ok(), "the gold");
        lab.escaped_if(master.everything().is_ok(), "everything");
        lab.escaped_if(master.all_vaults().is_ok(), "all vaults");
        lab.escaped_if(safe.opened() > 0, "it was opened");
        let snapshot = membrane.snapshot();
        let reported: Vec<_> = snapshot.grants[0]
            .interfaces
            .iter()
            .map(|one| format!("{} {:?}, {}", one.interface, one.allowed, one.live_proxies))
            .collect();
        for expected in ["Vault [\"name\"], 1", "Master [], 1"] {
            let missing = !reported.iter().any(|line| line == expected);
            lab.escaped_if(missing, format!("{expected} is not in {reported:?}"));
        }
    });
}

#[interface]
trait Base: Send + Sync {
    fn name(&self) -> Result<u64, Error>;
    fn wipe(&self) -> Result<u64, Error>;
    /// By default, what the base does.
    fn both(&self) -> Result<u64, Error> {
        Ok(self.name()? + self.wipe()?)
    }
}

#[interface]
trait Derived: Base {
    fn peek(&self) -> Result<u64, Error>;
}

/// Takes and gives at the level of the base.
#[interface]
trait Counter: Send + Sync {
    fn echo(&self, base: Arc<dyn Base>) -> Result<Arc<dyn Base>, Error>;
}

#[derive(Default)]
struct Disk(AtomicUsize);

impl Base for Disk {
    fn name(&self) -> Result<u64, Error> {
        Ok(1)
    }

    fn wipe(&self) -> Result<u64, Error> {
        self.0.fetch_add(1, SeqCst);
        Ok(2)
    }
}

impl Derived for Disk {
    fn peek(&self) -> Result<u64, Error> {
        Ok(3)
    }
}

/// E20: "delete the distorted property: the original shines through": what is guarded on the object is not reached by its
/// base, nor by a default method of that.
#[test]
fn e20_method_reached_by_the_base() {
    contained(breaks![membrane::AllowAll], |lab| {
        let policy = Policy::builder().inbound(allow!(dyn Derived: peek, name));
        let membrane = Membrane::new(policy.build().expect("one list"));
        let disk = Arc::new(Disk::default());
        let lent = membrane.wrap::<dyn Derived>(disk.clone()).expect("live");
        let base: Arc<dyn Base> = lent.clone();
        assert_eq!((lent.peek(), base.name()), (Ok(3), Ok(1)));
        lab.reached();
        lab.escaped_if(lent.wipe().is_ok(), "as what it is");
        lab.escaped_if(base.wipe().is_ok(), "as its base");
        lab.escaped_if(Base::wipe(&*lent).is_ok(), "by the base's name");
        lab.escaped_if(base.both().is_ok(), "by a default method");
        lab.escaped_if(membrane::lease(&base).wipe().is_ok(), "by a lease");
        let again = membrane.wrap(base).expect("live");
        lab.escaped_if(again.wipe().is_ok(), "wrapped again as its base");
        lab.escaped_if(disk.0.load(SeqCst) > 0, "it was wiped");
    });
}

/// E20: the base has a list, for other objects, that has what this object's has not.
#[test]
fn e20_list_of_the_base() {
    contained(breaks![membrane::AskedAsSuper, membrane::AllowAll], |lab| {
        let policy = || {
            let (derived, base) = (allow!(dyn Derived: peek), allow!(dyn Base: name, wipe));
            let policy = Policy::builder().inbound(derived).inbound(base);
            let policy = policy.outbound(derived).outbound(base);
            policy.build().expect("one list each")
        };
        let owner = Membrane::new(policy());
        let on = owner.attenuate(&policy()).expect("no more");
        let disk = Arc::new(Disk::default());
        let held = owner.wrap::<dyn Derived>(disk.clone()).expect("live");
        let further = on.wrap(held.clone()).expect("live");
        assert_eq!((held.peek(), further.peek()), (Ok(3), Ok(3)));
        lab.reached();
        let held: Arc<dyn Base> = held;
        lab.escaped_if(on.wrap(held).expect("live").wipe().is_ok(), "outward");
        let further: Arc<dyn Base> = further;
        let back = on.pass(further, Direction::Inbound).expect("live");
        lab.escaped_if(back.wipe().is_ok(), "inward");
        lab.escaped_if(disk.0.load(SeqCst) > 0, "it was wiped");
    });
}

/// Names itself after what it does to what it holds.
struct Middle(Arc<dyn Vault>);

impl Vault for Middle {
    fn name(&self) -> Result<String, Error> {
        self.0.open().map(|gold| gold.to_string())
    }

    fn open(&self) -> Result<u64, Error> {
        self.0.open()
    }
}

impl Counter for Middle {
    fn echo(&self, base: Arc<dyn Base>) -> Result<Arc<dyn Base>, Error> {
        base.both().map(|_| base)
    }
}

/// E21: "fetch ref never goes through the membrane": what somebody in the middle does inside an allowed method goes through
/// the membrane by which *it* was lent the object; and what it does with what it is handed, too. (What an owner's allowed method
/// does to the owner's own objects is the owner's to say.)
#[test]
fn e21_denied_method_called_by_an_allowed_one() {
    contained(
        breaks![membrane::AllowAll, membrane::BareReferences],
        |lab| {
            let safe = Safe::new();
            let bases = allow!(dyn Base: name, both);
            let policy = listed()
                .inbound(allow!(dyn Counter: echo))
                .outbound(allow!(dyn Base: name));
            let policy = policy.inbound(bases).build().expect("one list each");
            let (far, near) = (Membrane::new(policy.clone()), Membrane::new(policy));
            let lent = far.wrap::<dyn Vault>(safe.clone()).expect("live");
            let middle = Arc::new(Middle(lent));
            let vault = near.wrap::<dyn Vault>(middle.clone()).expect("live");
            let counter = near.wrap::<dyn Counter>(middle).expect("live");
            lab.reached();
            lab.escaped_if(vault.name() == Ok(GOLD.to_string()), "the gold, as a name");
            lab.escaped_if(safe.opened() > 0, "it was opened");
            let disk = Arc::new(Disk::default());
            lab.escaped_if(
                counter.echo(disk.clone()).is_ok(),
                "a default of the other side's",
            );
            lab.escaped_if(disk.0.load(SeqCst) > 0, "it was wiped");
        },
    );
}

/// E24: "operators call methods with no allowlist entry": a call by `()`, `for` and `.await` of what a listed method carried is
/// a call like any other. Other operators no interface has: `supertrait_eq`, `supertrait_fn`, `supertrait_iterator` and the like
/// do not compile.
#[test]
fn e24_operators_of_what_is_carried() {
    contained(breaks![membrane::FreeCarried], |lab| {
        let (done, policy, desk) = desk();
        let conditions = Conditions::builder().calls(10).build();
        let conditions = conditions.expect("a condition");
        let membrane = Membrane::with_conditions(policy, &conditions).expect("no more");
        let desk = membrane.wrap(desk).expect("live");
        let (tool, items, mut future) = desk.tool().expect("listed");
        lab.reached();
        for _ in 0..4 {
            assert!(tool().is_ok(), "within the budget");
        }
        let mut delivered = 0;
        for item in items {
            delivered += usize::from(item.is_ok());
        }
        lab.escaped_if(
            delivered > 5,
            format!("{delivered} steps beyond the budget"),
        );
        lab.escaped_if(tool().is_ok(), "a call beyond the budget");
        let waited = poll(&mut future);
        lab.escaped_if(
            matches!(waited, Poll::Ready(Ok(_))),
            "a wait beyond the budget",
        );
        lab.escaped_if(done.load(SeqCst) > 9, "work beyond the budget");
    });
}
