//! Rules on arguments: two policies with checks, the second derived from the first, and calls under both.
//!
//! # What must hold
//!
//! - Under the first policy a call is entered if, and only if, the first one's checks pass; under the derived one, if those of
//!   both do.
//! - A policy that is not built says why for each mistake, and what it says is so: of a check that is reported as empty every
//!   value passes, of one that is impossible none.

#![allow(
    clippy::disallowed_types,
    reason = "a counter of a program that loom never runs"
)]

use crate::panics::violation;
use arbitrary::{Arbitrary, Result, Unstructured};
use membrane::{
    Check, Constant, Direction, Error, ErrorKind, Interfaces, Membrane, NamedArgumentRule,
    NamedRule, Policy, PolicyError, PolicyProblem, RuleProblem, interface,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A method for each kind of argument.
#[interface]
pub trait Shop {
    /// By text.
    fn text(&self, value: &str) -> std::result::Result<(), Error>;
    /// By number.
    fn number(&self, value: i128) -> std::result::Result<(), Error>;
    /// By measure.
    fn float(&self, value: f64) -> std::result::Result<(), Error>;
    /// By several numbers.
    fn list(&self, value: Vec<i32>) -> std::result::Result<(), Error>;
    /// By a number, or not.
    fn maybe(&self, value: Option<u8>) -> std::result::Result<(), Error>;
}

const METHODS: [&str; 5] = ["text", "number", "float", "list", "maybe"];

/// Counts what enters.
#[derive(Default)]
struct Counter(AtomicU64);

/// Implements the methods for it.
macro_rules! counts {
    ($($method:ident: $type:ty),*) => {
        impl Shop for Counter {
            $(fn $method(&self, _: $type) -> std::result::Result<(), Error> {
                self.0.fetch_add(1, Relaxed);
                Ok(())
            })*
        }
    };
}

counts!(text: &str, number: i128, float: f64, list: Vec<i32>, maybe: Option<u8>);

/// An argument of the method of the same place.
#[derive(Clone, Debug)]
enum Value {
    Text(String),
    Number(i128),
    Float(f64),
    List(Vec<i32>),
    Maybe(Option<u8>),
}

/// Checks of two policies, and values. All are about one method, mostly.
#[derive(Debug)]
pub struct Case {
    method: usize,
    first: Vec<(String, Check)>,
    second: Vec<(String, Check)>,
    values: Vec<Value>,
}

fn text(u: &mut Unstructured<'_>) -> Result<String> {
    const PIECES: [&str; 13] = [
        "a", "b", "ab", "é", "/", ".", "..", "*", "?", "\0", "\\", ":", "𝄞",
    ];
    let length = u.int_in_range(0..=5)?;
    (0..length).map(|_| u.choose(&PIECES).copied()).collect()
}

fn number(u: &mut Unstructured<'_>) -> Result<i128> {
    let near = i128::from(u.int_in_range(-4..=4)?);
    Ok(match u.int_in_range(0..=7)? {
        0 => i128::MAX - near.abs(),
        1 => i128::MIN + near.abs(),
        _ => near,
    })
}

fn float(u: &mut Unstructured<'_>) -> Result<f64> {
    const SPECIAL: [f64; 7] = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -0.0,
        f64::MIN_POSITIVE,
        f64::MAX,
        0.0,
    ];
    if u.ratio(1, 2)? {
        Ok(f64::from(u.int_in_range(-4..=4)?))
    } else {
        Ok(*u.choose(&SPECIAL)?)
    }
}

