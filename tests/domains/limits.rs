//! Limits.

use super::*;

fn narrow(bytes: usize, nodes: usize, depth: usize) -> Limits {
    Limits {
        message: MessageLimits {
            bytes,
            nodes,
            depth,
        },
        ..Limits::default()
    }
}

/// Fails if `untrusted` does not measure errors: so large a one did cross.
#[test]
fn limits_on_messages_are_exact_for_arguments_results_and_errors() {
    let runtime = Runtime::new();
    let guest = guest(&runtime, "guest", narrow(8, 3, 2));
    let (own, log) = oak(runtime.host());
    let lent = runtime.host().send(&own, &guest).expect("joined");
    assert_eq!(guest.call(&lent, ECHO, &[text(8)]), Ok(text(8)));
    let limit = |args: &[Value]| guest.call(&lent, ECHO, args).expect_err("too much");
    assert_eq!(limit(&[text(9)]), Limit::MessageBytes.into());
    assert_eq!(
        limit(&[text(8), text(1)]),
        Limit::MessageBytes.into(),
        "together"
    );
    assert_eq!(limit(&vec![Value::Null; 4]), Limit::MessageNodes.into());
    assert!(matches!(
        limit(&vec![Value::Null; 3]),
        CallError::Arguments(_)
    ));
    let nested = |levels| (1..levels).fold(Value::Null, |inner, _| Value::from(vec![inner]));
    assert_eq!(limit(&[nested(3)]), Limit::MessageDepth.into());
    assert!(matches!(limit(&[nested(2)]), CallError::Arguments(_)));
    assert_eq!(entered(&log), ["echo"]);

    // An error of `Text`: four bytes for the name of the case.
    assert_eq!(
        guest.call(&lent, COMPLAIN, &["1234".into()]),
        Err(CallError::Raised(Value::record([("Text", "1234".into())])))
    );
    assert_eq!(
        guest.call(&lent, COMPLAIN, &["12345".into()]),
        Err(Limit::MessageBytes.into())
    );
    // Nobody measures what a domain does with its own.
    let (mine, _) = oak(&guest);
    assert_eq!(guest.call(&mine, ECHO, &[text(99)]), Ok(text(99)));
}

/// Fails, by the end of the stack, if `MessageLimits::check` looks at depth after it went deeper.
#[test]
fn arguments_that_are_nested_without_end_are_refused_on_a_bounded_stack() {
    let (runtime, guest) = two();
    let (own, _) = oak(runtime.host());
    let lent = runtime.host().send(&own, &guest).expect("joined");
    let mut args = vec![(0..200_000).fold(Value::Null, |inner, _| Value::from(vec![inner]))];
    assert_eq!(
        guest.call(&lent, ECHO, &args),
        Err(Limit::MessageDepth.into())
    );
    // The one who made it has to take it apart: like any tree, it is dropped level inside level.
    while let Some(Value::List(inner)) = args.pop() {
        args = inner.into_vec();
    }
}

#[test]
fn result_beyond_the_limit_is_an_error_for_the_caller_and_nothing_else() {
    #[interface(dynamic)]
    trait Press {
        fn print(&self, count: u32) -> Result<Vec<String>, Error>;
    }
    struct Iron;
    impl Press for Iron {
        fn print(&self, count: u32) -> Result<Vec<String>, Error> {
            Ok((0..count).map(|_| "ab".into()).collect())
        }
    }
    let runtime = Runtime::new();
    let dry = runtime.domain("dry", narrow(6, 100, 2));
    let policy = Policy::builder()
        .inbound(allow!(dyn Press: print))
        .build()
        .expect("one list");
    runtime.join(runtime.host(), &dry, policy).expect("new");
    let press = runtime.host().own::<dyn Press>(Arc::new(Iron));
    let press = runtime.host().send(&press, &dry).expect("joined");
    for _ in 0..2 {
        assert!(dry.call(&press, 0, &[3.into()]).is_ok());
        assert_eq!(
            dry.call(&press, 0, &[4.into()]),
            Err(Limit::MessageBytes.into())
        );
    }
}

/// Fails if `Iterating` does not measure: an iterator is its holder's own, whoever makes the items.
#[test]
fn each_item_of_an_iterator_is_measured() {
    type Items = Box<dyn Iterator<Item = Result<String, Error>> + Send>;
    #[interface(dynamic)]
    trait Tap {
        fn run(&self) -> Result<Items, Error>;
    }
    struct Water;
    impl Tap for Water {
        fn run(&self) -> Result<Items, Error> {
            Ok(Box::new(
                [6, 7, 5].map(|size| Ok("x".repeat(size))).into_iter(),
            ))
        }
    }
    let runtime = Runtime::new();
    let dry = runtime.domain("dry", narrow(6, 1, 1));
    let policy = Policy::builder()
        .inbound(allow!(dyn Tap: run))
        .build()
        .expect("one list");
    runtime.join(runtime.host(), &dry, policy).expect("new");
    let tap = runtime.host().own::<dyn Tap>(Arc::new(Water));
    let tap = runtime.host().send(&tap, &dry).expect("joined");
    let Ok(Value::Object(items)) = dry.call(&tap, 0, &[]) else {
        panic!()
    };
    let next = || dry.call(&items, 0, &[]);
    assert_eq!(next(), Ok(text(6)));
    assert_eq!(next(), Err(Limit::MessageBytes.into()));
    assert_eq!(next(), Ok(text(5)));
    dry.close("dry");
    assert_eq!(kind(next()), ErrorKind::Revoked);
}
