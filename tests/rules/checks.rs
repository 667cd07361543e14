//! Each check at its boundaries, through a proxy; and all of them against a model that knows nothing of proxies.

#![allow(clippy::option_option, reason = "an argument may be absent twice over")]

use membrane::{
    Check, Constant, Error, ErrorKind, Membrane, Passable, Policy, allow, interface, rule,
};
use quickcheck::{Arbitrary, Gen, QuickCheck};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ffi::{CStr, CString, OsStr, OsString};
use std::num::NonZeroU8;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tests::sized;

#[derive(Passable, Clone)]
struct Options {
    depth: Option<u32>,
    inner: Option<Inner>,
    r#type: Mode,
}

#[derive(Passable, Clone)]
struct Inner {
    tags: Vec<String>,
}

#[derive(Passable, Clone)]
struct Id(u64);

#[derive(Passable, Clone)]
enum Mode {
    Read,
    r#Write,
}

/// Declares an interface of one method for each type, a target that counts, and the policy that allows all.
macro_rules! probe {
    ($($method:ident: $type:ty),* $(,)?) => {
        #[interface]
        trait Probe {
            $(fn $method(&self, value: $type) -> Result<(), Error>;)*
        }

        #[derive(Default)]
        struct Target(AtomicUsize);

        impl Probe for Target {
            $(fn $method(&self, _: $type) -> Result<(), Error> {
                self.0.fetch_add(1, SeqCst);
                Ok(())
            })*
        }

        fn allowed() -> membrane::PolicyBuilder {
            Policy::builder().inbound(allow!(dyn Probe: $($method),*))
        }
    };
}

probe! {
    small: i8,
    wide: i128,
    big: u128,
    size: usize,
    nonzero: NonZeroU8,
    float: f64,
    single: f32,
    flag: bool,
    letter: char,
    lent: &str,
    owned: String,
    shared: Arc<str>,
    cow: Cow<'static, str>,
    path: &Path,
    path_buf: PathBuf,
    os: &OsStr,
    os_string: OsString,
    c: &CStr,
    c_string: CString,
    bytes: &[u8],
    buffer: Vec<u8>,
    shared_bytes: Arc<[u8]>,
    foreign: bytes::Bytes,
    array: [u8; 3],
    list: Vec<i32>,
    deque: VecDeque<Option<i32>>,
    set: HashSet<String>,
    tree_set: BTreeSet<u8>,
    map: BTreeMap<String, Vec<u8>>,
    hash_map: HashMap<u8, f64>,
    maybe: Option<i64>,
    twice: Option<Option<Box<u8>>>,
    options: Options,
    id: Id,
    mode: Mode,
    range: std::ops::Range<u8>,
    ids: Vec<Id>,
}

/// What passes a check reaches the target, and what does not is rejected before.
macro_rules! boundary {
    ($method:ident $(. $field:ident)*, $check:expr; passes: $($pass:expr),*; fails: $($fail:expr),* $(,)?) => {{
        let policy = allowed().inbound_rule(rule!(dyn Probe: $method, value $(. $field)*: $check));
        let target = Arc::<Target>::default();
        let membrane = Membrane::new(policy.build().unwrap());
        let probe: Arc<dyn Probe> = membrane.wrap::<dyn Probe>(target.clone()).unwrap();
        let mut entered = 0;
        $(
            entered += 1;
            assert_eq!(probe.$method($pass), Ok(()), "{}", stringify!($method $check; $pass));
        )*
        $(
            let answer = probe.$method($fail);
            assert_eq!(answer, Err(ErrorKind::Rejected.into()), "{}", stringify!($method $check; $fail));
        )*
        assert_eq!(target.0.load(SeqCst), entered);
    }};
}

