//! Refusals, and which error is told first.

use super::*;
use membrane::Homecoming;
use tests::{Census, assert_revoked};

type Closure = Arc<dyn Fn(Arc<dyn Worker>) -> Result<u64, Error> + Send + Sync>;

/// M11, E22. Fails if anything of a refusal depends on why.
#[test]
fn every_refusal_is_the_same() {
    for direction in DIRECTIONS {
        let with = |allow| {
            let policy = Policy::builder()
                .inbound(allow)
                .outbound(allow)
                .build()
                .unwrap();
            lend_desk(&Membrane::new(policy), direction)
        };
        // The interface is not named; it is, for no method; it is, for others; it is, for the other direction.
        let opaque = lend_desk(&Membrane::new(Policy::deny_all()), direction);
        let empty = with(allow!(dyn Desk));
        let others = with(allow!(dyn Desk: name, probe));
        let of_named_only = with(allow!(dyn Named: name));
        let other_way = {
            let allow = allow!(dyn Desk: unlisted, rename);
            let builder = Policy::builder();
            let policy = match direction {
                Direction::Outbound => builder.outbound(allow),
                Direction::Inbound => builder.inbound(allow),
            };
            lend_desk(&Membrane::new(policy.build().unwrap()), direction)
        };
        let revoked = {
            let membrane = Membrane::new(desk_policy());
            let lent = lend_desk(&membrane, direction);
            membrane.revoke("revoked");
            lent
        };
        let mut refusals = HashSet::new();
        for desk in [opaque, empty, others, of_named_only, other_way, revoked] {
            for error in [
                desk.unlisted().unwrap_err(),
                desk.rename().unwrap_err(),
                desk.unlisted_probe(Probe::default(), plain_worker())
                    .unwrap_err(),
                Named::rename(&*desk).unwrap_err(),
            ] {
                assert_eq!((error.kind(), error.reason()), (ErrorKind::Refused, None));
                refusals.insert((error, texts(error)));
            }
        }
        let refusals: Vec<_> = refusals.into_iter().collect();
        assert_eq!(refusals.len(), 1, "{refusals:?}");
        assert_eq!(
            refusals[0].0,
            ErrorKind::Refused.into(),
            "and as if a target had made it"
        );
    }
}

#[test]
fn unlisted_method_is_refused_at_every_depth_of_derivation() {
    let root = Membrane::new(desk_policy());
    let narrow = Policy::builder()
        .inbound(allow!(dyn Desk: name))
        .build()
        .unwrap();
    let mut lent = lend_desk(&root, Direction::Outbound);
    let mut membrane = root;
    for _ in 0..4 {
        membrane = membrane.attenuate(&narrow).unwrap();
        lent = membrane.wrap(lent).unwrap();
        assert_eq!(lent.name().as_deref(), Ok("desk"));
        for refused in [lent.unlisted(), lent.probe(Probe::default()), lent.panics()] {
            assert_eq!(refused, Err(ErrorKind::Refused.into()));
        }
    }
}

/// M11: allowed, revoked, then the arguments. Fails if `__call` asks for the method after it converts, or the cell after.
#[test]
fn arguments_of_a_call_that_is_not_made_are_not_converted() {
    for direction in DIRECTIONS {
        let (census, membrane, probe) = (
            Census::default(),
            Membrane::new(desk_policy()),
            Probe::default(),
        );
        let desk = lend_desk(&membrane, direction);
        let converted = || (probe.0.load(SeqCst), membrane.live_proxies());
        let worker = || Scripted::counted(&census).share();
        assert_eq!(desk.probe_and_meet(probe.clone(), worker()), Ok(7));
        assert_eq!(
            converted(),
            (1, 1),
            "the positive control; the worker's proxy is gone again"
        );

        assert_kind(
            desk.unlisted_probe(probe.clone(), worker()),
            ErrorKind::Refused,
        );
        assert_eq!(converted(), (1, 1), "refused");
        membrane.revoke("revoked");
        assert_revoked(desk.probe_and_meet(probe.clone(), worker()), "revoked");
        assert_revoked(desk.probe(probe.clone()), "revoked");
        assert_kind(
            desk.unlisted_probe(probe.clone(), worker()),
            ErrorKind::Refused,
        );
        assert_eq!(converted(), (1, 0), "revoked");
        assert_eq!(census.alive(), 0, "arguments are dropped");
    }
}

