//! A7: what is made for the caller.

use super::chests;
use super::loot::{BOTH, Bag, plain_and_guarded, settle};
use crate::cast::{Safe, Vault, is_raw, listed};
use crate::lab::{breaks, contained};
use membrane::{Direction, Error, Membrane, Policy, allow, interface};
use runtime::Value;
use std::sync::Arc;

type Make = Arc<dyn Fn() -> Result<Arc<dyn Vault>, Error> + Send + Sync>;
type Vaults = Box<dyn Iterator<Item = Result<Arc<dyn Vault>, Error>> + Send>;

/// Makes vaults, in every way that something is made.
#[interface]
trait Workshop: Send + Sync {
    fn make(&self) -> Result<Arc<dyn Vault>, Error>;
    /// A constructor, as a value.
    fn maker(&self) -> Result<Make, Error>;
    /// What makes what makes.
    fn branch(&self) -> Result<Arc<dyn Workshop>, Error>;
    async fn make_later(&self) -> Result<Arc<dyn Vault>, Error>;
    fn series(&self) -> Result<Vaults, Error>;
    /// Of what the caller brings.
    fn make_from(&self, part: Arc<dyn Vault>) -> Result<Arc<dyn Vault>, Error>;
}

/// Always makes the same one.
#[derive(Clone)]
struct Master {
    safe: Arc<Safe>,
    parts: Bag<Arc<dyn Vault>>,
}

impl Master {
    fn new(safe: &Arc<Safe>) -> Self {
        Self {
            safe: safe.clone(),
            parts: Bag::new(),
        }
    }
}

#[interface]
impl Workshop for Master {
    fn make(&self) -> Result<Arc<dyn Vault>, Error> {
        Ok(self.safe.clone())
    }
    fn maker(&self) -> Result<Make, Error> {
        let safe = self.safe.clone();
        Ok(Arc::new(move || Ok(safe.clone())))
    }
    fn branch(&self) -> Result<Arc<dyn Workshop>, Error> {
        Ok(Arc::new(self.clone()))
    }
    async fn make_later(&self) -> Result<Arc<dyn Vault>, Error> {
        Ok(self.safe.clone())
    }
    fn series(&self) -> Result<Vaults, Error> {
        Ok(Box::new([self.make()].into_iter()))
    }
    fn make_from(&self, part: Arc<dyn Vault>) -> Result<Arc<dyn Vault>, Error> {
        self.parts.put(part);
        Ok(self.safe.clone())
    }
}

fn policy() -> Policy {
    let list = allow!(dyn Workshop: make, maker, branch, make_later, series, make_from);
    let policy = listed().inbound(list).outbound(list).build();
    policy.expect("one list each way")
}

type Surface = (
    &'static str,
    fn(&Arc<dyn Workshop>) -> Result<Arc<dyn Vault>, Error>,
);

const SURFACES: [Surface; 7] = [
    ("a method", |workshop| workshop.make()),
    ("a lease", |workshop| membrane::lease(workshop).make()),
    ("a closure", |workshop| (workshop.maker()?)()),
    ("another workshop", |workshop| workshop.branch()?.make()),
    ("its closure", |workshop| (workshop.branch()?.maker()?)()),
    ("an async method", |workshop| settle(workshop.make_later())),
    ("an iterator", |workshop| {
        workshop.series()?.next().expect("one item")
    }),
];

/// A7: by a constructor as by a method.
#[test]
fn a7_what_a_factory_makes() {
    for (name, make) in SURFACES {
        for direction in BOTH {
            for guarded in [0, 1] {
                contained(
                    breaks![membrane::BareResults, membrane::BareReferences],
                    |lab| {
                        let membrane = &plain_and_guarded(&policy())[guarded];
                        let safe = Safe::new();
                        let master: Arc<dyn Workshop> = Arc::new(Master::new(&safe));
                        let lent = membrane.pass(master, direction).expect("live");
                        let made = make(&lent).expect("listed");
                        lab.reached();
                        lab.escaped_if(is_raw(&made, &safe), name);
                    },
                );
            }
        }
    }
}

