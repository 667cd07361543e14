//! Both bridges between a trait and dynamic calls: what each type looks like as a value, where a value that does not fit says
//! so, what an error becomes, and how objects that are implemented elsewhere are used in Rust.

use membrane::{Error, ErrorKind, Passable, Policy, allow, interface};
use runtime::{
    CallError, Domain, Dynamic, DynamicInterface, Foreign, InterfaceHash, Limits, Object, Runtime,
    Value,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

#[derive(Passable, Dynamic, Debug, Clone, PartialEq)]
struct Named {
    name: String,
    r#type: u8,
}

#[derive(Passable, Dynamic, Debug, Clone, PartialEq)]
struct Pair(u8, String);

#[derive(Passable, Dynamic, Debug, Clone, PartialEq)]
struct Unit;

#[derive(Passable, Dynamic, Debug, Clone, PartialEq)]
struct Wrapped<T>(T);

#[derive(Passable, Dynamic, Debug, Clone, PartialEq)]
enum Shape {
    Empty,
    One(f64),
    Two(u8, u8),
    Named { width: u32, r#type: Option<u32> },
}

#[derive(Passable, Dynamic, Debug, Clone, PartialEq)]
struct Tree {
    leaf: i64,
    branches: Vec<Tree>,
    next: Option<Box<Tree>>,
}

#[track_caller]
fn trip<T: Dynamic + Clone + PartialEq + Debug>(value: T, shown: &str) {
    let runtime = Runtime::new();
    let made = value.clone().into_value(runtime.host());
    assert_eq!(made.to_string(), shown);
    assert_eq!(T::from_value(&made, runtime.host()), Ok(value.clone()));
    assert_eq!(T::take_value(made, runtime.host()), Ok(value));
}

#[track_caller]
fn refuses<T: Dynamic + Debug>(value: impl Into<Value>, words: &str) {
    let (runtime, value) = (Runtime::new(), value.into());
    let error = T::from_value(&value, runtime.host()).expect_err("no such value");
    assert_eq!(error.to_string(), words);
    assert!(T::take_value(value, runtime.host()).is_err());
}

fn list<const N: usize>(items: [Value; N]) -> Value {
    Vec::from(items).into()
}

#[test]
fn numbers_come_back_from_both_ends_of_their_range() {
    trip(i8::MIN, "-128");
    trip(i64::MIN, "-9223372036854775808");
    trip(i64::MAX, "9223372036854775807");
    trip(u64::MAX, "18446744073709551615");
    trip(i64::MAX as u64 + 1, "9223372036854775808");
    trip(u32::MAX, "4294967295");
    trip(usize::MAX, &usize::MAX.to_string());
    trip(u8::MAX, "255");
    trip(true, "true");
    trip(f64::MIN_POSITIVE, "2.2250738585072014e-308");
    trip(f64::NEG_INFINITY, "-inf");
    trip(0.1_f32, "0.10000000149011612");
    let host = Runtime::new();
    let nan = f64::from_value(&f64::NAN.into(), host.host());
    assert!(nan.is_ok_and(f64::is_nan));
    refuses::<i8>(
        128,
        "expected an integer from -128 to 127, found an integer out of range",
    );
    refuses::<u64>(
        -1,
        "expected an integer from 0 to 18446744073709551615, found an integer out of range",
    );
    refuses::<i64>(
        u64::MAX,
        "expected an integer from -9223372036854775808 to 9223372036854775807, found an integer out of range",
    );
    refuses::<u8>(
        u64::MAX,
        "expected an integer from 0 to 255, found an integer out of range",
    );
    refuses::<u8>(
        300,
        "expected an integer from 0 to 255, found an integer out of range",
    );
    refuses::<u16>(1.0, "expected an integer from 0 to 65535, found float");
    refuses::<u8>(1.0, "expected an integer from 0 to 255, found float");
    refuses::<f64>(1, "expected a float, found integer");
    refuses::<bool>(1, "expected a bool, found integer");
}

/// Fails if one width does not know the longer form: it then says that 5 is not between 0 and 255.
#[test]
fn integer_in_its_longer_form_is_the_same_integer_for_every_width() {
    fn reads<T: Dynamic + TryFrom<u8> + PartialEq + Debug>(least: i128, most: i128) {
        let runtime = Runtime::new();
        let read = |value| T::from_value(&value, runtime.host());
        assert_eq!(read(Value::Uint(5)).ok(), T::try_from(5).ok());
        assert_eq!(read(Value::Int(5)).ok(), T::try_from(5).ok());
        let words =
            format!("expected an integer from {least} to {most}, found an integer out of range");
        if let Some(above) = u64::try_from(most)
            .ok()
            .and_then(|most| most.checked_add(1))
        {
            for value in [Value::Uint(above), above.into()] {
                assert_eq!(read(value).expect_err("too large").to_string(), words);
            }
        }
    }
    reads::<u8>(0, u8::MAX.into());
    reads::<u16>(0, u16::MAX.into());
    reads::<u32>(0, u32::MAX.into());
    reads::<u64>(0, u64::MAX.into());
    reads::<usize>(0, usize::MAX as i128);
    reads::<i8>(i8::MIN.into(), i8::MAX.into());
    reads::<i16>(i16::MIN.into(), i16::MAX.into());
    reads::<i32>(i32::MIN.into(), i32::MAX.into());
    reads::<i64>(i64::MIN.into(), i64::MAX.into());
    reads::<isize>(isize::MIN as i128, isize::MAX as i128);
}

#[test]
fn text_and_bytes_come_back_and_are_not_each_other() {
    trip(String::from("ä\0\""), "\"ä\\0\\\"\"");
    trip('ß', "\"ß\"");
    trip(Arc::<str>::from("x"), "\"x\"");
    trip(vec![0_u8, 255], "<2 bytes>");
    trip(Arc::<[u8]>::from([1_u8]), "<1 bytes>");
    trip([1_u8, 2, 3], "<3 bytes>");
    trip(vec![1_i8], "[1]");
    refuses::<Vec<u8>>(list([1.into()]), "expected bytes, found list");
    refuses::<Vec<u8>>("text", "expected bytes, found text");
    refuses::<String>(vec![1_u8], "expected text, found bytes");
    refuses::<char>("", "expected text of one character, found another text");
    refuses::<char>("ab", "expected text of one character, found another text");
    refuses::<[u8; 2]>(
        vec![1_u8],
        "expected a list of 2, found a list of another length",
    );
}

#[test]
fn containers_come_back_and_say_which_item_does_not_fit() {
    trip(vec![Some(1_u32), None], "[1, null]");
    trip(Vec::<String>::new(), "[]");
    trip([1_u32, 2], "[1, 2]");
    trip(VecDeque::from([1_i16, 2]), "[1, 2]");
    trip((1_u8, String::from("a"), ()), "[1, \"a\", null]");
    trip((1_u8,), "[1]");
    trip(Some(Some(None::<u8>)), "[[null]]");
    trip(Some(None::<Option<u8>>), "[null]");
    trip(None::<Option<Option<u8>>>, "null");
    trip(Some(()), "[null]");
    trip(Some(Unit), "[null]");
    trip(Some(Wrapped(None::<u8>)), "[null]");
    trip(Some(Box::new(Some(1_u8))), "[1]");
    trip(Ok::<u8, String>(1), r#"{"Ok": 1}"#);
    trip(Err::<u8, String>("no".into()), r#"{"Err": "no"}"#);
    trip(HashMap::from([(1_u8, true)]), "[[1, true]]");
    trip(BTreeMap::from([(2_u8, 1_u8), (1, 2)]), "[[1, 2], [2, 1]]");
    trip(HashSet::from([String::from("a")]), r#"["a"]"#);
    trip(BTreeSet::from([2_u8, 1]), "<2 bytes>");
    refuses::<Vec<Vec<bool>>>(
        list([list([true.into()]), list([true.into(), 1.into()])]),
        "[1][1]: expected a bool, found integer",
    );
    refuses::<(u8, bool)>(
        list([1.into(), 2.into()]),
        "[1]: expected a bool, found integer",
    );
    refuses::<(u8, bool)>(
        list([1.into()]),
        "expected a list of 2, found a list of another length",
    );
    refuses::<Option<Option<u8>>>(1, "expected a list of 1, found integer");
    refuses::<Vec<bool>>(Value::Null, "expected a list, found null");
}

#[test]
fn key_or_item_that_occurs_twice_is_refused() {
    let pairs = || list([list([1.into(), 1.into()]), list([1.into(), 2.into()])]);
    refuses::<HashMap<u32, u32>>(pairs(), "expected each key once, found one of them twice");
    refuses::<BTreeMap<u32, u32>>(pairs(), "expected each key once, found one of them twice");
    refuses::<HashSet<u32>>(
        list([1.into(), 1.into()]),
        "expected each item once, found one of them twice",
    );
    refuses::<BTreeSet<u8>>(
        vec![1_u8, 1],
        "expected each item once, found one of them twice",
    );
}

#[test]
fn times_come_back_and_one_that_there_is_not_is_refused() {
    trip(Duration::MAX, "[18446744073709551615, 999999999]");
    trip(Duration::ZERO, "[0, 0]");
    trip(
        SystemTime::UNIX_EPOCH + Duration::from_millis(1500),
        "[true, [1, 500000000]]",
    );
    trip(
        SystemTime::UNIX_EPOCH - Duration::from_millis(1500),
        "[false, [1, 500000000]]",
    );
    refuses::<Duration>(
        list([0.into(), 1_000_000_000.into()]),
        "expected less than a second in nanoseconds, found a second or more",
    );
    refuses::<SystemTime>(
        list([true.into(), list([u64::MAX.into(), 0.into()])]),
        "expected a time that this system has, found another",
    );
}

#[test]
fn structs_and_enums_of_each_shape_come_back() {
    trip(
        Named {
            name: "a".into(),
            r#type: 1,
        },
        r#"{"name": "a", "type": 1}"#,
    );
    trip(Pair(1, "b".into()), r#"[1, "b"]"#);
    trip(Unit, "null");
    trip(Wrapped(Unit), "null");
    trip(Wrapped(vec![1_u8]), "<1 bytes>");
    trip(Shape::Empty, r#""Empty""#);
    trip(Shape::One(1.5), r#"{"One": 1.5}"#);
    trip(Shape::Two(1, 2), r#"{"Two": [1, 2]}"#);
    trip(
        Shape::Named {
            width: 1,
            r#type: None,
        },
        r#"{"Named": {"width": 1, "type": null}}"#,
    );
    let leaf = |leaf| Tree {
        leaf,
        branches: Vec::new(),
        next: None,
    };
    trip(
        Tree {
            leaf: 1,
            branches: vec![leaf(2)],
            next: Some(Box::new(leaf(3))),
        },
        r#"{"leaf": 1, "branches": [{"leaf": 2, "branches": [], "next": null}], "next": {"leaf": 3, "branches": [], "next": null}}"#,
    );
    let mut describing = runtime::Describing::default();
    assert_eq!(
        Tree::ty(&mut describing).to_string(),
        "record Tree {leaf: integer from -9223372036854775808 to 9223372036854775807, branches: list of (Tree), next: optional (Tree)}"
    );
}

/// Fails, for `Result`, if it looks for the field `Ok` and at no other.
#[test]
fn record_with_other_fields_than_the_types_is_refused() {
    let name = || ("name", Value::from("a"));
    let fields = "expected a record of name, type, found other fields";
    refuses::<Named>(Value::record([name()]), fields);
    refuses::<Named>(
        Value::record([name(), ("type", 1.into()), ("more", 1.into())]),
        fields,
    );
    refuses::<Named>(Value::record([name(), name()]), fields);
    refuses::<Named>(Value::record([name(), ("r#type", 1.into())]), fields);
    refuses::<Named>(
        Value::record([name(), ("type", "x".into())]),
        "type: expected an integer from 0 to 255, found text",
    );
    refuses::<Named>(Value::Null, "expected a record of name, type, found null");
    let case = "expected a case of Shape, found record";
    refuses::<Shape>(Value::record([("Empty", Value::Null)]), case);
    refuses::<Shape>(
        Value::record([("One", 1.0.into()), ("Two", 1.0.into())]),
        case,
    );
    refuses::<Shape>("One", "expected a case of Shape, found text");
    refuses::<Shape>(
        Value::record([("Two", list([1.into(), 256.into()]))]),
        "Two[1]: expected an integer from 0 to 255, found an integer out of range",
    );
    let result = "expected a record of Ok or Err, found record";
    refuses::<Result<u8, u8>>(
        Value::record([("Ok", 1.into()), ("more", 1.into())]),
        result,
    );
    refuses::<Result<u8, u8>>(Value::record([("Ok", 1.into()), ("Ok", 2.into())]), result);
    refuses::<Result<u8, u8>>(Value::record([("Ok", 1.into()), ("Err", 2.into())]), result);
}

// Methods.

type Items = Box<dyn Iterator<Item = Result<u8, Error>> + Send>;
type Call2 = Arc<dyn Fn(u8, String) -> Result<String, Error> + Send + Sync>;
type Call4 = Arc<dyn Fn(u8, u8, u8, u8) -> Result<u8, Error> + Send + Sync>;

#[derive(Passable, Dynamic, Debug, PartialEq)]
struct Trouble(Error);

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

#[derive(Passable, Dynamic, Debug, PartialEq)]
enum Problem {
    Membrane(Error),
    Own { code: u8 },
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

#[interface(dynamic)]
trait Base {
    /// Says who it is.
    fn who(&self) -> Result<String, Error>;
    fn default(&self) -> Result<String, Error> {
        Ok("the default, run here".into())
    }
}

#[interface(dynamic)]
trait Middle: Base {
    fn fail(&self, code: u8) -> Result<(), Problem>;
    fn wrapped(&self) -> Result<(), Trouble>;
}

#[interface(dynamic, version = 7)]
trait Top: Middle {
    fn sum(&self, numbers: &[u32], more: Named) -> Result<u32, Error>;
    fn apply(&self, two: Call2, four: Call4) -> Result<String, Error>;
    fn drain(&self, items: Items) -> Result<Vec<u8>, Error>;
    fn make(&self) -> Result<(Call2, Items), Error>;
}

struct Rust;

impl Base for Rust {
    fn who(&self) -> Result<String, Error> {
        Ok("rust".into())
    }
}

impl Middle for Rust {
    fn fail(&self, code: u8) -> Result<(), Problem> {
        Err(match code {
            0 => Problem::Membrane(ErrorKind::Failed.into()),
            code => Problem::Own { code },
        })
    }
    fn wrapped(&self) -> Result<(), Trouble> {
        Err(Error::from(ErrorKind::Exhausted).into())
    }
}

impl Top for Rust {
    fn sum(&self, numbers: &[u32], more: Named) -> Result<u32, Error> {
        Ok(numbers.iter().sum::<u32>() + u32::from(more.r#type))
    }
    fn apply(&self, two: Call2, four: Call4) -> Result<String, Error> {
        two(four(1, 2, 3, 4)?, "x".into())
    }
    fn drain(&self, items: Items) -> Result<Vec<u8>, Error> {
        items.collect()
    }
    fn make(&self) -> Result<(Call2, Items), Error> {
        Ok((
            Arc::new(|n, text| Ok(text.repeat(n.into()))),
            Box::new((0..2).map(Ok)),
        ))
    }
}

fn rust() -> (Runtime, Object) {
    let runtime = Runtime::new();
    let object = runtime.host().own::<dyn Top>(Arc::new(Rust));
    (runtime, object)
}

fn named() -> Value {
    Value::record([("name", "n".into()), ("type", 3.into())])
}

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

// Implemented elsewhere.

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

// Descriptions.

macro_rules! hash_of {
    ([$($option:tt)*] $($item:tt)*) => {{
        #[allow(dead_code, reason = "it is described, not called")]
        #[interface(dynamic $($option)*)]
        trait $($item)*
        <dyn Probe>::interface().hash()
    }};
}

#[test]
fn hash_tells_interfaces_apart_and_does_not_depend_on_documentation() {
    let plain = hash_of!([] Probe { fn a(&self, x: u8) -> Result<(), Error>; fn b(&self) -> Result<(), Error>; });
    let others = [
        hash_of!([, version = 2] Probe { fn a(&self, x: u8) -> Result<(), Error>; fn b(&self) -> Result<(), Error>; }),
        hash_of!([] Probe { fn b(&self) -> Result<(), Error>; fn a(&self, x: u8) -> Result<(), Error>; }),
        hash_of!([] Probe { fn a(&self, y: u8) -> Result<(), Error>; fn b(&self) -> Result<(), Error>; }),
        hash_of!([] Probe { fn a(&self, x: u16) -> Result<(), Error>; fn b(&self) -> Result<(), Error>; }),
        hash_of!([] Probe { fn a(&self, x: u8) -> Result<u8, Error>; fn b(&self) -> Result<(), Error>; }),
        hash_of!([] Probe { fn a(&self, x: u8) -> Result<(), Problem>; fn b(&self) -> Result<(), Error>; }),
        hash_of!([] Probe { fn a(&self, x: u8) -> Result<(), Error>; fn c(&self) -> Result<(), Error>; }),
        hash_of!([] Probe { fn a(&self, x: u8) -> Result<(), Error>; }),
        <dyn Top>::interface().hash(),
    ];
    let mut all = HashSet::from(others);
    assert!(all.insert(plain) && all.len() == others.len() + 1);
    let same = [
        hash_of!([, version = 1] Probe { fn a(&self, x: u8) -> Result<(), Error>; fn b(&self) -> Result<(), Error>; }),
        hash_of!([] Probe {
            /// Documented.
            fn a(&self, x: u8) -> Result<(), Error>;
            fn b(&self) -> Result<(), Error> { Ok(()) }
        }),
    ];
    assert_eq!(same, [plain; 2]);
    assert_eq!(InterfaceHash::from_bits(plain.to_bits()), plain);
}

#[test]
fn method_is_described_as_it_is_declared() {
    let top = <dyn Top>::interface();
    assert_eq!((top.name(), top.version()), ("Top", 7));
    assert_eq!(
        top.methods()[0].to_string(),
        "sum(numbers: list of (integer from 0 to 4294967295), more: record Named {name: text, type: integer from 0 to 255}) -> integer from 0 to 4294967295 or membrane error"
    );
    assert_eq!(
        top.methods()[4].to_string(),
        "fail(code: integer from 0 to 255) -> null or choice Problem {Membrane: membrane error, Own: record Problem::Own {code: integer from 0 to 255}}"
    );
    assert_eq!(
        (top.methods()[6].name(), top.methods()[6].doc()),
        ("who", "Says who it is.")
    );
}