/// Fails if `is_between` excludes a bound, or `Greater` passes an upper one.
#[test]
fn range_of_integers_includes_its_bounds() {
    boundary!(small, Check::range(-3..=3); passes: -3, 0, 3; fails: -4, 4, i8::MIN, i8::MAX);
    boundary!(small, Check::range(-3..3); passes: -3, 2; fails: -4, 3);
    boundary!(wide, Check::range(..i128::MAX); passes: i128::MIN, i128::MAX - 1; fails: i128::MAX);
    boundary!(wide, Check::range(i128::MIN + 1..); passes: i128::MIN + 1, i128::MAX; fails: i128::MIN);
    boundary!(big, Check::range(5..); passes: 5, u128::MAX; fails: 0, 4);
    boundary!(big, Check::range(..=i128::MAX); passes: 0, i128::MAX as u128; fails: i128::MAX as u128 + 1, u128::MAX);
    boundary!(size, Check::range(1..=2); passes: 1, 2; fails: 0, usize::MAX);
    boundary!(nonzero, Check::range(2..); passes: NonZeroU8::MAX; fails: NonZeroU8::MIN);
    boundary!(id, Check::range(..=9); passes: Id(9); fails: Id(10));
    boundary!(range.end, Check::range(..=9); passes: 0..9, 8..9; fails: 0..10);
}

/// Fails if a check of a float does not ask for NaN: with one bound the comparison alone would do, with none it would not.
#[test]
fn not_a_number_never_passes_a_range_of_floats() {
    let nan = f64::from_bits(f64::NAN.to_bits() | 1);
    boundary!(float, Check::float(-1.0..=1.0);
        passes: -1.0, -0.0, 1.0, f64::MIN_POSITIVE;
        fails: f64::NAN, -f64::NAN, nan, 1.0 + f64::EPSILON, f64::INFINITY, f64::NEG_INFINITY);
    boundary!(float, Check::Float { min: Some(0.0), max: None }; passes: -0.0, f64::INFINITY; fails: f64::NAN, -f64::MIN_POSITIVE);
    boundary!(float, Check::Float { min: None, max: None }; passes: f64::INFINITY, 0.0; fails: f64::NAN);
    boundary!(float, Check::float(f64::NEG_INFINITY..=f64::INFINITY); passes: f64::INFINITY, 0.0; fails: f64::NAN);
    boundary!(single, Check::float(0.0..=0.1); passes: 0.0, 0.099; fails: 0.1_f32, f32::NAN);
    boundary!(hash_map, Check::values(Check::float(0.0..=1.0)); passes: HashMap::from([(1, 1.0)]); fails: HashMap::from([(1, f64::NAN)]));
}

#[test]
fn length_of_text_is_in_bytes_and_characters_are_scalar_values() {
    boundary!(lent, Check::length(2..=4); passes: "ab", "éé", "𝄞"; fails: "a", "abcde", "ééa", "");
    boundary!(lent, Check::characters(..=2); passes: "", "𝄞𝄞", "éé"; fails: "abc", "e\u{301}x");
    boundary!(letter, Check::length(..=1); passes: 'a', '\0'; fails: 'é');
    boundary!(path, Check::length(..=1); passes: Path::new("a"); fails: Path::new("ab"));
}

#[test]
fn length_of_anything_else_is_in_elements() {
    boundary!(bytes, Check::length(1..=2); passes: &[0], &[255, 255]; fails: &[], &[0; 3]);
    boundary!(buffer, Check::length(..=2); passes: vec![], vec![0, 0]; fails: vec![0; 3]);
    boundary!(shared_bytes, Check::length(..3); passes: [1, 2].into(); fails: [1, 2, 3].into());
    boundary!(foreign, Check::length(..3); passes: bytes::Bytes::from_static(b"ab"); fails: bytes::Bytes::from_static(b"abc"));
    boundary!(array, Check::each(Check::range(..9)); passes: [8; 3]; fails: [0, 0, 9]);
    boundary!(list, Check::length(1..); passes: vec![1]; fails: vec![]);
    boundary!(deque, Check::length(..=1); passes: [None].into(); fails: [None, None].into());
    boundary!(map, Check::length(..=1); passes: BTreeMap::new(); fails: BTreeMap::from([("a".into(), vec![]), ("b".into(), vec![])]));
    boundary!(tree_set, Check::length(..=1); passes: BTreeSet::from([1]); fails: BTreeSet::from([1, 2]));
}

