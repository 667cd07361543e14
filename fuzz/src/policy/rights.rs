//! `Policy::attenuate`, and deriving membranes: exactly what is wider is reported.

use super::known::{ALL, interfaces};
use super::model::{Line, Lists, read};
use super::names::{allows_exactly, reports_exactly};
use crate::panics::violation;
use arbitrary::{Arbitrary, Result, Unstructured};
use membrane::{Direction, Homecoming, Membrane, NamedRule, OnPanic, Policy, PolicyProblem};
use std::collections::BTreeSet;

/// A policy, and one that is to derive from it.
#[derive(Debug)]
pub struct Pair {
    /// What there is.
    pub has: Settings,
    /// What is asked for.
    pub asked: Settings,
}

/// A policy without mistakes in its names.
#[derive(Clone, Debug)]
pub struct Settings {
    /// For each direction and interface: not named, or these of its methods.
    pub lists: Lists,
    /// In the library's words.
    pub homecoming: Homecoming,
    /// In the library's words.
    pub on_panic: OnPanic,
    /// In calls. Zero is a mistake.
    pub depth: u32,
    /// An interface that is added once more: a mistake.
    pub twice: bool,
}

impl<'a> Arbitrary<'a> for Settings {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let settings: u8 = u.arbitrary()?;
        let mut lists = Lists::new();
        for direction in [Direction::Inbound, Direction::Outbound] {
            let named: u8 = u.arbitrary()?;
            for (number, entry) in ALL.iter().enumerate() {
                // Namesakes cannot be told apart by name.
                if named & 1 << number == 0 || number == 2 {
                    continue;
                }
                let bits: u8 = u.arbitrary()?;
                let listed = entry
                    .methods
                    .iter()
                    .enumerate()
                    .filter(|(bit, _)| bits & 1 << bit != 0);
                let listed = listed
                    .map(|(_, name)| *name)
                    .filter(|name| !entry.clashing.contains(name));
                lists.insert((direction, number), listed.collect());
            }
        }
        Ok(Self {
            lists,
            homecoming: [
                Homecoming::Unwrap,
                Homecoming::KeepWrapped,
                Homecoming::Refuse,
                Homecoming::Unwrap,
            ][usize::from(settings & 3)],
            on_panic: if settings & 4 == 0 {
                OnPanic::Error
            } else {
                OnPanic::Propagate
            },
            depth: [128, 1, 2, 127, 129, u32::MAX, 0, 128][usize::from(settings >> 3 & 7)],
            twice: settings >> 6 == 3,
        })
    }
}

impl<'a> Arbitrary<'a> for Pair {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let has: Settings = u.arbitrary()?;
        let mut asked: Settings = u.arbitrary()?;
        if u.ratio(1, 2)? {
            // Mostly narrower, but for what the bits below say.
            for (key, methods) in &mut asked.lists {
                let within = has.lists.get(key).cloned().unwrap_or_default();
                methods.retain(|method| within.contains(method));
            }
        }
        Ok(Self { has, asked })
    }
}

impl Settings {
    fn lines(&self) -> Vec<Line> {
        let lists = self.lists.iter();
        lists
            .map(|((direction, number), methods)| Line {
                direction: *direction,
                interface: ALL[*number].name.to_owned(),
                methods: methods.iter().map(|name| (*name).to_owned()).collect(),
            })
            .collect()
    }

