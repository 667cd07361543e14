//! The real grants beside the model's.

use super::model::{self, Answer, Model};
use super::program::{Op, Terms, UNIT};
use membrane::{
    Conditions, Error, ErrorKind, ManualClock, Membrane, Policy, PolicyProblem, allow, interface,
};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

#[interface]
trait Job {
    fn run(&self, argument: &[u8]) -> Result<Vec<u8>, Error>;
}

type Script = Box<dyn FnOnce() -> Vec<u8>>;

thread_local! {
    /// What the next call to be entered does.
    static NEXT: RefCell<Option<Script>> = const { RefCell::new(None) };
}

struct Worker;

impl Job for Worker {
    fn run(&self, _: &[u8]) -> Result<Vec<u8>, Error> {
        let script = NEXT
            .take()
            .expect("the model says that this call is entered");
        Ok(script())
    }
}

/// The real ones, at the places of the model's.
pub(crate) struct World {
    clock: Arc<ManualClock>,
    membranes: RefCell<Vec<Membrane>>,
    lent: RefCell<Vec<Vec<Arc<dyn Job>>>>,
    model: RefCell<Model>,
    pub(crate) tally: RefCell<Tally>,
}

/// How often a program came to each answer: a test that never gets anywhere shows nothing.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) calls: usize,
    pub(crate) nested: usize,
    pub(crate) refused: [usize; 12],
    pub(crate) derived: usize,
    pub(crate) not_derived: usize,
}

fn policy() -> Policy {
    let all = Policy::builder().inbound(allow!(dyn Job: run));
    all.build().expect("one list")
}

fn conditions(
    terms: &Terms,
    clock: &Arc<ManualClock>,
) -> Result<Conditions, membrane::PolicyError> {
    let mut builder = Conditions::builder().clock(clock.clone());
    if let Some(units) = terms.expiry {
        builder = builder.expires_after(u32::from(units) * UNIT);
    }
    if let Some(calls) = terms.calls {
        builder = builder.calls(calls.into());
    }
    if let Some((calls, per, burst)) = terms.rate {
        builder = builder.rate_with_burst(calls.into(), u32::from(per) * UNIT, burst.into());
    }
    if let Some(calls) = terms.concurrency {
        builder = builder.concurrency(calls.into());
    }
    if let Some(bytes) = terms.bytes_in {
        builder = builder.bytes_in(bytes.into());
    }
    if let Some(bytes) = terms.bytes_out {
        builder = builder.bytes_out(bytes.into());
    }
    if let Some(proxies) = terms.proxies {
        builder = builder.proxies(proxies.into());
    }
    builder.build()
}

/// A refusal, as the model names it.
fn answer<R>(result: &Result<R, Error>) -> Answer {
    match result {
        Ok(_) => Answer::Done,
        Err(error) if error.kind() == ErrorKind::Revoked => Answer::Revoked,
        Err(error) => Answer::Unmet(
            error.condition().expect("a condition stands in the way"),
            error.retry_after(),
        ),
    }
}

/// What a derivation was refused for, as the model names it.
fn wider(problem: &PolicyProblem) -> model::Wider {
    match problem {
        PolicyProblem::WiderExpiry { .. } => model::Wider::Expiry,
        PolicyProblem::WiderRate { .. } => model::Wider::Rate,
        PolicyProblem::WiderBudget {
            condition, left, ..
        } => model::Wider::Budget(*condition, *left),
        PolicyProblem::Revoked => model::Wider::Revoked,
        other => panic!("not foreseen: {other}"),
    }
}

impl World {
    /// A membrane without conditions.
    pub(crate) fn new() -> Rc<Self> {
        let world = Self {
            clock: ManualClock::new(),
            membranes: RefCell::new(vec![Membrane::new(policy())]),
            lent: RefCell::new(vec![Vec::new()]),
            model: RefCell::new(Model::new()),
            tally: RefCell::default(),
        };
        Rc::new(world)
    }

    fn membrane(&self, node: usize) -> Membrane {
        self.membranes.borrow()[node].clone()
    }

    /// Performs `ops`, inside of so many calls.
    ///
    /// # Panics
    ///
    /// If the membrane and the model disagree.
    pub(crate) fn run(self: &Rc<Self>, ops: &[Op], depth: u32) {
        for op in ops {
            self.step(op, depth);
            if depth == 0 {
                self.compare();
            }
        }
    }

