//! Programs: what a fuzzer's bytes mean.
//!
//! One byte for an operation and one for each of its operands, so that small edits of an input are small edits of the
//! program. Operands are indices; whoever runs the program takes them modulo what there is.

use arbitrary::{Arbitrary, Result, Unstructured};

/// The most operations in one program.
pub const MAX_OPS: usize = 96;

/// A program, and the world that it starts in.
#[derive(Clone, Debug)]
pub struct Program {
    /// How the second tree of membranes touches the first.
    pub meeting: u8,
    /// The policy of each tree's root.
    pub roots: [Rights; 2],
    /// The operations, also those that calls perform while they run.
    pub ops: Vec<Op>,
}

/// A policy.
#[derive(Clone, Copy, Debug)]
pub struct Rights {
    /// What the dry side may call on the wet side's objects.
    pub inbound: Methods,
    /// What the wet side may call on the dry side's objects.
    pub outbound: Methods,
    /// Modulo three.
    pub homecoming: u8,
    /// Whether panics propagate.
    pub propagate: bool,
    /// The depth limit in calls.
    pub depth: u32,
}

impl Rights {
    /// The depth limit that programs stay below.
    pub const DEEPEST: u32 = 128;
}

/// The listed methods of each interface, as bits in the order of [`Method::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Methods {
    /// Of `dyn Peer`, which has them all.
    pub peer: u8,
    /// Of `dyn Named`, which has the first two.
    pub named: u8,
}

/// A method of the interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named after the methods")]
pub enum Method {
    Ping,
    Mark,
    Swap,
    Fail,
    Near,
    Twice,
    /// Calling a closure: allowed with the closure.
    Call,
}

impl Method {
    /// Those that policies list.
    pub const ALL: [Self; 6] = [
        Self::Ping,
        Self::Mark,
        Self::Swap,
        Self::Fail,
        Self::Near,
        Self::Twice,
    ];

    /// As in the source.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Mark => "mark",
            Self::Swap => "swap",
            Self::Fail => "fail",
            Self::Near => "near",
            Self::Twice => "twice",
            Self::Call => "call",
        }
    }

    /// Its bit in [`Methods`].
    pub const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// How a load is put together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Recipe {
    /// Which shape.
    pub shape: u8,
    /// Which references.
    pub picks: [u8; 3],
}

/// What a call does before it returns, and how it returns.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reply {
    /// Modulo eight: a result, mostly; an error; a panic.
    pub how: u8,
    /// The load of the result or of the error.
    pub recipe: Recipe,
    /// How many of the following operations it performs first.
    pub nested: u8,
}

/// One operation. `side` is ignored inside a call: what runs there is the target's side.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "operands are explained with the operation")]
pub enum Op {
    /// A new object on a side: a plain one, a closure, or one that has another's proxy answer for it.
    Create { side: u8, what: u8 },
    /// Holds a reference as its super-interface, too.
    Upcast { side: u8, slot: u8 },
    /// Holds a reference no longer.
    Drop { side: u8, slot: u8 },
    /// Holds an iterator no longer.
    DropItems { side: u8, slot: u8 },
    /// Holds nothing any longer.
    DropAll { side: u8 },
    /// Calls a method of a reference, or a closure. Mostly of a proxy, if the side has one.
    Call {
        side: u8,
        slot: u8,
        method: u8,
        recipe: Recipe,
        reply: Reply,
    },
    /// Leases a proxy and asks it, outside of any call, if no depth limit is in reach. What the side calls by a number of 128 or
    /// more it calls through a lease, if it has one, on the same condition.
    Lease { side: u8, slot: u8 },
    /// Gives a lease back.
    GiveBack { side: u8, slot: u8 },
    /// Takes a step of an iterator.
    Step { side: u8, slot: u8, reply: Reply },
    /// Lends one reference through a handle.
    Wrap { node: u8, inbound: bool, slot: u8 },
    /// Passes a load through a handle.
    Pass {
        node: u8,
        inbound: bool,
        recipe: Recipe,
    },
    /// Derives a membrane, by `grant`, `attenuate` or `scoped`, for a new holder or for one that there is.
    Derive {
        node: u8,
        how: u8,
        holder: u8,
        rights: Rights,
        narrow: bool,
    },
    /// Revokes by a handle, a revoker, a guard, or waiting.
    Revoke { node: u8, how: u8, reason: u8 },
    /// Takes access away for a while.
    Suspend { node: u8, reason: u8 },
    /// Ends a suspension.
    Resume { node: u8 },
    /// Drops a handle.
    DropHandle { node: u8 },
    /// Asks every reference for its number.
    Probe,
    /// Drops and wraps one object on two threads.
    Race { node: u8, rounds: u8 },
}

