//! The targets: objects, closures and iterators. Each tells the stage that it was entered, and does what the program says.

use super::crossing::Part;
use super::interfaces::{
    AnyRef, Fault, FunRef, Items, Load, Named, NamedRef, Outline, Peer, PeerRef,
};
use super::interpreter;
use super::loads;
use super::program::{Method, Reply};
use super::references::ObjectId;
use super::stage::{Callee, Ended, handles, with};
use super::tree::WorldId;
use crate::calls::crossing::Answer;
use crate::panics::{Planned, note, violated, violation};
use membrane::__private::Query;
use membrane::{Direction, Error, ErrorKind};
use std::sync::Arc;

/// An object. It may hold a proxy, and have it answer when it is asked itself whose proxy it is.
pub struct Actor {
    /// Which it is.
    pub number: ObjectId,
    /// What answers in its place.
    pub victim: Option<PeerRef>,
    /// Whether it comes back into the library when it is dropped.
    pub visits: bool,
}

impl Actor {
    /// An object without anything special.
    pub const fn plain(number: ObjectId) -> Self {
        Self {
            number,
            victim: None,
            visits: false,
        }
    }
}

impl Drop for Actor {
    /// Whoever drops it must hold no lock, and a proxy that is made meanwhile is one like any other.
    fn drop(&mut self) {
        if !self.visits {
            return;
        }
        for membrane in handles() {
            let object: PeerRef = Arc::new(Self::plain(usize::MAX));
            if let Ok(lent) = membrane.wrap(object.clone()) {
                let back = membrane.wrap(object);
                let same = back.is_ok_and(|back| Arc::ptr_eq(&back, &lent));
                if !same && membrane.reason().is_none() {
                    note(String::from("identity: a second proxy, in a `Drop`"));
                }
            }
            let _ = (membrane.live_proxies(), membrane.policy().depth_limit());
            drop(membrane.grant(&membrane::Policy::deny_all()));
        }
    }
}

/// How a target means to end.
enum Outcome {
    Value(Load),
    Failure(Load),
    Answer(ErrorKind),
}

impl Named for Actor {
    fn __membrane_named(&self, query: &Query<'_>) {
        if let Some(victim) = &self.victim {
            victim.__membrane_named(query);
        }
    }

    fn ping(&self) -> Result<u64, Fault> {
        match act(Callee::Object(self.number), Method::Ping, Load::Nothing)? {
            Outcome::Value(_) => Ok(self.number as u64),
            other => Err(fault(other)),
        }
    }

    fn mark(&self, text: &str) -> Result<u64, Error> {
        match act(
            Callee::Object(self.number),
            Method::Mark,
            Load::Text(text.into()),
        ) {
            Ok(Outcome::Value(_)) => Ok(text.len() as u64),
            other => Err(error(&other)),
        }
    }
}

impl Peer for Actor {
    fn __membrane_peer(&self, query: &Query<'_>) {
        if let Some(victim) = &self.victim {
            victim.__membrane_peer(query);
        }
    }

    fn swap(&self, load: Load) -> Result<Load, Fault> {
        value(act(Callee::Object(self.number), Method::Swap, load)?)
    }

    fn fail(&self, load: Load) -> Result<(), Fault> {
        value(act(Callee::Object(self.number), Method::Fail, load)?).map(drop)
    }

    fn near(&self, other: NamedRef) -> Result<NamedRef, Error> {
        match act(
            Callee::Object(self.number),
            Method::Near,
            Load::Named(other),
        ) {
            Ok(Outcome::Value(Load::Named(one))) => Ok(one),
            other => Err(error(&other)),
        }
    }
}

fn value(outcome: Outcome) -> Result<Load, Fault> {
    match outcome {
        Outcome::Value(load) => Ok(load),
        other => Err(fault(other)),
    }
}

fn fault(outcome: Outcome) -> Fault {
    match outcome {
        Outcome::Value(load) | Outcome::Failure(load) => Fault::Payload(load),
        Outcome::Answer(kind) => Fault::Membrane(kind.into()),
    }
}

fn error(outcome: &Result<Outcome, Fault>) -> Error {
    match outcome {
        Ok(Outcome::Answer(kind)) => (*kind).into(),
        _ => ErrorKind::Rejected.into(),
    }
}

/// A closure. The object's number is known once it is registered.
pub fn closure(object: ObjectId) -> FunRef {
    Arc::new(move |load| value(act(Callee::Object(object), Method::Call, load)?))
}

/// A source of items.
struct Supply {
    source: usize,
    _token: Arc<()>,
}

impl Iterator for Supply {
    type Item = Result<Load, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let over = with(|stage| {
            let left = &mut stage.sources[self.source].left;
            *left = left.saturating_sub(1);
            *left == 0
        });
        match enter(Callee::Source(self.source), Method::Call, Load::Nothing) {
            _ if over => {
                end(Ended::Nothing);
                None
            }
            (world, reply) => Some(perform(world, Method::Call, reply).and_then(value)),
        }
    }
}

/// An iterator of `world`'s, with so many items.
pub fn items(world: WorldId, left: u8) -> (Items, usize) {
    let token = Arc::new(());
    let source = with(|stage| stage.add_source(world, left, &token));
    (
        Box::new(Supply {
            source,
            _token: token,
        }),
        source,
    )
}

fn act(callee: Callee, method: Method, load: Load) -> Result<Outcome, Fault> {
    let (world, reply) = enter(callee, method, load);
    perform(world, method, reply)
}

