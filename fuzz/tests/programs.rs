//! Programs against the model, by quickcheck: a program that fails is told as the shortest that still does. And all programs
//! up to a small size.
#![forbid(unsafe_code)]

use arbitrary::{Arbitrary as _, Unstructured};
use fuzz::calls::program::{Methods, Op, Program, Recipe, Reply, Rights};
use fuzz::calls::run_program;
use fuzz::random::SplitMix;
use quickcheck::{Arbitrary, Gen, QuickCheck, TestResult};

/// A program that shrinks by what it does.
#[derive(Clone, Debug)]
struct Shrinking(Program);

impl Arbitrary for Shrinking {
    fn arbitrary(g: &mut Gen) -> Self {
        let bytes = SplitMix::new(<u64 as Arbitrary>::arbitrary(g)).input(600);
        let program = Program::arbitrary_take_rest(Unstructured::new(&bytes));
        Self(program.unwrap_or(Program {
            meeting: 0,
            roots: [ALL; 2],
            ops: Vec::new(),
        }))
    }

    /// Fewer operations, then simpler ones.
    fn shrink(&self) -> Box<dyn Iterator<Item = Self>> {
        let program = self.0.clone();
        let count = program.ops.len();
        let with = move |ops: Vec<Op>| {
            Self(Program {
                ops,
                ..program.clone()
            })
        };
        let ops = self.0.ops.clone();
        let chunks = std::iter::successors(Some(count / 2), |size| Some(size / 2));
        let chunks = chunks
            .take_while(|size| *size > 0)
            .flat_map(move |size| (0..count).step_by(size).map(move |at| (at, size)));
        let (all, fewer) = (ops.clone(), with.clone());
        let shorter = chunks.map(move |(at, size)| {
            let mut rest = all.clone();
            rest.drain(at..(at + size).min(rest.len()));
            fewer(rest)
        });
        let simpler = (0..count).filter_map(move |at| {
            let op = simplified(&ops[at])?;
            let mut ops = ops.clone();
            ops[at] = op;
            Some(with(ops))
        });
        Box::new(shorter.chain(simpler))
    }
}

/// The operation with less in it, if there is less.
fn simplified(op: &Op) -> Option<Op> {
    let plain = Recipe::default();
    match op {
        Op::Call {
            side,
            slot,
            method,
            recipe,
            reply,
        } => {
            let is_plain = recipe.shape == 0 && reply.recipe.shape == 0 && reply.nested == 0;
            (!is_plain).then_some(Op::Call {
                side: *side,
                slot: *slot,
                method: *method,
                recipe: plain,
                reply: Reply {
                    recipe: plain,
                    nested: 0,
                    ..*reply
                },
            })
        }
        Op::Pass {
            node,
            inbound,
            recipe,
        } => (recipe.shape != 0).then_some(Op::Pass {
            node: *node,
            inbound: *inbound,
            recipe: plain,
        }),
        _ => None,
    }
}

#[test]
fn programs_agree_with_the_model() {
    #[expect(clippy::needless_pass_by_value, reason = "what `quickcheck` calls")]
    fn agrees(program: Shrinking) -> TestResult {
        match run_program(program.0.clone()) {
            Ok(_) => TestResult::passed(),
            Err(finding) => TestResult::error(format!("{finding}\n{program:#?}")),
        }
    }
    QuickCheck::new()
        .tests(3_000)
        .quickcheck(agrees as fn(Shrinking) -> TestResult);
}

/// What is lent may do everything.
const ALL: Rights = Rights {
    inbound: Methods {
        peer: !0,
        named: !0,
    },
    outbound: Methods {
        peer: !0,
        named: !0,
    },
    homecoming: 0,
    propagate: false,
    depth: 128,
};

/// What is lent may be asked for its number, and given away.
const FEW: Rights = Rights {
    inbound: Methods {
        peer: 0b101,
        named: 0b1,
    },
    outbound: Methods {
        peer: 0b101,
        named: 0b1,
    },
    ..ALL
};

/// The longest of all programs that are tried: `PROGRAM_LENGTH` where that is set.
const LENGTH: u32 = 4;

/// The operations that these are made of, after an object was lent. Side 0 is the owner, node 2 the first that is derived.
fn alphabet() -> Vec<Op> {
    let call = |side, method, shape, how, nested| Op::Call {
        side,
        slot: 0,
        method,
        recipe: Recipe {
            shape,
            picks: [0, 1, 2],
        },
        reply: Reply {
            how,
            recipe: Recipe {
                shape,
                picks: [0, 1, 2],
            },
            nested,
        },
    };
    vec![
        Op::Create { side: 0, what: 0 },
        Op::Create { side: 1, what: 0 },
        Op::Create { side: 1, what: 4 },
        Op::Wrap {
            node: 0,
            inbound: false,
            slot: 0,
        },
        Op::Wrap {
            node: 0,
            inbound: true,
            slot: 0,
        },
        Op::Wrap {
            node: 2,
            inbound: false,
            slot: 0,
        },
        Op::Wrap {
            node: 1,
            inbound: false,
            slot: 0,
        },
        // `swap` of a reference, answered by one; with the next operation inside; `fail` with a reference; a panic.
        call(1, 0, 1, 15, 0),
        call(1, 0, 1, 15, 1),
        call(1, 3, 1, 0, 0),
        call(1, 0, 1, 7, 0),
        call(0, 0, 1, 15, 0),
        Op::Derive {
            node: 0,
            how: 0,
            holder: 0,
            rights: FEW,
            narrow: true,
        },
        Op::Derive {
            node: 0,
            how: 2,
            holder: 200,
            rights: ALL,
            narrow: true,
        },
        Op::Revoke {
            node: 0,
            how: 0,
            reason: 0,
        },
        Op::Revoke {
            node: 2,
            how: 0,
            reason: 1,
        },
        Op::Suspend { node: 0, reason: 2 },
        Op::Resume { node: 0 },
        Op::Upcast { side: 1, slot: 0 },
        Op::Drop { side: 1, slot: 0 },
        Op::DropAll { side: 0 },
    ]
}

#[test]
fn all_short_programs_agree_with_the_model() {
    let length = std::env::var("PROGRAM_LENGTH");
    let length = length.map_or(LENGTH, |text| {
        text.parse().expect("PROGRAM_LENGTH is a number")
    });
    let alphabet = alphabet();
    let count = alphabet.len();
    let mut tried = 0_u64;
    for length in 1..=length {
        for number in 0..count.pow(length) {
            let letters = (0..length).map(|place| &alphabet[number / count.pow(place) % count]);
            let prefix = [
                Op::Create { side: 0, what: 0 },
                Op::Wrap {
                    node: 0,
                    inbound: false,
                    slot: 0,
                },
            ];
            let program = Program {
                meeting: 0,
                roots: [ALL; 2],
                ops: prefix.into_iter().chain(letters.copied()).collect(),
            };
            if let Err(finding) = run_program(program.clone()) {
                panic!("{finding}\n{program:#?}");
            }
            tried += 1;
        }
    }
    println!(
        "{tried} programs: all of up to {length} operations of {count}, after an object was lent"
    );
}
