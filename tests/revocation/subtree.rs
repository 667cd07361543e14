//! What was derived is revoked too, and nothing else.

use super::*;
use tests::assert_kind;

/// E14, E15. Fails if `revocation::revoke` walks only the scope itself, or its children but not theirs.
#[test]
fn revocation_cuts_the_subtree_and_nothing_else() {
    const PARENTS: [Option<usize>; 8] = [
        None,
        Some(0),
        Some(0),
        Some(1),
        Some(1),
        Some(2),
        Some(3),
        Some(6),
    ];
    for cut in 0..PARENTS.len() {
        let mut nodes: Vec<Membrane> = vec![];
        for (index, parent) in PARENTS.iter().enumerate() {
            nodes.push(match parent {
                None => Membrane::new(worker_policy()),
                Some(parent) if index % 2 == 0 => nodes[*parent].grant(&worker_policy()).unwrap(),
                Some(parent) => nodes[*parent].attenuate(&worker_policy()).unwrap(),
            });
        }
        let census = Census::default();
        let lent: Vec<_> = nodes
            .iter()
            .map(|node| DIRECTIONS.map(|direction| lend(node, direction, &census)))
            .collect();
        nodes[cut].revoke("pruned");
        let mut remaining = 0;
        for (index, node) in nodes.iter().enumerate() {
            let mut line = std::iter::successors(Some(index), |at| PARENTS[*at]);
            let dead = line.any(|at| at == cut);
            assert_eq!(node.is_revoked(), dead, "{index} when {cut} is revoked");
            assert_eq!(node.reason().is_some(), dead);
            for worker in &lent[index] {
                if dead {
                    assert_revoked(worker.run(), "pruned");
                } else {
                    assert_eq!(worker.run(), Ok(7));
                    remaining += 1;
                }
            }
            assert_eq!(node.wrap(plain_worker()).is_err(), dead);
            assert_eq!(node.grant(&worker_policy()).is_err(), dead);
        }
        assert_eq!(census.alive(), remaining);
    }
}

#[test]
fn chain_of_grants_to_one_object_is_cut_below_the_revoked_link() {
    for cut in 0..4 {
        let mut links = vec![Membrane::new(worker_policy())];
        let mut lent = vec![links[0].wrap(plain_worker()).unwrap()];
        for link in 1..4 {
            links.push(links[link - 1].attenuate(&worker_policy()).unwrap());
            lent.push(links[link].wrap(lent[link - 1].clone()).unwrap());
        }
        links[cut].revoke("snapped");
        for (index, worker) in lent.iter().enumerate() {
            assert_eq!(
                worker.run().is_ok(),
                index < cut,
                "{index} of a chain cut at {cut}"
            );
        }
    }
}

#[test]
fn proxy_of_a_siblings_proxy_dies_with_either() {
    for cut in 0..2 {
        let root = Membrane::new(worker_policy());
        let siblings = [
            root.grant(&worker_policy()).unwrap(),
            root.grant(&worker_policy()).unwrap(),
        ];
        let lent = siblings[0].wrap(plain_worker()).unwrap();
        let through_both = siblings[1].wrap(lent).unwrap();
        assert_eq!(through_both.run(), Ok(7));
        siblings[cut].revoke("one of two");
        assert_kind(through_both.run(), ErrorKind::Revoked);
    }
}
