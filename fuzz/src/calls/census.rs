//! Who is alive: exactly what somebody can reach, and what each membrane says of the number of its proxies.
//!
//! Asked between operations, when no call runs. A reference that is held keeps its proxy alive; a proxy of a live membrane
//! keeps its target; a revoked one keeps nothing. A lease keeps the proxy, and what stood behind it as it was taken.

use super::crossing::Cursor;
use super::references::{Ref, RefId};
use super::stage::{Stage, with};
use super::tree::NodeId;
use std::collections::HashSet;

/// What can be reached.
#[derive(Default)]
struct Reached {
    refs: HashSet<RefId>,
    sources: HashSet<usize>,
    /// Proxies of iterators: they have no number.
    cursors: Vec<NodeId>,
}

impl Reached {
    fn reference(&mut self, stage: &Stage, one: RefId) {
        let mut at = one;
        while self.refs.insert(at) {
            at = match stage.refs.get(at) {
                Ref::Proxy(proxy) if stage.trees.nodes[proxy.node].revoked.is_none() => {
                    proxy.target
                }
                Ref::Proxy(_) => return,
                Ref::Object(object) => match stage.objects[object].holds {
                    Some(held) => held,
                    None => return,
                },
            };
        }
    }

    fn cursor(&mut self, stage: &Stage, cursor: &Cursor) {
        for hop in cursor.hops.iter().rev() {
            if hop.over {
                return;
            }
            self.cursors.push(hop.way.node);
            if hop.dry || stage.trees.nodes[hop.way.node].revoked.is_some() {
                return;
            }
        }
        self.sources.insert(cursor.source);
    }

    fn proxies(&self, stage: &Stage, node: NodeId) -> usize {
        if stage.trees.nodes[node].revoked.is_some() {
            return 0;
        }
        let of_node =
            |one: &&RefId| matches!(stage.refs.get(**one), Ref::Proxy(proxy) if proxy.node == node);
        self.refs.iter().filter(of_node).count()
            + self.cursors.iter().filter(|other| **other == node).count()
    }
}

/// Compares.
pub fn check() -> Result<(), String> {
    let handles = with(|stage| {
        // Whoever is gone may leave its address to somebody else.
        stage.proxies.retain(|_, watch| watch.is_alive());
        let all = stage.handles.iter().enumerate();
        all.filter_map(|(node, handles)| handles.membrane.clone().map(|membrane| (node, membrane)))
            .collect::<Vec<_>>()
    });
    let told: Vec<_> = handles
        .iter()
        .map(|(node, membrane)| {
            (
                *node,
                membrane.live_proxies(),
                membrane.reason().map(membrane::Reason::as_str),
            )
        })
        .collect();
    with(|stage| compare(stage, &told))
}

fn compare(stage: &Stage, told: &[(NodeId, usize, Option<&str>)]) -> Result<(), String> {
    let mut reached = Reached::default();
    for world in &stage.worlds {
        world
            .slots
            .iter()
            .for_each(|held| reached.reference(stage, held.model));
        world
            .cursors
            .iter()
            .for_each(|held| reached.cursor(stage, &held.model));
        for lease in &world.leases {
            reached.reference(stage, lease.model);
            if let Some(target) = lease.target {
                reached.reference(stage, target);
            }
        }
    }
    for (number, object) in stage.objects.iter().enumerate() {
        let should = stage
            .refs
            .find(Ref::Object(number))
            .is_some_and(|one| reached.refs.contains(&one));
        if object.watch.is_alive() != should {
            return Err(format!(
                "census: object {number} of world {} is {}",
                object.world,
                if should {
                    "gone, and somebody can reach it"
                } else {
                    "still there, and nobody can reach it"
                }
            ));
        }
    }
    for (number, source) in stage.sources.iter().enumerate() {
        let should = reached.sources.contains(&number);
        if (source.token.strong_count() > 0) != should {
            return Err(format!(
                "census: iterator {number} is there: {}; somebody can reach it: {should}",
                !should
            ));
        }
    }
    for (node, handles) in stage.handles.iter().enumerate() {
        let (told, should) = (handles.told(), stage.trees.nodes[node].revoked);
        // Of a membrane that is gone nobody can be told.
        if told.as_slice() != should.as_slice() && !(told.is_empty() && handles.is_empty()) {
            return Err(format!(
                "observer: told {told:?} of membrane {node}, and should have been told {should:?}"
            ));
        }
    }
    for (node, count, reason) in told {
        let should = reached.proxies(stage, *node);
        if *count != should {
            return Err(format!(
                "census: membrane {node} says that {count} of its proxies live, and there are {should}"
            ));
        }
        if *reason != stage.trees.nodes[*node].revoked {
            return Err(format!(
                "census: membrane {node} is revoked for {reason:?}, and should be for {:?}",
                stage.trees.nodes[*node].revoked
            ));
        }
    }
    Ok(())
}