impl<'a> Arbitrary<'a> for Program {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut program = Self {
            meeting: u.arbitrary()?,
            roots: [u.arbitrary()?, u.arbitrary()?],
            ops: Vec::new(),
        };
        while !u.is_empty() && program.ops.len() < MAX_OPS {
            program.ops.push(u.arbitrary()?);
        }
        Ok(program)
    }

    fn arbitrary_take_rest(mut u: Unstructured<'a>) -> Result<Self> {
        Self::arbitrary(&mut u)
    }
}

impl<'a> Arbitrary<'a> for Rights {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let settings: u8 = u.arbitrary()?;
        // Bits that are set twice deny: zeros allow everything, and anything allows most.
        let mut bits = || -> Result<u8> { Ok(!(u.arbitrary::<u8>()? & u.arbitrary::<u8>()?)) };
        let mut methods = || -> Result<Methods> {
            Ok(Methods {
                peer: bits()?,
                named: bits()?,
            })
        };
        Ok(Self {
            inbound: methods()?,
            outbound: methods()?,
            homecoming: [0, 0, 0, 0, 0, 1, 2, 0][usize::from(settings & 7)],
            propagate: settings & 8 != 0,
            // Mostly out of reach: leases are called only where it is, all over.
            depth: match settings >> 4 {
                9 => 6,
                11 => 4,
                13 => 3,
                15 => 1,
                _ => Self::DEEPEST,
            },
        })
    }
}

impl<'a> Arbitrary<'a> for Recipe {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(Self {
            shape: u.arbitrary()?,
            picks: u.arbitrary()?,
        })
    }
}

impl<'a> Arbitrary<'a> for Reply {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let how: u8 = u.arbitrary()?;
        Ok(Self {
            how: how & 15,
            nested: how >> 4 & 3,
            recipe: u.arbitrary()?,
        })
    }
}

impl<'a> Arbitrary<'a> for Op {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let code: u8 = u.arbitrary()?;
        Ok(match code % 32 {
            0 | 1 => Self::Create {
                side: u.arbitrary()?,
                what: code >> 5,
            },
            2 => Self::Upcast {
                side: u.arbitrary()?,
                slot: u.arbitrary()?,
            },
            3 => Self::Drop {
                side: u.arbitrary()?,
                slot: u.arbitrary()?,
            },
            4 => Self::DropItems {
                side: u.arbitrary()?,
                slot: u.arbitrary()?,
            },
            5 => Self::DropAll {
                side: u.arbitrary()?,
            },
            6..=13 => Self::Call {
                side: u.arbitrary()?,
                slot: u.arbitrary()?,
                method: u.arbitrary()?,
                recipe: u.arbitrary()?,
                reply: u.arbitrary()?,
            },
            15 | 16 => Self::Step {
                side: u.arbitrary()?,
                slot: u.arbitrary()?,
                reply: u.arbitrary()?,
            },
            17..=20 => Self::Wrap {
                node: u.arbitrary()?,
                inbound: code >= 128,
                slot: u.arbitrary()?,
            },
            21 | 22 => Self::Pass {
                node: u.arbitrary()?,
                inbound: code >= 128,
                recipe: u.arbitrary()?,
            },
            23..=25 => Self::Derive {
                node: u.arbitrary()?,
                how: code >> 5,
                holder: u.arbitrary()?,
                rights: u.arbitrary()?,
                narrow: u.ratio(7, 8)?,
            },
            26 | 27 => Self::Revoke {
                node: u.arbitrary()?,
                how: code >> 5,
                reason: u.arbitrary()?,
            },
            28 => Self::DropHandle {
                node: u.arbitrary()?,
            },
            14 | 29 if code >= 32 => Self::Lease {
                side: u.arbitrary()?,
                slot: u.arbitrary()?,
            },
            14 | 29 => Self::Probe,
            30 if code >= 160 => Self::Resume {
                node: u.arbitrary()?,
            },
            30 => Self::Suspend {
                node: u.arbitrary()?,
                reason: u.arbitrary()?,
            },
            _ if code < 64 => Self::GiveBack {
                side: u.arbitrary()?,
                slot: u.arbitrary()?,
            },
            _ if code == 0xFF => Self::Race {
                node: u.arbitrary()?,
                rounds: u.arbitrary()?,
            },
            _ => Self::Probe,
        })
    }
}
