//! One object, one proxy: while it lives, in both directions, on the round trip, and when nobody holds it any more.

#[path = "identity/coming_home.rs"]
mod coming_home;
#[path = "identity/foreign.rs"]
mod foreign;
#[path = "identity/letting_go.rs"]
mod letting_go;
#[path = "identity/one_proxy.rs"]
mod one_proxy;

use membrane::{Direction, ErrorKind, Membrane, Policy, allow};
use std::sync::Arc;
use tests::fixtures::parcel::{
    Actor, Inbox, Load, Peer, Ref, Secret, shapes, swap_policy, swapping,
};
use tests::fixtures::ways::{INWARD, Link, OUTWARD};
use tests::sized;

const BOTH: [Direction; 2] = [Direction::Outbound, Direction::Inbound];
