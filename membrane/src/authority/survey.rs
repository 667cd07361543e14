//! How a snapshot is gathered.
//!
//! One grant after the other, each after its parent. Of each, the list of its proxies and whether it is revoked are read
//! under the lock of its tables, so they are of one moment: a revoker cuts first and then takes the tables under it. No proxy
//! and no target is held meanwhile, but the proxies that a call still runs on, of a revoked grant or of something that is
//! polled: for an instant, and let go of outside of all locks, since theirs may be the last reference.
//!
//! A running call is found by the address of its cell. The addresses are read twice: once for all grants, to know what to
//! look for, and again, under the lock of the tables, where one was found. The table's weak reference keeps the address
//! from being another cell's, so what the second look finds is a call of that very proxy.

use super::snapshot::{
    ConditionsSnapshot, GrantId, GrantSnapshot, GrantState, InterfaceSnapshot, Refusals,
    RunningSnapshot, Snapshot,
};
use super::tally::Counted;
use super::watch;
use crate::conditions::Standing;
use crate::direction::Direction;
use crate::identity::{Listed, Tables};
use crate::interface::Label;
use crate::policy::{Allow, names_in};
use crate::reason::Reason;
use crate::tree::Scope;
use object_membrane_gate::sync::lock;
use object_membrane_gate::{Counts, Holder, InUse, drop_quietly};
use std::any::TypeId;
use std::borrow::Cow;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Looks at `root` and everything derived from it.
pub(super) fn snapshot(root: &Arc<Scope>) -> Snapshot {
    let in_use = InUse::now();
    let mut grants = Vec::new();
    // Of what the first derives from, the epochs are added up once, not again for each that derives from it.
    let above = root
        .data()
        .parent()
        .map_or(0, |parent| watch::epoch(parent.data()));
    let mut found: Vec<(Arc<Scope>, Option<GrantId>, u64)> = vec![(root.clone(), None, above)];
    let mut next = 0;
    while let Some((scope, parent, above)) = found.get(next).cloned() {
        next += 1;
        let id = scope.data().id();
        let (children, epoch) = {
            let family = lock(&scope.data().family);
            (family.children(), above + family.epoch())
        };
        grants.push(look(&scope, parent, epoch, &in_use));
        found.extend(
            children
                .iter()
                .filter_map(Weak::upgrade)
                .map(|child| (child, Some(id), epoch)),
        );
    }
    // Children first: a line of them that only this held goes one by one.
    while found.pop().is_some() {}
    Snapshot { grants }
}

fn look(scope: &Arc<Scope>, parent: Option<GrantId>, epoch: u64, in_use: &InUse) -> GrantSnapshot {
    let node = scope.data();
    let mut listed = Vec::new();
    let mut running = Vec::new();
    let mut held = Vec::new();
    let revoked = {
        let tables = lock(&node.tables);
        let revoked = scope.is_revoked();
        if let Some(tables) = tables.get()
            && !revoked
        {
            listed = tables.listed();
            running = running_in(tables, in_use, &mut held);
        }
        revoked
    };
    drop_quietly(held);
    if revoked {
        running = still_running(scope);
    }
    let interfaces = interfaces(scope, &listed);
    let counts = node.place().counts();
    let standing = Standing::of(scope);
    let state = if revoked {
        GrantState::Revoked {
            reason: Reason::from_number(scope.reason()).as_str().into(),
        }
    } else if let Some(suspension) = standing.suspended {
        GrantState::Suspended {
            reason: suspension.reason.as_str().into(),
            retry_after: suspension.retry_after,
        }
    } else {
        GrantState::Live
    };
    GrantSnapshot {
        id: node.id(),
        parent,
        kind: node.kind(),
        label: node.label(),
        state,
        conditions: ConditionsSnapshot {
            expires_in: standing.expires_in,
            calls_left: standing.calls_left,
            rate: standing.rate.map(|rate| rate.to_string().into()),
            concurrency_left: standing.concurrency_left,
            bytes_in_left: standing.bytes_in_left,
            bytes_out_left: standing.bytes_out_left,
            proxies_left: standing.proxies_left,
        },
        live_proxies: interfaces.iter().map(|listed| listed.live_proxies).sum(),
        interfaces,
        refused: refused(&counts),
        calls: node
            .place()
            .flags()
            .counting
            .then(|| counts[Counted::Called as usize]),
        epoch,
        running,
    }
}

/// What the policy names, and what else proxies stand for.
fn interfaces(scope: &Scope, listed: &[Listed]) -> Vec<InterfaceSnapshot> {
    let policy = scope.data().policy();
    let mut all: Vec<(TypeId, InterfaceSnapshot)> = Vec::new();
    for calls in [Direction::Inbound, Direction::Outbound] {
        all.extend(policy.rules(calls).map(|rule: Allow| {
            let snapshot = InterfaceSnapshot {
                interface: rule.name.into(),
                calls,
                allowed: names(rule.methods, rule.mask),
                live_proxies: 0,
            };
            (rule.interface, snapshot)
        }));
        for table in listed.iter().filter(|table| table.calls == calls) {
            let known = all
                .iter_mut()
                .find(|(interface, known)| *interface == table.interface && known.calls == calls);
            match known {
                Some((_, known)) => known.live_proxies += table.live_proxies,
                None if table.live_proxies == 0 => {}
                None => all.push((
                    table.interface,
                    InterfaceSnapshot {
                        interface: table.name.into(),
                        calls,
                        allowed: names(table.methods, table.allowed),
                        live_proxies: table.live_proxies,
                    },
                )),
            }
        }
    }
    all.into_iter().map(|(_, snapshot)| snapshot).collect()
}

fn names(methods: &'static [&'static str], mask: u64) -> Vec<Cow<'static, str>> {
    names_in(methods, mask).map(Cow::Borrowed).collect()
}

fn refused(counts: &Counts) -> Refusals {
    let of = |what: Counted| counts[what as usize];
    Refusals {
        not_allowed: of(Counted::NotAllowed),
        revoked: of(Counted::Revoked),
        too_deep: of(Counted::TooDeep),
        rejected: of(Counted::Rejected),
        condition: of(Counted::Condition),
        panicked: of(Counted::Panicked),
    }
}

/// The calls of the tables' proxies that ran when `in_use` was read, and still do.
fn running_in(
    tables: &Tables,
    in_use: &InUse,
    held: &mut Vec<Arc<dyn Holder>>,
) -> Vec<RunningSnapshot> {
    if in_use.is_empty() || tables.running(in_use, held).is_empty() {
        return Vec::new();
    }
    tables
        .running(&InUse::now(), held)
        .into_iter()
        .map(|(label, running_for)| named(label, running_for))
        .collect()
}

/// The calls that still run in a revoked scope.
fn still_running(scope: &Scope) -> Vec<RunningSnapshot> {
    let running = scope.running();
    let named = running
        .iter()
        .map(|call| {
            let label = call.holder.method_name(call.method);
            named(label, call.running_for)
        })
        .collect();
    drop_quietly(running);
    named
}

fn named((interface, method): Label, running_for: Option<Duration>) -> RunningSnapshot {
    RunningSnapshot {
        interface: interface.into(),
        method: method.map(Cow::Borrowed),
        running_for,
    }
}
