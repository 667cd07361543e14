//! Two membranes in a row: what holds of one hop holds of A → host → B, with either membrane taking everything back.
//!
//! The host is the wet side of both membranes; A is the dry side of `a`, B that of `b`. B7: double crossings need tests of
//! their own for every property.

#[path = "two_hops/callbacks.rs"]
mod callbacks;
#[path = "two_hops/errors.rs"]
mod errors;
#[path = "two_hops/identity.rs"]
mod identity;
#[path = "two_hops/iterators.rs"]
mod iterators;
#[path = "two_hops/revocation.rs"]
mod revocation;
#[path = "two_hops/to_and_fro.rs"]
mod to_and_fro;
#[path = "two_hops/wrapping.rs"]
mod wrapping;

use membrane::{ErrorKind, Membrane, Policy, allow};
use std::sync::{Arc, Mutex};
use tests::fixtures::parcel::{
    Actor, Fault, Inbox, Load, Peer, Ref, Secret, Shape, shapes, swap_policy, swapping,
};
use tests::fixtures::ways::{INWARD, Link, OUTWARD, Way};
use tests::{Census, sized};

struct Hops {
    a: Membrane,
    b: Membrane,
}

fn hops() -> Hops {
    Hops {
        a: Membrane::new(swap_policy()),
        b: Membrane::new(swap_policy()),
    }
}

impl Hops {
    /// What B has once A's object was taken in and lent on.
    fn to_b(&self, object: &Ref) -> Ref {
        self.b
            .wrap(self.a.wrap_inbound(object.clone()).unwrap())
            .unwrap()
    }

    /// What A has once B's object was taken in and lent on.
    fn to_a(&self, object: &Ref) -> Ref {
        self.a
            .wrap(self.b.wrap_inbound(object.clone()).unwrap())
            .unwrap()
    }

    /// A load's way from A to B.
    fn relay(&self, inward: Way, outward: Way, load: Load) -> Load {
        let at_host = inward.carry(Link(Some(&self.a)), load);
        outward.carry(Link(Some(&self.b)), at_host)
    }
}

/// Each way in with some way out; every pair of them where it is fast.
fn pairs() -> Vec<(Way, Way)> {
    let all = INWARD
        .into_iter()
        .flat_map(|inward| OUTWARD.map(|outward| (inward, outward)));
    let step = sized(1, 10);
    all.step_by(step).collect()
}

fn some_shapes() -> Vec<Shape> {
    shapes().into_iter().step_by(sized(1, 2)).collect()
}
