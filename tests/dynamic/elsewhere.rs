//! Implemented elsewhere.

use super::*;
use runtime::{Domain, Foreign};
use std::sync::Mutex;

type Answer = Box<dyn Fn(u32, &[Value]) -> Result<Value, CallError> + Send + Sync>;

struct Far(Answer);

impl Foreign for Far {
    fn call(&self, method: u32, args: &[Value]) -> Result<Value, CallError> {
        (self.0)(method, args)
    }
}

fn far(
    side: &Domain,
    runtime: &Runtime,
    answer: impl Fn(u32, &[Value]) -> Result<Value, CallError> + Send + Sync + 'static,
) -> Object {
    runtime.know::<dyn Top>();
    let hash = <dyn Top>::interface().hash();
    side.import(1, hash, || Arc::new(Far(Box::new(answer))))
        .expect("known")
}

#[test]
fn object_that_is_implemented_elsewhere_is_forwarded_every_method_with_its_number() {
    let runtime = Runtime::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let object = far(runtime.host(), &runtime, move |method, args| {
        log.lock()
            .expect("one thread")
            .push((method, args.to_vec()));
        match method {
            0 => Ok(6.into()),
            4 => Err(CallError::Raised(Value::record([(
                "Own",
                Value::record([("code", 2.into())]),
            )]))),
            5 => Err(ErrorKind::Refused.into()),
            _ => Ok("far".into()),
        }
    });
    let top: Arc<dyn Top> = object.typed().expect("it is one");
    assert_eq!(
        top.sum(
            &[1, 2],
            Named {
                name: "n".into(),
                r#type: 3
            }
        ),
        Ok(6)
    );
    assert_eq!(top.fail(9), Err(Problem::Own { code: 2 }));
    assert_eq!(top.wrapped(), Err(Trouble(ErrorKind::Refused.into())));
    assert_eq!(top.who(), Ok("far".into()));
    assert_eq!(top.default(), Ok("far".into()), "not run here");
    let base: Arc<dyn Base> = object.typed().expect("it is one");
    assert_eq!(base.who(), Ok("far".into()));
    let seen = seen.lock().expect("one thread");
    assert_eq!(seen[0], (0, vec![list([1.into(), 2.into()]), named()]));
    let numbers: Vec<_> = seen.iter().map(|(method, _)| *method).collect();
    assert_eq!(numbers, [0, 4, 5, 6, 7, 6]);
}

/// However deep: dropped and converted as they are, values take stack for each level. Fails with a stack overflow if an answer is
/// not looked at first.
#[test]
fn answer_that_is_deeper_than_any_message_may_be_is_failed() {
    let deep = |levels: usize| (0..levels).fold(Value::Null, |inner, _| vec![inner].into());
    let in_records =
        |levels: usize| (0..levels).fold(Value::Null, |inner, _| Value::record([("next", inner)]));
    let mut limits = Limits::default();
    limits.message.depth = usize::MAX;
    limits.message.nodes = usize::MAX;
    let runtime = Runtime::new();
    let (host, guest) = (runtime.host(), runtime.domain("guest", limits));
    let list = allow!(dyn Top: who, fail, default);
    let policy = Policy::builder().inbound(list).outbound(list);
    runtime.join(host, &guest, policy.build().unwrap()).unwrap();
    let object = far(&guest, &runtime, move |method, _| match method {
        4 => Err(CallError::Raised(in_records(100_000))),
        _ => Ok(deep(100_000)),
    });
    let top: Arc<dyn Top> = object.typed().expect("it is one");
    let lent = guest.send(&object, host).unwrap();
    let there: Arc<dyn Top> = lent.typed().expect("it is one");
    for top in [top, there] {
        assert_eq!(top.who(), Err(ErrorKind::Failed.into()));
        assert_eq!(
            top.fail(1),
            Err(Problem::Membrane(ErrorKind::Failed.into()))
        );
    }
    for method in ["who", "default"] {
        let answer = host.call_named(&lent, method, &[]);
        assert_eq!(answer, Err(ErrorKind::Failed.into()), "{method}");
    }
    // What the caller's own domain passes is as deep as that says, up to the same bound.
    let args = [deep(1024), deep(1023)];
    assert_eq!(
        limits.message.check(&args[..1]),
        Err(runtime::Limit::MessageDepth)
    );
    assert!(limits.message.check(&args[1..]).is_ok());
}

#[test]
fn answer_that_is_not_the_interfaces_is_failed() {
    let answers: [fn() -> Result<Value, CallError>; 5] = [
        || Ok(1.into()),
        || Ok(Value::Null),
        || Ok(Value::record([("Ok", "x".into())])),
        || Err(CallError::Raised(1.into())),
        || Err(CallError::Raised("such a kind there is not".into())),
    ];
    let told = |answer: fn() -> Result<Value, CallError>| {
        let runtime = Runtime::new();
        let object = far(runtime.host(), &runtime, move |_, _| answer());
        runtime.host().call_named(&object, "who", &[])
    };
    for answer in answers {
        assert_eq!(told(answer), Err(ErrorKind::Failed.into()));
    }
    // That nobody has begun is no answer of the interface's either, but one that the caller can use.
    let busy = Err(ErrorKind::Busy.into());
    assert_eq!(told(|| Err(CallError::Busy)), busy);
}

