//! What a refusal tells.

use super::*;
use membrane::{AuditEvent, AuditRecord, Membrane, Outcome};

/// Fails if the arguments are measured or read before the method is looked up.
#[test]
fn unlisted_missing_and_out_of_range_methods_look_the_same_whatever_the_arguments_are() {
    let runtime = Runtime::new();
    let small = MessageLimits {
        bytes: 4,
        nodes: 2,
        depth: 1,
    };
    let limits = Limits {
        message: small,
        ..Limits::default()
    };
    let guest = guest(&runtime, "guest", limits);
    let (own, log) = oak(runtime.host());
    let lent = runtime.host().send(&own, &guest).expect("joined");
    let arguments: [&[Value]; 5] = [
        &["".into()],
        &[],
        &[1.into(), 2.into()],
        &[text(100)],
        &[Value::from(vec![Value::from(vec![Value::Null])])],
    ];
    let refused = CallError::from(ErrorKind::Refused);
    let check = || {
        for args in arguments {
            for method in [WIPE, 6, 62, 63, 64, 65, u32::MAX - 1, u32::MAX] {
                assert_eq!(
                    guest.call(&lent, method, args),
                    Err(refused.clone()),
                    "{method}"
                );
            }
            for method in ["wipe", "nothing", "", "echo ", "Echo"] {
                assert_eq!(
                    guest.call_named(&lent, method, args),
                    Err(refused.clone()),
                    "{method}"
                );
                assert_eq!(lent.method(method), None);
            }
        }
    };
    check();
    guest.close("the end");
    check();
    for args in arguments {
        assert_broken(guest.call(&lent, ECHO, args), "the end");
    }
    assert_eq!(entered(&log), [""; 0]);
}

/// Fails without the mask in `Object::foreign`.
#[test]
fn method_that_a_closure_does_not_have_is_refused_before_its_arguments_are_measured() {
    #[interface(dynamic)]
    trait Source {
        fn closure(&self) -> Result<Arc<dyn Fn() -> Result<u8, Error> + Send + Sync>, Error>;
        fn items(&self) -> Result<Box<dyn Iterator<Item = Result<u8, Error>> + Send>, Error>;
    }
    struct Spring;
    impl Source for Spring {
        fn closure(&self) -> Result<Arc<dyn Fn() -> Result<u8, Error> + Send + Sync>, Error> {
            Ok(Arc::new(|| Ok(1)))
        }
        fn items(&self) -> Result<Box<dyn Iterator<Item = Result<u8, Error>> + Send>, Error> {
            Ok(Box::new([Ok(1)].into_iter()))
        }
    }
    let runtime = Runtime::new();
    let guest = runtime.domain("guest", Limits::default());
    let policy = Policy::builder()
        .inbound(allow!(dyn Source: closure, items))
        .build()
        .expect("one list");
    runtime.join(runtime.host(), &guest, policy).expect("new");
    let source = runtime.host().own::<dyn Source>(Arc::new(Spring));
    let source = runtime.host().send(&source, &guest).expect("joined");
    for method in [0, 1] {
        let Ok(Value::Object(object)) = guest.call(&source, method, &[]) else {
            panic!()
        };
        let large = [text(9 << 20)];
        // An iterator is a value: once it has crossed, it is the holder's own.
        if method == 0 {
            assert_eq!(
                guest.call(&object, 0, &large),
                Err(Limit::MessageBytes.into())
            );
        }
        for number in [1, 2, 63, 64] {
            assert_eq!(
                kind(guest.call(&object, number, &large)),
                ErrorKind::Refused
            );
        }
        assert_eq!(guest.call(&object, 0, &[]), Ok(1.into()));
        assert_eq!(guest.describe(&object).expect("held").methods().len(), 1);
    }
}

/// Fails if an iterator that crossed does not ask its membrane before it speaks of arguments.
#[test]
fn iterator_of_a_revoked_membrane_is_revoked_whatever_it_is_called_with() {
    #[interface(dynamic)]
    trait Source {
        fn items(&self) -> Result<Box<dyn Iterator<Item = Result<u8, Error>> + Send>, Error>;
    }
    struct Spring;
    impl Source for Spring {
        fn items(&self) -> Result<Box<dyn Iterator<Item = Result<u8, Error>> + Send>, Error> {
            Ok(Box::new([1, 2].map(Ok).into_iter()))
        }
    }
    let runtime = Runtime::new();
    let guest = runtime.domain("guest", Limits::default());
    let policy = Policy::builder().inbound(allow!(dyn Source: items));
    let policy = policy.build().expect("one list");
    runtime.join(runtime.host(), &guest, policy).expect("new");
    let items: Box<dyn Iterator<Item = Result<u8, Error>> + Send> =
        Spring.items().expect("it has some");
    let items = items.into_value(runtime.host());
    let Value::Object(items) = items else {
        panic!()
    };
    let items = runtime.host().send(&items, &guest).expect("joined");
    let membrane = runtime.host().membrane(&guest).expect("joined");
    let told = heard(&membrane);
    let take = || std::mem::take(&mut *told.lock().expect("no panic"));
    let large = text(9 << 20);
    let wrong: [&[Value]; 2] = [&["".into()], &[1.into()]];
    for args in wrong {
        assert!(matches!(
            guest.call(&items, 0, args),
            Err(CallError::Arguments(_))
        ));
    }
    let too_large = guest.call(&items, 0, std::slice::from_ref(&large));
    assert_eq!(too_large, Err(Limit::MessageBytes.into()));
    assert_eq!(guest.call(&items, 0, &[]), Ok(1.into()));
    // Its owner sees and hears of what is refused, whichever way.
    take();
    guest.close("the end");
    take();
    for args in [wrong[0], wrong[1], &[large], &[]] {
        assert_broken(guest.call(&items, 0, args), "the end");
        let [("Iterator", "next", Outcome::Refused(error))] = take()[..] else {
            panic!("a call that is refused is told once")
        };
        assert_eq!(error.kind(), ErrorKind::Revoked);
    }
    assert_eq!(kind(guest.call(&items, 1, &[])), ErrorKind::Refused);
    assert_eq!(
        take(),
        [("Iterator", "?", Outcome::Refused(ErrorKind::Refused.into()))]
    );
    let refused = membrane.snapshot().grants[0].refused;
    assert_eq!((refused.not_allowed, refused.revoked), (1, 4));
}

