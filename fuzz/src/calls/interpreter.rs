//! Performs operations on the stage.

use super::calling;
use super::crossing::{Answer, Way};
use super::interfaces::{AnyRef, Kind, Leaf, Load, Outline};
use super::leasing;
use super::loads;
use super::program::{Op, Recipe, Reply, Rights};
use super::stage::{Handles, Held, World, with};
use super::tree::{Node, NodeId, Side, WorldId};
use crate::panics::{drop_all, violated, violation};
use membrane::{Direction, Error, ErrorKind, Membrane, PolicyProblem, WaitError};
use std::time::Duration;

/// The most membranes.
const MAX_NODES: usize = 8;
/// The most calls of this program inside each other. Direct ones count too, or the stack would overflow.
const MAX_FRAMES: usize = 12;

const REASONS: [&str; 4] = ["maintenance", "the end", "no reason", "quota"];

/// Performs the next operation, if there is one. `inside` is the side whose object is running, if any is.
pub fn next(inside: Option<WorldId>) {
    let op = with(|stage| {
        if stage.frames.len() > MAX_FRAMES {
            None
        } else {
            stage.ops.pop_front()
        }
    });
    if let Some(op) = op {
        perform(op, inside);
    }
    if violated() {
        violation(String::new());
    }
}

fn perform(op: Op, inside: Option<WorldId>) {
    let world =
        |side: u8| inside.unwrap_or_else(|| usize::from(side) % with(|stage| stage.worlds.len()));
    match op {
        Op::Create { side, what } => create(world(side), what),
        Op::Upcast { side, slot } => upcast(world(side), slot),
        Op::Drop { side, slot } => drop_slot(world(side), slot),
        Op::DropItems { side, slot } => drop_items(world(side), slot),
        Op::DropAll { side } => {
            let side = world(side);
            drop_all(with(|stage| std::mem::take(&mut stage.worlds[side])));
        }
        Op::Call {
            side,
            slot,
            method,
            recipe,
            reply,
        } => calling::call(world(side), slot, method, recipe, reply),
        Op::Lease { side, slot } if inside.is_none() => leasing::lease(world(side), slot),
        Op::GiveBack { side, slot } => leasing::give_back(world(side), slot),
        Op::Step { side, slot, reply } => calling::step(world(side), slot, reply),
        Op::Wrap {
            node,
            inbound,
            slot,
        } => wrap(node, inbound, slot),
        Op::Pass {
            node,
            inbound,
            recipe,
        } => pass(node, inbound, recipe),
        Op::Derive {
            node,
            how,
            holder,
            rights,
            narrow,
        } => derive(node, how, holder, rights, narrow),
        Op::Revoke { node, how, reason } => {
            revoke(node, how, reason);
            if inside.is_none() {
                probe();
            }
        }
        Op::Suspend { node, reason } => suspend(node, reason),
        Op::Resume { node } => resume(node),
        Op::DropHandle { node } => drop_handle(node),
        Op::Probe if inside.is_none() => probe(),
        Op::Lease { .. } | Op::Probe => {}
        Op::Race { node, rounds } => super::race::race(node, rounds),
    }
}

fn create(world: WorldId, what: u8) {
    match what {
        0..=3 => drop(loads::create(world, false, None)),
        4 | 5 => drop(loads::create(world, true, None)),
        _ => {
            let victim = loads::peer(world, what);
            drop(loads::create(world, false, Some(victim)));
        }
    }
}

fn upcast(world: WorldId, slot: u8) {
    let rubbish = with(|stage| {
        let world = &mut stage.worlds[world];
        let count = world.slots_of(Kind::Peer).count();
        if count == 0 {
            return None;
        }
        let held = world
            .slots_of(Kind::Peer)
            .nth(usize::from(slot) % count)?
            .clone();
        let AnyRef::Peer(one) = held.real else {
            return None;
        };
        world.hold(Held {
            real: AnyRef::Named(one),
            model: held.model,
        })
    });
    drop_all(rubbish);
}

fn drop_slot(world: WorldId, slot: u8) {
    let rubbish = with(|stage| {
        let slots = &mut stage.worlds[world].slots;
        if slots.is_empty() {
            None
        } else {
            Some(slots.remove(usize::from(slot) % slots.len()))
        }
    });
    drop_all(rubbish);
}

fn drop_items(world: WorldId, slot: u8) {
    let rubbish = with(|stage| {
        let cursors = &mut stage.worlds[world].cursors;
        if cursors.is_empty() {
            None
        } else {
            Some(cursors.remove(usize::from(slot) % cursors.len()))
        }
    });
    drop_all(rubbish);
}

/// Calls everything that anybody holds.
fn probe() {
    for world in 0..with(|stage| stage.worlds.len()) {
        for slot in 0..with(|stage| stage.worlds[world].slots.len()) {
            calling::ask(world, slot);
            if violated() {
                return;
            }
        }
        // Each is held again behind the others.
        for _ in 0..with(|stage| stage.worlds[world].leases.len()) {
            leasing::ask_leased(world);
            if violated() {
                return;
            }
        }
    }
}

