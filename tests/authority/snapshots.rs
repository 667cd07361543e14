//! What is in a snapshot.

use super::seen;
use membrane::Direction::{Inbound, Outbound};
use membrane::GrantKind::{Attenuate, Grant};
use membrane::{
    Conditions, Direction, Error, GrantKind, GrantState, InterfaceSnapshot, Membrane, Policy,
    Snapshot, allow, interface,
};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::thread::Builder;
use std::time::Duration;
use tests::{Census, Scripted, Worker, plain_worker, sized, soon, worker_policy, working};

/// No policy here names it.
#[interface]
trait Unnamed {}

impl Unnamed for Scripted {}

type Shown<'a> = (&'a str, Direction, Vec<&'a str>, usize);

fn shown(interfaces: &[InterfaceSnapshot]) -> Vec<Shown<'_>> {
    let each = interfaces.iter().map(|listed| {
        let allowed = listed.allowed.iter().map(|name| &**name).collect();
        (
            &*listed.interface,
            listed.calls,
            allowed,
            listed.live_proxies,
        )
    });
    each.collect()
}

/// Fails if a holder sees more of its owner than what it is bound by, or not all of that.
#[test]
fn snapshot_shows_of_those_further_up_what_binds_and_nothing_else() {
    let conditions = Conditions::builder()
        .calls(9)
        .rate(3, Duration::from_secs(7))
        .proxies(5);
    let owner = Membrane::with_conditions(worker_policy(), &conditions.build().unwrap()).unwrap();
    let owner = owner.labelled("the owner");
    let neighbour = owner.grant(&worker_policy()).unwrap().labelled("neighbour");
    let holders = owner.attenuate(&Policy::deny_all()).unwrap();
    let lent = neighbour.wrap(plain_worker()).unwrap();
    assert_eq!(lent.run(), Ok(7));
    assert!(lent.unlisted(plain_worker()).is_err());
    owner.suspend("lunch", None);

    let snapshot = holders.snapshot();
    let [shown] = &snapshot.grants[..] else {
        panic!("{snapshot:?}")
    };
    assert_eq!((shown.id, shown.parent), (holders.id(), None));
    assert_eq!(shown.conditions.calls_left, Some(8));
    assert_eq!(shown.conditions.proxies_left, Some(4));
    assert_eq!(
        shown.conditions.rate.as_deref(),
        Some("3 calls per 7s, 3 at once")
    );
    assert!(
        matches!(&shown.state, GrantState::Suspended { reason, .. } if reason == "lunch"),
        "{:?}",
        shown.state
    );
    assert_eq!(shown.epoch, 1);
    assert_eq!((shown.live_proxies, shown.refused.total()), (0, 0));
    assert!(shown.interfaces.is_empty() && shown.running.is_empty());
    let text = format!("{snapshot:?}");
    assert!(
        !text.contains("owner") && !text.contains("neighbour"),
        "{text}"
    );
}

#[test]
fn grants_are_listed_after_their_parents_with_how_they_derive() {
    let policy = worker_policy();
    let root = Membrane::new(policy.clone());
    let left = root.grant(&policy).unwrap();
    let right = root.attenuate(&policy).unwrap();
    let deep = left.attenuate(&policy).unwrap();
    let deeper = deep.grant(&policy).unwrap();
    // A grant of a grant of the holder's is the holder's, too.
    let beside = right.grant(&policy).unwrap();

    let listed = |snapshot: &Snapshot| -> Vec<_> {
        let each = snapshot.grants.iter();
        each.map(|grant| (grant.id, grant.parent, grant.kind))
            .collect()
    };
    assert_eq!(
        listed(&root.snapshot()),
        [
            (root.id(), None, GrantKind::Membrane),
            (left.id(), Some(root.id()), Grant),
            (right.id(), Some(root.id()), Attenuate),
            (deep.id(), Some(left.id()), Attenuate),
            (beside.id(), Some(right.id()), Grant),
            (deeper.id(), Some(deep.id()), Grant),
        ]
    );
    // A part of the tree shows nothing of the rest.
    assert_eq!(
        listed(&left.snapshot()),
        [
            (left.id(), None, Grant),
            (deep.id(), Some(left.id()), Attenuate),
            (deeper.id(), Some(deep.id()), Grant),
        ]
    );
    let ids: HashSet<_> = root
        .snapshot()
        .grants
        .iter()
        .map(|grant| grant.id)
        .collect();
    assert_eq!(ids.len(), 6);
    assert_eq!(
        root.snapshot().grant(deep.id()).unwrap().parent,
        Some(left.id())
    );

    // What nobody holds is not there any more; what only a proxy holds is.
    let proxy = deeper.wrap(plain_worker()).unwrap();
    drop((deep, deeper, beside));
    assert_eq!(root.snapshot().grants.len(), 5);
    drop(proxy);
    assert_eq!(root.snapshot().grants.len(), 3);
}

