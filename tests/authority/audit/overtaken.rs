//! Refusals that a revocation overtakes: what is told, and counted, is what the caller was told, and nothing beside it.

use super::*;
use membrane::{Clock, Conditions, ConditionsBuilder, Error, Policy, rule};
use tests::{Scripted, assert_revoked, working};

/// Says zero so many times. Then it revokes, and says that a day has gone by.
struct Overtaking {
    looks: AtomicUsize,
    revokes: Mutex<Option<Membrane>>,
}

impl Clock for Overtaking {
    fn now(&self) -> Duration {
        if self.looks.load(SeqCst) > 0 {
            self.looks.fetch_sub(1, SeqCst);
            return Duration::ZERO;
        }
        let membrane = self.revokes.lock().unwrap().take();
        membrane.expect("one look too many").revoke("overtaken");
        Duration::from_hours(24)
    }
}

fn limited(policy: Policy, conditions: ConditionsBuilder) -> Membrane {
    Membrane::with_conditions(policy, &conditions.build().unwrap()).unwrap()
}

/// Asserts that a call is told to be revoked, and the hook the same, and that it counts once. `outcome` is how it ended.
#[track_caller]
fn assert_told_and_counted_once(
    membrane: &Membrane,
    target: Arc<dyn Worker>,
    outcome: fn(Error) -> Outcome,
) {
    let lent = membrane.wrap(target).unwrap();
    let log = Log::of(membrane);
    let error = lent.run_with(plain_worker()).unwrap_err();
    assert_revoked(Err::<(), _>(error), "overtaken");
    assert_eq!(log.calls(), [("run_with", outcome(error))]);
    let refused = seen(membrane).refused;
    assert_eq!((refused.revoked, refused.total()), (1, 1));
}

/// Fails if a condition that is not met is told, or counted, before the call's last look at the switch.
#[test]
fn condition_that_a_revocation_overtakes_is_told_and_counted_as_the_revocation() {
    // After the look at its birth: as the call is let in, as the target is entered, and as the result is delivered.
    let stages: [fn(Error) -> Outcome; 3] = [Outcome::Refused, Outcome::Refused, Outcome::Withheld];
    for (looks, outcome) in (1..).zip(stages) {
        let clock = Arc::new(Overtaking {
            looks: AtomicUsize::new(looks),
            revokes: Mutex::new(None),
        });
        let hour = Conditions::builder()
            .expires_after(Duration::from_hours(1))
            .clock(clock.clone());
        let membrane = limited(worker_policy(), hour);
        *clock.revokes.lock().unwrap() = Some(membrane.clone());
        assert_told_and_counted_once(&membrane, plain_worker(), outcome);
    }
}

/// Fails if the result that is too large counts beside the revocation.
#[test]
fn result_withheld_for_its_size_and_for_a_revocation_is_one_refusal() {
    let membrane = limited(worker_policy(), Conditions::builder().bytes_out(1));
    let revoker = membrane.revoker();
    let target = Scripted::new(move |_| {
        revoker.revoke("overtaken");
        Ok(1)
    });
    assert_told_and_counted_once(&membrane, target.share(), Outcome::Withheld);
}

/// Fails if what a rule says counts beside the revocation.
#[test]
fn argument_refused_while_a_revocation_comes_is_one_refusal() {
    let revokes = Arc::new(Mutex::new(None::<Membrane>));
    let rule = rule!(dyn Worker: run_with, {
        let revokes = revokes.clone();
        move |_other| {
            let membrane = revokes.lock().unwrap().take();
            membrane.expect("asked once").revoke("overtaken");
            false
        }
    });
    let membrane = Membrane::new(working().inbound_rule(rule).build().unwrap());
    *revokes.lock().unwrap() = Some(membrane.clone());
    assert_told_and_counted_once(&membrane, plain_worker(), Outcome::Refused);
}

/// Fails if a hook is told before the call's last look at the switch: what it does then changes what the caller is told.
#[test]
fn hook_that_revokes_changes_nothing_of_what_it_was_told() {
    for suspended in [true, false] {
        let membrane = limited(worker_policy(), Conditions::builder().bytes_in(0));
        let lent = membrane.wrap(Scripted::new(|_| Ok(0)).share()).unwrap();
        if suspended {
            membrane.suspend("lunch", None);
        } else {
            membrane.count_calls(true);
        }
        let told = Arc::new(Mutex::new(vec![]));
        membrane.audit({
            let (told, revoker) = (told.clone(), membrane.revoker());
            move |record: &AuditRecord<'_>| {
                if let Call(decision) = record.event {
                    told.lock().unwrap().push(decision);
                    revoker.revoke("by the hook");
                }
            }
        });
        let result = lent.run();
        let told = std::mem::take(&mut *told.lock().unwrap());
        let [decision] = told[..] else {
            panic!("{told:?}")
        };
        match result {
            Ok(_) => assert_eq!(decision.outcome, Outcome::Answered),
            Err(error) => {
                assert_eq!(decision.outcome, Outcome::Refused(error));
                assert_eq!(error.kind(), ErrorKind::Suspended);
                assert_eq!(decision.took, Duration::ZERO, "it was not let in");
            }
        }
        assert_eq!(result.is_err(), suspended);
        assert_eq!(seen(&membrane).refused.total(), u64::from(suspended));
        membrane.end_audit();
    }
}

/// Fails if some call of many that race with a revocation is told otherwise than its caller, or counted twice.
#[test]
fn calls_that_race_with_a_revocation_are_told_as_their_callers() {
    const THREADS: usize = 3;
    for _ in 0..sized(200, 5) {
        let membrane = limited(worker_policy(), Conditions::builder().calls(100));
        let told = Arc::new(Mutex::new(std::collections::HashMap::new()));
        membrane.audit({
            let told = told.clone();
            move |record: &AuditRecord<'_>| {
                let Call(decision) = record.event else { return };
                let thread = std::thread::current().id();
                let mut told = told.lock().unwrap();
                let told: &mut Vec<_> = told.entry(thread).or_default();
                told.push(decision.outcome);
            }
        });
        let lent = membrane.wrap(plain_worker()).unwrap();
        let refused = AtomicUsize::new(0);
        scope(|threads| {
            for _ in 0..THREADS {
                threads.spawn(|| {
                    let answers: Vec<_> = (0..60).map(|_| lent.run()).collect();
                    let told = told.lock().unwrap().remove(&std::thread::current().id());
                    let told = told.expect("something was told");
                    assert_eq!(told.len(), answers.len());
                    for (told, answer) in told.into_iter().zip(answers) {
                        match answer {
                            Ok(_) => assert_eq!(told, Outcome::Answered),
                            Err(error) => {
                                refused.fetch_add(1, SeqCst);
                                let told_so = [Outcome::Refused(error), Outcome::Withheld(error)];
                                assert!(told_so.contains(&told), "{told:?}, and not {error:?}");
                            }
                        }
                    }
                });
            }
            std::thread::yield_now();
            membrane.revoke("overtaken");
        });
        let counted = seen(&membrane).refused.total();
        assert_eq!(counted, refused.load(SeqCst) as u64);
        membrane.end_audit();
    }
}