#[test]
fn every_kind_of_text_is_compared_byte_for_byte() {
    boundary!(lent, Check::prefix("a/"); passes: "a/", "a/b", "a/../b"; fails: "", "a", "A/", "\u{feff}a/");
    boundary!(owned, Check::suffix(".txt"); passes: ".txt".into(), "a.txt".into(); fails: "txt".into(), "a.TXT".into(), "a.txt\0".into());
    boundary!(shared, Check::prefix("é"); passes: "é".into(); fails: "e\u{301}".into());
    boundary!(cow, Check::prefix("a"); passes: "a".into(), String::from("ab").into(); fails: "b".into());
    boundary!(path_buf, Check::suffix("b"); passes: "a/b".into(); fails: "a/b/".into());
    boundary!(os, Check::prefix("a"); passes: OsStr::new("a"); fails: OsStr::new("b"));
    boundary!(os_string, Check::prefix("a"); passes: "a".into(); fails: "b".into());
    boundary!(c, Check::prefix("a"); passes: c"a"; fails: c"b");
    boundary!(c_string, Check::prefix("a"); passes: c"a".into(); fails: c"\xffa".into());
}

/// Fails if what is not UTF-8 is shown as text with the wrong bytes replaced.
#[cfg(unix)]
#[test]
fn text_that_is_no_text_never_passes() {
    use std::os::unix::ffi::OsStrExt;
    let odd = OsStr::from_bytes(b"a\xff");
    boundary!(os, Check::prefix("a"); passes: OsStr::new("ab"); fails: odd);
    boundary!(path, Check::length(..9); passes: Path::new("ab"); fails: Path::new(odd));
    boundary!(path, Check::within(""); passes: Path::new("ab"); fails: Path::new(odd));
}

#[test]
fn one_of_a_list_is_exactly_one_of_it() {
    boundary!(lent, Check::one_of(["get", "put"]); passes: "get", "put"; fails: "", "Get", "get ", "getput");
    boundary!(small, Check::one_of([1, 4]); passes: 1, 4; fails: 0, 2, -1);
    boundary!(big, Check::one_of([1]); passes: 1; fails: u128::MAX, 0);
    boundary!(flag, Check::one_of([true]); passes: true; fails: false);
    boundary!(mode, Check::one_of(["Read"]); passes: Mode::Read; fails: Mode::Write);
    boundary!(letter, Check::one_of(["é"]); passes: 'é'; fails: 'e');
}

#[test]
fn pattern_has_two_special_characters() {
    boundary!(lent, Check::pattern("user:*:?");
        passes: "user::x", "user:a:b:c", "user:*:?", "user:::", "user:\n:𝄞";
        fails: "user:a", "user::", "xuser::x", "user:a:bb", "");
    boundary!(lent, Check::pattern(""); passes: ""; fails: "a");
    boundary!(lent, Check::pattern("[a-z]\\.+"); passes: "[a-z]\\.+"; fails: "b.");
    let hard = "a".repeat(5_000);
    boundary!(lent, Check::pattern("a*".repeat(50) + "b"); passes: &(hard.clone() + "b"); fails: &hard);
}

