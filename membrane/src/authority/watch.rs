//! Which scopes are watched, and who is told.
//!
//! A hook, and the wish to have calls counted, hold for a node and what derives from it. Each node's [`Place`] has a flag for
//! either, which says that the node itself or one above asks for it; a node with a flag is guarded in the gate.
//!
//! # Who may touch which field when
//!
//! As with suspensions: a node's flags change under the lock of its family only. Whoever changes what a node itself asks for
//! then walks its subtree, parents before children, and at each node sets, under that lock, the flags by the node's own wish
//! and its parent's flags, and the guard by those. A child that is born is listed, or reads its parent's flags, under the lock
//! under which the walk reads the list and writes the flags.
//!
//! # Hooks inside hooks
//!
//! A hook may do what another hook, or the same, is told of. It is not told itself while it runs on this thread, or it would
//! never come to its end; the others are, so that nobody hides from a hook further up by acting inside one of their own. A
//! stack of so many different hooks, each inside the next, takes [`NESTED`]; inside of that many only the one furthest up is
//! told.

use super::audit::{Audit, AuditEvent, AuditRecord, CallId, Decision, Outcome};
use super::tally::{Counted, Flags};
use crate::crossing::Place;
use crate::direction::Direction;
use crate::error::{Error, ErrorKind};
use crate::fault::{self, Fault};
use crate::interface::Target;
use crate::reason::Reason;
use crate::tree::{Node, Notes, Scope};
use object_membrane_gate::sync::lock;
use object_membrane_gate::{Refusal, drop_flat, drop_quietly, quietly};
use std::cell::Cell;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// Hooks that may run inside each other on one thread, the one furthest up not counted.
const NESTED: usize = 8;

thread_local! {
    /// The hooks that run on this thread, by address, the outermost first. Without a destructor, for threads that are ending.
    static RUNNING: [Cell<usize>; NESTED + 1] = const { [const { Cell::new(0) }; NESTED + 1] };
}

/// Changes what `scope` asks for itself, and what follows from it for its subtree. What it asked for before is dropped.
pub(super) fn change(
    scope: &Arc<Scope>,
    change: impl FnOnce(&mut Notes) -> Option<Arc<dyn Audit>>,
) {
    let before = change(lock(&scope.data().family).notes());
    drop_quietly(before);
    walk(scope);
}

/// Flags and guards what must be, from `root` down.
fn walk(root: &Arc<Scope>) {
    let mut pending = vec![root.clone()];
    while let Some(scope) = pending.pop() {
        let node = scope.data();
        let children = {
            let family = lock(&node.family);
            let above = node
                .parent()
                .map_or(Flags::default(), |parent| parent.data().place().flags());
            node.place().set_flags(family.asks().or(above));
            if node.must_be_guarded() {
                scope.guard();
            } else {
                scope.unguard();
            }
            family.children()
        };
        pending.extend(children.iter().filter_map(Weak::upgrade));
    }
}

/// How often the node, and what it derives from, were suspended and resumed.
pub(super) fn epoch(node: &Node) -> u64 {
    line(node).map(|at| lock(&at.family).epoch()).sum()
}

/// The node and its ancestors.
fn line(node: &Node) -> impl Iterator<Item = &Node> {
    std::iter::successors(Some(node), |at| at.parent().map(|parent| parent.data()))
}

/// Tells every hook of the node's line, the nearest first.
#[cold]
#[inline(never)]
pub(crate) fn tell(node: &Node, event: AuditEvent) {
    tell_at(node, epoch(node), event);
}

fn tell_at(node: &Node, epoch: u64, event: AuditEvent) {
    let hooks: Vec<_> = line(node)
        .take_while(|at| at.place().flags().audited)
        .filter_map(|at| lock(&at.family).hook())
        .chain(below(node))
        .collect();
    let label = node.label();
    let record = AuditRecord {
        grant: node.id(),
        label: label.as_deref(),
        epoch,
        event,
    };
    let furthest = hooks.len().saturating_sub(1);
    for (index, hook) in hooks.iter().enumerate() {
        run(&**hook, index == furthest, &record);
    }
    // Somebody may have replaced one meanwhile.
    hooks.into_iter().for_each(drop_flat);
}