/// What an owner has of a membrane that makes proxies.
type Handle = fn(&Membrane, Arc<dyn Vault>) -> Arc<dyn Vault>;

const HANDLES: [(&str, Handle); 8] = [
    ("wrap", |membrane, vault| {
        membrane.wrap(vault).expect("live")
    }),
    ("wrap_inbound", |membrane, vault| {
        membrane.wrap_inbound(vault).expect("live")
    }),
    ("pass outward", |membrane, vault| {
        membrane.pass(vault, Direction::Outbound).expect("live")
    }),
    ("pass in a list", |membrane, vault| {
        let list = membrane.pass(vec![vault], Direction::Inbound);
        list.expect("live").remove(0)
    }),
    ("a grant", |membrane, vault| {
        let grant = membrane.grant(&policy()).expect("as wide");
        grant.wrap(vault).expect("live")
    }),
    ("an attenuation", |membrane, vault| {
        let on = membrane.attenuate(&policy()).expect("as wide");
        on.wrap(vault).expect("live")
    }),
    ("an attenuation, inward", |membrane, vault| {
        let on = membrane.attenuate(&policy()).expect("as wide");
        on.wrap_inbound(vault).expect("live")
    }),
    ("a scoped grant", |membrane, vault| {
        let made = membrane.with_grant(&policy(), |grant| {
            let made = grant.wrap(vault).expect("live");
            assert!(made.name().is_ok(), "it may be named meanwhile");
            made
        });
        made.expect("as wide")
    }),
];

/// A7: every construct that makes a proxy makes one of the same rights.
#[test]
fn a7_construct_path_of_a_handle() {
    for (name, make) in HANDLES {
        contained(
            breaks![membrane::BareReferences, membrane::AllowAll],
            |lab| {
                let safe = Safe::new();
                let vault: Arc<dyn Vault> = safe.clone();
                let membrane = Membrane::new(policy());
                let first = membrane.wrap(vault.clone()).expect("live");
                let made = make(&membrane, vault);
                lab.reached();
                // That of the scoped grant is dead by now: the first shows what it had.
                let is_live = name != "a scoped grant";
                lab.escaped_if(is_raw(&made, &safe), name);
                lab.escaped_if(!is_live && first.open().is_ok(), "before it was dead");
            },
        );
    }
}

/// A7: what is given to a constructor is converted as what is given to a method is: a stranger's part is wrapped, and the
/// maker's own comes home.
#[test]
fn a7_argument_of_a_factory() {
    for direction in BOTH {
        contained(
            breaks![membrane::BareArguments, membrane::BareReferences],
            |lab| {
                let membrane = Membrane::new(policy());
                let (safe, part) = (Safe::new(), Safe::new());
                let master = Arc::new(Master::new(&safe));
                let object: Arc<dyn Workshop> = master.clone();
                let lent = membrane.pass(object, direction).expect("live");
                let own = lent.make().expect("listed");
                lent.make_from(part.clone()).expect("listed");
                lent.make_from(own).expect("listed");
                let parts = master.parts.take();
                lab.reached();
                lab.escaped_if(is_raw(&parts[0], &part), "the caller's part");
                let raw: Arc<dyn Vault> = safe;
                lab.escaped_if(
                    !Arc::ptr_eq(&parts[1], &raw),
                    "the maker's own, as somebody else's",
                );
            },
        );
    }
}

/// A7, dynamically.
#[test]
fn a7_what_a_dynamic_factory_makes() {
    contained(
        breaks![
            membrane::BareResults,
            membrane::BareReferences,
            runtime::SendsBare
        ],
        |lab| {
            let stage = chests::Stage::new();
            for (owner, holder) in stage.sides() {
                let (_, lent) = chests::lend(owner, holder);
                let inner = holder.call_named(&lent, "inner", &[]);
                chests::look(lab, holder, &inner.expect("listed"), "a method");
                let maker = holder.call_named(&lent, "maker", &[]);
                let Ok(Value::Object(maker)) = maker else {
                    panic!("a closure")
                };
                let made = holder.call(&maker, 0, &[]).expect("it is callable");
                chests::look(lab, holder, &made, "a closure");
            }
        },
    );
}