/// C5: aliases of a path. Fails if `names` keeps an empty name or `.`, or lets `..` by.
#[test]
fn path_within_another_has_no_way_out() {
    boundary!(path, Check::within("pub/www");
        passes: Path::new("pub/www"), Path::new("pub//www/./a"), Path::new("./pub/www/..a");
        fails: Path::new("pub"), Path::new("pub/wwwx"), Path::new("/pub/www"), Path::new("pub/www/../x"),
            Path::new("pub/www/.."), Path::new("../pub/www"), Path::new("x/../pub/www"), Path::new(""),
            Path::new("pub\\www\\a"), Path::new("pub/www/a\\..\\.."), Path::new("pub/www/C:"), Path::new("Pub/www"));
    boundary!(lent, Check::within("pub"); passes: "pub/a"; fails: "pub/a\0", "\0", "pub/..\0", "//host/pub");
    boundary!(lent, Check::within("."); passes: "", "a/b"; fails: "..", "a/..", "/");
}

#[test]
fn absent_passes_all_but_present() {
    boundary!(maybe, Check::range(1..); passes: None, Some(1); fails: Some(0));
    boundary!(maybe, Check::Present; passes: Some(0); fails: None);
    boundary!(twice, Check::range(1..); passes: None, Some(None), Some(Some(Box::new(1))); fails: Some(Some(Box::new(0))));
    boundary!(twice, Check::Present; passes: Some(Some(Box::new(0))); fails: None, Some(None));
    boundary!(deque, Check::each(Check::range(1..)); passes: [None, Some(1)].into(); fails: [Some(1), Some(0)].into());
    boundary!(deque, Check::each(Check::Present); passes: [Some(0)].into(), [].into(); fails: [Some(0), None].into());
}

#[test]
fn every_element_key_and_value_is_looked_at() {
    boundary!(list, Check::each(Check::range(0..)); passes: vec![], vec![0, 1]; fails: vec![-1], vec![0, 1, -1]);
    boundary!(set, Check::each(Check::length(..=1)); passes: HashSet::from(["a".into()]); fails: HashSet::from(["a".into(), "bb".into()]));
    boundary!(tree_set, Check::each(Check::range(..9)); passes: BTreeSet::from([8]); fails: BTreeSet::from([8, 9]));
    let map = |key: &str, length| {
        BTreeMap::from([
            (String::from("a"), vec![0; 1]),
            (key.into(), vec![0; length]),
        ])
    };
    boundary!(map, Check::keys(Check::pattern("?")); passes: map("b", 9); fails: map("bb", 0));
    boundary!(map, Check::values(Check::length(..=2)); passes: map("bb", 2); fails: map("b", 3));
    boundary!(map, Check::values(Check::each(Check::range(..1))); passes: map("b", 2); fails: BTreeMap::from([("a".into(), vec![1])]));
    boundary!(ids, Check::each(Check::range(..=9)); passes: vec![Id(9)]; fails: vec![Id(9), Id(10)]);
}

