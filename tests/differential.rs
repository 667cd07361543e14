//! Every short way does what the plain way does: random calls by each route, whose answers and effects must be the same.
//!
//! The plain route is a proxy of a membrane that nothing is attached to, called from outside every call. What is compared with it: a
//! thread's first call, a call inside a call, a guarded membrane (audited, counted, under conditions, under rules), the one
//! hop of a chain of grants, two hops, a lease, a closure, a proxy that goes inward, and dynamic calls by number and by name.

#![allow(
    clippy::many_single_char_names,
    reason = "arguments of a method that is about how many there are"
)]

#[path = "differential/program.rs"]
mod program;
#[path = "differential/routes.rs"]
mod routes;

use membrane::{Error, ErrorKind, Interface, Passable, Policy, PolicyBuilder, allow, interface};
use program::{Behaviour, Method, Program, Step};
use quickcheck::QuickCheck;
use routes::{ROUTES, Route};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tests::sized;

/// What an interface answers that has an error of its own.
#[derive(Debug, PartialEq, Passable, runtime::Dynamic)]
enum Complaint {
    Code(u64),
    Membrane(Error),
}

impl From<Error> for Complaint {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

/// Methods of every arity and shape that the call path treats by itself.
#[interface(dynamic)]
trait Desk: Send + Sync {
    fn none(&self) -> Result<u64, Error>;
    fn two(&self, a: u64, b: u64) -> Result<u64, Error>;
    fn four(&self, a: u64, b: bool, c: f64, d: u8) -> Result<u64, Error>;
    fn six(&self, a: u64, b: bool, c: f64, d: u8, e: i64, f: u64) -> Result<u64, Error>;
    fn text(&self, text: String) -> Result<String, Error>;
    fn lent(&self, text: &str) -> Result<Vec<u8>, Error>;
    fn wide(&self, a: u64) -> Result<(u64, String, Option<u64>), Error>;
    fn own(&self, a: u64) -> Result<u64, Complaint>;
    fn same(&self, other: Arc<dyn Desk>) -> Result<Arc<dyn Desk>, Error>;
    fn make(&self, a: u64) -> Result<Vec<Arc<dyn Desk>>, Error>;
    fn unlisted(&self, a: u64) -> Result<u64, Error>;
}

fn listed() -> PolicyBuilder {
    Policy::builder()
        .inbound(allow!(dyn Desk: none, two, four, six, text, lent, wide, own, same, make))
        .outbound(allow!(dyn Desk: none, two, four, six, text, lent, wide, own, same, make))
}

/// What the desk does next, and what was done to it.
#[derive(Default)]
struct Script {
    behaviour: Option<Behaviour>,
    log: Vec<String>,
    /// Revokes the route.
    revoke: Option<Arc<dyn Fn() + Send + Sync>>,
}

/// The desk at the end of every route.
#[derive(Clone, Default)]
struct Oak(Arc<Mutex<Script>>);

impl Oak {
    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the call, and does what the script says.
    fn enter(&self, call: String) -> Result<(), Error> {
        let (behaviour, revoke) = {
            let mut script = self.script();
            script.log.push(call);
            (script.behaviour, script.revoke.clone())
        };
        match behaviour {
            Some(Behaviour::Fail) => Err(ErrorKind::Failed.into()),
            Some(Behaviour::Panic) => resume_unwind(Box::new("what the target says")),
            Some(Behaviour::Revoke) => {
                revoke.expect("every route can be revoked")();
                Ok(())
            }
            Some(Behaviour::Answer) | None => Ok(()),
        }
    }
}

impl Desk for Oak {
    fn none(&self) -> Result<u64, Error> {
        self.enter("none".into()).map(|()| 7)
    }

    fn two(&self, a: u64, b: u64) -> Result<u64, Error> {
        self.enter(format!("two {a} {b}"))?;
        Ok(a.wrapping_add(b))
    }

    fn four(&self, a: u64, b: bool, c: f64, d: u8) -> Result<u64, Error> {
        self.enter(format!("four {a} {b} {c} {d}"))?;
        Ok(a ^ u64::from(d))
    }

    fn six(&self, a: u64, b: bool, c: f64, d: u8, e: i64, f: u64) -> Result<u64, Error> {
        self.enter(format!("six {a} {b} {c} {d} {e} {f}"))?;
        Ok(a ^ f)
    }

    fn text(&self, text: String) -> Result<String, Error> {
        self.enter(format!("text {text:?}"))?;
        Ok(text + "!")
    }

    fn lent(&self, text: &str) -> Result<Vec<u8>, Error> {
        self.enter(format!("lent {text:?}"))?;
        Ok(text.into())
    }

    fn wide(&self, a: u64) -> Result<(u64, String, Option<u64>), Error> {
        self.enter(format!("wide {a}"))?;
        Ok((a, a.to_string(), a.is_multiple_of(2).then_some(a)))
    }

    fn own(&self, a: u64) -> Result<u64, Complaint> {
        match self.enter(format!("own {a}")) {
            Ok(()) => Ok(a),
            Err(_) => Err(Complaint::Code(a)),
        }
    }