#[test]
fn description_has_all_of_an_own_object_and_of_others_the_listed_methods_only() {
    let (runtime, guest) = two();
    let (own, _) = oak(runtime.host());
    let whole = runtime.host().describe(&own).expect("held");
    assert!(whole.is_own() && whole.doc().contains("wipe"));
    assert_eq!(whole.methods().len(), 6);
    let lent = runtime.host().send(&own, &guest).expect("joined");
    let part = guest.describe(&lent).expect("held");
    assert_eq!(
        (part.interface(), part.version(), part.doc(), part.is_own()),
        ("Shelf", 3, "", false)
    );
    let names: Vec<_> = part
        .methods()
        .iter()
        .map(|(number, method)| (*number, method.name(), method.doc()))
        .collect();
    assert_eq!(names[0], (0, "echo", "Gives it back."));
    assert_eq!(names.len(), 5);
    assert!(!format!("{part:?} {lent:?}").contains("ipe"));
    assert_eq!((lent.method("echo"), lent.method("wipe")), (Some(0), None));
    assert_eq!(own.method("wipe"), Some(WIPE));
}

/// What a hook is told of a call: the interface, the method, and how it ended.
type Heard = (&'static str, &'static str, Outcome);

/// What a hook of `membrane` is told of calls.
fn heard(membrane: &Membrane) -> Arc<Mutex<Vec<Heard>>> {
    let told: Arc<Mutex<Vec<_>>> = Arc::default();
    let heard = told.clone();
    membrane.audit(move |record: &AuditRecord<'_>| {
        if let AuditEvent::Call(decision) = record.event {
            let call = (decision.interface, decision.method, decision.outcome);
            heard.lock().expect("no panic").push(call);
        }
    });
    told
}

/// Fails if a call that is refused before its proxy is asked is nobody's to hear of.
#[test]
fn refused_call_is_counted_and_told_as_if_the_proxy_had_refused_it() {
    let (runtime, guest) = two();
    let (own, log) = oak(runtime.host());
    let lent = runtime.host().send(&own, &guest).expect("joined");
    let membrane = runtime.host().membrane(&guest).expect("joined");
    let told = heard(&membrane);
    let take = || std::mem::take(&mut *told.lock().expect("no panic"));
    let counted = || {
        let refused = membrane.snapshot().grants[0].refused;
        (refused.not_allowed, refused.revoked, refused.total())
    };
    let refused = |method, kind: ErrorKind| ("Shelf", method, Outcome::Refused(kind.into()));
    let large = text(9 << 20);

    for args in [&["".into()][..], &[], std::slice::from_ref(&large)] {
        assert_eq!(kind(guest.call(&lent, WIPE, args)), ErrorKind::Refused);
        assert_eq!(take(), [refused("wipe", ErrorKind::Refused)]);
    }
    for method in [6, 64, u32::MAX] {
        assert_eq!(kind(guest.call(&lent, method, &[])), ErrorKind::Refused);
        assert_eq!(take(), [refused("?", ErrorKind::Refused)], "no such method");
    }
    // By name, and of a reference that is sent here first.
    for (object, name) in [(&lent, "wipe"), (&lent, "nothing"), (&own, "nothing")] {
        let answer = guest.call_named(object, name, &[]);
        assert_eq!(kind(answer), ErrorKind::Refused);
        let name = if name == "wipe" { name } else { "?" };
        assert_eq!(take(), [refused(name, ErrorKind::Refused)]);
    }
    assert_eq!(counted(), (9, 0, 9));
    assert_eq!(guest.call(&lent, ECHO, &["a".into()]), Ok("a".into()));
    assert_eq!(take(), [("Shelf", "echo", Outcome::Answered)]);

    membrane.revoke("over");
    take();
    for args in [&["".into()][..], &[], &[large]] {
        let error = guest.call(&lent, ECHO, args).expect_err("revoked");
        let CallError::Membrane(error) = error else {
            panic!("{error:?}")
        };
        assert_eq!(take(), [("Shelf", "echo", Outcome::Refused(error))]);
    }
    assert_eq!(kind(guest.call(&lent, WIPE, &[])), ErrorKind::Refused);
    assert_eq!(take(), [refused("wipe", ErrorKind::Refused)]);
    assert_eq!(counted(), (10, 3, 13));
    assert_eq!(entered(&log), ["echo"]);
}
