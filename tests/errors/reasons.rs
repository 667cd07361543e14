//! Revocations, and their reasons.

use super::*;
use tests::in_its_own_process;

#[test]
fn revoked_says_why_and_nothing_else() {
    for direction in DIRECTIONS {
        let membrane = Membrane::new(desk_policy());
        let desk = lend_desk(&membrane, direction);
        membrane.revoke("maintenance");
        let error = desk.name().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Revoked);
        assert!(error.is_revoked());
        assert_eq!(error.reason(), Some(Reason::from("maintenance")));
        assert_eq!(error.to_string(), "revoked: maintenance");
        assert_eq!(format!("{error:?}"), "Error(Revoked, \"maintenance\")");
        assert_ne!(
            error,
            ErrorKind::Revoked.into(),
            "told by the membrane, not by a target"
        );
        // The same from every method that is allowed.
        let again = desk
            .probe_and_meet(Probe::default(), plain_worker())
            .unwrap_err();
        assert_eq!(again, error);
    }
}

#[test]
fn equal_reasons_are_one() {
    let long = "r".repeat(300);
    assert_eq!(Reason::from("same"), Reason::from(String::from("same")));
    assert_ne!(Reason::from("same"), Reason::from("other"));
    assert_eq!(Reason::from(long.as_str()), Reason::from(&long[..256]));
    assert_eq!(Reason::from(long.as_str()).as_str().len(), 256);
    assert_eq!(Reason::from(""), Reason::UNSPECIFIED);
    assert_eq!(Reason::UNSPECIFIED.to_string(), "no reason given");
    assert_eq!(format!("{:?}", Reason::from("same")), "Reason(\"same\")");
    // Cut at a character, never inside one.
    for at in 250..260 {
        let text = format!("{}äöü", "x".repeat(at));
        assert!(text.starts_with(Reason::from(text.as_str()).as_str()));
    }
}

#[test]
fn unspecified_reason_is_not_told() {
    let membrane = Membrane::new(worker_policy());
    let lent = membrane.wrap(plain_worker()).unwrap();
    membrane.revoke(Reason::UNSPECIFIED);
    let error = lent.run().unwrap_err();
    assert_eq!((error.kind(), error.reason()), (ErrorKind::Revoked, None));
    assert_eq!(error.to_string(), "revoked");
    assert_eq!(format!("{error:?}"), "Error(Revoked)");
    assert_eq!(membrane.reason(), Some(Reason::UNSPECIFIED));
}

/// E7: what is interned for ever is bounded.
#[test]
fn reasons_beyond_the_limit_are_unspecified() {
    in_its_own_process("reasons::reasons_beyond_the_limit_are_unspecified", || {
        let kept = Reason::from("kept");
        let all: Vec<_> = (1..65_536)
            .map(|number| Reason::from(format!("number {number}")))
            .collect();
        assert_eq!(Reason::from("one too many"), Reason::UNSPECIFIED);
        assert_eq!((kept.as_str(), Reason::from("kept")), ("kept", kept));
        assert_eq!(
            (all[65_534].as_str(), Reason::from("number 1")),
            ("number 65535", all[0])
        );
        let membrane = Membrane::new(worker_policy());
        let lent = membrane.wrap(plain_worker()).unwrap();
        membrane.revoke("one more than that");
        let error = lent.run().unwrap_err();
        assert_eq!((error.kind(), error.reason()), (ErrorKind::Revoked, None));
        membrane.revoke("kept");
        assert_eq!(lent.run(), Err(error));
    });
}