fn some<T>(
    u: &mut Unstructured<'_>,
    make: impl Fn(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Option<T>> {
    Ok(if u.ratio(2, 3)? { Some(make(u)?) } else { None })
}

fn count(u: &mut Unstructured<'_>) -> Result<u64> {
    u.int_in_range(0..=6)
}

fn constant(u: &mut Unstructured<'_>) -> Result<Constant> {
    Ok(match u.int_in_range(0..=4)? {
        0 => Constant::Bool(u.arbitrary()?),
        1 | 2 => Constant::Integer(number(u)?),
        _ => Constant::Text(text(u)?),
    })
}

/// Any check, also of another kind than the method's argument.
fn check(u: &mut Unstructured<'_>, depth: u32) -> Result<Check> {
    Ok(match u.int_in_range(0..=if depth > 0 { 12 } else { 9 })? {
        0 => Check::Integer {
            min: some(u, number)?,
            max: some(u, number)?,
        },
        1 => Check::Float {
            min: some(u, float)?,
            max: some(u, float)?,
        },
        2 => Check::Length {
            min: some(u, count)?,
            max: some(u, count)?,
        },
        3 => Check::Characters {
            min: some(u, count)?,
            max: some(u, count)?,
        },
        4 => Check::Prefix(text(u)?),
        5 => Check::Suffix(text(u)?),
        6 => Check::Pattern(text(u)?),
        7 => Check::Within(text(u)?),
        8 => {
            let length = u.int_in_range(0..=3)?;
            Check::OneOf((0..length).map(|_| constant(u)).collect::<Result<_>>()?)
        }
        9 => Check::Present,
        10 => Check::Each(Box::new(check(u, depth - 1)?)),
        11 => Check::Keys(Box::new(check(u, depth - 1)?)),
        _ => Check::Values(Box::new(check(u, depth - 1)?)),
    })
}

/// A check that suits the method's argument.
fn suited(u: &mut Unstructured<'_>, method: usize) -> Result<Check> {
    let numbers = |u: &mut Unstructured<'_>| {
        Ok(Check::Integer {
            min: some(u, number)?,
            max: some(u, number)?,
        })
    };
    match (method, u.int_in_range(0..=2)?) {
        (1 | 4, 0) => {
            let length = u.int_in_range(0..=3)?;
            let constants = (0..length).map(|_| number(u).map(Constant::Integer));
            Ok(Check::OneOf(constants.collect::<Result<_>>()?))
        }
        (4, 1) => Ok(Check::Present),
        (1 | 4, _) => numbers(u),
        (2, _) => Ok(Check::Float {
            min: some(u, float)?,
            max: some(u, float)?,
        }),
        (3, 0) => Ok(Check::Length {
            min: some(u, count)?,
            max: some(u, count)?,
        }),
        (3, _) => Ok(Check::Each(Box::new(numbers(u)?))),
        _ => check(u, 0),
    }
}

fn rules(u: &mut Unstructured<'_>, method: usize) -> Result<Vec<(String, Check)>> {
    let length = u.int_in_range(0..=3)?;
    (0..length)
        .map(|_| {
            let argument = match u.int_in_range(0..=15)? {
                0 => "values",
                1 => "value.part",
                2 => "",
                _ => "value",
            };
            let check = if u.ratio(7, 8)? {
                suited(u, method)?
            } else {
                check(u, 2)?
            };
            Ok((argument.to_owned(), check))
        })
        .collect()
}

impl<'a> Arbitrary<'a> for Case {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let method = u.choose_index(METHODS.len())?;
        let (first, second) = (rules(u, method)?, rules(u, method)?);
        let value = |u: &mut Unstructured<'_>| {
            Ok(match method {
                0 => Value::Text(text(u)?),
                1 => Value::Number(number(u)?),
                2 => Value::Float(float(u)?),
                3 => {
                    let length = u.int_in_range(0..=5)?;
                    let items = (0..length).map(|_| u.int_in_range(-5..=5));
                    Value::List(items.collect::<Result<_>>()?)
                }
                _ => Value::Maybe(some(u, |u| u.int_in_range(0..=5))?),
            })
        };
        let values = (0..8).map(|_| value(u)).collect::<Result<_>>()?;
        Ok(Self {
            method,
            first,
            second,
            values,
        })
    }
}

/// Builds both, derives, and calls.
pub fn check_case(case: &Case) {
    let Some(first) = build(case, &case.first) else {
        return;
    };
    let parent = Membrane::new(first);
    calls(&parent, case, &[&case.first]);
    let Some(second) = build(case, &case.second) else {
        return;
    };
    for child in [parent.grant(&second), parent.attenuate(&second)] {
        match child {
            Ok(child) => calls(&child, case, &[&case.first, &case.second]),
            Err(error) => violation(format!("rules are never wider: {error}")),
        }
    }
}

