//! Nested data with objects, closures and iterators in it, out through membranes and home again.
//!
//! # What must hold
//!
//! - What arrives has the same shape, and its data are the same.
//! - Each object is replaced, by one and the same proxy wherever it occurs; a membrane counts one proxy for each object.
//! - Through a second membrane it is one hop, and on the way back what the holder knew; at home it is the object itself.
//! - Closures and iterators give values that are held to the same.
//! - Data nested in itself more than 256 levels deep is [`TooDeep`](membrane::ErrorKind::TooDeep), and whatever fails leaves
//!   nothing behind.

pub mod build;
pub mod compare;
pub mod spec;
pub mod value;

use crate::panics::{self, violation};
use arbitrary::{Arbitrary, Unstructured};
use build::Things;
use compare::{Place, same};
use membrane::{Direction, ErrorKind, Homecoming, Membrane, Policy, allow};
use spec::{Input, LEVELS, Spec};
use value::Thing;

/// Runs the input that `bytes` mean. Bytes that mean none do nothing.
///
/// # Errors
///
/// What does not hold.
pub fn run(bytes: &[u8]) -> Result<(), String> {
    match Input::arbitrary_take_rest(Unstructured::new(bytes)) {
        Ok(input) => panics::run(|| check(&input)),
        Err(_) => Ok(()),
    }
}

fn policy(homecoming: Homecoming) -> Policy {
    let all = Policy::builder()
        .inbound(allow!(dyn Thing: number))
        .outbound(allow!(dyn Thing: number));
    all.homecoming(homecoming)
        .build()
        .expect("one list for each direction")
}

fn check(input: &Input) {
    let things = Things::new();
    let (away, back) = if input.inbound {
        (Direction::Inbound, Direction::Outbound)
    } else {
        (Direction::Outbound, Direction::Inbound)
    };
    let policy = policy(input.homecoming);
    let membrane = Membrane::new(policy.clone());
    let grant = membrane
        .attenuate(&policy)
        .unwrap_or_else(|error| violation(format!("not derived: {error}")));
    trip(input, &things, &membrane, &grant, away, back);
    if membrane.live_proxies() + grant.live_proxies() > 0 {
        violation(format!(
            "{} and {} proxies are left",
            membrane.live_proxies(),
            grant.live_proxies()
        ));
    }
    things.nothing_left();
}

/// There and back. Everything but the membranes is gone afterwards.
fn trip(
    input: &Input,
    things: &Things,
    membrane: &Membrane,
    grant: &Membrane,
    away: Direction,
    back: Direction,
) {
    let spec = &input.spec;
    let unwraps = input.homecoming == Homecoming::Unwrap;
    let fits = spec.levels() <= LEVELS;
    let there = match (membrane.pass(things.build(spec), away), fits) {
        (Ok(value), true) => value,
        (Err(error), false) if error.kind() == ErrorKind::TooDeep => return,
        (Ok(_), false) => violation(format!("{} levels crossed", spec.levels())),
        (Err(error), _) => violation(format!("{} levels: {error:?}", spec.levels())),
    };
    let mut known = Place::away(things, unwraps);
    let lazily = |late| late == input.late;
    // An iterator at its end needs no proxy any more.
    let counted = membrane.live_proxies();
    let there = same(there, spec, &mut known, lazily(0));
    if counted != spec.eager().len() {
        violation(format!(
            "{counted} proxies for {} objects",
            spec.eager().len()
        ));
    }
    // The holder lends it on.
    let lent_on = input.lend_on && away == Direction::Outbound;
    let there = if lent_on {
        let further = grant
            .pass(there, Direction::Outbound)
            .unwrap_or_else(|error| violation(format!("lent on: {error:?}")));
        let mut further_known = Place::away(things, unwraps);
        let further = same(further, spec, &mut further_known, lazily(1));
        further_known.differs_from(&known);
        let there = grant
            .pass(further, Direction::Inbound)
            .unwrap_or_else(|error| violation(format!("back: {error:?}")));
        same(there, spec, &mut known, lazily(2))
    } else {
        there
    };
    if input.revoke {
        grant.revoke("over");
        membrane.revoke("over");
        match membrane.pass(there, back) {
            Err(error) if error.is_revoked() => return,
            other => violation(format!("revoked, and passed: {:?}", other.map(drop))),
        }
    }
    let refused = input.homecoming == Homecoming::Refuse && spec.has_identity();
    match membrane.pass(there, back) {
        Ok(_) if refused => violation(String::from("home, and should have been rejected")),
        Err(error) if refused && error.kind() == ErrorKind::Rejected => {}
        Err(error) => violation(format!("not home: {error:?}")),
        Ok(value) => {
            let mut home = match input.homecoming {
                Homecoming::Unwrap => Place::home(things),
                // A proxy of the proxy.
                _ => Place::away(things, unwraps),
            };
            let has_run = input.late == 0 || lent_on && input.late < 3;
            // Whatever an iterator gives would be refused as it comes home.
            let run = !has_run && input.homecoming != Homecoming::Refuse;
            drop(same(value, spec, &mut home, run));
            if input.homecoming != Homecoming::Unwrap {
                home.differs_from(&known);
            }
        }
    }
}

/// What a specification is of, for messages.
pub fn describe(spec: &Spec) -> String {
    let mut text = format!("{spec:?}");
    text.truncate(text.floor_char_boundary(400));
    text
}