#[test]
fn interfaces_show_what_may_be_called_and_what_lives() {
    let root = Membrane::new(worker_policy());
    let narrow = Policy::builder()
        .inbound(allow!(dyn Worker: run))
        .build()
        .unwrap();
    let grant = root.grant(&narrow).unwrap();
    assert_eq!(
        shown(&seen(&grant).interfaces),
        [("Worker", Inbound, vec!["run"], 0)]
    );

    let lent = [(); 3].map(|()| grant.wrap(plain_worker()).unwrap());
    let taken = grant.wrap_inbound(plain_worker()).unwrap();
    let opaque = grant
        .wrap::<dyn Unnamed>(Arc::new(Scripted::new(|_| Ok(1))))
        .unwrap();
    let closure: Arc<dyn Fn(u64) -> Result<u64, Error> + Send + Sync> = Arc::new(Ok);
    let closure = grant.pass(closure, Outbound).unwrap();
    assert_eq!(
        shown(&seen(&grant).interfaces),
        [
            ("Worker", Inbound, vec!["run"], 3),
            ("Unnamed", Inbound, vec![], 1),
            ("Fn", Inbound, vec!["call"], 1),
            ("Worker", Outbound, vec![], 1),
        ]
    );
    assert_eq!(seen(&grant).live_proxies, 6);
    assert_eq!(grant.live_proxies(), 6);
    assert_eq!(seen(&root).live_proxies, 0, "each grant's own");
    assert_eq!(
        shown(&seen(&root).interfaces),
        [
            ("Worker", Inbound, vec!["run", "run_with"], 0),
            ("Worker", Outbound, vec!["run", "run_with"], 0),
        ]
    );

    drop((lent, taken, opaque, closure));
    assert_eq!(
        shown(&seen(&grant).interfaces),
        [("Worker", Inbound, vec!["run"], 0)]
    );
}

/// What the holder lends on, and what comes from further out, is of two tables and one interface.
#[test]
fn proxies_of_one_interface_are_one_entry() {
    let root = Membrane::new(worker_policy());
    let inner = root.attenuate(&worker_policy()).unwrap();
    let lent = root.wrap(plain_worker()).unwrap();
    let lent_on = inner.wrap(lent.clone()).unwrap();
    let own = inner.wrap(plain_worker()).unwrap();
    assert_eq!(shown(&seen(&inner).interfaces)[0].3, 2);
    drop((lent, lent_on, own));
}

#[test]
fn revoked_grants_are_shown_with_the_reason_while_something_is_left() {
    let root = Membrane::new(worker_policy());
    let grant = root.grant(&worker_policy()).unwrap();
    let lent = grant.wrap(plain_worker()).unwrap();
    assert_eq!(seen(&grant).state, GrantState::Live);
    grant.revoke("left the firm");
    let gone = seen(&grant);
    assert_eq!(
        gone.state,
        GrantState::Revoked {
            reason: "left the firm".into()
        }
    );
    assert_eq!((gone.live_proxies, lent.run().is_err()), (0, true));
    assert_eq!(seen(&root).state, GrantState::Live);
    root.revoke("closing");
    assert!(matches!(&seen(&root).state, GrantState::Revoked { reason } if reason == "closing"));
    assert!(
        matches!(&seen(&grant).state, GrantState::Revoked { reason } if reason == "left the firm")
    );
}

/// Fails if `survey` upgrades the tables' references, or gives away what it found.
#[test]
fn snapshot_keeps_nothing_alive() {
    let census = Census::default();
    let root = Membrane::new(worker_policy());
    let grant = root.grant(&worker_policy()).unwrap();
    let lent = grant.wrap(Scripted::counted(&census).share()).unwrap();
    let snapshot = root.snapshot();
    drop(lent);
    assert_eq!((census.alive(), grant.live_proxies()), (0, 0));
    drop(grant);
    assert_eq!(root.snapshot().grants.len(), 1);
    drop(root);
    assert_eq!(snapshot.grants.len(), 2, "data of its own");
}

/// M14: in a call, in a target's `Drop`, in observers.
#[test]
fn snapshot_may_be_taken_from_anywhere() {
    soon(|| {
        let root = Membrane::new(worker_policy());
        let seen_inside = Arc::new(Mutex::new(Vec::new()));
        let look = {
            let (root, seen) = (root.clone(), seen_inside.clone());
            move |place: &'static str| {
                let grants = root.snapshot().grants.len();
                seen.lock().unwrap().push((place, grants));
            }
        };
        let (in_call, in_drop) = (look.clone(), look.clone());
        let target = Scripted::new(move |_| {
            in_call("call");
            Ok(1)
        })
        .on_drop(move || in_drop("drop"));
        let lent = root.wrap(target.share()).unwrap();
        root.on_dropped({
            let look = look.clone();
            move || look("dropped")
        });
        root.on_revoke(move |_| look("revoked"));
        assert_eq!(lent.run(), Ok(1));
        drop(lent);
        root.revoke("done");
        assert_eq!(
            *seen_inside.lock().unwrap(),
            [("call", 1), ("dropped", 1), ("drop", 1), ("revoked", 1)]
        );
    });
}

