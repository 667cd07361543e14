//! Makes calls, foretells what they do, and compares.

use super::crossing::{Answer, Part, Way};
use super::interfaces::{AnyLease, AnyRef, Fault, Kind, Load, Named, Outline, Peer};
use super::interpreter::PLAIN;
use super::leasing::{perform_leased, take_lease};
use super::loads;
use super::program::{Method, Recipe, Reply};
use super::references::{Ref, RefId};
use super::stage::{Callee, Ended, Frame, Held, HeldLease, Stage, Step, with};
use super::tree::WorldId;
use crate::panics::{Planned, drop_all, violated, violation};
use membrane::{ErrorKind, Reason};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a caller gets.
#[derive(Clone, Debug)]
pub enum Got {
    /// A load, or plain data.
    Value(Vec<Part>, Outline),
    /// The target's own error.
    Failed(Vec<Part>, Outline),
    /// An answer of the membrane's.
    Answered(Answer),
    /// An iterator: the end.
    Nothing,
    /// A panic.
    Panicked,
}

/// What a caller really got: loads taken apart later.
enum Real {
    Value(Load),
    Plain(u64),
    Fault(Fault),
    Nothing,
    Panicked,
}

/// What a call is made through.
pub enum Through {
    /// What somebody holds.
    Reference(AnyRef),
    /// A lease, off the stage.
    Lease(HeldLease),
}

/// Where a call on its way in is turned back, and how.
struct TurnedBack {
    /// The proxy that says so, by its position on the way.
    at: usize,
    answer: Answer,
}

/// Calls a reference that `world` holds, or through a lease.
pub fn call(world: WorldId, slot: u8, method: u8, recipe: Recipe, reply: Reply) {
    if method >= 128
        && let Some(lease) = take_lease(world, slot)
    {
        let method = method_of(lease.real.kind(), method);
        perform_leased(world, lease, method, recipe, reply);
        return;
    }
    let held = with(|stage| {
        let slots = &stage.worlds[world].slots;
        let is_proxy = |held: &&Held| matches!(stage.refs.get(held.model), Ref::Proxy(_));
        let proxies = slots.iter().filter(is_proxy).count();
        if slot < 208 && proxies > 0 {
            return slots
                .iter()
                .filter(is_proxy)
                .nth(usize::from(slot) % proxies)
                .cloned();
        }
        slots.get(usize::from(slot) % slots.len().max(1)).cloned()
    });
    let Some(held) = held else { return };
    let method = method_of(held.real.kind(), method);
    perform(world, held, method, recipe, reply);
}

const fn method_of(kind: Kind, method: u8) -> Method {
    use Method::{Fail, Mark, Near, Ping, Swap, Twice};
    match kind {
        Kind::Fun => Method::Call,
        Kind::Named => [Ping, Mark][method as usize % 2],
        Kind::Peer => {
            [Swap, Swap, Swap, Fail, Near, Near, Ping, Mark, Twice, Swap][method as usize % 10]
        }
    }
}

/// Asks a reference for its number.
pub fn ask(world: WorldId, slot: usize) {
    let Some(held) = with(|stage| stage.worlds[world].slots.get(slot).cloned()) else {
        return;
    };
    let method = if held.real.kind() == Kind::Fun {
        Method::Call
    } else {
        Method::Ping
    };
    perform(world, held, method, Recipe::default(), PLAIN);
}

fn perform(world: WorldId, held: Held, method: Method, recipe: Recipe, reply: Reply) {
    let through = Through::Reference(held.real);
    drop_all(make(world, held.model, through, method, recipe, reply));
}

