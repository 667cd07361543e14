//! Everything reachable.

use super::*;
use tests::fixtures::parcel::{Actor, Inbox, Ref, swap_policy, swapping};
use tests::sized;

/// Each node's neighbours.
type Links = Vec<Arc<Mutex<Vec<Ref>>>>;

/// A graph of objects in which each gives away all its neighbours, in a shape of their own.
fn graph(size: u64) -> (Vec<Secret>, Links) {
    let links: Links = (0..size).map(|_| Arc::default()).collect();
    let nodes: Vec<Secret> = links
        .iter()
        .zip(0..)
        .map(|(links, number)| {
            let links = links.clone();
            let neighbours = move || links.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Secret::scripted(number, move |_| {
                let mut all = neighbours().into_iter();
                let first = all
                    .next()
                    .map(|one| Load::Supply(Arc::new(move || Ok(one.clone()))));
                let second = all
                    .next()
                    .map(|one| Load::Items(Box::new([Ok(one)].into_iter())));
                let rest = Load::Vec(all.collect());
                Ok(Load::Several(
                    first.into_iter().chain(second).chain([rest]).collect(),
                ))
            })
        })
        .collect();
    for (from, links) in links.iter().enumerate() {
        let mut links = links.lock().unwrap_or_else(PoisonError::into_inner);
        for step in [1, 2, 5, 0, 7] {
            links.push(nodes[(from + step) % nodes.len()].raw.clone());
        }
    }
    (nodes, links)
}

/// The objects reached from `start`, each once by address.
fn walk(start: &Ref) -> Vec<Ref> {
    let mut found = vec![start.clone()];
    let mut next = 0;
    while next < found.len() {
        for one in found[next]
            .swap(Load::Nothing)
            .expect("a node answers")
            .reach()
        {
            if !found.iter().any(|known| Arc::ptr_eq(known, &one)) {
                found.push(one);
            }
        }
        next += 1;
    }
    found
}

/// The omniscient oracle: every raw object is known, everything that the holder can reach is looked at.
#[test]
fn whatever_is_reached_from_a_lent_object_is_lent_too_and_dies_with_it() {
    let size = sized(40, 6);
    let (nodes, links) = graph(size as u64);
    let is_raw = |one: &Ref| nodes.iter().any(|node| Arc::ptr_eq(&node.raw, one));
    // Positive control.
    assert_eq!(
        walk(&nodes[0].raw).iter().filter(|one| is_raw(one)).count(),
        size
    );

    let membrane = Membrane::new(swap_policy());
    let found = walk(&membrane.wrap(nodes[0].raw.clone()).unwrap());
    assert_eq!(found.len(), size, "the whole graph, each node as one proxy");
    assert!(!found.iter().any(is_raw));
    for one in &found {
        let number = usize::try_from(one.ping().unwrap()).unwrap();
        nodes[number].assert_lent(one);
    }
    assert_eq!(membrane.live_proxies(), size);
    membrane.revoke("over");
    for one in &found {
        let answer = one.ping().expect_err("revoked").error();
        assert!(answer.is_revoked());
    }
    assert_eq!(membrane.live_proxies(), 0);
    // The graph is full of cycles.
    for links in links {
        links.lock().unwrap().clear();
    }
}

