//! Checks as data: what is read is what the file says, whole and sound, or an error; what is written is never a weaker check.

use membrane::{
    Check, Constant, Direction, Error, ErrorKind, Interfaces, Membrane, NamedArgumentRule,
    NamedRule, Policy, PolicyError, interface,
};
use quickcheck::{Arbitrary, Gen, QuickCheck, TestResult};
use serde_json::{Value, from_str, from_value, json, to_string, to_value};
use std::collections::BTreeMap;
use std::sync::Arc;
use tests::{sized, soon};

fn integer(min: impl Into<Option<i128>>, max: impl Into<Option<i128>>) -> Check {
    let (min, max) = (min.into(), max.into());
    Check::Integer { min, max }
}

/// Every kind, at the ends of its range.
fn written() -> Vec<(&'static str, Check)> {
    vec![
        (r#"{"range":{"min":-3,"max":3}}"#, integer(-3, 3)),
        (r#"{"range":{"max":0}}"#, integer(None, 0)),
        (
            r#"{"range":{"min":-9223372036854775808,"max":18446744073709551615}}"#,
            integer(i128::from(i64::MIN), i128::from(u64::MAX)),
        ),
        (
            r#"{"float":{"min":-0.5,"max":1e+300}}"#,
            Check::float(-0.5..=1e300),
        ),
        (
            r#"{"float":{}}"#,
            Check::Float {
                min: None,
                max: None,
            },
        ),
        (r#"{"length":{"max":1024}}"#, Check::length(..=1024)),
        (
            r#"{"characters":{"min":1,"max":18446744073709551615}}"#,
            Check::characters(1..=u64::MAX),
        ),
        (r#"{"prefix":"out/\n\"é"}"#, Check::prefix("out/\n\"é")),
        (r#"{"suffix":".txt"}"#, Check::suffix(".txt")),
        (
            r#"{"one_of":["r","8",8,-1,true,"true",false]}"#,
            Check::OneOf(vec![
                "r".into(),
                "8".into(),
                8.into(),
                (-1).into(),
                true.into(),
                "true".into(),
                false.into(),
            ]),
        ),
        (r#"{"pattern":"a*?"}"#, Check::pattern("a*?")),
        (r#"{"within":""}"#, Check::within("")),
        (r#""present""#, Check::Present),
        (
            r#"{"each":{"keys":{"values":{"length":{"min":2}}}}}"#,
            Check::each(Check::keys(Check::values(Check::length(2..)))),
        ),
    ]
}

/// Fails if a check is written by another name, or read as another.
#[test]
fn every_kind_is_read_and_written() {
    for (text, check) in written() {
        assert_eq!(from_str::<Check>(text).unwrap(), check, "{text}");
        assert_eq!(to_string(&check).unwrap(), text);
    }
    let spaced = " { \"range\" : { \"max\" : 5 , \"min\" : 1 } } ";
    assert_eq!(from_str::<Check>(spaced).unwrap(), integer(1, 5));
    // A whole number is a floating-point one, too.
    let whole = from_str::<Check>(r#"{"float":{"max":1}}"#).unwrap();
    assert_eq!(
        whole,
        Check::Float {
            min: None,
            max: Some(1.0)
        }
    );
}

/// A table of TOML with one entry.
type Table = BTreeMap<String, Check>;

fn table(check: Check) -> Table {
    Table::from([("check".to_owned(), check)])
}

/// Fails if something is asked of the format that only JSON has.
#[test]
fn every_kind_is_read_and_written_as_toml() {
    for (_, check) in written() {
        let table = table(check);
        let written = toml::to_string(&table).unwrap();
        assert_eq!(
            toml::from_str::<Table>(&written).unwrap(),
            table,
            "{written}"
        );
    }
    for (text, message) in [
        ("float.max = nan", "not a number"),
        ("float.max = -nan", "not a number"),
        (
            "float = { min = inf, max = 0.0 }",
            "float range: nothing passes",
        ),
        ("range.max = 1.5", "floating point"),
        ("range = { max = 1, max = 2 }", "duplicate key"),
    ] {
        let error = toml::from_str::<Table>(&format!("check.{text}")).unwrap_err();
        assert!(error.to_string().contains(message), "{text}: {error}");
    }
    let infinite = toml::from_str::<Table>("check.float.min = inf").unwrap();
    let most = Check::Float {
        min: Some(f64::INFINITY),
        max: None,
    };
    assert_eq!(infinite, table(most));
}

/// Fails if one of them is read, as whatever check.
#[test]
fn what_is_no_sound_check_is_an_error() {
    for (text, message) in [
        // Names.
        (r#"{"ranges":{"max":1}}"#, "unknown variant `ranges`"),
        (r#"{"Range":{"max":1}}"#, "unknown variant `Range`"),
        (r#"{"one-of":[1]}"#, "unknown variant `one-of`"),
        (r#"{"range":{"maximum":1}}"#, "unknown field `maximum`"),
        (r#"{"range":{"max":1,"step":2}}"#, "unknown field `step`"),
        (r#"{"length":{"max":1,"Min":2}}"#, "unknown field `Min`"),
        (r#"{"range":{"max":1},"length":{"max":1}}"#, "expected"),
        (r#"{"range":{"max":1},"range":{"max":2}}"#, "expected"),
        (r#"{"range":{"max":1,"max":1}}"#, "duplicate field `max`"),
        (r#"{"float":{"min":1,"min":2}}"#, "duplicate field `min`"),
        (r#""prefix""#, "invalid type"),
        (r#"{"present":true}"#, "invalid type"),
        ("{}", "expected"),
        ("null", "expected"),
        ("[]", "expected"),
        // Types.
        (r#"{"range":[1,2]}"#, "expected `min`, `max` or both"),
        (r#"{"range":5}"#, "expected `min`, `max` or both"),
        (r#"{"range":{"min":null,"max":1}}"#, "null"),
        (r#"{"range":{"max":1.0}}"#, "floating point"),
        (r#"{"range":{"max":"9"}}"#, "expected a whole number"),
        (r#"{"range":{"max":true}}"#, "expected a whole number"),
        (
            r#"{"range":{"max":18446744073709551616}}"#,
            "floating point",
        ),
        (r#"{"float":{"max":"9"}}"#, "invalid type"),
        (r#"{"float":{"max":1e999}}"#, "number out of range"),
        (r#"{"length":{"min":-1}}"#, "invalid value"),
        (r#"{"length":{"max":1.5}}"#, "floating point"),
        (r#"{"prefix":7}"#, "invalid type"),
        (r#"{"one_of":"a"}"#, "invalid type"),
        (r#"{"one_of":[1.5]}"#, "floating point"),
        (
            r#"{"one_of":[["a"]]}"#,
            "expected a text, a whole number or a truth value",
        ),
        (r#"{"one_of":[null]}"#, "null"),
        // Empty.
        (r#"{"range":{}}"#, "range: everything passes"),
        (r#"{"length":{"min":0}}"#, "length: everything passes"),
        (r#"{"characters":{}}"#, "characters: everything passes"),
        (r#"{"prefix":""}"#, "prefix: everything passes"),
        (r#"{"suffix":""}"#, "suffix: everything passes"),
        (r#"{"pattern":"**"}"#, "pattern: everything passes"),
        (r#"{"one_of":[]}"#, "one-of: nothing passes"),
        // Contradictory, or twice.
        (r#"{"range":{"min":2,"max":1}}"#, "range: nothing passes"),
        (
            r#"{"float":{"min":0.2,"max":0.1}}"#,
            "float range: nothing passes",
        ),
        (r#"{"length":{"min":2,"max":1}}"#, "length: nothing passes"),
        (
            r#"{"one_of":["a","b","a"]}"#,
            r#"one-of: "a" is there twice"#,
        ),
        (r#"{"one_of":[1,true,1]}"#, "one-of: 1 is there twice"),
        (r#"{"within":"../up"}"#, "not a relative path"),
        (r#"{"within":"/etc"}"#, "not a relative path"),
        // At any depth.
        (
            r#"{"each":{"keys":{"range":{"min":2,"max":1}}}}"#,
            "range: nothing passes",
        ),
        (
            r#"{"values":{"each":{"prefix":""}}}"#,
            "prefix: everything passes",
        ),
        (
            r#"{"each":{"range":{"max":1,"stop":1}}}"#,
            "unknown field `stop`",
        ),
        (r#"{"each":null}"#, "expected"),
    ] {
        let error = from_str::<Check>(text).expect_err(text);
        assert!(error.to_string().contains(message), "{text}: {error}");
    }
    let deep = format!(
        "{}\"present\"{}",
        "{\"each\":".repeat(10_000),
        "}".repeat(10_000)
    );
    assert!(
        from_str::<Check>(&deep).is_err(),
        "no overflow of the stack"
    );
}

/// Checks of elements inside each other, so many with the innermost.
fn nested(levels: usize) -> Check {
    (1..levels).fold(Check::range(..9), |check, _| Check::each(check))
}

fn nested_value(levels: usize) -> Value {
    let innermost = json!({"range": {"max": 8}});
    (1..levels).fold(innermost, |check, _| {
        let entry = ("each".to_owned(), check);
        Value::Object(std::iter::once(entry).collect())
    })
}

/// Fails if checks inside each other are read to any depth: a format without a bound of its own uses up the stack.
#[test]
fn checks_inside_each_other_are_read_and_written_so_deep_and_no_deeper() {
    for _ in 0..2 {
        assert_eq!(from_value::<Check>(nested_value(64)).unwrap(), nested(64));
        // Their drop takes stack, which a sanitizer makes scarce.
        for levels in [65, 100, sized(2_000, 200)] {
            let error = from_value::<Check>(nested_value(levels)).unwrap_err();
            assert_eq!(error.to_string(), "more than 64 checks inside each other");
        }
        let error = from_value::<Vec<Check>>(json!([nested_value(3), nested_value(65)]));
        assert!(error.is_err());
    }
    assert_eq!(to_value(nested(64)).unwrap(), nested_value(64));
    let error = to_value(nested(65)).unwrap_err().to_string();
    assert_eq!(error, "more than 64 checks inside each other");
}

/// Fails if each value of a list is compared with all before it.
#[test]
fn long_list_of_values_is_read_and_built_in_a_moment() {
    let many = sized(150_000, 300);
    soon(move || {
        let values: Vec<_> = (0..many).map(|number| format!("value {number}")).collect();
        let check = json!({"one_of": values});
        let list = from_value::<Check>(check.clone()).unwrap();
        assert_eq!(list, Check::one_of(values.clone()));
        assert_eq!(to_value(&list).unwrap(), check);
        assert!(policy(&to_string(&[("path", &list)]).unwrap()).is_ok());
        let twice = values.iter().chain(values.last());
        let error = from_value::<Check>(json!({"one_of": twice.collect::<Vec<_>>()}));
        let error = error.unwrap_err().to_string();
        assert!(error.contains("is there twice"), "{error}");
    });
}

/// What is read of one text in two ways is written in one.
#[test]
fn what_may_be_written_otherwise_reads_as_it_did() {
    for (text, written) in [
        (r#"{"present":null}"#, r#""present""#),
        (
            r#"{"float":{"max":9007199254740993}}"#,
            r#"{"float":{"max":9007199254740992.0}}"#,
        ),
    ] {
        let check = from_str::<Check>(text).unwrap();
        assert_eq!(to_string(&check).unwrap(), written);
        assert_eq!(from_str::<Check>(written).unwrap(), check);
    }
}

/// Fails if one is written as something that is read as another check: JSON has no infinity, and would drop the bound.
#[test]
fn check_that_could_not_be_read_again_is_not_written() {
    let float = |min, max| Check::Float { min, max };
    for (check, message) in [
        (float(Some(f64::INFINITY), None), "infinite"),
        (float(None, Some(f64::NEG_INFINITY)), "infinite"),
        (float(None, Some(f64::INFINITY)), "infinite"),
        (float(Some(f64::NAN), None), "not a number"),
        (integer(i128::from(u64::MAX) + 1, None), "64 bits"),
        (integer(None, i128::from(i64::MIN) - 1), "64 bits"),
        (Check::one_of([i128::MAX]), "64 bits"),
        (integer(2, 1), "nothing passes"),
        (integer(None, None), "everything passes"),
        (Check::OneOf(vec![]), "nothing passes"),
        (Check::one_of(["a", "a"]), "twice"),
        (Check::within("a/../b"), "relative path"),
        (
            Check::each(Check::each(float(Some(f64::INFINITY), None))),
            "infinite",
        ),
    ] {
        let error = to_string(&check).expect_err("not written");
        assert!(error.to_string().contains(message), "{check}: {error}");
    }
}

#[derive(Clone, Debug)]
struct Any(Check);

impl Arbitrary for Any {
    fn arbitrary(g: &mut Gen) -> Self {
        fn constant(g: &mut Gen) -> Constant {
            match u8::arbitrary(g) % 4 {
                0 => bool::arbitrary(g).into(),
                1 => i64::arbitrary(g).into(),
                2 => u64::arbitrary(g).into(),
                _ => String::arbitrary(g).into(),
            }
        }
        fn check(g: &mut Gen, depth: u32) -> Check {
            let kinds = if depth == 0 { 10 } else { 13 };
            let text = String::arbitrary(g);
            match u8::arbitrary(g) % kinds {
                0 => {
                    let bound = |g: &mut Gen| Option::<i64>::arbitrary(g).map(i128::from);
                    Check::Integer {
                        min: bound(g),
                        max: bound(g),
                    }
                }
                1 => {
                    let (min, max) = Arbitrary::arbitrary(g);
                    Check::Float { min, max }
                }
                2 => {
                    let (min, max) = Arbitrary::arbitrary(g);
                    Check::Length { min, max }
                }
                3 => {
                    let (min, max) = Arbitrary::arbitrary(g);
                    Check::Characters { min, max }
                }
                4 => Check::Prefix(text),
                5 => Check::Suffix(text),
                6 => {
                    let number = usize::arbitrary(g) % 4;
                    Check::OneOf((0..number).map(|_| constant(g)).collect())
                }
                7 => Check::Pattern(text),
                8 => Check::Within(text),
                9 => Check::Present,
                10 => Check::each(check(g, depth - 1)),
                11 => Check::keys(check(g, depth - 1)),
                _ => Check::values(check(g, depth - 1)),
            }
        }
        Self(check(g, 3))
    }
}

/// Whatever the check that can be written. Some cannot.
#[test]
fn what_is_written_is_read_as_it_was() {
    fn holds(Any(check): Any) -> TestResult {
        let Ok(text) = to_string(&check) else {
            return TestResult::discard();
        };
        TestResult::from_bool(from_str::<Check>(&text).is_ok_and(|read| read == check))
    }
    QuickCheck::new()
        .tests(sized(10_000, 100) as u64)
        .quickcheck(holds as fn(Any) -> TestResult);
}

#[interface]
trait Files {
    fn write(&self, path: &str, data: Vec<u8>) -> Result<(), Error>;
}

struct Disk;

impl Files for Disk {
    fn write(&self, _: &str, _: Vec<u8>) -> Result<(), Error> {
        Ok(())
    }
}

/// A policy from a file of argument names and checks.
fn policy(file: &str) -> Result<Policy, PolicyError> {
    let checks: Vec<(String, Check)> = from_str(file).unwrap();
    let known = Interfaces::new().with::<dyn Files>();
    let direction = Direction::Inbound;
    let allowed = NamedRule {
        direction,
        interface: "Files",
        methods: &["write"],
    };
    let rules = checks.iter().map(|(argument, check)| NamedArgumentRule {
        direction,
        interface: "Files",
        method: "write",
        argument,
        check: check.clone(),
    });
    Policy::from_names_with_rules(&known, [allowed], rules)
}

/// Fails if a check that is read holds less, or more, than it says.
#[test]
fn checks_of_a_file_hold() {
    let file = r#"[["path", {"within": "out"}], ["data", {"length": {"max": 3}}], ["data", {"each": {"range": {"max": 9}}}]]"#;
    let membrane = Membrane::new(policy(file).unwrap());
    let files = membrane.wrap::<dyn Files>(Arc::new(Disk)).unwrap();
    assert_eq!(files.write("out/a", vec![9; 3]), Ok(()));
    for (path, data) in [
        ("out/../a", vec![]),
        ("out/a", vec![0; 4]),
        ("out/a", vec![10]),
    ] {
        assert_eq!(files.write(path, data), Err(ErrorKind::Rejected.into()));
    }
}

/// What depends on the argument, or on another check of it, is found when the policy is built.
#[test]
fn checks_of_a_file_that_are_at_odds_are_errors_of_the_policy() {
    for (file, message) in [
        (
            r#"[["data", {"prefix": "a"}]]"#,
            "prefix cannot be asked of",
        ),
        (r#"[["name", {"prefix": "a"}]]"#, "no such argument"),
        (
            r#"[["path", {"length": {"max": 1}}], ["path", {"length": {"max": 2}}]]"#,
            "twice",
        ),
        (
            r#"[["path", {"prefix": "long"}], ["path", {"length": {"max": 2}}]]"#,
            "nothing passes",
        ),
    ] {
        let error = policy(file).unwrap_err().to_string();
        assert!(error.contains(message), "{file}: {error}");
    }
}

/// Fails if a list is not looked through for what is there twice, also where the policy is built in Rust.
#[test]
fn value_that_is_listed_twice_is_an_error_of_the_policy() {
    let direction = Direction::Inbound;
    let known = Interfaces::new().with::<dyn Files>();
    let allowed = NamedRule {
        direction,
        interface: "Files",
        methods: &["write"],
    };
    let rule = NamedArgumentRule {
        direction,
        interface: "Files",
        method: "write",
        argument: "path",
        check: Check::one_of(["a", "b", "b"]),
    };
    let error = Policy::from_names_with_rules(&known, [allowed], [rule]).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"inbound rule on `path` of `Files::write`: one-of: "b" is there twice"#
    );
}