    fn same(&self, other: Arc<dyn Desk>) -> Result<Arc<dyn Desk>, Error> {
        // The desk itself is what its proxy becomes on the way in.
        let is_me = std::ptr::eq(Arc::as_ptr(&other).cast(), std::ptr::from_ref(self));
        self.enter(format!("same {is_me}"))?;
        Ok(other)
    }

    fn make(&self, a: u64) -> Result<Vec<Arc<dyn Desk>>, Error> {
        self.enter(format!("make {a}"))?;
        Ok((0..a % 3)
            .map(|_| Arc::new(self.clone()) as Arc<dyn Desk>)
            .collect())
    }

    fn unlisted(&self, a: u64) -> Result<u64, Error> {
        self.enter(format!("unlisted {a}")).map(|()| a)
    }
}

/// The answer to a step, told alike whatever the route.
fn told<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{:?} {:?}", error.kind(), error.reason()),
    }
}

fn told_own(result: &Result<u64, Complaint>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(Complaint::Code(code)) => format!("code {code}"),
        Err(Complaint::Membrane(error)) => told::<u64>(Err(*error)),
    }
}

/// The float and the small number of a step.
fn derived(step: &Step) -> (f64, u8, i64) {
    let [a, b] = step.numbers;
    #[expect(clippy::cast_precision_loss, reason = "any number does")]
    let float = a as f64 / 4.0;
    let small = b.to_le_bytes()[0];
    (float, small, b.cast_signed())
}

/// A step as a typed call on `desk`, which the caller holds as `own`.
fn typed(desk: &dyn Desk, own: &Arc<dyn Desk>, step: &Step) -> String {
    let [a, b] = step.numbers;
    let (c, d, e) = derived(step);
    match step.method {
        Method::None => told(desk.none()),
        Method::Two => told(desk.two(a, b)),
        Method::Four => told(desk.four(a, step.flag, c, d)),
        Method::Six => told(desk.six(a, step.flag, c, d, e, b)),
        Method::Text => told(desk.text(step.text.clone())),
        Method::Lent => told(desk.lent(&step.text)),
        Method::Wide => told(desk.wide(a)),
        Method::Own => told_own(&desk.own(a)),
        Method::Same => told(desk.same(own.clone()).map(|same| Arc::ptr_eq(&same, own))),
        Method::Make => told(desk.make(a).map(|made| {
            let proxies = made.iter().filter(|desk| desk.unlisted(0).is_err());
            (made.len(), proxies.count())
        })),
        Method::Unlisted => told(desk.unlisted(a)),
    }
}

/// What came of a program: an answer for each step, and what the desk has noted.
#[derive(Debug, PartialEq)]
struct Outcome {
    answers: Vec<String>,
    log: Vec<String>,
}

fn run(route: &Route, program: &Program) -> Outcome {
    let oak = Oak::default();
    let laid = (route.lay)(&oak);
    oak.script().revoke = Some(laid.revoke);
    let answers = program.0.iter().map(|step| {
        oak.script().behaviour = Some(step.behaviour);
        (laid.call)(step)
    });
    let answers = answers.collect();
    let log = {
        let mut script = oak.script();
        script.revoke = None;
        std::mem::take(&mut script.log)
    };
    Outcome { answers, log }
}

#[test]
fn every_route_does_what_the_plain_one_does() {
    thread_local! {
        /// How often each kind of answer was met: whether programs reach what they are about.
        static MET: RefCell<BTreeMap<String, usize>> = RefCell::default();
    }
    #[expect(clippy::needless_pass_by_value, reason = "what `quickcheck` calls")]
    fn alike(program: Program) -> bool {
        let (plain, others) = ROUTES.split_first().expect("there is a plain one");
        let expected = run(plain, &program);
        MET.with_borrow_mut(|met| {
            for answer in &expected.answers {
                let word = answer.split(' ').next().expect("never empty");
                let is_kind = word.starts_with(|c: char| c.is_ascii_uppercase());
                let kind = if is_kind { word } else { "an answer" };
                *met.entry(kind.into()).or_default() += 1;
            }
        });
        for route in others {
            let outcome = run(route, &program);
            assert_eq!(outcome, expected, "{}: {program:?}", route.name);
        }
        true
    }
    let programs = sized(1_500, 20);
    QuickCheck::new()
        .tests(programs as u64)
        .quickcheck(alike as fn(Program) -> bool);
    let met = MET.take();
    eprintln!("{programs} programs by {} routes: {met:?}", ROUTES.len());
    if programs < 1_000 {
        return;
    }
    for kind in ["an answer", "Refused", "Revoked", "Panicked", "Failed"] {
        assert!(
            met.get(kind).is_some_and(|count| *count > 5),
            "{kind} was not met: {met:?}"
        );
    }
}

#[test]
fn methods_of_programs_are_those_of_the_interface() {
    assert_eq!(<dyn Desk as Interface>::METHODS.len(), 11);
}
