//! What is shown of domains and of what they hold, to people and in logs.

use super::*;
use membrane::Reason;
use runtime::{Handle, JoinError};

#[test]
fn domain_shows_its_name_how_much_it_holds_and_why_it_is_closed() {
    let (runtime, guest) = two();
    assert_eq!((guest.name(), runtime.host().name()), ("guest", "host"));
    let (own, log) = oak(&guest);
    guest.insert(&own).expect("room");
    let shown = format!("{guest:?}");
    assert_eq!(
        shown,
        r#"Domain { name: "guest", closed: None, handles: 1, .. }"#
    );
    assert!(format!("{runtime:?}").contains(r#"name: "host""#));
    guest.close("moved out");
    let shown = format!("{guest:?}");
    assert!(
        shown.contains("moved out") && shown.contains("handles: 0"),
        "{shown}"
    );
    assert_eq!(entered(&log), [""; 0]);
}

/// Fails if the object is asked, or its address told.
#[test]
fn reference_shows_its_interface_and_nothing_of_the_object() {
    let (runtime, guest) = two();
    let (own, log) = oak(runtime.host());
    let lent = runtime.host().send(&own, &guest).expect("joined");
    for object in [&own, &lent] {
        assert_eq!(format!("{object:?}"), "Object(Shelf)");
        assert_eq!(
            format!("{:?}", Value::from(object.clone())),
            format!("{:?}", Value::from(lent.clone()))
        );
    }
    assert_eq!(entered(&log), [""; 0]);
}

#[test]
fn handle_is_shown_as_its_number() {
    let bits = 0x1_0000_0000_0000_00ab;
    assert_eq!(
        format!("{:?}", Handle::from_bits(bits)),
        "Handle(0x100000000000000ab)"
    );
}

#[test]
fn reason_why_two_domains_cannot_be_joined_is_said_in_words() {
    let (runtime, guest) = two();
    let host = runtime.host();
    let words = |wet: &Domain, dry: &Domain| {
        let error = runtime.join(wet, dry, policy()).expect_err("they cannot");
        let source: &dyn std::error::Error = &error;
        source.to_string()
    };
    assert_eq!(words(host, host), "a domain cannot be joined to itself");
    assert_eq!(words(host, &guest), "the two domains are joined already");
    guest.close("moved out");
    assert_eq!(
        words(&guest, host),
        "one of the domains is closed: moved out"
    );
    let closed = JoinError::Closed(Reason::from("moved out"));
    assert_eq!(closed.to_string(), words(host, &guest));
}