/// A target is entered: somebody must have called it, be allowed to, and have given it what arrived.
fn enter(callee: Callee, method: Method, load: Load) -> (WorldId, Reply) {
    let (mut leaves, mut outline) = (Vec::new(), Outline::new());
    load.take_apart(&mut leaves, &mut outline);
    let mut rubbish = Vec::new();
    let entered = with(|stage| {
        let world = match callee {
            Callee::Object(object) => stage.objects[object].world,
            Callee::Source(source) => stage.sources[source].world,
        };
        let Some(frame) = stage.frames.last_mut() else {
            return Err(format!("{callee:?} entered out of nowhere"));
        };
        // The default body of `twice` asks its own object.
        let inner = frame.method == Method::Twice && method == Method::Ping;
        if frame.callee != Some(callee) || !inner && frame.method != method || frame.entered {
            return Err(format!(
                "effect: {callee:?} entered by {method:?}; called was {:?} of {:?}",
                frame.method, frame.callee
            ));
        }
        if outline != frame.outline {
            return Err(format!(
                "arguments changed from {} to {outline}",
                frame.outline
            ));
        }
        frame.entered = true;
        let far = frame.steps.len() > 1;
        let (called, reply, depth) = (frame.method, frame.reply, frame.depth);
        let arguments = std::mem::take(&mut frame.arguments);
        stage.depth = depth;
        stage.tally.entered += 1;
        stage.tally.nested += usize::from(stage.frames.len() > 1);
        stage.tally.far += usize::from(far);
        lent(stage, world, called)?;
        stage.receive(world, leaves, arguments, &mut rubbish)?;
        Ok((world, reply))
    });
    crate::panics::drop_all(rubbish);
    entered.unwrap_or_else(|text| violation(text))
}

/// By where caller and target are, and nothing else: the lists of the outermost and the innermost membrane have it.
fn lent(stage: &super::stage::Stage, world: WorldId, method: Method) -> Result<(), String> {
    let frame = stage.frames.last().expect("a call runs");
    let Some(Callee::Object(object)) = frame.callee else {
        return Ok(());
    };
    let (Some(first), Some(last)) = (frame.steps.first(), frame.steps.last()) else {
        return Ok(());
    };
    let dry = |step: &super::stage::Step| {
        let world = stage.trees.nodes[step.way.node].world;
        // Whoever is on both sides may call either way.
        let further_in = stage.trees.path(step.way.node).into_iter().skip(1);
        let both = further_in
            .map(|side| stage.trees.world(side))
            .any(|other| other == world);
        (!both).then_some(world)
    };
    let caller = frame.caller;
    let lists = |step: &super::stage::Step, direction| {
        stage
            .trees
            .lists(step.way.node, direction, step.kind, method)
    };
    if Some(caller) == dry(first) && world != caller && !lists(first, Direction::Inbound) {
        return Err(format!(
            "authority: world {caller} called {method:?} of object {object} in world {world} by a proxy of membrane {}, which \
             does not list it inbound",
            first.way.node
        ));
    }
    if Some(world) == dry(last) && world != caller && !lists(last, Direction::Outbound) {
        return Err(format!(
            "authority: world {caller} called {method:?} of object {object} in world {world}, the dry side of membrane {}, \
             which does not list it outbound",
            last.way.node
        ));
    }
    Ok(())
}

fn end(ended: Ended) {
    with(|stage| {
        if let Some(frame) = stage.frames.last_mut() {
            frame.ended = Some(ended);
        }
    });
}

/// What the program wants of the target: further operations, and then a result.
fn perform(world: WorldId, method: Method, reply: Reply) -> Result<Outcome, Fault> {
    for _ in 0..reply.nested {
        interpreter::next(Some(world));
        if violated() {
            violation(String::new());
        }
    }
    let near = method == Method::Near;
    match reply.how % 16 {
        0 => {
            let carried = loads::peer(world, reply.recipe.picks[0]);
            end(Ended::Panicked);
            let carried: Option<Box<dyn std::any::Any + Send>> = Some(Box::new(carried.real));
            std::panic::panic_any(Planned {
                carried,
                drop_panics: reply.recipe.shape & 1 != 0,
            })
        }
        1 => {
            end(Ended::Answered(Answer::plain(ErrorKind::Rejected)));
            Ok(Outcome::Answer(ErrorKind::Rejected))
        }
        2 if !matches!(method, Method::Near | Method::Mark) => {
            Ok(Outcome::Failure(finish(world, reply, Ended::Failed)))
        }
        _ if method == Method::Fail => Ok(Outcome::Failure(finish(world, reply, Ended::Failed))),
        _ if near => {
            let one = loads::named(world, reply.recipe.picks[0]);
            end(Ended::Value(
                vec![Part::Ref(one.model, one.real.kind())],
                String::from("n"),
            ));
            let AnyRef::Named(real) = one.real else {
                unreachable!("`named` gives no other")
            };
            Ok(Outcome::Value(Load::Named(real)))
        }
        _ if matches!(method, Method::Ping | Method::Mark) => {
            end(Ended::Value(Vec::new(), Outline::new()));
            Ok(Outcome::Value(Load::Nothing))
        }
        _ => Ok(Outcome::Value(finish(world, reply, Ended::Value))),
    }
}

fn finish(world: WorldId, reply: Reply, ended: impl FnOnce(Vec<Part>, Outline) -> Ended) -> Load {
    let built = loads::build(world, reply.recipe);
    end(ended(built.parts, built.outline));
    built.load
}