    fn step(self: &Rc<Self>, op: &Op, depth: u32) {
        let nodes = self.membranes.borrow().len();
        match op {
            Op::Grant {
                parent,
                narrow,
                terms,
            } => self.grant(usize::from(*parent) % nodes, *narrow, terms),
            Op::Lend { node } => self.lend(usize::from(*node) % nodes),
            Op::Return { node } => {
                // Not inside of a call, which holds its proxy itself.
                if depth == 0 {
                    let node = usize::from(*node) % nodes;
                    let proxy = self.lent.borrow_mut()[node].pop();
                    if proxy.is_some() {
                        self.model.borrow_mut().drop_proxy(node);
                    }
                }
            }
            Op::Call {
                node,
                argument,
                result,
                inside,
            } => {
                let node = usize::from(*node) % nodes;
                self.call(node, *argument, *result, inside, depth);
            }
            Op::Advance { units } => {
                let time = u32::from(*units) * UNIT / 4;
                self.clock.advance(time);
                self.model.borrow_mut().advance(time);
            }
            Op::Suspend { node, retry } => {
                let node = usize::from(*node) % nodes;
                let retry = retry.map(|units| u32::from(units) * UNIT);
                self.membrane(node).suspend("by the program", retry);
                self.model.borrow_mut().suspend(node, retry);
            }
            Op::Resume { node } => {
                let node = usize::from(*node) % nodes;
                self.membrane(node).resume();
                self.model.borrow_mut().resume(node);
            }
            Op::Revoke { node } => {
                // The root lives on, or the rest of the program would be nothing.
                let node = usize::from(*node) % nodes;
                if node > 0 {
                    self.membrane(node).revoke("by the program");
                    self.model.borrow_mut().revoke(node);
                }
            }
        }
    }

    fn grant(&self, parent: usize, narrow: bool, terms: &Terms) {
        let Ok(conditions) = conditions(terms, &self.clock) else {
            assert!(terms.are_unsound(), "refused: {terms:?}");
            return;
        };
        assert!(!terms.are_unsound(), "accepted: {terms:?}");
        let membrane = self.membrane(parent);
        let granted = if narrow {
            membrane.attenuate_with(&policy(), &conditions)
        } else {
            membrane.grant_with(&policy(), &conditions)
        };
        let expected = self.model.borrow_mut().grant(parent, terms);
        match granted {
            Ok(grant) => {
                assert_eq!(expected, [], "granted too much: {terms:?}");
                self.membranes.borrow_mut().push(grant);
                self.lent.borrow_mut().push(Vec::new());
                self.tally.borrow_mut().derived += 1;
            }
            Err(error) => {
                let problems: Vec<_> = error.problems().iter().map(wider).collect();
                assert_eq!(problems, expected, "{terms:?}");
                self.tally.borrow_mut().not_derived += 1;
            }
        }
    }

    fn lend(&self, node: usize) {
        let object: Arc<dyn Job> = Arc::new(Worker);
        let lent = self.membrane(node).wrap(object);
        let expected = self.model.borrow_mut().lend(node);
        match lent {
            Ok(proxy) => {
                assert_eq!(expected, Answer::Done);
                self.lent.borrow_mut()[node].push(proxy);
            }
            Err(error) => assert_eq!(answer::<()>(&Err(error)), expected),
        }
    }

    fn call(self: &Rc<Self>, node: usize, argument: u8, result: u8, inside: &[Op], depth: u32) {
        let Some(proxy) = self.lent.borrow()[node].last().cloned() else {
            return;
        };
        let entered = self.model.borrow_mut().enter(node, argument.into());
        let expected = Rc::new(RefCell::new(entered));
        if entered == Answer::Done {
            let (world, expected, inside) = (self.clone(), expected.clone(), inside.to_vec());
            let script: Script = Box::new(move || {
                world.run(&inside, depth + 1);
                *expected.borrow_mut() = world.model.borrow_mut().deliver(node, result.into());
                vec![7; result.into()]
            });
            NEXT.set(Some(script));
        }
        let told = answer(&proxy.run(&vec![7; argument.into()]));
        assert!(
            NEXT.take().is_none(),
            "a call that must be entered was not: {told:?}"
        );
        if entered == Answer::Done {
            self.model.borrow_mut().leave(node);
        }
        let expected = *expected.borrow();
        assert_eq!(told, expected, "of a call of {node}");
        let mut tally = self.tally.borrow_mut();
        tally.calls += 1;
        tally.nested += usize::from(depth > 0);
        tally.refused[told.index()] += 1;
    }

    /// What is left of everything.
    fn compare(&self) {
        let model = self.model.borrow();
        for (node, membrane) in self.membranes.borrow().iter().enumerate() {
            let (real, expected) = (membrane.conditions(), model.standing(node));
            assert_eq!(real.calls_left, expected.calls, "calls of {node}");
            assert_eq!(real.concurrency_left, expected.places, "places of {node}");
            assert_eq!(real.bytes_in_left, expected.bytes_in, "bytes in of {node}");
            assert_eq!(
                real.bytes_out_left, expected.bytes_out,
                "bytes out of {node}"
            );
            assert_eq!(real.proxies_left, expected.proxies, "proxies of {node}");
            assert_eq!(real.expires_in, expected.time, "time of {node}");
            assert_eq!(real.suspended.is_some(), expected.suspended, "{node}");
            assert_eq!(membrane.is_revoked(), expected.revoked, "{node}");
        }
    }
}