#[test]
fn field_of_an_argument_is_found_by_name() {
    let options = |depth, tags: Option<&[&str]>, mode| Options {
        depth,
        inner: tags.map(|tags| Inner {
            tags: tags.iter().map(|tag| (*tag).into()).collect(),
        }),
        r#type: mode,
    };
    boundary!(options.depth, Check::range(..=3); passes: options(Some(3), None, Mode::Read), options(None, None, Mode::Read); fails: options(Some(4), None, Mode::Read));
    boundary!(options.inner.tags, Check::each(Check::length(1..));
        passes: options(None, None, Mode::Read), options(None, Some(&["a"]), Mode::Read);
        fails: options(None, Some(&["a", ""]), Mode::Read));
    boundary!(options.inner.tags, Check::Present; passes: options(None, Some(&[]), Mode::Read); fails: options(None, None, Mode::Read));
    boundary!(options.r#type, Check::one_of(["Write"]); passes: options(None, None, Mode::Write); fails: options(None, None, Mode::Read));
}

/// A shape that promises what the value does not show: written by hand, wrong, and refused rather than let by.
#[derive(Clone)]
struct Liar;

impl Passable for Liar {
    const BARE: bool = true;
    const SHAPE: membrane::Shape = membrane::Shape::Integer;

    fn pass(self, _: &membrane::Crossing<'_>) -> Result<Self, Error> {
        Ok(self)
    }
}

#[interface]
trait Believes {
    fn hear(&self, liar: Liar) -> Result<(), Error>;
}

impl Believes for Target {
    fn hear(&self, _: Liar) -> Result<(), Error> {
        self.0.fetch_add(1, SeqCst);
        Ok(())
    }
}

/// Fails if `passes` lets by what it does not know.
#[test]
fn value_that_does_not_show_what_its_type_promised_is_refused() {
    let policy = Policy::builder()
        .inbound(allow!(dyn Believes: hear))
        .inbound_rule(rule!(dyn Believes: hear, liar: Check::range(..=i128::MAX)));
    let target = Arc::<Target>::default();
    let lent = Membrane::new(policy.build().unwrap())
        .wrap::<dyn Believes>(target.clone())
        .unwrap();
    assert_eq!(lent.hear(Liar), Err(ErrorKind::Rejected.into()));
    assert_eq!(target.0.load(SeqCst), 0);
}

/// A value for `lent`, `wide` or `list`.
#[derive(Clone, Debug)]
enum Value {
    Text(String),
    Number(i128),
    List(Vec<i32>),
}

/// Checks on one argument, and values for it.
#[derive(Clone, Debug)]
struct Case {
    checks: Vec<Check>,
    values: Vec<Value>,
}

fn text(g: &mut Gen) -> String {
    let pieces = ["a", "b", "é", "/", ".", "..", "*", "?", "\0", "\\", ":", ""];
    (0..u8::arbitrary(g) % 5)
        .map(|_| *g.choose(&pieces).unwrap())
        .collect()
}

fn number(g: &mut Gen) -> i128 {
    let near = i128::from(i8::arbitrary(g) % 5);
    *g.choose(&[
        near,
        near,
        near,
        i128::MAX - near.abs(),
        i128::MIN + near.abs(),
    ])
    .unwrap()
}

fn count(g: &mut Gen) -> Option<u64> {
    Some(u64::arbitrary(g) % 7).filter(|_| bool::arbitrary(g))
}

fn end(g: &mut Gen) -> Option<i128> {
    Some(number(g)).filter(|_| bool::arbitrary(g))
}

impl Arbitrary for Case {
    fn arbitrary(g: &mut Gen) -> Self {
        let kind = u8::arbitrary(g) % 3;
        let check = |g: &mut Gen| match (kind, u8::arbitrary(g) % 7) {
            (0, 0) => Check::Prefix(text(g)),
            (0, 1) => Check::Suffix(text(g)),
            (0, 2) => Check::Pattern(text(g)),
            (0, 3) => Check::Within(text(g)),
            (0, 4) => Check::OneOf((0..3).map(|_| Constant::Text(text(g))).collect()),
            (0, 5) => Check::Characters {
                min: count(g),
                max: count(g),
            },
            (1, 0..=3) => Check::Integer {
                min: end(g),
                max: end(g),
            },
            (1, _) => Check::OneOf((0..3).map(|_| Constant::Integer(number(g))).collect()),
            (2, 0..=4) => Check::Each(Box::new(Check::Integer {
                min: end(g),
                max: end(g),
            })),
            _ => Check::Length {
                min: count(g),
                max: count(g),
            },
        };
        let checks = (0..=(u8::arbitrary(g) % 2)).map(|_| check(g)).collect();
        let value = |g: &mut Gen| match kind {
            0 => Value::Text(text(g)),
            1 => Value::Number(number(g)),
            _ => Value::List(
                (0..u8::arbitrary(g) % 6)
                    .map(|_| i32::from(i8::arbitrary(g) % 5))
                    .collect(),
            ),
        };
        let values = (0..16).map(|_| value(g)).collect();
        Self { checks, values }
    }
}

/// What a check means, written down anew: by characters and lists, without slices, iterators of the library or a crate.
fn model(check: &Check, value: &Value) -> bool {
    let within = |min: Option<u64>, max: Option<u64>, count: usize| {
        !(min.is_some_and(|min| (count as u64) < min)
            || max.is_some_and(|max| (count as u64) > max))
    };
    match (check, value) {
        (Check::Integer { min, max }, Value::Number(n)) => {
            !(min.is_some_and(|min| *n < min) || max.is_some_and(|max| *n > max))
        }
        (Check::Each(inner), Value::List(items)) => {
            let bad = items
                .iter()
                .filter(|n| !model(inner, &Value::Number(i128::from(**n))));
            bad.count() == 0
        }
        (Check::Length { min, max }, Value::List(items)) => within(*min, *max, items.len()),
        (Check::Length { min, max }, Value::Text(text)) => within(*min, *max, text.len()),
        (Check::Characters { min, max }, Value::Text(text)) => {
            within(*min, *max, text.char_indices().count())
        }
        (Check::OneOf(all), Value::Text(text)) => all.contains(&Constant::Text(text.clone())),
        (Check::OneOf(all), Value::Number(n)) => all.contains(&Constant::Integer(*n)),
        (Check::Prefix(prefix), Value::Text(text)) => {
            prefix.len() <= text.len() && prefix.bytes().zip(text.bytes()).all(|(a, b)| a == b)
        }
        (Check::Suffix(suffix), Value::Text(text)) => {
            suffix.len() <= text.len()
                && suffix
                    .bytes()
                    .rev()
                    .zip(text.bytes().rev())
                    .all(|(a, b)| a == b)
        }
        (Check::Pattern(pattern), Value::Text(text)) => {
            let (pattern, text): (Vec<_>, Vec<_>) =
                (pattern.chars().collect(), text.chars().collect());
            matches(&pattern, &text)
        }
        (Check::Within(base), Value::Text(path)) => match (walk(base), walk(path)) {
            (Some(base), Some(path)) => path.len() >= base.len() && path[..base.len()] == base[..],
            _ => false,
        },
        _ => unreachable!("kinds go together"),
    }
}

fn matches(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['*', rest @ ..] => (0..=text.len()).any(|skipped| matches(rest, &text[skipped..])),
        [first, rest @ ..] => {
            !text.is_empty() && (*first == '?' || *first == text[0]) && matches(rest, &text[1..])
        }
    }
}

