//! Methods.

use super::*;

#[test]
fn call_by_name_and_call_by_number_agree_on_every_method() {
    let (runtime, object) = rust();
    let host = runtime.host();
    let names: Vec<_> = object
        .interface()
        .methods()
        .iter()
        .map(runtime::Method::name)
        .collect();
    assert_eq!(
        names,
        [
            "sum", "apply", "drain", "make", "fail", "wrapped", "who", "default"
        ]
    );
    for (number, name) in (0..).zip(&names) {
        assert_eq!(object.method(name), Some(number));
        for args in [&[][..], &[9.into()], &[list([1.into()]), named()]] {
            if *name == "make" && args.is_empty() {
                continue;
            }
            assert_eq!(
                host.call(&object, number, args),
                host.call_named(&object, name, args)
            );
        }
    }
    assert_eq!(host.call_named(&object, "who", &[]), Ok("rust".into()));
    assert_eq!(
        host.call_named(&object, "sum", &[list([1.into(), 2.into()]), named()]),
        Ok(6.into())
    );
    for number in [8, 9, 63, 64, u32::MAX - 3, u32::MAX] {
        assert_eq!(
            host.call(&object, number, &[]),
            Err(ErrorKind::Refused.into())
        );
        assert!(!object.allows(number));
    }
    for name in ["", "Who", "who ", "nothing", "__membrane_top"] {
        assert_eq!(
            host.call_named(&object, name, &[]),
            Err(ErrorKind::Refused.into())
        );
    }
}

#[interface(dynamic)]
trait Four {
    fn four(&self, a: u64, b: bool, c: f64, d: i8) -> Result<u64, Error>;
    fn one(&self, a: u64) -> Result<u64, Error>;
}

struct Sum;

impl Four for Sum {
    fn four(&self, a: u64, b: bool, c: f64, d: i8) -> Result<u64, Error> {
        Ok(a + u64::from(b) + c.to_bits() + u64::from(d.unsigned_abs()))
    }
    fn one(&self, a: u64) -> Result<u64, Error> {
        Ok(a)
    }
}

/// Fails if arguments are gathered on the heap, or anything is made of a name.
#[test]
fn call_with_up_to_four_scalars_allocates_nothing() {
    let runtime = Runtime::new();
    let (host, guest) = (runtime.host(), runtime.domain("guest", Limits::default()));
    let policy = Policy::builder().inbound(allow!(dyn Four: four, one));
    runtime.join(host, &guest, policy.build().unwrap()).unwrap();
    let own = host.own::<dyn Four>(Arc::new(Sum));
    let lent = host.send(&own, &guest).unwrap();
    let four = [Value::from(7_u64), true.into(), 0.5.into(), (-3_i64).into()];
    for (side, object) in [(host, &own), (&guest, &lent)] {
        let calls = || {
            side.call(object, 0, &four).unwrap();
            side.call_named(object, "four", &four).unwrap();
            side.call_named(object, "one", &four[..1]).unwrap();
            side.call_named(object, "none", &four).unwrap_err();
        };
        calls();
        assert_eq!(allocation_counter::measure(calls).count_total, 0);
    }
}

#[test]
fn arguments_that_do_not_fit_say_which_and_where() {
    let (runtime, object) = rust();
    let words = |args: &[Value]| {
        runtime
            .host()
            .call(&object, 0, args)
            .expect_err("no fit")
            .to_string()
    };
    assert_eq!(words(&[]), "expected 2 arguments, found fewer");
    assert_eq!(
        words(&[named(), named(), named()]),
        "expected 2 arguments, found more"
    );
    assert_eq!(
        words(&[list([1.into(), true.into()]), named()]),
        "argument 0 (numbers)[1]: expected an integer from 0 to 4294967295, found bool"
    );
    let wrong = Value::record([("name", "n".into()), ("type", Value::Null)]);
    assert_eq!(
        words(&[list([]), wrong]),
        "argument 1 (more).type: expected an integer from 0 to 255, found null"
    );
}

/// Fails, for the newtype, if a derived struct has no `membrane_error`.
#[test]
fn own_error_is_raised_and_the_membranes_is_the_membranes_in_whatever_it_is_wrapped() {
    let (runtime, object) = rust();
    let host = runtime.host();
    assert_eq!(
        host.call_named(&object, "fail", &[5.into()]),
        Err(CallError::Raised(Value::record([(
            "Own",
            Value::record([("code", 5.into())])
        )])))
    );
    assert_eq!(
        host.call_named(&object, "fail", &[0.into()]),
        Err(ErrorKind::Failed.into())
    );
    assert_eq!(
        host.call_named(&object, "wrapped", &[]),
        Err(ErrorKind::Exhausted.into())
    );
}

#[test]
fn object_is_typed_as_itself_and_as_its_super_interfaces_only() {
    let (_runtime, object) = rust();
    assert_eq!(
        object.typed::<dyn Top>().map(|top| top.who()),
        Some(Ok("rust".into()))
    );
    assert_eq!(
        object.typed::<dyn Middle>().map(|middle| middle.who()),
        Some(Ok("rust".into()))
    );
    assert_eq!(
        object.typed::<dyn Base>().map(|base| base.who()),
        Some(Ok("rust".into()))
    );
    assert!(
        object
            .typed::<dyn Fn() -> Result<u8, Error> + Send + Sync>()
            .is_none()
    );
}
