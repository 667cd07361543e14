//! The model: a list of nodes, each with numbers, walked up at every question. No locks, no sharing, no cleverness.

use super::program::{Terms, UNIT};
use membrane::Condition;
use std::time::Duration;

/// What a call, or a lending, is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Done,
    Revoked,
    Unmet(Condition, Option<Duration>),
}

impl Answer {
    pub(crate) fn index(self) -> usize {
        match self {
            Self::Done => 0,
            Self::Revoked => 1,
            Self::Unmet(condition, _) => match condition {
                Condition::Suspended => 2,
                Condition::Expired => 3,
                Condition::Calls => 4,
                Condition::Rate => 5,
                Condition::Concurrency => 6,
                Condition::BytesIn => 7,
                Condition::BytesOut => 8,
                Condition::Proxies => 9,
                _ => 10,
            },
        }
    }
}

/// In what a derivation asked for too much, and what there was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wider {
    Expiry,
    Rate,
    Budget(Condition, u64),
    Revoked,
}

/// What is left.
#[derive(Debug, Default)]
pub(crate) struct Left {
    pub(crate) calls: Option<u64>,
    pub(crate) places: Option<u32>,
    pub(crate) bytes_in: Option<u64>,
    pub(crate) bytes_out: Option<u64>,
    pub(crate) proxies: Option<u64>,
    pub(crate) time: Option<Duration>,
    pub(crate) suspended: bool,
    pub(crate) revoked: bool,
}

/// A bucket that leaks a nanosecond in each, into which a call pours its interval.
#[derive(Clone, Copy)]
struct Bucket {
    interval: u128,
    size: u128,
    level: u128,
    /// When the level was true.
    at: u128,
}

impl Bucket {
    fn level(&self, now: u128) -> u128 {
        self.level.saturating_sub(now - self.at)
    }

    /// How long until a call fits in.
    fn wait(&self, now: u128) -> u128 {
        (self.level(now) + self.interval).saturating_sub(self.size)
    }

    fn pour(&mut self, now: u128) {
        self.level = self.level(now) + self.interval;
        self.at = now;
    }
}

/// When to try again, if that is known.
#[derive(Clone, Copy)]
struct Retry(Option<Duration>);

struct Node {
    parent: Option<usize>,
    revoked: bool,
    suspended: Option<Retry>,
    /// Proxies of this node itself.
    proxies: u64,
    deadline: Option<u128>,
    calls: Option<u64>,
    bucket: Option<Bucket>,
    most_running: Option<u32>,
    running: u32,
    bytes_in: Option<u64>,
    bytes_out: Option<u64>,
    most_proxies: Option<u64>,
}

pub(crate) struct Model {
    now: u128,
    nodes: Vec<Node>,
}

/// To whole milliseconds, at least one.
fn told(time: Duration) -> Duration {
    let up = time.as_nanos().div_ceil(1_000_000).max(1);
    Duration::from_millis(u64::try_from(up).unwrap())
}

impl Model {
    pub(crate) fn new() -> Self {
        let root = Self::node(None, &Terms::default(), 0);
        Self {
            now: 0,
            nodes: vec![root],
        }
    }

    fn node(parent: Option<usize>, terms: &Terms, now: u128) -> Node {
        let nanoseconds = |units: u8| u128::from(units) * UNIT.as_nanos();
        Node {
            parent,
            revoked: false,
            suspended: None,
            proxies: 0,
            deadline: terms.expiry.map(|units| now + nanoseconds(units)),
            calls: terms.calls.map(u64::from),
            bucket: terms.rate.map(|(calls, per, burst)| {
                let interval = nanoseconds(per).div_ceil(calls.into());
                Bucket {
                    interval,
                    size: interval * u128::from(burst),
                    level: 0,
                    at: now,
                }
            }),
            most_running: terms.concurrency.map(u32::from),
            running: 0,
            bytes_in: terms.bytes_in.map(u64::from),
            bytes_out: terms.bytes_out.map(u64::from),
            most_proxies: terms.proxies.map(u64::from),
        }
    }

    /// A node and those above it.
    fn line(&self, node: usize) -> Vec<usize> {
        let up = |at: &usize| self.nodes[*at].parent;
        std::iter::successors(Some(node), up).collect()
    }

    fn is_revoked(&self, node: usize) -> bool {
        self.line(node).iter().any(|at| self.nodes[*at].revoked)
    }

    /// The live proxies of a node and of all below it.
    fn live(&self, node: usize) -> u64 {
        let below = (0..self.nodes.len())
            .filter(|at| self.line(*at).contains(&node) && !self.is_revoked(*at));
        below.map(|at| self.nodes[at].proxies).sum()
    }

    /// The least of the line.
    fn least<N: Ord>(&self, node: usize, of: impl Fn(usize) -> Option<N>) -> Option<N> {
        self.line(node).into_iter().filter_map(of).min()
    }

    pub(crate) fn advance(&mut self, time: Duration) {
        self.now += time.as_nanos();
    }

    pub(crate) fn suspend(&mut self, node: usize, retry: Option<Duration>) {
        if !self.is_revoked(node) {
            self.nodes[node].suspended = Some(Retry(retry.map(told)));
        }
    }

    pub(crate) fn resume(&mut self, node: usize) {
        self.nodes[node].suspended = None;
    }

    pub(crate) fn revoke(&mut self, node: usize) {
        self.nodes[node].revoked = true;
    }

    pub(crate) fn lend(&mut self, node: usize) -> Answer {
        if self.is_revoked(node) {
            return Answer::Revoked;
        }
        let full = |at: usize| self.nodes[at].most_proxies == Some(self.live(at));
        if self.line(node).into_iter().any(full) {
            return Answer::Unmet(Condition::Proxies, None);
        }
        self.nodes[node].proxies += 1;
        Answer::Done
    }

