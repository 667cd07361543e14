//! A1 to A4: what is thrown.

use super::chests;
use super::loot::{BOTH, back, look, plain_and_guarded, settle, turns, ways};
use crate::cast::{Safe, Vault, is_raw, listed};
use crate::lab::{Lab, breaks, contained};
use futures_core::Stream;
use membrane::{Error, Homecoming, Membrane, OnPanic, Passable, Policy, allow, interface};
use runtime::CallError;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tests::fixtures::parcel::{
    Actor, Fault, Load, Ref, Secret, Shape, shapes, swap_policy, swapping,
};
use tests::fixtures::ways::{Link, Way};

/// An error that carries an object.
#[derive(Passable)]
enum Misfortune {
    Carries(Arc<dyn Vault>),
    Membrane(Error),
}

impl From<Error> for Misfortune {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

type Answer = Result<u64, Misfortune>;
type Closure = Arc<dyn Fn() -> Answer + Send + Sync>;
type Items = Box<dyn Iterator<Item = Answer> + Send>;
type Promise = Pin<Box<dyn Future<Output = Answer> + Send>>;
type Flow = Pin<Box<dyn Stream<Item = Answer> + Send>>;

/// Whose every method fails, sooner or later.
#[interface]
trait Clerk: Send + Sync {
    fn fail(&self) -> Result<u64, Misfortune>;
    fn closure(&self) -> Result<Closure, Error>;
    fn items(&self) -> Result<Items, Error>;
    async fn fail_later(&self, polls: u32) -> Result<u64, Misfortune>;
    fn promise(&self, polls: u32) -> Result<Promise, Error>;
    fn flow(&self, polls: u32) -> Result<Flow, Error>;
}

/// Throws the vault: in an error, or as what a panic carries.
#[derive(Clone)]
struct Clumsy {
    safe: Arc<Safe>,
    panics: bool,
}

impl Clumsy {
    fn misfortune(&self) -> Misfortune {
        let vault: Arc<dyn Vault> = self.safe.clone();
        if self.panics {
            panic_any(vault)
        }
        Misfortune::Carries(vault)
    }
}

/// Fails at its first item.
struct Failing {
    clumsy: Clumsy,
    polls: u32,
}

impl Stream for Failing {
    type Item = Answer;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Answer>> {
        match self.polls.checked_sub(1) {
            Some(polls) => {
                self.polls = polls;
                Poll::Pending
            }
            None => Poll::Ready(Some(Err(self.clumsy.misfortune()))),
        }
    }
}

#[interface]
impl Clerk for Clumsy {
    fn fail(&self) -> Result<u64, Misfortune> {
        Err(self.misfortune())
    }
    fn closure(&self) -> Result<Closure, Error> {
        let clumsy = self.clone();
        Ok(Arc::new(move || Err(clumsy.misfortune())))
    }
    fn items(&self) -> Result<Items, Error> {
        let clumsy = self.clone();
        Ok(Box::new(std::iter::once_with(move || {
            Err(clumsy.misfortune())
        })))
    }
    async fn fail_later(&self, polls: u32) -> Result<u64, Misfortune> {
        turns(polls).await;
        Err(self.misfortune())
    }
    fn promise(&self, polls: u32) -> Result<Promise, Error> {
        let clumsy = self.clone();
        Ok(Box::pin(async move {
            turns(polls).await;
            Err(clumsy.misfortune())
        }))
    }
    fn flow(&self, polls: u32) -> Result<Flow, Error> {
        let clumsy = self.clone();
        Ok(Box::pin(Failing { clumsy, polls }))
    }
}

/// A way to have the clerk throw.
type Surface = (&'static str, fn(&Arc<dyn Clerk>) -> Answer);

fn first(items: &mut Flow) -> Answer {
    settle(poll_fn(|context| items.as_mut().poll_next(context))).expect("one item")
}

const SURFACES: [Surface; 10] = [
    ("a method", |clerk| clerk.fail()),
    ("a lease", |clerk| membrane::lease(clerk).fail()),
    ("a closure", |clerk| (clerk.closure()?)()),
    ("an item", |clerk| clerk.items()?.next().expect("one item")),
    ("an async method, at once", |clerk| {
        settle(clerk.fail_later(0))
    }),
    ("an async method, later", |clerk| {
        settle(clerk.fail_later(2))
    }),
    ("a future, at once", |clerk| settle(clerk.promise(0)?)),
    ("a future, later", |clerk| settle(clerk.promise(2)?)),
    ("a stream, at once", |clerk| first(&mut clerk.flow(0)?)),
    ("a stream, later", |clerk| first(&mut clerk.flow(2)?)),
];

/// `attack` by each surface, in either direction, on the plain path and on the guarded one: each alone must be contained, and
/// succeed with each of `faults`.
fn everywhere(
    faults: &[crate::lab::Break],
    policy: &Policy,
    panics: bool,
    attack: impl Fn(&Lab, &str, &Arc<Safe>, &dyn Fn() -> Answer),
) {
    for (name, throw) in SURFACES {
        for direction in BOTH {
            for guarded in [0, 1] {
                contained(faults, |lab| {
                    let safe = Safe::new();
                    let clumsy = Clumsy {
                        safe: safe.clone(),
                        panics,
                    };
                    let membrane = &plain_and_guarded(policy)[guarded];
                    let clerk: Arc<dyn Clerk> = Arc::new(clumsy);
                    let clerk = membrane.pass(clerk, direction).expect("live");
                    attack(lab, name, &safe, &|| throw(&clerk));
                });
            }
        }
    }
}

fn clerks() -> membrane::PolicyBuilder {
    let list = allow!(dyn Clerk: fail, closure, items, fail_later, promise, flow);
    Policy::builder().inbound(list).outbound(list)
}

fn clerks_and_vaults() -> membrane::PolicyBuilder {
    let list = allow!(dyn Clerk: fail, closure, items, fail_later, promise, flow);
    listed().inbound(list).outbound(list)
}

/// A1: what is thrown is a value like any other.
#[test]
fn a1_error_payload() {
    let policy = clerks_and_vaults().build().expect("one list each");
    everywhere(
        breaks![membrane::BareErrors, membrane::BareReferences],
        &policy,
        false,
        |lab, name, safe, throw| {
            if let Err(Misfortune::Carries(vault)) = throw() {
                lab.reached();
                lab.escaped_if(is_raw(&vault, safe), format!("the vault, by {name}"));
            }
        },
    );
}

/// A1, where what is thrown is a panic: its payload is looked for by whoever catches it.
#[test]
fn a1_panic_payload() {
    for on_panic in [OnPanic::Error, OnPanic::Propagate] {
        let policy = clerks_and_vaults().on_panic(on_panic);
        let policy = policy.build().expect("one list each");
        everywhere(
            breaks![gate::PayloadThrough],
            &policy,
            true,
            |lab, name, _, throw| {
                let thrown = catch_unwind(AssertUnwindSafe(throw));
                lab.reached();
                match thrown {
                    Err(payload) if payload.is::<Arc<dyn Vault>>() => {
                        lab.escaped(format!("the vault in a panic, by {name}"));
                    }
                    Ok(Err(Misfortune::Carries(_))) => lab.escaped("an error that nobody made"),
                    Ok(_) | Err(_) => {}
                }
            },
        );
    }
}

/// A1, dynamically: the error of the interface, as a value.
#[test]
fn a1_raised_value() {
    contained(breaks![membrane::BareErrors, runtime::SendsBare], |lab| {
        let stage = chests::Stage::new();
        for (owner, holder) in stage.sides() {
            let (oak, lent) = chests::lend(owner, holder);
            if let Err(CallError::Raised(value)) = holder.call_named(&lent, "fail", &[]) {
                chests::look(lab, holder, &value, "raised");
            }
            lab.escaped_if(oak.opened() > 0, "what is inside");
        }
    });
}

fn ways_of_errors() -> impl Iterator<Item = Way> {
    ways()
        .map(|(_, way)| way)
        .filter(|way| way.name.contains("error"))
}

/// Throws what `build` makes by each way that errors have.
fn thrown(lab: &Lab, what: &str, build: impl Fn(&Secret) -> Load) {
    for way in ways_of_errors() {
        let membrane = Membrane::new(swap_policy());
        let secret = Secret::new(1);
        let got = way.carry(Link(Some(&membrane)), build(&secret));
        look(lab, got, &secret, format!("{what}, as {}", way.name));
    }
}

/// A2: what is thrown is the secret itself, or has it in a field, a cause, a list.
#[test]
fn a2_secret_anywhere_in_an_error() {
    for shape in shapes() {
        contained(
            breaks![membrane::BareErrors, membrane::BareReferences],
            |lab| {
                thrown(lab, shape.name, |secret| shape.build(&secret.raw));
            },
        );
    }
}

/// A2 by each way alone.
#[test]
fn a2_error_by_every_way() {
    let all = |shape: &Shape| shape.name == "all at once" || cfg!(miri);
    let shape = shapes().into_iter().find(all).expect("it is one of them");
    for way in ways_of_errors() {
        contained(
            breaks![membrane::BareErrors, membrane::BareReferences],
            |lab| {
                let membrane = Membrane::new(swap_policy());
                let secret = Secret::new(1);
                let got = way.carry(Link(Some(&membrane)), shape.build(&secret.raw));
                look(lab, got, &secret, way.name);
            },
        );
    }
}

/// A3: what is in an error is wrapped, and nobody granted it: it must be good for nothing.
#[test]
fn a3_object_in_an_error_that_no_list_names() {
    let policy = clerks().build().expect("one list each");
    everywhere(
        breaks![membrane::AllowAll, membrane::BareErrors],
        &policy,
        false,
        |lab, name, safe, throw| {
            if let Err(Misfortune::Carries(vault)) = throw() {
                lab.reached();
                lab.escaped_if(vault.name().is_ok(), format!("a name, by {name}"));
                lab.escaped_if(vault.open().is_ok(), format!("the gold, by {name}"));
                lab.escaped_if(safe.opened() > 0, "the gold");
            }
        },
    );
}

/// A3, dynamically: neither to be called, nor described.
#[test]
fn a3_raised_object_that_no_list_names() {
    contained(breaks![membrane::AllowAll, membrane::BareErrors], |lab| {
        let stage = chests::Stage::new();
        for (owner, holder) in stage.sides() {
            let (_, lent) = chests::lend(owner, holder);
            let raised = holder.call_named(&lent, "fail_with_key", &[]);
            if let Err(CallError::Raised(value)) = raised {
                for key in chests::objects(&value) {
                    lab.reached();
                    lab.escaped_if(holder.call(&key, 0, &[]).is_ok(), "turned by number");
                    lab.escaped_if(holder.call_named(&key, "turn", &[]).is_ok(), "by name");
                    let seen = holder.describe(&key).expect("its own to ask about");
                    lab.escaped_if(!seen.methods().is_empty(), "described");
                    lab.escaped_if(key.method("turn").is_some(), "its number");
                }
            }
        }
    });
}

/// Errors in errors, and lists of them, around one object.
fn nested(object: &Ref) -> Load {
    let one = || Load::One(object.clone());
    let fault = |load| Load::Fault(Box::new(Fault::Payload(load)));
    let suppressed = fault(fault(fault(one())));
    let aggregate = Load::Several(vec![fault(one()), fault(Load::Vec(vec![object.clone()]))]);
    Load::Several(vec![suppressed, aggregate])
}

/// A4: an error in an error, the errors of a list, the one that another suppressed.
#[test]
fn a4_error_inside_an_error() {
    contained(
        breaks![
            membrane::BareElements,
            membrane::BareErrors,
            membrane::BareReferences
        ],
        |lab| thrown(lab, "nested", |secret| nested(&secret.raw)),
    );
    // As results, whose errors are in their values.
    contained(
        breaks![membrane::BareElements, membrane::BareReferences],
        |lab| {
            for (_, way) in ways() {
                let membrane = Membrane::new(swap_policy());
                let secret = Secret::new(1);
                let got = way.carry(Link(Some(&membrane)), nested(&secret.raw));
                look(lab, got, &secret, way.name);
            }
        },
    );
}

/// A4, where the second error is the membrane's: an error that may not cross takes all that is in it along.
#[test]
fn a4_error_raised_while_an_error_is_converted() {
    contained(breaks![membrane::BareErrors], |lab| {
        let policy = swapping().homecoming(Homecoming::Refuse).build();
        let membrane = Membrane::new(policy.expect("one list each"));
        for direction in BOTH {
            let secret = Secret::new(1);
            // The other side's own, which may not come home; beside it, before and after, the secret.
            let theirs = membrane.pass(Actor::echo(2), back(direction));
            let theirs = theirs.expect("live");
            let load = Load::Several(vec![
                Load::One(secret.raw.clone()),
                Load::One(theirs),
                nested(&secret.raw),
            ]);
            let failing = membrane.pass(Actor::giving(load), direction);
            let error = failing.expect("live").fail(Load::Nothing);
            lab.reached();
            if let Err(Fault::Payload(load)) = error {
                look(lab, load, &secret, "beside what may not cross");
            }
        }
    });
}

/// A4: the membrane's own answers have no source, in which more might be.
#[test]
fn a4_source_of_a_membranes_error() {
    contained(breaks![membrane::WholeErrors], |lab| {
        let far = Membrane::new(swap_policy());
        let dead = far.wrap(Actor::echo(1)).expect("live");
        far.revoke("what the far side calls its reason");
        let membrane = Membrane::new(swap_policy());
        let relay = Actor::new(0, move |load| dead.swap(load)).share();
        let relay = membrane.wrap(relay).expect("live");
        if let Err(Fault::Membrane(error)) = relay.swap(Load::Nothing) {
            lab.reached();
            let source = std::error::Error::source(&error);
            lab.escaped_if(source.is_some(), "a source");
            let told = format!("{error} {error:?} {error:#?}");
            lab.escaped_if(told.contains("far side"), "the reason of another membrane");
        }
    });
}