/// Fails if an error of the interface's that has a membrane's answer in it is believed to be one.
#[test]
fn error_of_the_interfaces_that_says_busy_is_failed() {
    let runtime = Runtime::new();
    let object = far(runtime.host(), &runtime, |method, _| {
        Err(CallError::Raised(match method {
            4 => Value::record([("Membrane", "busy".into())]),
            _ => "busy".into(),
        }))
    });
    let top: Arc<dyn Top> = object.typed().expect("it is one");
    let failed = Error::from(ErrorKind::Failed);
    assert_eq!(top.who(), Err(failed));
    assert_eq!(top.fail(1), Err(Problem::Membrane(failed)));
    // Another answer promises nothing.
    let object = far(
        &runtime.domain("refusing", Limits::default()),
        &runtime,
        |_, _| Err(CallError::Raised("refused".into())),
    );
    let top: Arc<dyn Top> = object.typed().expect("it is one");
    assert_eq!(top.who(), Err(ErrorKind::Refused.into()));
}

#[test]
fn panic_of_an_object_that_is_implemented_elsewhere_ends_at_the_membrane() {
    let runtime = Runtime::new();
    let guest = runtime.domain("guest", Limits::default());
    let policy = Policy::builder()
        .outbound(allow!(dyn Top: who))
        .build()
        .expect("one list");
    runtime.join(runtime.host(), &guest, policy).expect("new");
    let object = far(&guest, &runtime, |_, _| {
        std::panic::resume_unwind(Box::new("secret"))
    });
    let held = guest.send(&object, runtime.host()).expect("joined");
    let number = held.method("who").expect("listed");
    assert_eq!(
        runtime.host().call(&held, number, &[]),
        Err(ErrorKind::Panicked.into())
    );
}

#[test]
fn import_by_one_key_is_one_object_and_an_unknown_interface_is_rejected() {
    let runtime = Runtime::new();
    let guest = runtime.domain("guest", Limits::default());
    let first = far(&guest, &runtime, |_, _| Ok(Value::Null));
    assert_eq!(
        far(&guest, &runtime, |_, _| unreachable!("it is there")),
        first
    );
    assert_eq!(guest.import_key(&first), Some(1));
    let unknown = guest.import(2, InterfaceHash::from_bits(1), || unreachable!("unknown"));
    tests::assert_kind(unknown, ErrorKind::Rejected);
}

#[test]
fn closures_and_iterators_go_both_ways() {
    let (runtime, object) = rust();
    let host = runtime.host();
    let two: Call2 = Arc::new(|n, text| Ok(format!("{text}{n}")));
    let four: Call4 = Arc::new(|a, b, c, d| Ok(a + 2 * b + 3 * c + 4 * d));
    let args = [two.into_value(host), four.into_value(host)];
    assert_eq!(host.call_named(&object, "apply", &args), Ok("x30".into()));

    let made = host.call_named(&object, "make", &[]).expect("it makes");
    let Value::List(made) = &made else { panic!() };
    let [Value::Object(closure), Value::Object(items)] = &**made else {
        panic!()
    };
    assert_eq!(
        host.call(closure, 0, &[2.into(), "ab".into()]),
        Ok("abab".into())
    );
    assert_eq!(
        host.call(closure, 0, &[2.into(), 1.into()])
            .expect_err("no text")
            .to_string(),
        "argument 1: expected text, found integer"
    );
    assert_eq!(host.call(closure, 1, &[]), Err(ErrorKind::Refused.into()));
    for item in [0.into(), 1.into(), Value::Null, Value::Null] {
        assert_eq!(host.call_named(items, "next", &[]), Ok(item));
    }
    let none: Arc<dyn Fn() -> Result<u8, Error> + Send + Sync> = Arc::new(|| Ok(1));
    let Value::Object(none) = none.into_value(host) else {
        panic!()
    };
    assert_eq!(host.call_named(&none, "call", &[]), Ok(1.into()));
}

#[test]
fn iterator_is_taken_once() {
    let (runtime, object) = rust();
    let items: Items = Box::new([1, 2].map(Ok).into_iter());
    let items = items.into_value(runtime.host());
    let drain = || {
        runtime
            .host()
            .call_named(&object, "drain", std::slice::from_ref(&items))
    };
    assert_eq!(drain(), Ok(vec![1_u8, 2].into()));
    assert_eq!(
        drain().expect_err("taken").to_string(),
        "argument 0 (items): expected an iterator that nobody has taken, found another object, or one that was taken"
    );
}

/// Fails if a revoked membrane is not asked before the arguments are taken.
#[test]
fn iterator_is_not_taken_by_a_call_that_is_revoked() {
    let (runtime, object) = rust();
    let guest = runtime.domain("guest", Limits::default());
    let policy = Policy::builder().inbound(allow!(dyn Top: drain));
    let membrane = runtime
        .join(runtime.host(), &guest, policy.build().unwrap())
        .unwrap();
    let lent = runtime.host().send(&object, &guest).unwrap();
    let items: Items = Box::new([1, 2].map(Ok).into_iter());
    let items = items.into_value(&guest);
    membrane.revoke("over");
    let refused = guest.call_named(&lent, "drain", std::slice::from_ref(&items));
    assert!(matches!(refused, Err(CallError::Membrane(error)) if error.is_revoked()));
    // It is still there for somebody who may have it.
    let taken = Items::from_value(&items, &guest).map(Iterator::count);
    assert_eq!(taken, Ok(2));
}
