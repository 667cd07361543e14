//! The model: a policy is a set of (direction, interface, method).

use super::known::{ALL, entries};
use membrane::{Direction, PolicyProblem};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// For each direction and interface that is named, the methods.
pub type Lists = BTreeMap<(Direction, usize), BTreeSet<&'static str>>;

/// A line of a policy.
#[derive(Clone, Debug)]
pub struct Line {
    /// Which calls.
    pub direction: Direction,
    /// Maybe an interface.
    pub interface: String,
    /// Maybe methods of it.
    pub methods: Vec<String>,
}

/// What the lines list, given the interfaces whose bits are set in `known`; and what is wrong with them.
pub fn read(known: u8, lines: &[Line]) -> (Lists, Vec<PolicyProblem>) {
    let mut lists = Lists::new();
    let mut problems = Vec::new();
    for Line {
        direction,
        interface,
        methods,
    } in lines
    {
        let (direction, interface) = (*direction, interface.clone());
        let found: Vec<_> = entries(known)
            .filter(|(_, entry)| entry.name == interface)
            .collect();
        let (number, entry) = match found[..] {
            [] => {
                let known = entries(known)
                    .map(|(_, entry)| entry.name.to_owned())
                    .collect();
                problems.push(PolicyProblem::UnknownInterface {
                    direction,
                    interface,
                    known,
                });
                continue;
            }
            [one] => one,
            _ => {
                problems.push(PolicyProblem::AmbiguousInterface {
                    direction,
                    interface,
                });
                continue;
            }
        };
        let mut listed = BTreeSet::new();
        for method in methods {
            let (interface, method) = (interface.clone(), method.clone());
            match entry.methods.iter().find(|name| **name == method) {
                None => {
                    let known = entry
                        .methods
                        .iter()
                        .map(|name| (*name).to_owned())
                        .collect();
                    problems.push(PolicyProblem::UnknownMethod {
                        direction,
                        interface,
                        method,
                        known,
                    });
                }
                Some(name) if entry.clashing.contains(name) => {
                    problems.push(PolicyProblem::AmbiguousMethod {
                        direction,
                        interface,
                        method,
                    });
                }
                Some(name) => {
                    if !listed.insert(*name) {
                        problems.push(PolicyProblem::DuplicateMethod {
                            direction,
                            interface,
                            method,
                        });
                    }
                }
            }
        }
        match lists.entry((direction, number)) {
            Entry::Occupied(_) => problems.push(PolicyProblem::DuplicateInterface {
                direction,
                interface,
            }),
            Entry::Vacant(place) => {
                place.insert(listed);
            }
        }
    }
    (lists, problems)
}

/// Every name that a policy may be asked for.
pub fn questions() -> impl Iterator<Item = (Direction, usize, &'static str)> {
    let names: BTreeSet<_> = ALL
        .iter()
        .flat_map(|entry| entry.methods)
        .copied()
        .collect();
    [Direction::Inbound, Direction::Outbound]
        .into_iter()
        .flat_map(move |direction| {
            let names = names.clone();
            (0..ALL.len()).flat_map(move |number| {
                names
                    .clone()
                    .into_iter()
                    .map(move |name| (direction, number, name))
            })
        })
}

/// The words that the text of an error must have for this mistake.
pub fn words(problem: &PolicyProblem) -> Vec<String> {
    let path = |interface: &str, method: &str| vec![interface.to_owned(), method.to_owned()];
    match problem {
        PolicyProblem::DuplicateInterface {
            direction,
            interface,
        }
        | PolicyProblem::AmbiguousInterface {
            direction,
            interface,
        }
        | PolicyProblem::UnknownInterface {
            direction,
            interface,
            ..
        } => vec![direction.to_string(), interface.clone()],
        PolicyProblem::DuplicateMethod {
            interface, method, ..
        }
        | PolicyProblem::UnknownMethod {
            interface, method, ..
        }
        | PolicyProblem::AmbiguousMethod {
            interface, method, ..
        }
        | PolicyProblem::WiderMethod {
            interface, method, ..
        } => path(interface, method),
        PolicyProblem::WiderHomecoming { asked, has } => {
            vec![format!("{asked:?}"), format!("{has:?}")]
        }
        PolicyProblem::WiderOnPanic { asked, has } => {
            vec![format!("{asked:?}"), format!("{has:?}")]
        }
        PolicyProblem::WiderDepth { asked, has } => vec![asked.to_string(), has.to_string()],
        _ => Vec::new(),
    }
}
