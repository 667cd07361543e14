//! What each type looks like as a value.

use super::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::{Duration, SystemTime};

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
