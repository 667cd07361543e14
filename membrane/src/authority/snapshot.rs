//! What an owner gets to see of the authority that it has given away: plain data, which carries none itself.

use super::graph;
use crate::direction::Direction;
use std::borrow::Cow;
use std::time::Duration;

/// The authority that a membrane, and everything derived from it, gives at this moment; taken by
/// [`Membrane::snapshot`](crate::Membrane::snapshot), which says how far it is one moment.
///
/// With the cargo feature `serde` it can be written and read as data.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Snapshot {
    /// The membrane itself, and its descendants, each after its parent. Never empty.
    pub grants: Vec<GrantSnapshot>,
}

impl Snapshot {
    /// The grant of this number.
    pub fn grant(&self, id: GrantId) -> Option<&GrantSnapshot> {
        self.grants.iter().find(|grant| grant.id == id)
    }

    /// The grants of this label.
    pub fn labelled<'a>(&'a self, label: &'a str) -> impl Iterator<Item = &'a GrantSnapshot> {
        self.grants
            .iter()
            .filter(move |grant| grant.label.as_deref() == Some(label))
    }

    /// The graph as the source of a [Mermaid](https://mermaid.js.org) flowchart: a box for each grant, an arrow from the one it
    /// derives from.
    ///
    /// Labels are shown as text, whatever they say: a label cannot leave its box. The order is that of
    /// [`grants`](Self::grants); a box is named by its place there. See [`docs::graph`](crate::docs::graph) for an example.
    pub fn to_mermaid(&self) -> String {
        graph::mermaid(self)
    }

    /// The same for [Graphviz](https://graphviz.org), in the language DOT.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Membrane, Policy};
    /// let membrane = Membrane::new(Policy::deny_all()).labelled("say \"hi\"");
    /// let dot = membrane.snapshot().to_dot();
    /// assert_eq!(
    ///     dot,
    ///     "digraph membrane {\n    node [shape=box];\n    g0 [label=\"say \\\"hi\\\"\\nmembrane, live\"];\n}\n"
    /// );
    /// ```
    pub fn to_dot(&self) -> String {
        graph::dot(self)
    }
}

/// The number of a membrane or grant: no two in a process have the same, ever.
///
/// Numbers are given in the order in which membranes and grants are made, so they tell how many there have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GrantId(pub(crate) u64);

impl GrantId {
    /// As a number.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl std::fmt::Display for GrantId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One membrane or grant, as it was when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct GrantSnapshot {
    /// Its number.
    pub id: GrantId,
    /// What it derives from; `None` for the first, even if that derives from a membrane further up.
    pub parent: Option<GrantId>,
    /// How it was derived.
    pub kind: GrantKind,
    /// What its owner calls its holder.
    pub label: Option<String>,
    /// Whether it gives access.
    pub state: GrantState,
    /// The interfaces that its policy names or that proxies stand for, with the methods that may be called. Calls from the
    /// dry side come first, each in the order of the policy.
    pub interfaces: Vec<InterfaceSnapshot>,
    /// How many proxies are alive, with what waits of async calls: the sum of those of [`interfaces`](Self::interfaces).
    pub live_proxies: usize,
    /// What its conditions, and those of what it derives from, still allow.
    pub conditions: ConditionsSnapshot,
    /// How many calls of its proxies were refused so far.
    pub refused: Refusals,
    /// How many calls entered their target while they were [counted](crate::Membrane::count_calls); `None` if they are not
    /// counted now.
    pub calls: Option<u64>,
    /// How often it, and what it derives from, were suspended and resumed: which state of what may be done is in force.
    pub epoch: u64,
    /// The calls that are running.
    pub running: Vec<RunningSnapshot>,
}

/// How a grant was derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum GrantKind {
    /// It was not: [`Membrane::new`](crate::Membrane::new).
    Membrane,
    /// [`Membrane::grant`](crate::Membrane::grant): for a further holder of the same owner's objects.
    Grant,
    /// [`Membrane::attenuate`](crate::Membrane::attenuate): the holder of the parent's proxies lends on.
    Attenuate,
}

