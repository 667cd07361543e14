//! What turns a leased call into an ordinary one, from one call to the next: whatever the membrane does beside looking at its
//! list and at its switch.

use super::*;
use membrane::{Conditions, rule};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// M7: a suspension ends the short way at once, and its end gives it back. Fails when `Leased::__ready` does not look at the
/// switch.
#[test]
fn suspension_refuses_the_next_leased_call_and_its_end_gives_the_short_way_back() {
    let stage = stage();
    let leased = lease(&stage.account);
    assert_short(&leased);
    stage.membrane.suspend("backup", None);
    assert_kind(leased.depth(), ErrorKind::Suspended);
    assert_kind(leased.text("ab"), ErrorKind::Suspended);
    stage.membrane.resume();
    assert_short(&leased);
}

/// M7: a suspension refuses what comes after it. Fails if `Kept::settle` withholds whatever ends in a scope that is not at rest.
#[test]
fn suspension_during_a_leased_call_withholds_nothing() {
    let stage = stage();
    let leased = lease(&stage.account);
    assert_short(&leased);
    let suspending = || {
        let membrane = stage.membrane.clone();
        callback(move || {
            membrane.suspend("backup", None);
            7
        })
    };
    assert_eq!(leased.run(suspending()), Ok(7));
    assert_kind(leased.depth(), ErrorKind::Suspended);
    stage.membrane.resume();
    assert_eq!(leased.run_long(suspending()), Ok([7; 8]));
    assert_kind(leased.depth(), ErrorKind::Suspended);
}

/// M13. Every call is counted while counting is on, leased or not.
#[test]
fn counted_calls_through_a_lease_are_counted() {
    let stage = stage();
    let leased = lease(&stage.account);
    assert_short(&leased);
    stage.membrane.count_calls(true);
    assert_eq!(leased.depth(), Ok(1), "an ordinary call");
    assert_eq!(leased.depth(), Ok(1));
    let counted = stage.membrane.snapshot().grants[0].calls;
    assert_eq!(counted, Some(2));
    stage.membrane.count_calls(false);
    assert_short(&leased);
}

/// M7. A lease that is taken where calls have a budget spends it.
#[test]
fn budget_holds_for_leased_calls() {
    let budget = Conditions::builder().calls(3).build().unwrap();
    let policy = opening().build().unwrap();
    let membrane = Membrane::with_conditions(policy, &budget).unwrap();
    let account = membrane.wrap::<dyn Account>(Savings::opened()).unwrap();
    let leased = lease(&account);
    for _ in 0..3 {
        assert_eq!(leased.depth(), Ok(1));
    }
    assert_kind(leased.depth(), ErrorKind::Exhausted);
}

/// M8. Rules see the arguments of leased calls.
#[test]
fn rules_hold_for_leased_calls() {
    let rule = rule!(dyn Account: text, |text| text != "secret");
    let policy = opening().inbound_rule(rule).build().unwrap();
    let account = Membrane::new(policy)
        .wrap::<dyn Account>(Savings::opened())
        .unwrap();
    let leased = lease(&account);
    assert_eq!(leased.text("ab"), Ok("abab".to_owned()));
    assert_kind(leased.text("secret"), ErrorKind::Rejected);
}

#[interface]
trait Slow {
    async fn wait(&self, text: &str) -> Result<String, Error>;
    async fn destroy(&self) -> Result<(), Error>;
}

struct Sleeper;

#[interface]
impl Slow for Sleeper {
    async fn wait(&self, text: &str) -> Result<String, Error> {
        assert_ne!(text, "sleep", "never polled again");
        Ok(text.repeat(2))
    }

    async fn destroy(&self) -> Result<(), Error> {
        panic!("never allowed")
    }
}

/// An async call through a lease is the ordinary one: begun when it is polled, ended by the revocation.
#[test]
fn async_methods_are_called_the_ordinary_way() {
    let policy = Policy::builder().inbound(allow!(dyn Slow: wait));
    let membrane = Membrane::new(policy.build().unwrap());
    let slow = membrane.wrap::<dyn Slow>(Arc::new(Sleeper)).unwrap();
    let leased = lease(&slow);
    let mut context = Context::from_waker(Waker::noop());
    let answer = pin!(leased.wait("ab")).poll(&mut context);
    assert_eq!(answer, Poll::Ready(Ok("abab".to_owned())));
    match pin!(leased.destroy()).poll(&mut context) {
        Poll::Ready(refused) => assert_kind(refused, ErrorKind::Refused),
        Poll::Pending => panic!("nothing to wait for"),
    }
    let mut late = pin!(leased.wait("sleep"));
    membrane.revoke("enough");
    match late.as_mut().poll(&mut context) {
        Poll::Ready(refused) => assert_revoked(refused, "enough"),
        Poll::Pending => panic!("nothing to wait for"),
    }
}
