//! Which path is taken.

use super::*;

/// Fails if `send` hands out the object itself. Which path `call` took is seen where messages are measured: that test fails
/// if it takes one of the two for all objects.
#[test]
fn own_object_needs_no_policy_and_the_same_object_in_other_hands_does() {
    let (runtime, guest) = two();
    for (owner, other) in [(runtime.host(), &guest), (&guest, runtime.host())] {
        let (own, log) = oak(owner);
        assert_eq!(owner.call(&own, WIPE, &["".into()]), Ok(Value::Null));
        let lent = owner.send(&own, other).expect("they are joined");
        assert_eq!(
            kind(other.call(&lent, WIPE, &["".into()])),
            ErrorKind::Refused
        );
        assert_eq!(other.call(&lent, ECHO, &["a".into()]), Ok("a".into()));
        assert_eq!(entered(&log), ["wipe", "echo"]);
    }
}

#[test]
fn object_of_a_domain_without_a_link_is_rejected() {
    let (runtime, guest) = two();
    let stranger = runtime.domain("stranger", Limits::default());
    let (own, log) = oak(&guest);
    assert_eq!(
        kind(stranger.call(&own, ECHO, &["".into()])),
        ErrorKind::Rejected
    );
    assert_eq!(
        stranger.describe(&own).map_err(Error::kind),
        Err(ErrorKind::Rejected)
    );
    tests::assert_kind(guest.send(&own, &stranger), ErrorKind::Rejected);
    tests::assert_kind(stranger.send(&own, &guest), ErrorKind::Rejected);
    assert_eq!(kind(stranger.insert(&own)), ErrorKind::Rejected);
    assert_eq!(entered(&log), [""; 0]);
}

/// Fails if `call` does not look at the holder: the guest then calls the host's object as an own one.
#[test]
fn reference_that_another_domain_holds_is_sent_through_the_membrane_first() {
    let (runtime, guest) = two();
    let (own, log) = oak(runtime.host());
    assert_eq!(guest.call(&own, ECHO, &["a".into()]), Ok("a".into()));
    assert_eq!(
        kind(guest.call(&own, WIPE, &["".into()])),
        ErrorKind::Refused
    );
    assert_eq!(entered(&log), ["echo"]);
    let lent = runtime.host().send(&own, &guest).expect("joined");
    assert_eq!(
        runtime.host().call(&lent, WIPE, &["".into()]),
        Ok(Value::Null),
        "home again, it is the host's own"
    );
}

#[test]
fn references_in_arguments_and_results_are_wrapped_both_ways_and_come_home_as_themselves() {
    let (runtime, guest) = two();
    for (owner, other) in [(runtime.host(), &guest), (&guest, runtime.host())] {
        let (shelf, _) = oak(owner);
        let (mine, log) = oak(other);
        let lent = owner.send(&shelf, other).expect("joined");
        other
            .call(&lent, KEEP, &[mine.clone().into()])
            .expect("listed");
        let Ok(Value::Object(held)) = owner.call(&shelf, KEPT, &[]) else {
            panic!()
        };
        assert_ne!(held, mine);
        assert_eq!(
            kind(owner.call(&held, WIPE, &["".into()])),
            ErrorKind::Refused
        );
        assert!(!owner.describe(&held).expect("held").is_own());
        assert_eq!(owner.call(&held, ECHO, &["b".into()]), Ok("b".into()));
        assert_eq!(entered(&log), ["echo"]);

        let Ok(Value::Object(home)) = other.call(&lent, KEPT, &[]) else {
            panic!()
        };
        assert_eq!(home, mine);
        let typed = |object: &Object| object.typed::<dyn Shelf>().expect("it is one");
        assert!(Arc::ptr_eq(&typed(&home), &typed(&mine)));
        assert_eq!(other.call(&home, WIPE, &["".into()]), Ok(Value::Null));
        assert_eq!(owner.send(&shelf, other), Ok(lent.clone()));
        assert_eq!(other.send(&lent, owner), Ok(shelf.clone()));
    }
}

