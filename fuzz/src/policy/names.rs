//! `Policy::from_names`, with names that are right, nearly right, and anything.

use super::known::{ALL, interfaces};
use super::model::{Line, Lists, questions, read, words};
use crate::panics::violation;
use arbitrary::{Arbitrary, Result, Unstructured};
use membrane::{
    Direction, Error, ErrorKind, Membrane, NamedRule, Policy, PolicyError, PolicyProblem,
};
use std::sync::Arc;

/// A policy in names, and the interfaces that are known.
#[derive(Debug)]
pub struct Listing {
    /// As bits.
    pub known: u8,
    /// The lines.
    pub lines: Vec<Line>,
}

const INTERFACES: [&str; 12] = [
    "Named",
    "Account",
    "Left",
    "Right",
    "Both",
    "Empty",
    "account",
    "Account ",
    "dyn Account",
    "*",
    "",
    "Accоunt",
];
const METHODS: [&str; 16] = [
    "name",
    "balance",
    "close",
    "drain",
    "go",
    "left",
    "right",
    "both",
    "Name",
    "balance ",
    "bal",
    "*",
    "",
    "go\0",
    "__membrane_named",
    "ballance",
];

fn name(u: &mut Unstructured<'_>, pool: &[&str]) -> Result<String> {
    let choice: u8 = u.arbitrary()?;
    if choice == u8::MAX {
        let length = u.int_in_range(0..=12)?;
        return Ok(String::from_utf8_lossy(u.bytes(length)?).into_owned());
    }
    // The right ones come first, and more often.
    let right = pool.len() / 2;
    let index = usize::from(choice);
    Ok(if choice < 160 {
        pool[index % right]
    } else {
        pool[index % pool.len()]
    }
    .to_owned())
}

impl<'a> Arbitrary<'a> for Listing {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut listing = Self {
            known: !u.arbitrary::<u8>()?,
            lines: Vec::new(),
        };
        for _ in 0..u.int_in_range(0..=8)? {
            let shape: u8 = u.arbitrary()?;
            let direction = if shape & 1 == 0 {
                Direction::Inbound
            } else {
                Direction::Outbound
            };
            let interface = name(u, &INTERFACES)?;
            let methods = (0..shape >> 1 & 7)
                .map(|_| name(u, &METHODS))
                .collect::<Result<_>>()?;
            listing.lines.push(Line {
                direction,
                interface,
                methods,
            });
        }
        Ok(listing)
    }
}

/// Builds it, and compares.
pub fn check(listing: &Listing) {
    let (lists, problems) = read(listing.known, &listing.lines);
    let borrowed: Vec<Vec<&str>> = listing
        .lines
        .iter()
        .map(|line| line.methods.iter().map(String::as_str).collect())
        .collect();
    let rules = listing
        .lines
        .iter()
        .zip(&borrowed)
        .map(|(line, methods)| NamedRule {
            direction: line.direction,
            interface: &line.interface,
            methods,
        });
    match Policy::from_names(&interfaces(listing.known), rules) {
        Ok(policy) if problems.is_empty() => {
            allows_exactly(&policy, &lists);
            lends_exactly(&policy, &lists);
        }
        Ok(policy) => violation(format!("built, in spite of {problems:?}: {policy:?}")),
        Err(error) => reports_exactly(&error, &problems),
    }
}

/// Whatever a policy is asked, it answers as the lists say.
pub fn allows_exactly(policy: &Policy, lists: &Lists) {
    for (direction, number, method) in questions() {
        let listed = lists
            .get(&(direction, number))
            .is_some_and(|methods| methods.contains(method));
        if (ALL[number].allows)(policy, direction, method) != listed {
            violation(format!(
                "{direction} {}::{method} (interface {number}): listed is {listed}",
                ALL[number].name
            ));
        }
    }
    for direction in [Direction::Inbound, Direction::Outbound] {
        for near in ["", "*", "Balance", "balance ", "__membrane_account"] {
            if ALL
                .iter()
                .any(|entry| (entry.allows)(policy, direction, near))
            {
                violation(format!("{direction} {near:?} is allowed"));
            }
        }
        let named = lists
            .keys()
            .filter(|(other, _)| *other == direction)
            .count();
        let rules: Vec<_> = policy.rules(direction).collect();
        if rules.len() != named {
            violation(format!(
                "{direction}: {} rules for {named} lists",
                rules.len()
            ));
        }
        for rule in rules {
            let methods = rule.methods().collect::<std::collections::BTreeSet<_>>();
            let found = lists.iter().any(|((other, number), listed)| {
                *other == direction && ALL[*number].name == rule.interface() && *listed == methods
            });
            if !found || methods.len() != rule.methods().count() {
                violation(format!("{direction} rule {rule:?} is nobody's"));
            }
        }
    }
}

/// The mistakes are these, in this order, and the text has them all.
pub fn reports_exactly(error: &PolicyError, problems: &[PolicyProblem]) {
    if error.problems() != problems {
        violation(format!(
            "reported {:?}; should have been {problems:?}",
            error.problems()
        ));
    }
    let text = error.to_string();
    for problem in problems {
        let line = problem.to_string();
        if !text.contains(&line)
            || words(problem)
                .iter()
                .any(|word| !line.contains(word.as_str()))
        {
            violation(format!("{text:?} does not mention {problem:?}"));
        }
    }
}

struct Everything;

/// Implements the interfaces for it: each method answers.
macro_rules! answers {
    ($($interface:path: $($method:ident),*;)*) => {
        $(impl $interface for Everything { $(fn $method(&self) -> std::result::Result<u64, Error> { Ok(1) })* })*
    };
}

answers! {
    super::known::Named: name;
    super::known::Account: balance, close;
    super::known::other::Account: balance, drain;
    super::known::Left: go, left;
    super::known::Right: go, right;
    super::known::Both: both;
    super::known::Empty: ;
}

/// Both halves of the diamond are called, and each method by the way that it is inherited.
fn lends_exactly(policy: &Policy, lists: &Lists) {
    use super::known::{Both, Left, Named, Right};
    let both: Arc<dyn Both> = Arc::new(Everything);
    let membrane = Membrane::new(policy.clone());
    let lent = (membrane.wrap(both.clone()), membrane.wrap_inbound(both));
    for (direction, one) in [(Direction::Inbound, lent.0), (Direction::Outbound, lent.1)] {
        let Ok(one) = one else {
            violation(String::from("not wrapped"))
        };
        let answers = [
            ("both", one.both()),
            ("left", one.left()),
            ("right", one.right()),
            ("name", one.name()),
            ("go", Left::go(&*one)),
            ("go", Right::go(&*one)),
        ];
        let up: Arc<dyn Named> = (one.clone() as Arc<dyn Right>) as Arc<dyn Named>;
        for (method, answer) in answers.into_iter().chain([("name", up.name())]) {
            let listed = lists
                .get(&(direction, 5))
                .is_some_and(|methods| methods.contains(method));
            let expected = if listed {
                Ok(1)
            } else {
                Err(Error::from(ErrorKind::Refused))
            };
            if answer != expected {
                violation(format!(
                    "{direction} Both::{method} answered {answer:?}; listed is {listed}"
                ));
            }
        }
    }
}
