//! Leases: taken, used while membranes are revoked, and given back.

use super::calling::{Through, make};
use super::interfaces::{AnyLease, Kind};
use super::interpreter::PLAIN;
use super::program::{Method, Recipe, Reply};
use super::references::Ref;
use super::stage::{HeldLease, with};
use super::tree::WorldId;
use crate::panics::drop_all;

/// A lease of `world`, off the stage for as long as it is used: a call may drop everything there.
pub fn take_lease(world: WorldId, slot: u8) -> Option<HeldLease> {
    with(|stage| {
        let leases = &mut stage.worlds[world].leases;
        let count = leases.len();
        (count > 0 && stage.is_deep())
            .then(|| stage.worlds[world].leases.remove(usize::from(slot) % count))
    })
}

/// Leases a proxy that `world` holds, and asks for its number.
///
/// Its calls go through freely if the membrane is neither revoked nor suspended: then what is behind it is in use.
pub fn lease(world: WorldId, slot: u8) {
    let held = with(|stage| {
        let proxies = stage.worlds[world].slots.iter().filter_map(|held| {
            let Ref::Proxy(proxy) = stage.refs.get(held.model) else {
                return None;
            };
            (held.real.kind() != Kind::Fun).then_some((held, proxy))
        });
        let count = proxies.clone().count().max(1);
        let (held, proxy) = proxies.clone().nth(usize::from(slot) % count)?;
        let node = &stage.trees.nodes[proxy.node];
        let is_open = node.revoked.is_none() && stage.trees.suspended(proxy.node).is_none();
        stage
            .is_deep()
            .then(|| (held.clone(), is_open.then_some(proxy.target)))
    });
    let Some((held, target)) = held else { return };
    let Some(real) = AnyLease::of(&held.real) else {
        drop_all(held);
        return;
    };
    let model = held.model;
    drop_all(held);
    let lease = HeldLease {
        real,
        model,
        target,
    };
    perform_leased(world, lease, Method::Ping, Recipe::default(), PLAIN);
}

/// Gives a lease back.
pub fn give_back(world: WorldId, slot: u8) {
    let rubbish = with(|stage| {
        let leases = &mut stage.worlds[world].leases;
        let count = leases.len();
        (count > 0).then(|| leases.remove(usize::from(slot) % count))
    });
    drop_all(rubbish);
}

/// Asks through the first lease of `world` for a number.
pub fn ask_leased(world: WorldId) {
    if let Some(lease) = take_lease(world, 0) {
        perform_leased(world, lease, Method::Ping, Recipe::default(), PLAIN);
    }
}

/// Makes a call through a lease, which is held again afterwards.
pub fn perform_leased(
    world: WorldId,
    lease: HeldLease,
    method: Method,
    recipe: Recipe,
    reply: Reply,
) {
    let model = lease.model;
    let through = Through::Lease(lease);
    if let Some(Through::Lease(lease)) = make(world, model, through, method, recipe, reply) {
        drop_all(with(|stage| stage.worlds[world].hold_lease(lease)));
    }
}