fn build(case: &Case, rules: &[(String, Check)]) -> Option<Policy> {
    let known = Interfaces::new().with::<dyn Shop>();
    let (direction, interface) = (Direction::Inbound, "Shop");
    let allow = NamedRule {
        direction,
        interface,
        methods: &METHODS,
    };
    let named = rules.iter().map(|(argument, check)| NamedArgumentRule {
        direction,
        interface,
        method: METHODS[case.method],
        argument,
        check: check.clone(),
    });
    match Policy::from_names_with_rules(&known, [allow], named) {
        Ok(policy) => {
            let count = policy.argument_rules(direction).count();
            if count != rules.len() || rules.iter().any(|(argument, _)| argument != "value") {
                violation(format!("{rules:?} became {policy:?}"));
            }
            Some(policy)
        }
        Err(error) => {
            justified(case, rules, &error);
            None
        }
    }
}

/// Whether `value` is in a list of `check` twice.
fn repeats(check: &Check, value: &str) -> bool {
    match check {
        Check::OneOf(values) => {
            let same = values.iter().filter(|one| one.to_string() == value);
            same.count() > 1
        }
        Check::Each(inner) | Check::Keys(inner) | Check::Values(inner) => repeats(inner, value),
        _ => false,
    }
}

/// What is reported is so, as far as the values can tell.
fn justified(case: &Case, rules: &[(String, Check)], error: &PolicyError) {
    let told = error.to_string();
    for problem in error.problems() {
        let PolicyProblem::ArgumentRule {
            argument: Some(argument),
            problem: mistake,
            ..
        } = problem
        else {
            violation(format!("no mistake of a check: {problem:?}"))
        };
        if !told.contains(&problem.to_string()) {
            violation(format!("{told:?} does not mention {problem:?}"));
        }
        let on_it = || rules.iter().filter(|(name, _)| name == argument);
        let is_so = match mistake {
            RuleProblem::UnknownArgument { .. } => {
                !argument.starts_with("value") || argument == "values"
            }
            RuleProblem::UnknownField { .. } => argument == "value.part",
            RuleProblem::Duplicate => on_it().count() > 1,
            RuleProblem::Empty { .. } => on_it().any(|(_, check)| {
                case.values
                    .iter()
                    .all(|value| passes(check, value) != Some(false))
            }),
            // Nothing that is there passes them all; what is not there may.
            RuleProblem::Impossible { .. } => case
                .values
                .iter()
                .filter(|value| !matches!(value, Value::Maybe(None)))
                .filter(|value| !matches!(value, Value::List(items) if items.is_empty()))
                .all(|value| on_it().any(|(_, check)| passes(check, value) != Some(true))),
            RuleProblem::Mismatch { .. } => on_it().any(|(_, check)| !suits(check, case.method)),
            RuleProblem::Repeated { value } => on_it().any(|(_, check)| repeats(check, value)),
            RuleProblem::NotANumber => {
                on_it().any(|(_, check)| format!("{check:?}").contains("NaN"))
            }
            RuleProblem::NotARelativePath { path } => walk(path).is_none(),
            _ => false,
        };
        if !is_so {
            violation(format!("{problem:?} of {rules:?} is not so"));
        }
    }
}

fn calls(membrane: &Membrane, case: &Case, rules: &[&[(String, Check)]]) {
    let counter = Arc::<Counter>::default();
    let Ok(shop) = membrane.wrap::<dyn Shop>(counter.clone()) else {
        violation(String::from("not wrapped"))
    };
    let mut entered = 0;
    for value in &case.values {
        let answer = match value {
            Value::Text(text) => shop.text(text),
            Value::Number(number) => shop.number(*number),
            Value::Float(float) => shop.float(*float),
            Value::List(items) => shop.list(items.clone()),
            Value::Maybe(value) => shop.maybe(*value),
        };
        let mut checks = rules.iter().copied().flatten();
        let expected = if checks.all(|(_, check)| passes(check, value) == Some(true)) {
            entered += 1;
            Ok(())
        } else {
            Err(Error::from(ErrorKind::Rejected))
        };
        if answer != expected || counter.0.load(Relaxed) != entered {
            violation(format!("{value:?} under {rules:?} was answered {answer:?}"));
        }
    }
}

