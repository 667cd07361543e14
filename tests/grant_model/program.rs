//! Random programs.

use quickcheck::{Arbitrary, Gen};
use std::time::Duration;

/// What numbers of a program count time in.
pub(crate) const UNIT: Duration = Duration::from_micros(300);

/// One step. Nodes are numbers modulo how many there are.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Grant {
        parent: u8,
        narrow: bool,
        terms: Terms,
    },
    Lend {
        node: u8,
    },
    /// The holder drops a proxy.
    Return {
        node: u8,
    },
    Call {
        node: u8,
        argument: u8,
        result: u8,
        inside: Vec<Op>,
    },
    /// By so many quarters of a unit.
    Advance {
        units: u8,
    },
    Suspend {
        node: u8,
        retry: Option<u8>,
    },
    Resume {
        node: u8,
    },
    Revoke {
        node: u8,
    },
}

/// Conditions, times in units.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    pub(crate) expiry: Option<u8>,
    pub(crate) calls: Option<u8>,
    /// Calls, period, burst.
    pub(crate) rate: Option<(u8, u8, u8)>,
    pub(crate) concurrency: Option<u8>,
    pub(crate) bytes_in: Option<u8>,
    pub(crate) bytes_out: Option<u8>,
    pub(crate) proxies: Option<u8>,
}

impl Terms {
    /// Whether one of them is zero that must not be.
    pub(crate) fn are_unsound(&self) -> bool {
        let zero = |number: Option<u8>| number == Some(0);
        zero(self.expiry)
            || zero(self.calls)
            || zero(self.concurrency)
            || zero(self.proxies)
            || self
                .rate
                .is_some_and(|(calls, per, burst)| calls == 0 || per == 0 || burst == 0)
    }
}

fn below(g: &mut Gen, limit: u8) -> u8 {
    u8::arbitrary(g) % limit
}

/// Rarely zero.
fn some(g: &mut Gen, chance_in: u8, most: u8) -> Option<u8> {
    (below(g, chance_in) == 0).then(|| below(g, most).max(u8::from(below(g, 20) > 0)))
}

impl Arbitrary for Terms {
    fn arbitrary(g: &mut Gen) -> Self {
        Self {
            expiry: some(g, 4, 60),
            calls: some(g, 3, 12),
            rate: some(g, 4, 6).map(|calls| {
                (
                    calls,
                    some(g, 1, 20).unwrap_or(1),
                    some(g, 1, 6).unwrap_or(1),
                )
            }),
            concurrency: some(g, 4, 4),
            bytes_in: some(g, 4, 60),
            bytes_out: some(g, 4, 60),
            proxies: some(g, 4, 6),
        }
    }
}

impl Op {
    fn arbitrary_at(g: &mut Gen, depth: u32) -> Self {
        match below(g, 32) {
            0..=6 => Self::Grant {
                parent: u8::arbitrary(g),
                narrow: bool::arbitrary(g),
                terms: Terms::arbitrary(g),
            },
            7..=11 => Self::Lend {
                node: u8::arbitrary(g),
            },
            12 => Self::Return {
                node: u8::arbitrary(g),
            },
            13..=24 => {
                let count = if depth < 3 { below(g, 4) } else { 0 };
                Self::Call {
                    node: u8::arbitrary(g),
                    argument: below(g, 9),
                    result: below(g, 9),
                    inside: (0..count)
                        .map(|_| Self::arbitrary_at(g, depth + 1))
                        .collect(),
                }
            }
            25..=27 => Self::Advance {
                units: below(g, 40),
            },
            28 => Self::Suspend {
                node: u8::arbitrary(g),
                retry: bool::arbitrary(g).then(|| below(g, 30)),
            },
            29 | 30 => Self::Resume {
                node: u8::arbitrary(g),
            },
            _ => Self::Revoke {
                node: u8::arbitrary(g),
            },
        }
    }
}

impl Arbitrary for Op {
    fn arbitrary(g: &mut Gen) -> Self {
        Self::arbitrary_at(g, 0)
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        match self.clone() {
            Self::Call {
                node,
                argument,
                result,
                inside,
            } => Box::new(inside.shrink().map(move |inside| Self::Call {
                node,
                argument,
                result,
                inside,
            })),
            _ => quickcheck::empty_shrinker(),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Program(pub(crate) Vec<Op>);

impl Arbitrary for Program {
    fn arbitrary(g: &mut Gen) -> Self {
        Self(Vec::arbitrary(g))
    }

    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        Box::new(self.0.shrink().map(Self))
    }
}