#[test]
fn reference_of_another_domain_in_an_argument_is_no_argument() {
    let (runtime, guest) = two();
    let (shelf, log) = oak(runtime.host());
    let lent = runtime.host().send(&shelf, &guest).expect("joined");
    let error = guest
        .call(&lent, KEEP, &[shelf.clone().into()])
        .expect_err("not the guest's to pass");
    assert_eq!(
        error.to_string(),
        "argument 0 (other): expected a reference of the calling domain's, found another domain's: send it there"
    );
    assert_eq!(entered(&log), [""; 0]);
}

/// Fails if a name that there is not is refused before it is known whether the reference may be sent here.
#[test]
fn name_that_there_is_not_is_answered_as_one_that_is_not_allowed_whoever_holds_the_reference() {
    let (runtime, guest) = two();
    let stranger = runtime.domain("stranger", Limits::default());
    let (shelf, log) = oak(runtime.host());
    let lent = runtime.host().send(&shelf, &guest).expect("joined");
    let alike = |side: &Domain, object: &Object| {
        let answer = side.call_named(object, "wipe", &["".into()]);
        assert_eq!(side.call_named(object, "nothing", &["".into()]), answer);
        kind(answer)
    };
    assert_eq!(alike(&guest, &lent), ErrorKind::Refused);
    assert_eq!(alike(&guest, &shelf), ErrorKind::Refused);
    assert_eq!(alike(&stranger, &shelf), ErrorKind::Rejected);
    let membrane = guest.membrane(runtime.host()).expect("joined");
    membrane.revoke("over");
    assert_eq!(alike(&guest, &lent), ErrorKind::Refused);
    assert_eq!(alike(&guest, &shelf), ErrorKind::Revoked);
    assert_eq!(entered(&log), [""; 0]);
}

#[test]
fn object_goes_through_two_membranes_on_two_hops() {
    let runtime = Runtime::new();
    let a = guest(&runtime, "a", Limits::default());
    let b = guest(&runtime, "b", Limits::default());
    let (own, log) = oak(&a);
    let at_host = a.send(&own, runtime.host()).expect("joined");
    let at_b = runtime.host().send(&at_host, &b).expect("joined");
    assert_eq!(b.call(&at_b, ECHO, &["c".into()]), Ok("c".into()));
    assert_eq!(kind(b.call(&at_b, WIPE, &["".into()])), ErrorKind::Refused);
    assert_eq!(b.send(&at_b, runtime.host()), Ok(at_host.clone()));
    assert_eq!(runtime.host().send(&at_host, &a), Ok(own.clone()));
    tests::assert_kind(b.send(&at_b, &a), ErrorKind::Rejected);
    // The host has a link to both. Fails if `send` does not look at the holder: the object went past the host's membrane.
    tests::assert_kind(runtime.host().send(&own, &b), ErrorKind::Rejected);
    tests::assert_kind(runtime.host().send(&at_b, &a), ErrorKind::Rejected);
    a.close("a is gone");
    assert_eq!(kind(b.call(&at_b, ECHO, &["c".into()])), ErrorKind::Revoked);
    assert_eq!(entered(&log), ["echo"]);
}

