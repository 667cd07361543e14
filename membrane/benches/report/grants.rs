//! Many membranes: what they take, and revoking them with what they derive from.

use crate::counting::counted;
use crate::row::{at_most, told};
use crate::scenarios::{Service, policy, target};
use crate::timing::{each, own_time};
use membrane::{Membrane, Policy};
use std::sync::Arc;
use std::time::Duration;

const MEMBRANES: usize = 100_000;
const GRANTS: usize = 10;
const SUBTREE: usize = 100_000;

pub(crate) fn report() {
    memory();
    for (shape, branches) in [
        ("all of one parent", 1),
        ("of a hundred parents", 100),
        ("of ten thousand parents", 10_000),
    ] {
        let took = least_revoke(branches, None);
        at_most(
            &format!("revoke of a subtree of 100,000 grants, {shape}"),
            each(took, 1) / 1e6,
            10.0,
            " ms",
        );
    }
    let object = target();
    let took = least_revoke(1, Some(&object));
    told(
        "the same of one parent, with a proxy in each",
        format_args!("{:.2} ms", each(took, 1) / 1e6),
    );
}

fn grant(of: &Membrane, policy: &Policy) -> Membrane {
    of.grant(policy).expect("the same policy")
}

fn memory() {
    let policy = policy();
    let mut membranes = Vec::with_capacity(MEMBRANES);
    let mut grants = Vec::with_capacity(MEMBRANES * GRANTS);
    let taken = counted(|| {
        for _ in 0..MEMBRANES {
            let membrane = Membrane::new(policy.clone());
            grants.extend((0..GRANTS).map(|_| grant(&membrane, &policy)));
            membranes.push(membrane);
        }
    });
    #[allow(clippy::cast_precision_loss, reason = "a number of bytes")]
    let megabytes = taken.kept_bytes as f64 / 1e6;
    at_most(
        "100,000 membranes of ten grants each, requested",
        megabytes,
        200.0,
        " MB",
    );
}

/// The least time to revoke a membrane with so many grants below it, `branches` of which have the others.
fn least_revoke(branches: usize, object: Option<&Arc<dyn Service>>) -> Duration {
    let policy = policy();
    let mut least = Duration::MAX;
    for _ in 0..12 {
        let root = Membrane::new(policy.clone());
        let mut handles = Vec::with_capacity(SUBTREE);
        let mut proxies = Vec::new();
        if branches > 1 {
            handles.extend((0..branches).map(|_| grant(&root, &policy)));
        }
        while handles.len() < SUBTREE {
            let parent = if branches > 1 {
                handles.get(handles.len() % branches)
            } else {
                None
            };
            let made = grant(parent.unwrap_or(&root), &policy);
            handles.push(made);
        }
        if let Some(object) = object {
            proxies.extend(
                handles
                    .iter()
                    .map(|grant| grant.wrap(object.clone()).expect("live")),
            );
        }
        least = least.min(own_time(|| root.revoke("measured")));
        assert!(handles.iter().all(Membrane::is_revoked));
    }
    least
}