/// A16: each hop of a chain of calls that goes to and fro converts anew.
#[test]
fn reference_is_converted_at_each_hop_of_a_chain_that_goes_to_and_fro() {
    let hops = sized(20, 4);
    let membrane = Membrane::new(swap_policy());
    let (mine, yours) = (Secret::new(1), Secret::new(2));
    let seen = Inbox::default();
    // Each call hands over both secrets and whom to call next; the sides alternate.
    let mut next: Option<Ref> = None;
    for hop in 0..hops {
        let (seen, callee) = (seen.clone(), next.take());
        let actor = Actor::new(hop as u64, move |load| {
            let Load::Several(pair) = load else {
                panic!("a pair")
            };
            let pair: Vec<Ref> = pair.into_iter().map(Load::one).collect();
            seen.put(Load::Vec(pair.clone()));
            match &callee {
                Some(callee) => {
                    callee.swap(Load::Several(pair.into_iter().map(Load::One).collect()))
                }
                None => Ok(Load::Nothing),
            }
        })
        .share();
        // The actor of hop 0 is the last to be called. Even hops are the wet side's.
        let direction = if hop % 2 == 0 {
            Direction::Outbound
        } else {
            Direction::Inbound
        };
        next = Some(membrane.pass(actor, direction).unwrap());
    }
    // The last one made is the dry side's: the wet side calls it.
    let first = next.expect("there are hops");
    let theirs = membrane.wrap_inbound(yours.raw.clone()).unwrap();
    first
        .swap(Load::Several(vec![
            Load::One(mine.raw.clone()),
            Load::One(theirs),
        ]))
        .unwrap();
    for hop in 0..hops {
        let Load::Vec(pair) = seen.take() else {
            panic!("a pair")
        };
        if hop % 2 == 0 {
            mine.assert_lent(&pair[0]);
            yours.assert_raw(&pair[1]);
        } else {
            mine.assert_raw(&pair[0]);
            yours.assert_lent(&pair[1]);
        }
    }
    assert!(seen.is_empty());
}

/// B1: whose an object is follows from the side that it came from, and the two sides' lists are separate.
#[test]
fn each_side_calls_the_others_objects_by_its_own_list_only() {
    #[track_caller]
    fn pings(policy: PolicyBuilder) -> (bool, bool) {
        let membrane = Membrane::new(policy.build().unwrap());
        let (mine, yours) = (Secret::new(1), Secret::new(2));
        let inbox = Inbox::default();
        let keeping = membrane.wrap(Actor::keeping(&inbox)).unwrap();
        let lent = membrane.wrap(mine.raw.clone()).unwrap();
        let outward = lent.ping().is_ok();
        if keeping.swap(Load::One(yours.raw.clone())).is_err() {
            inbox.put(Load::One(membrane.wrap_inbound(yours.raw.clone()).unwrap()));
        }
        let inward = inbox.take().one().ping().is_ok();
        assert_eq!(
            (mine.calls.listed(), yours.calls.listed()),
            (outward.into(), inward.into())
        );
        (outward, inward)
    }
    use tests::fixtures::parcel::Peer;
    assert_eq!(pings(swapping()), (true, true));
    assert_eq!(
        pings(Policy::builder().inbound(allow!(dyn Peer: ping))),
        (true, false)
    );
    assert_eq!(
        pings(Policy::builder().outbound(allow!(dyn Peer: ping))),
        (false, true)
    );
    assert_eq!(
        pings(Policy::builder().inbound(allow!(dyn Peer: swap))),
        (false, false)
    );
}

/// A7: an object that is made for the caller is lent like any other.
#[test]
fn object_made_by_a_call_is_lent_and_freed_with_its_last_proxy() {
    let census = tests::Census::default();
    let membrane = Membrane::new(swap_policy());
    let tokens = census.clone();
    let factory = Actor::new(0, move |_| {
        Ok(Load::One(
            Actor::new(9, Ok).with_token(tokens.token()).share(),
        ))
    });
    let factory = membrane.wrap(factory.share()).unwrap();
    let made = factory.swap(Load::Nothing).unwrap().one();
    assert_eq!(made.ping().unwrap(), 9);
    assert_eq!(
        made.forbidden().expect_err("lent").error().kind(),
        ErrorKind::Refused
    );
    assert_eq!((census.alive(), membrane.live_proxies()), (1, 2));
    drop(made);
    assert_eq!((census.alive(), membrane.live_proxies()), (0, 1));
    let kept = factory.swap(Load::Nothing).unwrap().one();
    membrane.revoke("over");
    assert_eq!((census.made(), census.alive()), (2, 0));
    drop(kept);
}