/// The hooks of the children, which are nobody's to tell.
fn below(node: &Node) -> impl Iterator<Item = Arc<dyn Audit>> + use<> {
    let children = if fault::on(Fault::HearsAbove) {
        node.children()
    } else {
        Vec::new()
    };
    let live = children.into_iter().filter_map(|child| child.upgrade());
    live.filter_map(|child| lock(&child.data().family).hook())
}

/// Runs a hook, unless it runs already or too many do.
fn run(hook: &dyn Audit, furthest: bool, record: &AuditRecord<'_>) {
    let address = std::ptr::from_ref(hook).cast::<()>().addr();
    RUNNING.with(|running| {
        let free = running.iter().position(|slot| slot.get() == 0);
        let again = running.iter().any(|slot| slot.get() == address);
        let Some(slot) = free.filter(|index| !again && (*index < NESTED || furthest)) else {
            return;
        };
        running[slot].set(address);
        quietly(|| hook.record(record));
        running[slot].set(0);
    });
}

/// That a proxy was made.
#[cold]
#[inline(never)]
pub(crate) fn wrapped<T: ?Sized + Target>(scope: &Scope, direction: Direction) {
    let interface = T::NAME;
    tell(
        scope.data(),
        AuditEvent::Wrapped {
            interface,
            direction,
        },
    );
}

/// That a proxy is going.
#[cold]
#[inline(never)]
pub(crate) fn proxy_dropped<T: ?Sized + Target>(scope: &Scope, direction: Direction) {
    let interface = T::NAME;
    tell(
        scope.data(),
        AuditEvent::ProxyDropped {
            interface,
            direction,
        },
    );
}

/// That a call was turned away before anybody was asked about it. Counts it, too.
pub(crate) fn turned_away<T: ?Sized + Target>(
    scope: &Scope,
    place: Place,
    method: u32,
    what: Counted,
    error: impl FnOnce() -> Error,
) {
    let label = (T::NAME, method_name::<T>(method));
    turned_away_as(scope, label, place.direction.reversed(), what, error);
}

/// The same, of an interface and a method by name.
pub(crate) fn turned_away_as(
    scope: &Scope,
    (interface, method): (&'static str, &'static str),
    calls: Direction,
    what: Counted,
    error: impl FnOnce() -> Error,
) {
    let node = scope.data();
    node.place().count(what);
    if node.place().flags().audited {
        tell(
            node,
            AuditEvent::Call(Decision {
                call: CallId::next(node),
                interface,
                method,
                calls,
                outcome: Outcome::Refused(error()),
                took: Duration::ZERO,
            }),
        );
    }
}

fn method_name<T: ?Sized + Target>(method: u32) -> &'static str {
    // A method that is called has a name.
    T::METHODS.get(method as usize).copied().unwrap_or("?")
}

/// What counts a refusal by the membrane's conditions, or because of an argument.
pub(crate) fn kind(error: Error) -> Counted {
    match error.kind() {
        ErrorKind::Revoked => Counted::Revoked,
        ErrorKind::TooDeep => Counted::TooDeep,
        ErrorKind::Panicked => Counted::Panicked,
        ErrorKind::Suspended | ErrorKind::Expired | ErrorKind::Exhausted => Counted::Condition,
        _ => Counted::Rejected,
    }
}

/// A call of a guarded scope, for whoever watches: tells how it ended when it is dropped.
pub(crate) struct Watched {
    scope: Arc<Scope>,
    call: CallId,
    interface: &'static str,
    method: &'static str,
    calls: Direction,
    epoch: u64,
    since: Instant,
    progress: Cell<Progress>,
}

#[derive(Clone, Copy)]
struct Progress {
    entered: bool,
    /// What the caller was told instead of an answer. Known when the call is over.
    error: Option<Error>,
    stage: Stage,
    /// Whether it was told that the call was let in.
    announced: bool,
}

