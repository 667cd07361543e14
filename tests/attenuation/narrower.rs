//! Narrower.

use super::*;

#[test]
fn grant_lends_the_owners_object_with_less() {
    let root = Membrane::new(swap_policy());
    let secret = Secret::new(1);
    let grant = root.grant(&pinging()).unwrap();
    let lent = grant.wrap(secret.raw.clone()).unwrap();
    assert_pings_only(&lent, &secret);
    // At home it is the owner's object, whichever scope of the owner's it comes in by.
    assert!(Arc::ptr_eq(
        &grant.wrap_inbound(lent.clone()).unwrap(),
        &secret.raw
    ));
    assert!(Arc::ptr_eq(&root.wrap_inbound(lent).unwrap(), &secret.raw));
}

#[test]
fn derived_proxy_has_what_its_own_grant_lists_and_the_one_it_came_from_keeps_its_list() {
    let root = Membrane::new(swap_policy());
    let secret = Secret::new(1);
    let held = root.wrap(secret.raw.clone()).unwrap();
    let on = root.attenuate(&pinging()).unwrap();
    let further = on.wrap(held.clone()).unwrap();
    assert_pings_only(&further, &secret);
    assert!(held.swap(Load::Nothing).is_ok());
    assert!(Arc::ptr_eq(&on.wrap(held).unwrap(), &further));
}

#[test]
fn grant_that_asks_for_more_is_an_error_and_lends_nothing() {
    let narrow = Membrane::new(pinging());
    for asked in [
        swap_policy(),
        Policy::builder()
            .inbound(allow!(dyn Peer: ping, forbidden))
            .build()
            .unwrap(),
        Policy::builder()
            .outbound(allow!(dyn Peer: swap))
            .build()
            .unwrap(),
        Policy::builder().depth_limit(1000).build().unwrap(),
    ] {
        for error in [
            narrow.grant(&asked).unwrap_err(),
            narrow.attenuate(&asked).unwrap_err(),
        ] {
            assert!(error.problems().iter().all(|problem| matches!(
                problem,
                PolicyProblem::WiderMethod { .. } | PolicyProblem::WiderDepth { .. }
            )));
        }
    }
    // What a descendant lacks its own descendants cannot ask for, though the root has it.
    let root = Membrane::new(swap_policy());
    let narrowed = root.grant(&pinging()).unwrap();
    assert!(root.grant(&swap_policy()).is_ok());
    assert!(narrowed.grant(&swap_policy()).is_err() && narrowed.attenuate(&swap_policy()).is_err());
    let keeping = swapping()
        .homecoming(Homecoming::KeepWrapped)
        .build()
        .unwrap();
    let kept = root.grant(&keeping).unwrap();
    assert!(
        kept.grant(&swap_policy()).is_err(),
        "unwrapping at home is the wider thing"
    );
}