#[test]
fn object_that_was_lent_by_a_grant_keeps_to_the_grant() {
    let (runtime, guest) = two();
    let (shelf, _) = oak(runtime.host());
    let (other, log) = oak(runtime.host());
    let membrane = runtime.host().membrane(&guest).expect("joined");
    let less = Policy::builder()
        .inbound(allow!(dyn Shelf: echo))
        .build()
        .expect("one list");
    let grant = membrane.grant(&less).expect("less");
    let proxy = grant
        .wrap(other.typed::<dyn Shelf>().expect("it is one"))
        .expect("live");
    shelf
        .typed::<dyn Shelf>()
        .expect("it is one")
        .keep(proxy)
        .expect("its own");
    let lent = runtime.host().send(&shelf, &guest).expect("joined");
    let Ok(Value::Object(granted)) = guest.call(&lent, KEPT, &[]) else {
        panic!()
    };
    let described = guest.describe(&granted).expect("held");
    assert!(!described.is_own());
    let names: Vec<_> = described
        .methods()
        .iter()
        .map(|(_, method)| method.name())
        .collect();
    assert_eq!(
        names,
        ["echo"],
        "what the grant refuses is not told by the membrane's list"
    );
    assert_eq!(granted.method("kept"), None);
    assert_eq!(
        kind(guest.call(&granted, KEPT, &[1.into()])),
        ErrorKind::Refused
    );
    assert_eq!(kind(guest.call(&granted, KEPT, &[])), ErrorKind::Refused);
    // It is counted where it is refused, and nowhere else.
    let not_allowed =
        |membrane: &membrane::Membrane| membrane.snapshot().grants[0].refused.not_allowed;
    assert_eq!((not_allowed(&membrane), not_allowed(&grant)), (0, 2));
    // What neither of both lists is refused by the outer one.
    assert_eq!(kind(guest.call(&granted, WIPE, &[])), ErrorKind::Refused);
    assert_eq!((not_allowed(&membrane), not_allowed(&grant)), (1, 2));
    assert_eq!(guest.call(&granted, ECHO, &["d".into()]), Ok("d".into()));
    assert_eq!(entered(&log), ["echo"]);
    grant.revoke("the grant");
    assert_eq!(
        kind(guest.call(&granted, ECHO, &["d".into()])),
        ErrorKind::Revoked
    );
    assert_eq!(guest.call(&lent, ECHO, &["e".into()]), Ok("e".into()));
}

/// Fails if what may be called is found by the names of the methods: one that is inherited twice has two numbers, of which one
/// is listed.
#[test]
fn method_that_is_inherited_twice_is_called_on_an_upcast_proxy_as_it_is_listed() {
    #[interface(dynamic)]
    trait Named {
        fn name(&self) -> Result<String, Error>;
        fn rename(&self, name: &str) -> Result<(), Error>;
    }
    #[interface(dynamic)]
    trait Left: Named {
        fn left(&self) -> Result<u8, Error>;
    }
    #[interface(dynamic)]
    trait Right: Named {
        fn right(&self) -> Result<u8, Error>;
    }
    #[interface(dynamic)]
    trait Both: Left + Right {}
    /// Where a guest keeps what it was lent, as less than it is.
    #[interface(dynamic)]
    trait Drawer {
        fn put(&self, named: Arc<dyn Named>) -> Result<Arc<dyn Named>, Error>;
    }
    struct Thing;
    impl Named for Thing {
        fn name(&self) -> Result<String, Error> {
            Ok("thing".into())
        }
        fn rename(&self, _: &str) -> Result<(), Error> {
            Ok(())
        }
    }
    impl Left for Thing {
        fn left(&self) -> Result<u8, Error> {
            Ok(1)
        }
    }
    impl Right for Thing {
        fn right(&self) -> Result<u8, Error> {
            Ok(2)
        }
    }
    impl Both for Thing {}
    impl Drawer for Thing {
        fn put(&self, named: Arc<dyn Named>) -> Result<Arc<dyn Named>, Error> {
            Ok(named)
        }
    }
    let runtime = Runtime::new();
    let guest = runtime.domain("guest", Limits::default());
    let policy = Policy::builder().inbound(allow!(dyn Both: name));
    let policy = policy.build().expect("one list");
    runtime.join(runtime.host(), &guest, policy).expect("new");
    let both = runtime.host().own::<dyn Both>(Arc::new(Thing));
    let lent = runtime.host().send(&both, &guest).expect("joined");
    assert_eq!(guest.call_named(&lent, "name", &[]), Ok("thing".into()));
    let drawer = guest.own::<dyn Drawer>(Arc::new(Thing));
    let Ok(Value::Object(named)) = guest.call(&drawer, 0, &[lent.into()]) else {
        panic!()
    };
    assert_eq!(named.interface().name(), "Named");
    assert_eq!(
        (named.method("name"), named.method("rename")),
        (Some(0), None)
    );
    assert_eq!(guest.call(&named, 0, &[]), Ok("thing".into()));
    assert_eq!(
        kind(guest.call(&named, 1, &["x".into()])),
        ErrorKind::Refused
    );
}