/// Makes a call. A lease comes back.
///
/// # Panics
///
/// By a `violation` only.
pub fn make(
    world: WorldId,
    number: RefId,
    through: Through,
    method: Method,
    recipe: Recipe,
    reply: Reply,
) -> Option<Through> {
    let near = matches!(method, Method::Near).then(|| loads::named(world, recipe.picks[0]));
    let built = match (method, &near) {
        (Method::Near, Some(one)) => loads::Built {
            load: Load::Nothing,
            parts: vec![Part::Ref(one.model, one.real.kind())],
            outline: Outline::from("n"),
        },
        (Method::Ping | Method::Twice, _) => loads::Built {
            load: Load::Nothing,
            parts: Vec::new(),
            outline: Outline::from("0"),
        },
        (Method::Mark, _) => loads::Built {
            load: Load::Nothing,
            parts: Vec::new(),
            outline: Outline::from("\"mark"),
        },
        _ => loads::build(world, recipe),
    };
    let outer = with(|stage| stage.depth);
    let (turned_back, steps) = with(|stage| {
        let (frame, turned_back) = descend(
            stage,
            world,
            number,
            method,
            built.parts,
            built.outline,
            reply,
        );
        let steps = frame.steps.clone();
        stage.frames.push(frame);
        (turned_back, steps)
    });
    let load = built.load;
    let (reference, lease) = match through {
        Through::Reference(real) => (Some(real), None),
        Through::Lease(lease) => (None, Some(lease)),
    };
    let leased = lease.as_ref().map(|lease| &lease.real);
    let result = catch_unwind(AssertUnwindSafe(move || match (reference, leased) {
        (Some(AnyRef::Peer(one)), _) => on_peer(&*one, method, load, near),
        (Some(AnyRef::Named(one)), _) => on_named(&*one, method),
        (Some(AnyRef::Fun(one)), _) => value(one(load)),
        (None, Some(AnyLease::Peer(one))) => on_peer(&**one, method, load, near),
        (None, Some(AnyLease::Named(one))) => on_named(&**one, method),
        (None, None) => unreachable!("one of both"),
    }));
    let real = result.unwrap_or_else(|payload| unwound(payload, &steps));
    let frame = with(|stage| {
        stage.depth = outer;
        stage.frames.pop().expect("pushed above")
    });
    if violated() {
        drop_all((real, frame, lease));
        violation(String::new());
    }
    if let Some(lease) = &lease
        && lease.target.is_some()
    {
        with(|stage| {
            let is_over = matches!(stage.refs.get(lease.model), Ref::Proxy(proxy)
                if stage.trees.nodes[proxy.node].revoked.is_some());
            stage.tally.leased += usize::from(frame.entered);
            stage.tally.outlived += usize::from(is_over);
        });
    }
    let answer = answer(method, &frame);
    let expected = expect(&frame, turned_back, outer, method);
    let compared = compare(world, real, expected, answer);
    if let Err(text) = compared {
        let (what, chain) = with(|stage| (stage.refs.describe(number), frame.steps.len()));
        let how = if lease.is_some() { ", leased" } else { "" };
        drop_all(lease);
        violation(format!(
            "{method:?} by world {world} of {what}{how}, {chain} hops: {text}"
        ));
    }
    lease.map(Through::Lease)
}

fn on_named(one: &(impl Named + ?Sized), method: Method) -> Real {
    match method {
        Method::Ping => plain(one.ping()),
        _ => plain(one.mark("mark").map_err(Fault::Membrane)),
    }
}

fn on_peer(one: &(impl Peer + ?Sized), method: Method, load: Load, near: Option<Held>) -> Real {
    match method {
        Method::Ping | Method::Mark => on_named(one, method),
        Method::Swap => value(one.swap(load)),
        Method::Fail => plain(one.fail(load).map(|()| 0)),
        Method::Twice => plain(one.twice().map(|(number, two)| number + two - 2)),
        Method::Near => {
            let Some(Held {
                real: AnyRef::Named(other),
                ..
            }) = near
            else {
                unreachable!("given for `near`")
            };
            value(one.near(other).map(Load::Named).map_err(Fault::Membrane))
        }
        Method::Call => unreachable!("closures only"),
    }
}

/// The plain data that a method gives.
fn answer(method: Method, frame: &Frame) -> Option<u64> {
    match (method, frame.callee) {
        (Method::Ping | Method::Twice, Some(Callee::Object(object))) => Some(object as u64),
        (Method::Mark, _) => Some(4),
        _ => None,
    }
}

fn plain(result: Result<u64, Fault>) -> Real {
    result.map_or_else(Real::Fault, Real::Plain)
}

fn value(result: Result<Load, Fault>) -> Real {
    result.map_or_else(Real::Fault, Real::Value)
}

fn unwound(payload: Box<dyn std::any::Any + Send>, steps: &[Step]) -> Real {
    let ours = payload.is::<Planned>();
    drop_all(payload);
    if ours && !steps.is_empty() && !violated() {
        violation(String::from("the payload of a panic crossed"));
    }
    Real::Panicked
}