/// Where a path leads from the root of a tree without links; nowhere, if a step is not allowed.
fn walk(path: &str) -> Option<Vec<String>> {
    let (mut at, mut name) = (Vec::new(), String::new());
    for (index, letter) in path.chars().chain(['/']).enumerate() {
        match letter {
            '\0' | '\\' | ':' => return None,
            '/' if index == 0 && !path.is_empty() => return None,
            '/' => {
                match name.as_str() {
                    ".." => return None,
                    "" | "." => {}
                    name => at.push(name.to_owned()),
                }
                name.clear();
            }
            letter => name.push(letter),
        }
    }
    Some(at)
}

/// Fails if any check lets by what the model does not, or the other way round; or if checks that nothing can pass are built
/// although two of a list of constants say so.
#[test]
fn checks_agree_with_a_model() {
    #[allow(clippy::needless_pass_by_value, reason = "as quickcheck calls it")]
    fn agrees(case: Case) -> bool {
        let method = match case.values[0] {
            Value::Text(_) => "lent",
            Value::Number(_) => "wide",
            Value::List(_) => "list",
        };
        let known = membrane::Interfaces::new().with::<dyn Probe>();
        let direction = membrane::Direction::Inbound;
        let allow = membrane::NamedRule {
            direction,
            interface: "Probe",
            methods: &[method],
        };
        let rules = case.checks.iter().map(|check| membrane::NamedArgumentRule {
            direction,
            interface: "Probe",
            method,
            argument: "value",
            check: check.clone(),
        });
        let Ok(policy) = Policy::from_names_with_rules(&known, [allow], rules) else {
            return true;
        };
        BUILT.fetch_add(1, SeqCst);
        let probe: Arc<dyn Probe> = Membrane::new(policy)
            .wrap::<dyn Probe>(Arc::<Target>::default())
            .unwrap();
        case.values.iter().all(|value| {
            let answer = match value {
                Value::Text(text) => probe.lent(text),
                Value::Number(n) => probe.wide(*n),
                Value::List(items) => probe.list(items.clone()),
            };
            let passes = case.checks.iter().all(|check| model(check, value));
            PASSED.fetch_add(usize::from(passes), SeqCst);
            answer
                == if passes {
                    Ok(())
                } else {
                    Err(ErrorKind::Rejected.into())
                }
        })
    }
    static BUILT: AtomicUsize = AtomicUsize::new(0);
    static PASSED: AtomicUsize = AtomicUsize::new(0);
    let cases = sized(5_000, 500);
    QuickCheck::new()
        .tests(cases as u64)
        .quickcheck(agrees as fn(Case) -> bool);
    let (built, passed) = (BUILT.load(SeqCst), PASSED.load(SeqCst));
    assert!(built > cases / 3, "{built} of {cases} were built");
    assert!(
        passed > built && passed < 15 * built,
        "{passed} values of {built} cases passed"
    );
}

