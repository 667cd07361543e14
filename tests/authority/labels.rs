//! A label is the owner's text.

use membrane::{Membrane, Policy};
use tests::{plain_worker, worker_policy};

#[test]
fn first_label_stays() {
    let root = Membrane::new(worker_policy());
    assert_eq!(
        (root.label(), root.snapshot().grants[0].label.clone()),
        (None, None)
    );
    assert!(root.set_label("first"));
    assert!(!root.set_label("second"));
    let handed_on = root.clone().labelled("third");
    assert_eq!(handed_on.label().as_deref(), Some("first"));
    assert_eq!(root.snapshot().grants[0].label.as_deref(), Some("first"));
    assert_eq!(root.snapshot().labelled("first").count(), 1);
    assert_eq!(root.snapshot().labelled("second").count(), 0);
    root.revoke("over");
    assert_eq!(root.label().as_deref(), Some("first"));
}

#[test]
fn long_label_is_cut_at_a_character() {
    let membrane = Membrane::new(Policy::deny_all()).labelled("ä".repeat(1_000_000));
    assert_eq!(membrane.label(), Some("ä".repeat(128)));
    let odd = Membrane::new(Policy::deny_all()).labelled(format!("x{}", "ä".repeat(200)));
    assert_eq!(odd.label(), Some(format!("x{}", "ä".repeat(127))));
}

/// Fails if a label gets into what a holder can read.
#[test]
fn label_is_not_shown_to_the_dry_side() {
    const LABEL: &str = "salary negotiations";
    let root = Membrane::new(worker_policy()).labelled(LABEL);
    let grant = root.grant(&worker_policy()).unwrap().labelled(LABEL);
    let lent = grant.wrap(plain_worker()).unwrap();
    let refused = lent.unlisted(plain_worker()).unwrap_err();
    grant.revoke("over");
    let revoked = lent.run().unwrap_err();
    for error in [refused, revoked] {
        let told = format!("{error} {error:?} {error:#?}");
        assert!(!told.contains(LABEL), "{told}");
    }
    let further = root.attenuate(&worker_policy()).unwrap();
    let below = serde_json::to_string(&further.snapshot()).unwrap();
    assert!(!below.contains(LABEL), "{below}");
}
