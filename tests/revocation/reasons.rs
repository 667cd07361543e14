//! Which reason.

use super::*;
use membrane::Reason;
use tests::SOON;

#[test]
fn first_reason_stays() {
    let root = Membrane::new(worker_policy());
    let child = root.grant(&worker_policy()).unwrap();
    let (by_root, by_child) = (
        root.wrap(plain_worker()).unwrap(),
        child.wrap(plain_worker()).unwrap(),
    );
    assert_eq!((root.reason(), child.reason()), (None, None));
    child.revoke("the child's");
    root.revoke("the root's");
    root.revoke("another");
    child.revoke("yet another");
    root.revoker().revoke("and another");
    assert_eq!(root.revoke_and_wait("and one more", SOON), Ok(()));
    assert_revoked(by_root.run(), "the root's");
    assert_revoked(by_child.run(), "the child's");
    assert_eq!(root.reason().map(Reason::as_str), Some("the root's"));
    assert_eq!(child.reason().map(Reason::as_str), Some("the child's"));
}

/// Fails if an unspecified reason passes for none set yet.
#[test]
fn first_reason_stays_if_it_is_unspecified() {
    let root = Membrane::new(worker_policy());
    let child = root.grant(&worker_policy()).unwrap();
    let lent = child.wrap(plain_worker()).unwrap();
    child.revoke(Reason::UNSPECIFIED);
    let before = lent.run().unwrap_err();
    assert_eq!((before.kind(), before.reason()), (ErrorKind::Revoked, None));
    root.revoke("the root's");
    child.revoke("second");
    assert_eq!(child.reason(), Some(Reason::UNSPECIFIED));
    assert_eq!(lent.run(), Err(before));
}

#[test]
fn any_text_is_a_reason() {
    for (given, told) in [
        (String::new(), None),
        ("line\nline".into(), Some("line\nline".to_owned())),
        ("\u{202e}\0".into(), Some("\u{202e}\0".to_owned())),
        ("x".repeat(1000), Some("x".repeat(256))),
    ] {
        let membrane = Membrane::new(worker_policy());
        let lent = membrane.wrap(plain_worker()).unwrap();
        membrane.revoke(given);
        let error = lent.run().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Revoked);
        assert_eq!(
            error.reason().map(|reason| reason.as_str().to_owned()),
            told
        );
    }
}