    pub(crate) fn drop_proxy(&mut self, node: usize) {
        self.nodes[node].proxies -= 1;
    }

    pub(crate) fn grant(&mut self, parent: usize, terms: &Terms) -> Vec<Wider> {
        let node = Self::node(Some(parent), terms, self.now);
        let mut problems = Vec::new();
        if let (Some(asked), Some(has)) = (
            node.deadline,
            self.least(parent, |at| self.nodes[at].deadline),
        ) && asked > has.max(self.now)
        {
            problems.push(Wider::Expiry);
        }
        if let Some(asked) = node.bucket {
            let burst = |bucket: Bucket| bucket.size / bucket.interval;
            let wider = |has: Bucket| asked.interval < has.interval || burst(asked) > burst(has);
            let line = self.line(parent);
            if line
                .iter()
                .any(|at| self.nodes[*at].bucket.is_some_and(wider))
            {
                problems.push(Wider::Rate);
            }
        }
        let budgets = [
            (
                Condition::Calls,
                node.calls,
                self.least(parent, |at| self.nodes[at].calls),
            ),
            (
                Condition::Concurrency,
                node.most_running.map(u64::from),
                self.least(parent, |at| self.nodes[at].most_running)
                    .map(u64::from),
            ),
            (
                Condition::BytesIn,
                node.bytes_in,
                self.least(parent, |at| self.nodes[at].bytes_in),
            ),
            (
                Condition::BytesOut,
                node.bytes_out,
                self.least(parent, |at| self.nodes[at].bytes_out),
            ),
            (
                Condition::Proxies,
                node.most_proxies,
                self.least(parent, |at| self.nodes[at].most_proxies),
            ),
        ];
        for (condition, asked, has) in budgets {
            if let (Some(asked), Some(has)) = (asked, has)
                && asked > has
            {
                problems.push(Wider::Budget(condition, has));
            }
        }
        if problems.is_empty() && self.is_revoked(parent) {
            problems.push(Wider::Revoked);
        }
        if problems.is_empty() {
            self.nodes.push(node);
        }
        problems
    }

    fn is_expired(&self, node: usize) -> bool {
        self.line(node)
            .into_iter()
            .filter_map(|at| self.nodes[at].deadline)
            .any(|deadline| self.now >= deadline)
    }

    /// A call up to its target: what it is refused for, or everything charged and a place taken.
    pub(crate) fn enter(&mut self, node: usize, argument: u64) -> Answer {
        if self.is_revoked(node) {
            return Answer::Revoked;
        }
        let line = self.line(node);
        if let Some(Retry(retry)) = line.iter().find_map(|at| self.nodes[*at].suspended) {
            return Answer::Unmet(Condition::Suspended, retry);
        }
        if self.is_expired(node) {
            return Answer::Unmet(Condition::Expired, None);
        }
        for at in &line {
            let at = &self.nodes[*at];
            if at.calls == Some(0) {
                return Answer::Unmet(Condition::Calls, None);
            }
            let wait = at.bucket.map_or(0, |bucket| bucket.wait(self.now));
            if wait > 0 {
                let wait = Duration::from_nanos(u64::try_from(wait).unwrap());
                return Answer::Unmet(Condition::Rate, Some(told(wait)));
            }
            if at.most_running == Some(at.running) {
                return Answer::Unmet(Condition::Concurrency, None);
            }
        }
        for at in &line {
            if self.nodes[*at].bytes_in.is_some_and(|left| argument > left) {
                return Answer::Unmet(Condition::BytesIn, None);
            }
        }
        for at in line {
            let at = &mut self.nodes[at];
            at.running += 1;
            at.calls = at.calls.map(|left| left - 1);
            at.bytes_in = at.bytes_in.map(|left| left - argument);
            if let Some(bucket) = &mut at.bucket {
                bucket.pour(self.now);
            }
        }
        Answer::Done
    }

    /// The target has returned.
    pub(crate) fn deliver(&mut self, node: usize, result: u64) -> Answer {
        let line = self.line(node);
        let short = |at: &usize| self.nodes[*at].bytes_out.is_some_and(|left| result > left);
        let answer = if self.is_expired(node) {
            Answer::Unmet(Condition::Expired, None)
        } else if line.iter().any(short) {
            Answer::Unmet(Condition::BytesOut, None)
        } else {
            for at in line {
                let left = &mut self.nodes[at].bytes_out;
                *left = left.map(|left| left - result);
            }
            Answer::Done
        };
        if self.is_revoked(node) {
            Answer::Revoked
        } else {
            answer
        }
    }

    /// The call is over.
    pub(crate) fn leave(&mut self, node: usize) {
        for at in self.line(node) {
            self.nodes[at].running -= 1;
        }
    }

    pub(crate) fn standing(&self, node: usize) -> Left {
        let nodes = &self.nodes;
        Left {
            calls: self.least(node, |at| nodes[at].calls),
            places: self.least(node, |at| Some(nodes[at].most_running? - nodes[at].running)),
            bytes_in: self.least(node, |at| nodes[at].bytes_in),
            bytes_out: self.least(node, |at| nodes[at].bytes_out),
            proxies: self.least(node, |at| Some(nodes[at].most_proxies? - self.live(at))),
            time: self.least(node, |at| nodes[at].deadline).map(|deadline| {
                let left = deadline.saturating_sub(self.now);
                Duration::from_nanos(u64::try_from(left).unwrap())
            }),
            suspended: !self.is_revoked(node)
                && self
                    .line(node)
                    .iter()
                    .any(|at| nodes[*at].suspended.is_some()),
            revoked: self.is_revoked(node),
        }
    }
}
