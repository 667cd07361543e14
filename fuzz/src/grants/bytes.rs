//! What a fuzzer's bytes mean: one byte for an operation and one for each operand.

use super::program::{Op, Terms};
use arbitrary::{Result, Unstructured};

/// The most operations in one program, those inside of calls included.
const MAX_OPS: usize = 96;
/// How deep calls are nested.
const MAX_DEPTH: u32 = 3;

/// The operations that the bytes mean.
pub(super) fn program(u: &mut Unstructured<'_>) -> Result<Vec<Op>> {
    let mut left = MAX_OPS;
    let mut ops = Vec::new();
    while !u.is_empty() && left > 0 {
        ops.push(op(u, 0, &mut left)?);
    }
    Ok(ops)
}

fn op(u: &mut Unstructured<'_>, depth: u32, left: &mut usize) -> Result<Op> {
    *left = left.saturating_sub(1);
    let code: u8 = u.arbitrary()?;
    Ok(match code % 16 {
        0..=2 => Op::Grant {
            parent: u.arbitrary()?,
            narrow: code >= 128,
            terms: terms(u)?,
        },
        3..=5 => Op::Lend {
            node: u.arbitrary()?,
        },
        6 => Op::Return {
            node: u.arbitrary()?,
        },
        7..=11 => {
            let (node, sizes): (u8, u8) = (u.arbitrary()?, u.arbitrary()?);
            let count = if depth < MAX_DEPTH { code >> 6 } else { 0 };
            let mut inside = Vec::new();
            for _ in 0..count {
                if *left > 0 && !u.is_empty() {
                    inside.push(op(u, depth + 1, left)?);
                }
            }
            Op::Call {
                node,
                argument: sizes & 15,
                result: sizes >> 4,
                inside,
            }
        }
        12 => Op::Advance {
            units: u.arbitrary::<u8>()? % 48,
        },
        13 => Op::Suspend {
            node: u.arbitrary()?,
            retry: (code >= 128).then(|| u.arbitrary()).transpose()?,
        },
        14 => Op::Resume {
            node: u.arbitrary()?,
        },
        _ => Op::Revoke {
            node: u.arbitrary()?,
        },
    })
}

/// A byte says which conditions there are; zeros are possible, and unsound.
fn terms(u: &mut Unstructured<'_>) -> Result<Terms> {
    let which: u8 = u.arbitrary()?;
    let has = |bit: u8| which & 1 << bit != 0;
    let mut below = |bit: u8, limit: u8| -> Result<Option<u8>> {
        has(bit)
            .then(|| Ok(u.arbitrary::<u8>()? % limit))
            .transpose()
    };
    Ok(Terms {
        expiry: below(0, 60)?,
        calls: below(1, 12)?,
        concurrency: below(2, 4)?,
        bytes_in: below(3, 60)?,
        bytes_out: below(4, 60)?,
        proxies: below(5, 6)?,
        rate: match (below(6, 6)?, below(6, 20)?, below(6, 6)?) {
            (Some(calls), Some(per), Some(burst)) => Some((calls, per, burst)),
            _ => None,
        },
    })
}