/// The way in: which proxies let the call through, and what becomes of the arguments.
fn descend(
    stage: &mut Stage,
    caller: WorldId,
    target: RefId,
    method: Method,
    mut parts: Vec<Part>,
    outline: Outline,
    reply: Reply,
) -> (Frame, Option<TurnedBack>) {
    let mut steps = Vec::new();
    let mut at = target;
    let mut turned_back = None;
    let callee = loop {
        let proxy = match stage.refs.get(at) {
            Ref::Object(object) => break Some(Callee::Object(object)),
            Ref::Proxy(proxy) => proxy,
        };
        let way = Way {
            node: proxy.node,
            direction: proxy.direction,
            home: proxy.home,
        };
        let inside = stage.depth + steps.len();
        steps.push(Step {
            way,
            kind: proxy.kind,
        });
        let outcome = if stage
            .trees
            .lists(proxy.node, way.back().direction, proxy.kind, method)
        {
            gate(stage, way, inside).and_then(|()| {
                stage
                    .rules(inside + 1)
                    .parts(way.back(), std::mem::take(&mut parts))
                    .map(|converted| parts = converted)
            })
        } else {
            Err(Answer::plain(ErrorKind::Refused))
        };
        if let Err(answer) = outcome {
            turned_back = Some(TurnedBack {
                at: steps.len() - 1,
                answer,
            });
            break None;
        }
        at = proxy.target;
    };
    let depth = stage.depth + steps.len();
    let frame = Frame {
        caller,
        callee,
        method,
        steps,
        arguments: parts,
        outline,
        reply,
        depth,
        ended: None,
        entered: false,
    };
    (frame, turned_back)
}

/// Whether a call may start: the membrane is live, and the thread has room.
fn gate(stage: &Stage, way: Way, inside: usize) -> Result<(), Answer> {
    let node = &stage.trees.nodes[way.node];
    if let Some(reason) = node.revoked {
        return Err(Answer {
            kind: ErrorKind::Revoked,
            reason: Some(reason),
        });
    }
    if inside >= node.rights.depth as usize {
        return Err(Answer::plain(ErrorKind::TooDeep));
    }
    // Once the call is in: what it returns is delivered all the same.
    if let Some(reason) = stage.trees.suspended(way.node) {
        return Err(Answer {
            kind: ErrorKind::Suspended,
            reason: Some(reason),
        });
    }
    Ok(())
}

/// The way out: what the caller should get.
fn expect(
    frame: &Frame,
    turned_back: Option<TurnedBack>,
    outer: usize,
    method: Method,
) -> Result<Got, String> {
    let (mut got, through) = match (turned_back, &frame.ended) {
        (Some(back), _) if frame.entered => {
            return Err(format!("entered; should have been {:?}", back.answer));
        }
        (Some(back), _) => (Got::Answered(back.answer), back.at),
        (None, _) if !frame.entered => return Err(String::from("the target was not entered")),
        (None, None) => (Got::Panicked, frame.steps.len()),
        (None, Some(ended)) => (of(ended.clone(), method), frame.steps.len()),
    };
    for (index, step) in frame.steps[..through].iter().enumerate().rev() {
        got = with(|stage| leave(stage, *step, outer + index + 1, got));
    }
    Ok(got)
}

fn of(ended: Ended, method: Method) -> Got {
    match ended {
        Ended::Value(parts, outline) => Got::Value(parts, outline),
        Ended::Failed(parts, outline) => Got::Failed(parts, outline),
        Ended::Answered(answer) => Got::Answered(answer),
        Ended::Nothing => Got::Nothing,
        Ended::Panicked => Got::Panicked,
    }
    .plainly(method)
}

impl Got {
    /// A method that gives plain data has no load to compare.
    fn plainly(self, method: Method) -> Self {
        match (self, method) {
            (Self::Value(..), Method::Ping | Method::Mark | Method::Twice) => {
                Self::Value(Vec::new(), Outline::new())
            }
            (got, _) => got,
        }
    }
}

/// One proxy on the way out.
fn leave(stage: &mut Stage, step: Step, inside: usize, got: Got) -> Got {
    let node = step.way.node;
    let (revoked, propagates) = (
        stage.trees.nodes[node].revoked,
        stage.trees.nodes[node].rights.propagate,
    );
    let got = match got {
        Got::Panicked if propagates && revoked.is_none() => return Got::Panicked,
        Got::Panicked => Got::Answered(Answer::plain(ErrorKind::Panicked)),
        Got::Nothing => Got::Nothing,
        Got::Answered(answer) => Got::Answered(answer.crossed()),
        Got::Value(parts, outline) => stage
            .rules(inside)
            .parts(step.way, parts)
            .map_or_else(Got::Answered, |parts| Got::Value(parts, outline)),
        Got::Failed(parts, outline) => stage
            .rules(inside)
            .parts(step.way, parts)
            .map_or_else(Got::Answered, |parts| Got::Failed(parts, outline)),
    };
    match revoked {
        None => got,
        reason => Got::Answered(Answer {
            kind: ErrorKind::Revoked,
            reason,
        }),
    }
}

