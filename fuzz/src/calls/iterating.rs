//! The model of iterators: each crossing is a proxy of its own, and a step passes through all of them.
//!
//! An error of the membrane's is told once, and then the iterator is over; one that ended, or panicked, has nothing more
//! behind it.

use super::calling::{Got, may_deliver, may_start, raw};
use super::crossing::{Answer, Cursor};
use super::interfaces::{Kind, Outline};
use super::program::{Method, Reply};
use super::stage::{Callee, Frame, Stage, Step, with};
use super::tree::WorldId;

/// How far a step gets. Hops are counted from outside.
pub enum WayIn {
    /// To the source.
    Through,
    /// This hop's holder is over.
    Over(usize),
    /// This hop's membrane does not let it in.
    Refused(usize, Answer),
    /// This hop has nothing behind it.
    Dry(usize),
}

/// The way in.
pub fn descend(stage: &Stage, caller: WorldId, cursor: &Cursor, reply: Reply) -> (Frame, WayIn) {
    let mut steps = Vec::new();
    let mut way_in = WayIn::Through;
    for (position, hop) in cursor.hops.iter().rev().enumerate() {
        if hop.over {
            way_in = WayIn::Over(position);
            break;
        }
        steps.push(Step {
            way: hop.way,
            kind: Kind::Fun,
        });
        if let Err(answer) = may_start(stage, hop.way, stage.depth + position) {
            way_in = WayIn::Refused(position, answer);
            break;
        }
        if hop.dry {
            way_in = WayIn::Dry(position);
            break;
        }
    }
    let callee = matches!(way_in, WayIn::Through).then_some(Callee::Source(cursor.source));
    let frame = Frame {
        caller,
        callee,
        method: Method::Call,
        depth: stage.depth + steps.len(),
        steps,
        arguments: Vec::new(),
        outline: Outline::from("0"),
        reply,
        ended: None,
        entered: false,
    };
    (frame, way_in)
}

/// The way out. The cursor becomes what the iterator is after the step.
pub fn expect(
    cursor: &mut Cursor,
    frame: &Frame,
    way_in: &WayIn,
    outer: usize,
) -> Result<Got, String> {
    let reached = matches!(*way_in, WayIn::Through);
    if frame.entered != reached {
        return Err(format!(
            "entered: {}; should have been {reached}",
            frame.entered
        ));
    }
    let count = cursor.hops.len();
    // What the hop at `position` gave to the one around it.
    let (mut got, mut position) = match *way_in {
        WayIn::Through => (raw(frame.ended.clone()), count),
        WayIn::Over(at) => (Got::Nothing, at),
        WayIn::Refused(at, answer) => (hear(cursor, at, Got::Answered(answer)), at),
        WayIn::Dry(at) => (deliver(cursor, at, outer, Got::Nothing), at),
    };
    while position > 0 {
        position -= 1;
        let hop = count - 1 - position;
        match &got {
            Got::Nothing | Got::Panicked => cursor.hops[hop].dry = true,
            _ => {}
        }
        got = deliver(cursor, position, outer, got);
    }
    Ok(got)
}

/// Through the proxy of the hop at `position`, and what is around it.
fn deliver(cursor: &mut Cursor, position: usize, outer: usize, got: Got) -> Got {
    let way = cursor.hops[cursor.hops.len() - 1 - position].way;
    let step = Step {
        way,
        kind: Kind::Fun,
    };
    let got = with(|stage| may_deliver(stage, step, outer + position + 1, got));
    hear(cursor, position, got)
}

/// What the holder of the hop at `position` is told.
fn hear(cursor: &mut Cursor, position: usize, got: Got) -> Got {
    let index = cursor.hops.len() - 1 - position;
    let hop = &mut cursor.hops[index];
    let revoked = with(|stage| stage.trees.nodes[hop.way.node].revoked.is_some());
    match &got {
        Got::Nothing => hop.over = true,
        Got::Answered(_) | Got::Failed(..) => hop.over |= revoked,
        Got::Value(..) | Got::Panicked => {}
    }
    got
}
