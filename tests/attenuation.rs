//! Derived membranes: narrower and never wider, one hop at any depth, and no way from a handle to an owner's object.
//!
//! The cast, unless said otherwise: the owner's membrane `root`; its holder, who has `held` proxies and the handle `on`,
//! made by `attenuate`; and a further holder, who has what comes out of `on`.

#[path = "attenuation/chains.rs"]
mod chains;
#[path = "attenuation/handles.rs"]
mod handles;
#[path = "attenuation/lists.rs"]
mod lists;
#[path = "attenuation/narrower.rs"]
mod narrower;
#[path = "attenuation/owners_object.rs"]
mod owners_object;
#[path = "attenuation/roundabout.rs"]
mod roundabout;
#[path = "attenuation/siblings.rs"]
mod siblings;
#[path = "attenuation/upcasts.rs"]
mod upcasts;

use membrane::{
    Direction, Error, ErrorKind, Homecoming, Membrane, Policy, PolicyProblem, allow, interface,
};
use std::sync::Arc;
use tests::fixtures::parcel::{
    Actor, Inbox, Load, Peer, Ref, Secret, shapes, swap_policy, swapping,
};
use tests::fixtures::ways::{INWARD, Link, OUTWARD};
use tests::sized;

fn pinging() -> Policy {
    Policy::builder()
        .inbound(allow!(dyn Peer: ping))
        .outbound(allow!(dyn Peer: ping))
        .build()
        .unwrap()
}

fn swapping_less() -> Policy {
    let list = allow!(dyn Peer: ping, swap);
    Policy::builder()
        .inbound(list)
        .outbound(list)
        .build()
        .unwrap()
}

#[track_caller]
fn refused<R: std::fmt::Debug>(result: Result<R, tests::fixtures::parcel::Fault>) {
    assert_eq!(
        result.expect_err("refused").error().kind(),
        ErrorKind::Refused
    );
}

/// Everything about `one` that could be wider than `narrow` is refused.
#[track_caller]
fn assert_pings_only(one: &Ref, secret: &Secret) {
    secret.assert_lent(one);
    let before = secret.calls.listed();
    refused(one.swap(Load::Nothing));
    refused(one.fail(Load::Nothing));
    assert_eq!(secret.calls.listed(), before);
}