#[test]
fn arguments_of_a_call_that_is_too_deep_are_not_converted() {
    let policy = desk_policy().attenuate(&desk_policy()).unwrap();
    let rules: Vec<_> = policy.rules(Direction::Inbound).collect();
    let policy = rules
        .iter()
        .fold(Policy::builder().depth_limit(1), |builder, rule| {
            builder.inbound(*rule)
        });
    let (membrane, probe) = (Membrane::new(policy.build().unwrap()), Probe::default());
    let desk = lend_desk(&membrane, Direction::Outbound);
    let calls = Scripted::new({
        let (desk, probe) = (desk.clone(), probe.clone());
        move |_| desk.probe_and_meet(probe.clone(), plain_worker())
    });
    let outer = membrane.wrap(calls.share()).unwrap();
    assert_kind(outer.run(), ErrorKind::TooDeep);
    assert_eq!(probe.0.load(SeqCst), 0);
    assert_kind(
        desk.probe_and_meet(probe.clone(), plain_worker()),
        ErrorKind::Refused,
    );
    assert_eq!(
        probe.0.load(SeqCst),
        1,
        "converted, and then the callback was refused: it is not listed inbound"
    );
}

/// M11: "method allowed, revoked, conditions". Nesting is a condition.
#[test]
fn revoked_is_told_before_too_deep() {
    let policy = working().depth_limit(1).build().unwrap();
    let (outer, inner) = (Membrane::new(policy.clone()), Membrane::new(policy));
    let revoked = inner.wrap(plain_worker()).unwrap();
    inner.revoke("long ago");
    let lent = outer.wrap(
        Scripted::new(move |_| {
            assert_revoked(revoked.run(), "long ago");
            Ok(1)
        })
        .share(),
    );
    assert_eq!(lent.unwrap().run(), Ok(1));
}

/// As above, while the revoked membrane still has calls that run.
#[test]
fn revoked_is_told_before_too_deep_inside_the_revoked() {
    let membrane = Membrane::new(working().depth_limit(1).build().unwrap());
    let own: Arc<Mutex<Option<Arc<dyn Worker>>>> = Arc::default();
    let seen = Arc::new(Mutex::new(vec![]));
    let worker = Scripted::new({
        let (membrane, own, seen) = (membrane.clone(), own.clone(), seen.clone());
        move |_| {
            let own = own.lock().unwrap().clone().unwrap();
            seen.lock().unwrap().push(own.run());
            membrane.revoke("just now");
            seen.lock().unwrap().push(own.run());
            Ok(1)
        }
    });
    let lent = membrane.wrap(worker.share()).unwrap();
    *own.lock().unwrap() = Some(lent.clone());
    assert_revoked(lent.run(), "just now");
    let seen = seen.lock().unwrap().clone();
    assert_kind(seen[0], ErrorKind::TooDeep);
    assert_revoked(seen[1], "just now");
}

#[test]
fn first_argument_that_cannot_cross_ends_the_call() {
    let policy = working()
        .homecoming(Homecoming::Refuse)
        .inbound(allow!(dyn Desk: probe_and_meet))
        .build()
        .unwrap();
    let (membrane, entered) = (Membrane::new(policy), Arc::new(AtomicUsize::new(0)));
    let of_wet = membrane.wrap(plain_worker()).unwrap();
    let worker = Scripted::new({
        let entered = entered.clone();
        move |_| Ok(entered.fetch_add(1, SeqCst) as u64)
    });
    let lent = membrane.wrap(worker.share()).unwrap();
    let before = membrane.live_proxies();
    let rejected = lent.run_with(of_wet).unwrap_err();
    assert_eq!(rejected, ErrorKind::Rejected.into());
    assert_eq!(
        rejected.to_string(),
        "rejected: a value may not cross this way"
    );
    assert_eq!(
        (entered.load(SeqCst), membrane.live_proxies()),
        (0, before - 1),
        "`of_wet` is gone, nothing is new"
    );
}

/// The closure's own arguments and errors obey the same rules.
#[test]
fn closure_is_refused_and_revoked_as_methods_are() {
    for direction in DIRECTIONS {
        let membrane = Membrane::new(Policy::deny_all());
        let closure: Closure = Arc::new(|worker| worker.run());
        let lent = membrane.pass(closure, direction).unwrap();
        // The closure may be called, since it was lent; what it is given may not.
        assert_kind(lent(plain_worker()), ErrorKind::Refused);
        assert_eq!(membrane.live_proxies(), 1);
        membrane.revoke("no more");
        assert_revoked(lent(plain_worker()), "no more");
        assert_eq!(membrane.live_proxies(), 0);
    }
}