/// Fails if a snapshot, or dropping what it held, recurses; or if it looks at every grant again for each (not done soon).
#[test]
fn snapshot_of_very_many_grants_is_flat_and_linear() {
    let run = move || {
        let (many, long) = (sized(100_000, 300), sized(60_000, 200));
        let root = Membrane::new(Policy::deny_all());
        let mut wide = Vec::new();
        wide.resize_with(many, || root.grant(&Policy::deny_all()).unwrap());
        assert_eq!(root.snapshot().grants.len(), many + 1);

        let line = Membrane::new(Policy::deny_all());
        let mut last = line.clone();
        for index in 1..long {
            let derived = if index % 2 == 0 {
                last.grant(&Policy::deny_all())
            } else {
                last.attenuate(&Policy::deny_all())
            };
            last = derived.unwrap();
        }
        let snapshot = line.snapshot();
        assert_eq!(snapshot.grants.len(), long);
        let parents = snapshot.grants.windows(2);
        assert!(
            parents
                .into_iter()
                .all(|pair| pair[1].parent == Some(pair[0].id))
        );
        assert_eq!(snapshot.to_mermaid().lines().count(), 2 * long);
        assert_eq!(snapshot.to_dot().lines().count(), 2 * long + 2);
    };
    let thread = Builder::new().stack_size(256 * 1024).spawn(run).unwrap();
    soon(|| thread.join().unwrap());
}

#[test]
fn graph_has_one_arrow_for_each_derivation() {
    let root = Membrane::new(working().build().unwrap()).labelled("root");
    drop(root.grant(&worker_policy()).unwrap().labelled("forgotten"));
    let grant = root.grant(&worker_policy()).unwrap().labelled("grant");
    let lent = grant.wrap(plain_worker()).unwrap();
    assert!(lent.unlisted(plain_worker()).is_err());
    grant.revoke("over");
    let inner = root.attenuate(&worker_policy()).unwrap();
    let deeper = inner.grant(&worker_policy()).unwrap();
    let dot = root.snapshot().to_dot();
    assert_eq!(
        dot,
        r#"digraph membrane {
    node [shape=box];
    g0 [label="root\nmembrane, live\ninbound Worker (run, run_with)\noutbound Worker (run, run_with)"];
    g1 [label="grant\ngrant, revoked (over)\ninbound Worker (run, run_with)\noutbound Worker (run, run_with)\nrefused 1 not allowed", style=dashed];
    g2 [label="attenuate, live\ninbound Worker (run, run_with)\noutbound Worker (run, run_with)"];
    g3 [label="grant, live\ninbound Worker (run, run_with)\noutbound Worker (run, run_with)"];
    g0 -> g1 [label="grant"];
    g0 -> g2 [label="attenuate"];
    g2 -> g3 [label="grant"];
}
"#
    );
    drop((deeper, lent));
}

#[test]
fn snapshot_is_data() {
    let root = Membrane::new(worker_policy()).labelled("root \"quoted\"");
    let grant = root.grant(&worker_policy()).unwrap();
    let lent = grant.wrap(plain_worker()).unwrap();
    assert!(lent.unlisted(plain_worker()).is_err());
    root.attenuate(&worker_policy()).unwrap().revoke("gone");
    let snapshot = root.snapshot();
    let text = serde_json::to_string(&snapshot).unwrap();
    assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), snapshot);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["grants"][0]["label"], "root \"quoted\"");
    assert_eq!(value["grants"][1]["kind"], "grant");
    assert_eq!(value["grants"][1]["state"], "live");
    assert_eq!(value["grants"][1]["refused"]["not_allowed"], 1);
    assert_eq!(value["grants"][1]["interfaces"][0]["calls"], "inbound");
    assert_eq!(value["grants"][1]["parent"], value["grants"][0]["id"]);
    grant.revoke("said so");
    let value = serde_json::to_value(grant.snapshot()).unwrap();
    assert_eq!(value["grants"][0]["state"]["revoked"]["reason"], "said so");
}

#[test]
fn number_of_a_grant_is_greater_than_those_of_the_grants_before() {
    let root = Membrane::new(worker_policy());
    let made = [(); 20].map(|()| root.grant(&worker_policy()).unwrap().id());
    let numbers = made.map(membrane::GrantId::get);
    assert!(root.id().get() < numbers[0]);
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    assert!(made.is_sorted_by(|a, b| a < b), "compared as the numbers");
    for id in made {
        assert_eq!(id.to_string(), id.get().to_string());
        assert_eq!(format!("{id:>20}"), format!("{:>20}", id.get()));
        assert_eq!(serde_json::to_string(&id).unwrap(), id.to_string());
    }
}