/// Whether a value passes, written down by hand; nothing, if the check is not about such values.
fn passes(check: &Check, value: &Value) -> Option<bool> {
    let within = |min: &Option<u64>, max: &Option<u64>, count: usize| {
        Some(min.unwrap_or(0) <= count as u64 && count as u64 <= max.unwrap_or(u64::MAX))
    };
    match (check, value) {
        (Check::Present, Value::Maybe(value)) => Some(value.is_some()),
        (Check::Present, _) => None,
        (check, Value::Maybe(Some(value))) => passes(check, &Value::Number((*value).into())),
        (Check::Integer { .. } | Check::OneOf(_), Value::Maybe(None)) => Some(true),
        (Check::Integer { min, max }, Value::Number(number)) => {
            Some(min.unwrap_or(i128::MIN) <= *number && *number <= max.unwrap_or(i128::MAX))
        }
        (Check::Float { min, max }, Value::Float(float)) => Some(
            min.unwrap_or(f64::NEG_INFINITY) <= *float && *float <= max.unwrap_or(f64::INFINITY),
        ),
        (Check::Length { min, max }, Value::Text(text)) => within(min, max, text.len()),
        (Check::Length { min, max }, Value::List(items)) => within(min, max, items.len()),
        (Check::Characters { min, max }, Value::Text(text)) => {
            within(min, max, text.chars().fold(0, |count, _| count + 1))
        }
        (Check::Prefix(prefix), Value::Text(text)) => {
            Some(text.bytes().take(prefix.len()).eq(prefix.bytes()))
        }
        (Check::Suffix(suffix), Value::Text(text)) => {
            let end = text.bytes().rev().take(suffix.len());
            Some(end.eq(suffix.bytes().rev()))
        }
        (Check::Pattern(pattern), Value::Text(text)) => {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            Some(matches(&letters(pattern), &letters(text)))
        }
        (Check::Within(base), Value::Text(path)) => Some(match (walk(base), walk(path)) {
            (Some(base), Some(path)) => path.starts_with(&base),
            _ => false,
        }),
        (Check::OneOf(all), Value::Text(text)) => Some(all.contains(&Constant::Text(text.clone()))),
        (Check::OneOf(all), Value::Number(number)) => {
            Some(all.contains(&Constant::Integer(*number)))
        }
        (Check::Each(inner), Value::List(items)) => items
            .iter()
            .map(|item| passes(inner, &Value::Number((*item).into())))
            .try_fold(true, |all, one| Some(all & one?)),
        _ => None,
    }
}

/// Whether the check is about arguments of the method of this place.
fn suits(check: &Check, method: usize) -> bool {
    match check {
        Check::Present => method == 4,
        Check::Integer { .. } => matches!(method, 1 | 4),
        Check::Float { .. } => method == 2,
        Check::Length { .. } => matches!(method, 0 | 3),
        Check::OneOf(all) => all.iter().all(|constant| match constant {
            Constant::Text(_) => method == 0,
            Constant::Integer(_) => matches!(method, 1 | 4),
            _ => false,
        }),
        Check::Each(inner) => method == 3 && suits(inner, 1),
        Check::Keys(_) | Check::Values(_) => false,
        _ => method == 0,
    }
}

fn matches(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], text) => text.is_empty(),
        (['*', rest @ ..], text) => (0..=text.len()).any(|from| matches(rest, &text[from..])),
        (['?', rest @ ..], [_, left @ ..]) => matches(rest, left),
        ([one, rest @ ..], [other, left @ ..]) => one == other && matches(rest, left),
        (_, []) => false,
    }
}

/// The names on a path that stays where it begins.
fn walk(path: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    if path.starts_with('/') {
        return None;
    }
    for name in path.split('/') {
        match name {
            ".." => return None,
            "" | "." => {}
            name if name.chars().any(|c| "\0\\:".contains(c)) => return None,
            name => names.push(name),
        }
    }
    Some(names)
}