/// What it means if a call of which nothing else is known is dropped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It panics.
    Runs,
    /// Whoever waited for it does not any more.
    Waits,
    Over,
    /// That it is not told of.
    Unheard,
}

impl Watched {
    /// If somebody is to be told of the call.
    pub(crate) fn new<T: ?Sized + Target>(
        scope: &Arc<Scope>,
        place: Place,
        method: u32,
    ) -> Option<Self> {
        let node = scope.data();
        node.place().flags().audited.then(|| Self {
            scope: scope.clone(),
            call: CallId::next(node),
            interface: T::NAME,
            method: method_name::<T>(method),
            calls: place.direction.reversed(),
            epoch: epoch(node),
            since: Instant::now(),
            progress: Cell::new(Progress {
                entered: false,
                error: None,
                stage: Stage::Runs,
                announced: false,
            }),
        })
    }

    fn note(&self, change: impl FnOnce(&mut Progress)) {
        let mut progress = self.progress.get();
        change(&mut progress);
        self.progress.set(progress);
    }

    /// The target is entered next.
    pub(crate) fn entered(&self) {
        self.note(|progress| progress.entered = true);
    }

    /// The call is over, with this error.
    pub(crate) fn failed(&self, error: Error) {
        self.note(|progress| progress.error = Some(error));
    }

    /// The call returns and is not over. Tells, the first time, that it was let in.
    pub(crate) fn waits(&self) {
        let Self {
            call,
            interface,
            method,
            calls,
            ..
        } = *self;
        if !self.progress.get().announced {
            let event = AuditEvent::Admitted {
                call,
                interface,
                method,
                calls,
            };
            tell_at(self.scope.data(), self.epoch, event);
        }
        self.note(|progress| {
            progress.announced = true;
            progress.stage = Stage::Waits;
        });
    }

    /// It goes on.
    pub(crate) fn runs(&self) {
        self.note(|progress| progress.stage = Stage::Runs);
    }

    /// How the call ends is not told.
    pub(crate) fn unheard(self) {
        self.note(|progress| progress.stage = Stage::Unheard);
    }

    /// The call is over: the gate told its caller of `refusal`, or else it failed with this error, or was answered.
    pub(crate) fn end(self, refusal: Option<Refusal>, failed: Option<Error>) {
        self.note(|progress| {
            progress.stage = Stage::Over;
            match refusal {
                Some(Refusal::Panicked) if progress.entered => progress.stage = Stage::Runs,
                Some(refusal) => progress.error = Some(crate::proxy::error(&self.scope, refusal)),
                None => progress.error = failed,
            }
        });
    }

    /// What became of the call that is being dropped, unless that is not told.
    fn outcome(&self) -> Option<Outcome> {
        let Progress {
            entered,
            error,
            stage,
            ..
        } = self.progress.get();
        let revoked = || crate::proxy::error(&self.scope, Refusal::Revoked);
        Some(match (stage, error) {
            (Stage::Unheard, _) => return None,
            (_, Some(error)) if entered => Outcome::Withheld(error),
            (_, Some(error)) => Outcome::Refused(error),
            (Stage::Runs, None) => Outcome::Panicked,
            (Stage::Over, None) => Outcome::Answered,
            (Stage::Waits, None) if self.scope.is_revoked() => Outcome::Withheld(revoked()),
            (Stage::Waits, None) => Outcome::GivenUp,
        })
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let Some(outcome) = self.outcome() else {
            return;
        };
        let took = match outcome {
            Outcome::Refused(_) => Duration::ZERO,
            _ => self.since.elapsed(),
        };
        let decision = Decision {
            call: self.call,
            interface: self.interface,
            method: self.method,
            calls: self.calls,
            outcome,
            took,
        };
        tell_at(self.scope.data(), self.epoch, AuditEvent::Call(decision));
    }
}

/// That the scope was revoked.
pub(crate) fn revoked(scope: &Scope) {
    let reason = Reason::from_number(scope.reason());
    tell(scope.data(), AuditEvent::Revoked { reason });
}
