//! Running calls are shown while they run.

use super::seen;
use membrane::{Membrane, RunningSnapshot};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tests::{Census, Door, Scripted, Worker, assert_revoked, plain_worker, start, worker_policy};

fn named(running: &[RunningSnapshot]) -> Vec<(&str, Option<&str>)> {
    let each = running.iter();
    each.map(|call| (&*call.interface, call.method.as_deref()))
        .collect()
}

fn waits_at(door: &Arc<Door>) -> Arc<dyn Worker> {
    let door = door.clone();
    Scripted::new(move |_| {
        door.pass();
        Ok(1)
    })
    .share()
}

#[test]
fn call_is_shown_with_its_method_until_it_is_over() {
    let root = Membrane::new(worker_policy());
    let grant = root.grant(&worker_policy()).unwrap();
    let door = Door::shut();
    let busy = grant.wrap(waits_at(&door)).unwrap();
    let _idle = grant.wrap(plain_worker()).unwrap();
    let calls: Vec<_> = (0..2)
        .map(|index| {
            let busy = busy.clone();
            start(move || match index {
                0 => busy.run(),
                _ => busy.run_with(plain_worker()),
            })
        })
        .collect();
    door.await_arrivals(2);
    let snapshot = root.snapshot();
    assert_eq!(snapshot.grants[0].running, []);
    let mut running = named(&snapshot.grants[1].running);
    running.sort_unstable();
    assert_eq!(
        running,
        [("Worker", Some("run")), ("Worker", Some("run_with"))]
    );
    assert!(snapshot.to_mermaid().contains("running Worker.run_with"));
    door.open();
    for call in calls {
        assert_eq!(call.finish(), Ok(1));
    }
    assert_eq!(seen(&grant).running, []);
}

/// Fails if a snapshot leaves the time out that the gate has.
#[test]
fn call_of_a_guarded_grant_is_shown_with_its_time() {
    let root = Membrane::new(worker_policy());
    let (timed, plain) = (
        root.grant(&worker_policy()).unwrap(),
        root.grant(&worker_policy()).unwrap(),
    );
    timed.count_calls(true);
    let door = Door::shut();
    let calls = [&timed, &plain].map(|grant| {
        let busy = grant.wrap(waits_at(&door)).unwrap();
        start(move || busy.run())
    });
    door.await_arrivals(2);
    let at_least = Duration::from_millis(20);
    std::thread::sleep(at_least);
    let time = |grant: &Membrane| seen(grant).running[0].running_for;
    let running_for = time(&timed).unwrap();
    assert!(
        (at_least..Duration::from_mins(1)).contains(&running_for),
        "{running_for:?}"
    );
    assert_eq!(time(&plain), None);
    // A revoked one is looked at in another way.
    timed.revoke("over");
    assert!(time(&timed).unwrap() >= running_for);
    door.open();
    let [of_timed, of_plain] = calls.map(|call| call.finish());
    assert_revoked(of_timed, "over");
    assert_eq!(of_plain, Ok(1));
}

#[test]
fn calls_inside_calls_are_shown_each_in_its_grant() {
    let (outer, inner) = (
        Membrane::new(worker_policy()),
        Membrane::new(worker_policy()),
    );
    let found = Arc::new(Mutex::new(None));
    let look = {
        let (outer, inner, found) = (outer.clone(), inner.clone(), found.clone());
        Scripted::new(move |_| {
            *found.lock().unwrap() = Some((seen(&outer).running, seen(&inner).running));
            Ok(1)
        })
    };
    let inside = inner.wrap(look.share()).unwrap();
    let outside = outer
        .wrap(Scripted::new(move |_| inside.run()).share())
        .unwrap();
    assert_eq!(outside.run_with(plain_worker()), Ok(1));
    let (of_outer, of_inner) = found.lock().unwrap().take().unwrap();
    assert_eq!(named(&of_outer), [("Worker", Some("run_with"))]);
    assert_eq!(named(&of_inner), [("Worker", Some("run"))]);
    assert_eq!(
        (seen(&outer).running, seen(&inner).running),
        (vec![], vec![])
    );
}

#[test]
fn call_that_outlives_the_revocation_is_shown_until_it_is_over() {
    let (census, root) = (Census::default(), Membrane::new(worker_policy()));
    let grant = root.grant(&worker_policy()).unwrap();
    let door = Door::shut();
    let inside = door.clone();
    let target = Scripted::new(move |_| {
        inside.pass();
        Ok(1)
    });
    let lent = grant
        .wrap(target.with_token(census.token()).share())
        .unwrap();
    let call = start(move || lent.run());
    door.await_arrivals(1);
    grant.revoke("over");
    let snapshot = root.snapshot();
    assert_eq!(snapshot.grants.len(), 2, "it is waited for");
    assert_eq!(
        named(&snapshot.grants[1].running),
        [("Worker", Some("run"))]
    );
    assert_eq!(census.alive(), 1);
    door.open();
    assert_revoked(call.finish(), "over");
    assert_eq!(seen(&grant).running, []);
    assert_eq!(census.alive(), 0, "not kept by the snapshot");
}