    /// The real one, if there is no mistake in it.
    fn build(&self) -> Option<Policy> {
        let known = !(1 << 2);
        let lines = self.lines();
        let (lists, problems) = read(known, &lines);
        if lists != self.lists || !problems.is_empty() {
            violation(format!(
                "the model does not agree with itself: {problems:?}"
            ));
        }
        let borrowed: Vec<Vec<&str>> = lines
            .iter()
            .map(|line| line.methods.iter().map(String::as_str).collect())
            .collect();
        let rules = lines
            .iter()
            .zip(&borrowed)
            .map(|(line, methods)| NamedRule {
                direction: line.direction,
                interface: &line.interface,
                methods,
            });
        let named = match Policy::from_names(&interfaces(known), rules) {
            Ok(policy) => policy,
            Err(error) => violation(format!("names without mistakes: {error}")),
        };
        let mut builder = Policy::builder()
            .homecoming(self.homecoming)
            .on_panic(self.on_panic);
        let mut problems = Vec::new();
        for direction in [Direction::Inbound, Direction::Outbound] {
            for allow in named.rules(direction) {
                let add = |builder: membrane::PolicyBuilder| match direction {
                    Direction::Inbound => builder.inbound(allow),
                    Direction::Outbound => builder.outbound(allow),
                };
                builder = add(builder);
                if self.twice {
                    builder = add(builder);
                    problems.push(PolicyProblem::DuplicateInterface {
                        direction,
                        interface: allow.interface().into(),
                    });
                }
            }
        }
        builder = builder.depth_limit(self.depth);
        if self.depth == 0 {
            problems.push(PolicyProblem::ZeroDepth);
        }
        match builder.build() {
            Ok(policy) if problems.is_empty() => {
                self.is(&policy);
                Some(policy)
            }
            Ok(_) => violation(format!("built, in spite of {problems:?}")),
            Err(error) => {
                reports_exactly(&error, &problems);
                None
            }
        }
    }

    /// Whether the policy is this one.
    fn is(&self, policy: &Policy) {
        allows_exactly(policy, &self.lists);
        let real = (policy.homecoming(), policy.on_panic(), policy.depth_limit());
        if real != (self.homecoming, self.on_panic, self.depth) {
            violation(format!("the settings are {real:?} of {self:?}"));
        }
    }

    /// In what this is wider than `other`.
    fn excess(&self, other: &Self) -> Vec<PolicyProblem> {
        let mut problems = Vec::new();
        for ((direction, number), methods) in &self.lists {
            let nothing = BTreeSet::new();
            let has = other.lists.get(&(*direction, *number)).unwrap_or(&nothing);
            problems.extend(
                methods
                    .difference(has)
                    .map(|method| PolicyProblem::WiderMethod {
                        direction: *direction,
                        interface: ALL[*number].name.into(),
                        method: (*method).into(),
                    }),
            );
        }
        let rank = |homecoming| match homecoming {
            Homecoming::Unwrap => 0,
            Homecoming::KeepWrapped => 1,
            _ => 2,
        };
        if rank(self.homecoming) < rank(other.homecoming) {
            problems.push(PolicyProblem::WiderHomecoming {
                asked: self.homecoming,
                has: other.homecoming,
            });
        }
        // To let panics through is wider than to stop them.
        if self.on_panic != other.on_panic && self.on_panic == OnPanic::Propagate {
            problems.push(PolicyProblem::WiderOnPanic {
                asked: self.on_panic,
                has: other.on_panic,
            });
        }
        if self.depth > other.depth {
            problems.push(PolicyProblem::WiderDepth {
                asked: self.depth,
                has: other.depth,
            });
        }
        problems
    }
}

/// Builds both, derives, and compares.
pub fn check(pair: &Pair) {
    let (Some(has), Some(asked)) = (pair.has.build(), pair.asked.build()) else {
        return;
    };
    let mut excess = pair.asked.excess(&pair.has);
    let membrane = Membrane::new(has.clone());
    let outcomes = [
        has.attenuate(&asked),
        membrane.grant(&asked).map(|grant| grant.policy().clone()),
        membrane
            .attenuate(&asked)
            .map(|grant| grant.policy().clone()),
        membrane.scoped(&asked).map(|grant| grant.policy().clone()),
        membrane.with_grant(&asked, |grant| grant.policy().clone()),
    ];
    for outcome in outcomes {
        match outcome {
            Ok(policy) if excess.is_empty() => pair.asked.is(&policy),
            Ok(_) => violation(format!("derived, in spite of {excess:?}")),
            Err(error) => {
                // In whatever order.
                let mut problems = error.problems().to_vec();
                problems.sort_by_key(|problem| format!("{problem:?}"));
                excess.sort_by_key(|problem| format!("{problem:?}"));
                if problems != excess {
                    violation(format!(
                        "reported {problems:?}; should have been {excess:?}"
                    ));
                }
                let ordered = error.problems().to_vec();
                reports_exactly(&error, &ordered);
            }
        }
    }
    // A policy derives from itself, and what derives from a derived one derives from the first.
    if has.attenuate(&has).is_err() {
        violation(String::from("a policy does not derive from itself"));
    }
}