/// Whether a grant gives access.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum GrantState {
    /// It does.
    Live,
    /// It does not for now: it is suspended, or one that it derives from.
    Suspended {
        /// The suspender's reason.
        reason: Cow<'static, str>,
        /// When to try again, as the suspender said.
        retry_after: Option<Duration>,
    },
    /// It does not any more.
    Revoked {
        /// The revoker's reason.
        reason: Cow<'static, str>,
    },
}

/// What may be called on the references of one grant that cross as one interface.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct InterfaceSnapshot {
    /// The interface's name.
    pub interface: Cow<'static, str>,
    /// Which way calls go: inbound to objects of the wet side, outbound to objects of the dry side.
    pub calls: Direction,
    /// The methods that may be called. None if the policy does not name the interface.
    pub allowed: Vec<Cow<'static, str>>,
    /// How many proxies of it are alive. One that is being dropped may still count.
    pub live_proxies: usize,
}

/// What is left of a grant's conditions and those of what it derives from, of each the least. `None` where nothing is
/// limited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ConditionsSnapshot {
    /// How long until it expires; zero if it has.
    pub expires_in: Option<Duration>,
    /// How many calls are left.
    pub calls_left: Option<u64>,
    /// The rate, in words, of the nearest that has one.
    pub rate: Option<Cow<'static, str>>,
    /// How many more calls may run now.
    pub concurrency_left: Option<u32>,
    /// How many bytes may still go inward.
    pub bytes_in_left: Option<u64>,
    /// How many bytes may still go outward.
    pub bytes_out_left: Option<u64>,
    /// How many more proxies may live now.
    pub proxies_left: Option<u64>,
}

impl ConditionsSnapshot {
    /// In words, one for each condition.
    pub(super) fn in_words(&self) -> Vec<String> {
        let counted = [
            ("calls", self.calls_left),
            ("more at once", self.concurrency_left.map(u64::from)),
            ("bytes inward", self.bytes_in_left),
            ("bytes outward", self.bytes_out_left),
            ("more proxies", self.proxies_left),
        ];
        let mut words = Vec::new();
        words.extend(self.expires_in.map(|left| format!("expires in {left:?}")));
        words.extend(self.rate.as_ref().map(|rate| format!("rate {rate}")));
        words.extend(
            counted
                .into_iter()
                .filter_map(|(name, left)| Some(format!("{} {name} left", left?))),
        );
        words
    }
}

/// How many calls were refused, by why.
///
/// Each counts as what its caller was told, once. But where nothing is asked about calls, for want of conditions, rules, hooks
/// and suspensions, one whose argument or result may not cross, and that is cut at that moment, counts as both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Refusals {
    /// The method is not listed.
    pub not_allowed: u64,
    /// The grant was revoked before the call, or before its result was delivered.
    pub revoked: u64,
    /// The thread was inside too many calls, or an argument or a result was nested too deeply.
    pub too_deep: u64,
    /// An argument or a result may not cross, or a rule does not agree to the arguments.
    pub rejected: u64,
    /// A condition is not met, before the target was entered or by what it answered.
    pub condition: u64,
    /// The call panicked. One whose panic is passed on, as [`OnPanic::Propagate`](crate::OnPanic::Propagate) says, is not
    /// counted.
    pub panicked: u64,
}

impl Refusals {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.by_kind().iter().map(|(_, count)| count).sum()
    }

    /// Each with its name.
    pub(super) fn by_kind(&self) -> [(&'static str, u64); 6] {
        [
            ("not allowed", self.not_allowed),
            ("revoked", self.revoked),
            ("too deep", self.too_deep),
            ("rejected", self.rejected),
            ("by condition", self.condition),
            ("panicked", self.panicked),
        ]
    }
}

/// A call that is running.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct RunningSnapshot {
    /// The interface that its object crossed as.
    pub interface: Cow<'static, str>,
    /// The method; `None` while the membrane itself looks at the object, `(leased)` while somebody has a
    /// [`lease`](crate::lease()) of it.
    pub method: Option<Cow<'static, str>>,
    /// For how long, to the millisecond, if the grant had conditions or rules, was audited or counted, or was suspended, when
    /// the call began: other calls do not look at the time. Of an async call, for how long this poll has been running.
    pub running_for: Option<Duration>,
}