/// A membrane whose handle is still there.
pub fn handle(node: u8) -> Option<(NodeId, Membrane)> {
    with(|stage| {
        let number = usize::from(node) % stage.handles.len();
        stage.handles[number]
            .membrane
            .clone()
            .map(|membrane| (number, membrane))
    })
}

/// From where to where a handle lends, and the way.
fn ways(node: NodeId, inbound: bool) -> (WorldId, WorldId, Way) {
    with(|stage| {
        let home = stage.trees.nodes[node].wet;
        let (wet, dry) = (stage.trees.world(home), stage.trees.world(Side::Dry(node)));
        let direction = if inbound {
            Direction::Inbound
        } else {
            Direction::Outbound
        };
        let (from, to) = if inbound { (dry, wet) } else { (wet, dry) };
        (
            from,
            to,
            Way {
                node,
                direction,
                home,
            },
        )
    })
}

fn wrap(node: u8, inbound: bool, slot: u8) {
    let Some((node, membrane)) = handle(node) else {
        return;
    };
    let (from, to, way) = ways(node, inbound);
    let held = with(|stage| {
        let slots = &stage.worlds[from].slots;
        slots.get(usize::from(slot) % slots.len().max(1)).cloned()
    });
    let Some(held) = held else { return };
    let expected = with(|stage| {
        let depth = stage.depth;
        live(stage, node)?;
        stage.rules(depth).parts(
            way,
            vec![super::crossing::Part::Ref(held.model, held.real.kind())],
        )
    });
    let real = match (held.real, inbound) {
        (AnyRef::Peer(one), false) => membrane.wrap(one).map(AnyRef::Peer),
        (AnyRef::Peer(one), true) => membrane.wrap_inbound(one).map(AnyRef::Peer),
        (AnyRef::Named(one), false) => membrane.wrap(one).map(AnyRef::Named),
        (AnyRef::Named(one), true) => membrane.wrap_inbound(one).map(AnyRef::Named),
        (AnyRef::Fun(one), false) => membrane.wrap(one).map(AnyRef::Fun),
        (AnyRef::Fun(one), true) => membrane.wrap_inbound(one).map(AnyRef::Fun),
    };
    drop_all(membrane);
    let mut rubbish = Vec::new();
    let fine = match (real, expected) {
        (Ok(real), Ok(parts)) => {
            with(|stage| stage.receive(to, vec![Leaf::Ref(real)], parts, &mut rubbish))
        }
        (Err(error), Err(expected)) => same_answer("wrap", error, expected),
        (Ok(_), Err(expected)) => Err(format!("wrap: done, and should have been {expected:?}")),
        (Err(error), Ok(_)) => Err(format!("wrap: {error:?}, and should have been done")),
    };
    drop_all(rubbish);
    if let Err(text) = fine {
        violation(text);
    }
}

fn live(stage: &super::stage::Stage, node: NodeId) -> Result<(), Answer> {
    match stage.trees.nodes[node].revoked {
        None => Ok(()),
        reason => Err(Answer {
            kind: ErrorKind::Revoked,
            reason,
        }),
    }
}

/// Whether the library gave the answer that it should.
pub fn same_answer(what: &str, error: Error, expected: Answer) -> Result<(), String> {
    let answer = Answer::of(error);
    if answer == expected {
        Ok(())
    } else {
        Err(format!(
            "{what}: answered {answer:?}, and should have answered {expected:?}"
        ))
    }
}

fn pass(node: u8, inbound: bool, recipe: Recipe) {
    let Some((node, membrane)) = handle(node) else {
        return;
    };
    let (from, to, way) = ways(node, inbound);
    let built = loads::build(from, recipe);
    let expected = with(|stage| {
        let depth = stage.depth;
        live(stage, node)?;
        stage.rules(depth).parts(way, built.parts)
    });
    let real: Result<Load, Error> = membrane.pass(built.load, way.direction);
    drop_all(membrane);
    let mut rubbish = Vec::new();
    let fine = match (real, expected) {
        (Ok(load), Ok(parts)) => {
            let (mut leaves, mut outline) = (Vec::new(), Outline::new());
            load.take_apart(&mut leaves, &mut outline);
            if outline == built.outline {
                with(|stage| stage.receive(to, leaves, parts, &mut rubbish))
            } else {
                Err(format!("pass: {} became {outline}", built.outline))
            }
        }
        (Err(error), Err(expected)) => same_answer("pass", error, expected),
        (Ok(_), Err(expected)) => Err(format!("pass: done, and should have been {expected:?}")),
        (Err(error), Ok(_)) => Err(format!("pass: {error:?}, and should have been done")),
    };
    drop_all(rubbish);
    if let Err(text) = fine {
        violation(text);
    }
}