fn compare(
    world: WorldId,
    real: Real,
    expected: Result<Got, String>,
    plain: Option<u64>,
) -> Result<(), String> {
    let expected = expected?;
    let described = format!("{expected:?}");
    let (load, parts, outline) = match (real, expected) {
        (Real::Panicked, Got::Panicked) | (Real::Nothing, Got::Nothing) => return Ok(()),
        (Real::Plain(number), Got::Value(..)) if plain == Some(number) => return Ok(()),
        (Real::Plain(number), _) => {
            return Err(format!(
                "gave {number}; should have been {described}, {plain:?}"
            ));
        }
        (Real::Fault(Fault::Membrane(error)), Got::Answered(answer)) => {
            with(|stage| stage.tally.answered += 1);
            if Answer::of(error) == answer {
                return Ok(());
            }
            return Err(format!("answered {error:?}; should have been {answer:?}"));
        }
        (Real::Value(load), Got::Value(parts, outline))
        | (Real::Fault(Fault::Payload(load)), Got::Failed(parts, outline)) => {
            (load, parts, outline)
        }
        (real, _) => {
            let what = match &real {
                Real::Value(_) => String::from("a value"),
                Real::Fault(Fault::Membrane(error)) => {
                    format!("{error:?} ({:?})", error.reason().map(Reason::as_str))
                }
                Real::Fault(Fault::Payload(_)) => String::from("an error of the target's"),
                Real::Nothing => String::from("the end"),
                Real::Panicked => format!("a panic ({})", crate::panics::last()),
                Real::Plain(_) => String::from("data"),
            };
            drop_all(real);
            return Err(format!("gave {what}; should have been {described}"));
        }
    };
    let (mut leaves, mut found) = (Vec::new(), Outline::new());
    load.take_apart(&mut leaves, &mut found);
    if found != outline {
        return Err(format!("gave {found}; should have been {outline}"));
    }
    let mut rubbish = Vec::new();
    let received = with(|stage| stage.receive(world, leaves, parts, &mut rubbish));
    drop_all(rubbish);
    received
}

/// Takes a step of an iterator that `world` holds.
///
/// # Panics
///
/// By a `violation` only.
pub fn step(world: WorldId, slot: u8, reply: Reply) {
    let held = with(|stage| {
        let cursors = &mut stage.worlds[world].cursors;
        if cursors.is_empty() {
            None
        } else {
            Some(cursors.remove(usize::from(slot) % cursors.len()))
        }
    });
    let Some(mut held) = held else { return };
    let outer = with(|stage| stage.depth);
    let (way_in, steps) = with(|stage| {
        let (frame, way_in) = super::iterating::descend(stage, world, &held.model, reply);
        let steps = frame.steps.clone();
        stage.frames.push(frame);
        (way_in, steps)
    });
    let items = &mut held.real;
    let real = match catch_unwind(AssertUnwindSafe(|| items.next())) {
        Ok(None) => Real::Nothing,
        Ok(Some(item)) => value(item),
        Err(payload) => unwound(payload, &steps),
    };
    let frame = with(|stage| {
        stage.depth = outer;
        stage.frames.pop().expect("pushed above")
    });
    if violated() {
        drop_all((real, held));
        violation(String::new());
    }
    let expected = super::iterating::expect(&mut held.model, &frame, &way_in, outer);
    let compared = compare(world, real, expected, None);
    let hops = format!("{:?}", held.model);
    let rubbish = with(|stage| stage.worlds[world].hold_items(held));
    drop_all(rubbish);
    if let Err(text) = compared {
        violation(format!(
            "a step of an iterator by world {world}, {hops}: {text}"
        ));
    }
}

/// What a call that ended so gives, without anything in between.
pub fn raw(ended: Option<Ended>) -> Got {
    ended.map_or(Got::Panicked, |ended| of(ended, Method::Call))
}

/// One membrane on the way in, for iterators.
pub fn may_start(stage: &Stage, way: Way, inside: usize) -> Result<(), Answer> {
    gate(stage, way, inside)
}

/// One membrane on the way out, for iterators.
pub fn may_deliver(stage: &mut Stage, step: Step, inside: usize, got: Got) -> Got {
    leave(stage, step, inside, got)
}