#[test]
fn check_says_in_words_what_it_asks() {
    for (check, words) in [
        (Check::range(1..=9), "range 1 to 9"),
        (Check::range(1..), "range at least 1"),
        (Check::range(..10), "range at most 9"),
        (Check::range::<u8>(..), "range any"),
        (Check::float(0.5..=1.5), "float range 0.5 to 1.5"),
        (Check::length(..=8), "length at most 8"),
        (Check::characters(2..), "characters at least 2"),
        (Check::prefix("a\"b"), r#"prefix "a\"b""#),
        (Check::suffix(".txt"), r#"suffix ".txt""#),
        (Check::pattern("a*"), r#"pattern "a*""#),
        (Check::within("out"), r#"within "out""#),
        (Check::one_of(["r"]), r#"one-of "r""#),
        (Check::one_of([1, 2, 3]), "one-of 1, 2, 3"),
        (Check::one_of([true, false]), "one-of true, false"),
        (Check::Present, "present"),
        (Check::each(Check::range(1..)), "each range at least 1"),
        (
            Check::keys(Check::each(Check::prefix("a"))),
            r#"keys each prefix "a""#,
        ),
        (Check::values(Check::one_of([1, 2])), "values one-of 1, 2"),
    ] {
        assert_eq!(check.to_string(), words);
    }
}

/// Arguments do not belong in logs. Fails if the view is shown with what it is of.
#[test]
fn view_of_an_argument_shows_its_kind_and_not_the_value() {
    fn shown(value: &impl Passable) -> String {
        format!("{:?} {:#?}", value.inspected(), value.inspected())
    }
    let twice = |kind: &str| format!("{kind} {kind}");
    assert_eq!(shown(&String::from("secret")), twice("Text(..)"));
    assert_eq!(shown(&4711_u32), twice("Integer(..)"));
    assert_eq!(shown(&u128::MAX), twice("Integer(..)"));
    assert_eq!(shown(&47.11_f64), twice("Float(..)"));
    assert_eq!(shown(&true), twice("Bool(..)"));
    assert_eq!(shown(&Some(4711_u32)), twice("Integer(..)"));
    assert_eq!(shown(&None::<u32>), twice("Absent"));
    assert_eq!(shown(&vec![4711_u32]), twice("List(..)"));
    let map = BTreeMap::from([("secret".to_owned(), 1_u8)]);
    assert_eq!(shown(&map), twice("Map(..)"));
    let tags = vec!["secret".into()];
    assert_eq!(shown(&Inner { tags }), twice("Record(..)"));
    assert_eq!(shown(&()), twice("Opaque"));
}