fn derive(node: u8, how: u8, holder: u8, rights: Rights, narrow: bool) {
    if with(|stage| stage.trees.nodes.len()) >= MAX_NODES {
        return;
    }
    let Some((node, parent)) = handle(node) else {
        return;
    };
    let has = with(|stage| stage.trees.nodes[node].rights);
    let asked = if narrow { rights.narrowed(has) } else { rights };
    let policy = asked.policy();
    let (child, guard, lent_on) = match how % 4 {
        0 | 1 => (parent.grant(&policy), None, false),
        2 => (parent.attenuate(&policy), None, true),
        _ => match parent.scoped(&policy) {
            Ok(guard) => (Ok((*guard).clone()), Some(guard), false),
            Err(error) => (Err(error), None, false),
        },
    };
    drop_all(parent);
    let revoked = with(|stage| stage.trees.nodes[node].revoked.is_some());
    let fine = match child {
        Ok(_) if revoked => Err(String::from("derive: from a revoked membrane")),
        Ok(_) if !asked.within(has) => Err(format!("derive: {asked:?} from {has:?}")),
        Err(error) if asked.within(has) && !revoked => {
            Err(format!("derive: refused what is no wider: {error}"))
        }
        Err(error) if asked.within(has) && error.problems() != [PolicyProblem::Revoked] => {
            Err(format!("derive: from a revoked membrane: {error}"))
        }
        Err(_) => Ok(()),
        Ok(child) => {
            let handles = Handles::new(child, guard);
            with(|stage| {
                let parent = &stage.trees.nodes[node];
                let wet = if lent_on { Side::Dry(node) } else { parent.wet };
                let tree = parent.tree;
                let world = if holder < 96 {
                    // Somebody who is lent to already.
                    stage.trees.nodes[usize::from(holder) % stage.trees.nodes.len()].world
                } else {
                    stage.worlds.push(World::default());
                    stage.worlds.len() - 1
                };
                stage.trees.nodes.push(Node {
                    tree,
                    parent: Some(node),
                    wet,
                    world,
                    rights: asked,
                    revoked: None,
                    suspended: None,
                });
                stage.handles.push(handles);
            });
            Ok(())
        }
    };
    if let Err(text) = fine {
        violation(text);
    }
}

fn revoke(node: u8, how: u8, reason: u8) {
    let (node, membrane, revoker) = with(|stage| {
        let node = usize::from(node) % stage.handles.len();
        let handles = &stage.handles[node];
        (node, handles.membrane.clone(), handles.revoker.clone())
    });
    let mut reason = REASONS[usize::from(reason) % REASONS.len()];
    match (how % 4, membrane, revoker) {
        (3, ..) => {
            let Some(guard) = with(|stage| stage.handles[node].guard.take()) else {
                return;
            };
            reason = "the scope of the grant ended";
            with(|stage| stage.trees.revoke(node, reason));
            drop_all(guard);
        }
        (2, Some(membrane), _) => {
            // Foreseen first: the model must be right already when a `Drop` runs.
            with(|stage| stage.trees.revoke(node, reason));
            let waited = membrane.revoke_and_wait(reason, Duration::ZERO);
            let (depth, is_leased) = with(|stage| (stage.depth, stage.is_leased(node)));
            let expected = if is_leased {
                Err(WaitError::Inside)
            } else {
                Ok(())
            };
            if depth == 0 && waited != expected {
                violation(format!(
                    "revoke_and_wait outside of any call: {waited:?}; should have been {expected:?}"
                ));
            }
        }
        (0, Some(membrane), _) => {
            with(|stage| stage.trees.revoke(node, reason));
            membrane.revoke(reason);
        }
        (_, _, Some(revoker)) => {
            with(|stage| stage.trees.revoke(node, reason));
            revoker.revoke(reason);
        }
        _ => {}
    }
}

fn suspend(node: u8, reason: u8) {
    let Some((node, membrane)) = handle(node) else {
        return;
    };
    let reason = REASONS[usize::from(reason) % REASONS.len()];
    with(|stage| stage.trees.nodes[node].suspended = Some(reason));
    membrane.suspend(reason, None);
    drop_all(membrane);
}

fn resume(node: u8) {
    let Some((node, membrane)) = handle(node) else {
        return;
    };
    with(|stage| stage.trees.nodes[node].suspended = None);
    membrane.resume();
    drop_all(membrane);
}

fn drop_handle(node: u8) {
    let rubbish = with(|stage| {
        let number = usize::from(node) % stage.handles.len();
        let handles = &mut stage.handles[number];
        // A guard revokes when it is dropped: that is another operation.
        let revoker = if node < 128 {
            None
        } else {
            handles.revoker.take()
        };
        (handles.membrane.take(), revoker)
    });
    drop_all(rubbish);
}

/// What a call to be made without anything special does.
pub const PLAIN: Reply = Reply {
    how: 15,
    recipe: Recipe {
        shape: 0,
        picks: [0; 3],
    },
    nested: 0,
};
