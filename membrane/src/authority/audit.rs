//! What an audit hook is told: every decision, and the life of grants and proxies.

use super::snapshot::{GrantId, GrantKind};
use crate::direction::Direction;
use crate::error::Error;
use crate::reason::Reason;
use crate::tree::Node;
use object_membrane_gate::sync::lock;
use std::fmt;
use std::time::Duration;

/// Hears of every decision about a call, and of what becomes of grants and proxies: given to
/// [`Membrane::audit`](crate::Membrane::audit). A closure `Fn(&AuditRecord<'_>)` is one.
///
/// It is called on the thread where the thing happens, before that goes on, under no lock: it may use the membrane that
/// it audits, revoke it, or take its time at the callers' expense. A panic in it is caught. What it does itself on the way is
/// told to other hooks, not to this one.
pub trait Audit: Send + Sync + 'static {
    /// Something happened.
    fn record(&self, record: &AuditRecord<'_>);
}

impl<F: Fn(&AuditRecord<'_>) + Send + Sync + 'static> Audit for F {
    fn record(&self, record: &AuditRecord<'_>) {
        self(record);
    }
}

/// One thing that happened. It carries no argument, no result and no object.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AuditRecord<'a> {
    /// The grant that it happened in.
    pub grant: GrantId,
    /// What the owner calls its holder.
    pub label: Option<&'a str>,
    /// Which state of what may be done was in force: how often the grant, and what it derives from, had been suspended and
    /// resumed. Of a decision, when it was made.
    pub epoch: u64,
    /// What happened.
    pub event: AuditEvent,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditEvent {
    /// A call of a proxy was refused, or it was let in and is over. Told once of each call.
    Call(Decision),
    /// A call was let in, and waits: its first poll was not its last. A [`Call`](Self::Call) follows when it is over.
    ///
    /// Calls that can wait are those of async methods, of futures that crossed as values, and for an item of a stream.
    Admitted {
        /// Which call: that which follows is told with the same.
        call: CallId,
        /// The interface that the object crossed as.
        interface: &'static str,
        /// The method.
        method: &'static str,
        /// Which way the call goes.
        calls: Direction,
    },
    /// A proxy was made.
    Wrapped {
        /// The interface that its object crosses as.
        interface: &'static str,
        /// The way that its object goes.
        direction: Direction,
    },
    /// The last reference to a proxy is gone.
    ProxyDropped {
        /// The interface that its object crossed as.
        interface: &'static str,
        /// The way that its object went.
        direction: Direction,
    },
    /// The grant was derived.
    Granted {
        /// What it derives from.
        parent: GrantId,
        /// How.
        kind: GrantKind,
    },
    /// The grant itself was suspended, and with it what derives from it.
    Suspended {
        /// Why.
        reason: Reason,
    },
    /// Its own suspension was ended.
    Resumed,
    /// It was revoked, alone or with one that it derives from. Told once, after all that is revoked together is cut.
    Revoked {
        /// Why.
        reason: Reason,
    },
    /// Nobody holds the grant any more, nor a proxy of it.
    Freed,
}

/// Names a call that somebody is told of: no two calls in a process have the same, ever, whichever membranes they go through.
///
/// It is the number of the grant, and that of the call among those of the grant. So it tells nothing of the calls of others. The
/// first one that a new hook hears of tells how many other hooks, such as those further up, heard of before.
///
/// It joins what is told of one call: [`Admitted`](AuditEvent::Admitted), if it waits, and its [`Decision`]. A call through two
/// audited membranes is a call of each, and has a name for each.
///
/// # Examples
///
/// ```
/// # use membrane::{Direction, Error, Membrane, Policy};
/// # use std::pin::Pin;
/// # use std::sync::{Arc, mpsc::channel};
/// # use std::task::{Context, Waker};
/// use membrane::{AuditEvent, AuditRecord};
///
/// let membrane = Membrane::new(Policy::deny_all());
/// let (tell, told) = channel();
/// membrane.audit(move |record: &AuditRecord<'_>| match record.event {
///     AuditEvent::Admitted { call, .. } => tell.send((call, "waits")).unwrap(),
///     AuditEvent::Call(decision) => tell.send((decision.call, "is over")).unwrap(),
///     _ => {}
/// });
/// # type Answer = Pin<Box<dyn Future<Output = Result<u64, Error>> + Send>>;
/// # let mut lend = || {
/// #     let answer: Answer = Box::pin(std::future::pending());
/// #     let mut lent = membrane.pass(answer, Direction::Outbound).unwrap();
/// #     assert!(lent.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
/// #     lent
/// # };
/// let (first, second) = (lend(), lend()); // Two futures, each polled once.
/// drop(first);
/// drop(second);
/// let [one, other, first_over, second_over] = told.iter().take(4).collect::<Vec<_>>()[..] else {
///     unreachable!()
/// };
/// assert_ne!(one.0, other.0);
/// assert_eq!([first_over, second_over], [(one.0, "is over"), (other.0, "is over")]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId {
    grant: GrantId,
    number: u64,
}

impl CallId {
    /// One that no other call has: the next of the node.
    pub(super) fn next(node: &Node) -> Self {
        Self {
            grant: node.id(),
            number: lock(&node.family).next_call(),
        }
    }

    /// The grant whose proxy was called.
    pub fn grant(self) -> GrantId {
        self.grant
    }

    /// Which of the grant's calls that somebody was told of: they are counted from one, as they begin.
    pub fn number(self) -> u64 {
        self.number
    }
}

impl fmt::Display for CallId {
    /// Both numbers, with a dot between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.grant, self.number)
    }
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision {
    /// Which call.
    pub call: CallId,
    /// The interface that the object crossed as.
    pub interface: &'static str,
    /// The method.
    pub method: &'static str,
    /// Which way the call goes.
    pub calls: Direction,
    /// Whether it was let in, and how it ended.
    pub outcome: Outcome,
    /// From when it was let in until it was over, on the system's monotonic clock; zero if it was [refused](Outcome::Refused). Of a
    /// call that waited from its first poll on.
    pub took: Duration,
}

/// Whether a call was let in, and how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The target answered, with a result or with an error of the interface's own, and the caller gets the answer: nothing
    /// withholds it any more, though the hook hears of it first. A revocation by the hook itself comes too late for that.
    ///
    /// Of an iterator or a stream, the end is an answer; also that of one that has panicked, after which nothing more comes.
    Answered,
    /// The target was not entered; this is what the caller was told.
    Refused(Error),
    /// The target was entered; its answer did not reach the caller, who was told this instead.
    ///
    /// A call that waits ends so when its scope is revoked, then and there, and at the first poll that finds it suspended or
    /// expired. A caller that never polls again is told nothing.
    Withheld(Error),
    /// The target was entered and panicked.
    ///
    /// Also a call that made its caller panic, wherever that began: in the target, in a conversion, or where the interface makes its
    /// own error of the membrane's.
    Panicked,
    /// The target was entered; the caller dropped the future, or the stream, before there was an answer.
    GivenUp,
}
