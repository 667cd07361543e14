//! Homecoming and the direction of lists, per grant.

use super::*;

#[test]
fn homecoming_is_that_of_the_grant_by_which_the_object_comes() {
    let root = Membrane::new(swap_policy());
    let refusing = swapping().homecoming(Homecoming::Refuse).build().unwrap();
    let refusing = root.attenuate(&refusing).unwrap();
    let own = Secret::new(1);
    let lent_on = refusing.wrap(own.raw.clone()).unwrap();
    let error = refusing.wrap_inbound(lent_on).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    // What was lent to the holder has not come home when it gets back to the holder.
    let secret = Secret::new(2);
    let held = root.wrap(secret.raw.clone()).unwrap();
    let further = refusing.wrap(held.clone()).unwrap();
    assert!(Arc::ptr_eq(&refusing.wrap_inbound(further).unwrap(), &held));
}

#[test]
fn holder_lends_its_own_objects_by_the_list_of_its_handle() {
    let root = Membrane::new(swap_policy());
    let on = root.attenuate(&pinging()).unwrap();
    let own = Secret::new(1);
    let further = on.wrap(own.raw.clone()).unwrap();
    assert_pings_only(&further, &own);
    // And calls the further holder's by the inward one.
    let theirs = Secret::new(2);
    assert_pings_only(&on.wrap_inbound(theirs.raw.clone()).unwrap(), &theirs);
    assert!(Arc::ptr_eq(&on.wrap_inbound(further).unwrap(), &own.raw));
}

/// A holder that lends on must not make the owner's code panic: the owner chose errors.
///
/// Fails if `Policy::attenuate` does not compare `on_panic`.
#[test]
fn derived_policy_does_not_let_panics_through_that_its_parent_stops() {
    use membrane::{OnPanic, Policy, PolicyProblem};
    let errors = Policy::deny_all();
    let propagates = Policy::builder()
        .on_panic(OnPanic::Propagate)
        .build()
        .unwrap();
    let membrane = Membrane::new(errors.clone());
    for derived in [membrane.grant(&propagates), membrane.attenuate(&propagates)] {
        let error = derived.expect_err("wider");
        assert!(matches!(
            error.problems(),
            [PolicyProblem::WiderOnPanic { .. }]
        ));
    }
    assert!(Membrane::new(propagates).attenuate(&errors).is_ok());
}
