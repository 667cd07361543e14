//! Known ways out of a membrane, staged by guests that no compiler made: named after their classes in the catalogue of
//! `tests/escapes`, whose attacks are the same, through other doors.
//!
//! In the ordinary build nothing gets out. Built with `--cfg membrane_faults`, the same tests are the positive controls: with a
//! fault switched on, each attack must succeed; see [`lab`](super::lab).

use super::engine;
use super::forger::{Forged, Parts, reachable};
use super::lab::{breaks, contained};
use membrane::{Check, Conditions, Error, Membrane, Policy, PolicyBuilder, allow, rule};
use probe::{Fault, Items, Service, Visitor};
use runtime::{DynamicInterface, Limits, MessageLimits};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// What the guest answers with if the host answered its last call; below it, the number of the failure.
const ANSWERED: u64 = 100;
const REFUSED: u64 = 0;
const REVOKED: u64 = 1;

/// What nobody but the host may learn.
const SECRET: u64 = 0x5EC_4E7;

type Next = Box<dyn Fn(u64) -> Result<u64, Error> + Send + Sync>;

/// The host's service.
#[derive(Default)]
struct Oak {
    log: Mutex<Vec<&'static str>>,
    next: Option<Next>,
    /// What `echo` gives instead of what it gets.
    instead: Option<Arc<dyn Visitor>>,
    kept: Mutex<Vec<Arc<dyn Visitor>>>,
    child: Mutex<Option<Arc<Self>>>,
}

impl Oak {
    fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Its `next` does this.
    fn doing(next: impl Fn(u64) -> Result<u64, Error> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self {
            next: Some(Box::new(next)),
            ..Self::default()
        })
    }

    fn enter(&self, method: &'static str) {
        self.log.lock().expect("no panic").push(method);
    }

    /// How often `method` was entered.
    fn entered(&self, method: &str) -> usize {
        let log = self.log.lock().expect("no panic");
        log.iter().filter(|entered| **entered == method).count()
    }
}

impl Service for Oak {
    fn next(&self, to: u64) -> Result<u64, Error> {
        self.enter("next");
        self.next.as_ref().map_or(Ok(to), |next| next(to))
    }

    fn fail(&self, missing: u64) -> Result<(), Fault> {
        self.enter("fail");
        Err(Fault::Poor { missing })
    }

    fn secret(&self) -> Result<String, Error> {
        self.enter("secret");
        Ok(SECRET.to_string())
    }

    fn child(&self) -> Result<Arc<dyn Service>, Error> {
        self.enter("child");
        let child = Self::new();
        *self.child.lock().expect("no panic") = Some(child.clone());
        Ok(child)
    }

    fn echo(&self, visitor: Arc<dyn Visitor>) -> Result<Arc<dyn Visitor>, Error> {
        self.enter("echo");
        Ok(self.instead.clone().unwrap_or(visitor))
    }

    fn visit(&self, visitor: Arc<dyn Visitor>, times: u64) -> Result<u64, Error> {
        self.enter("visit");
        visitor.visited(times)
    }

    fn keep(&self, visitor: Arc<dyn Visitor>) -> Result<(), Error> {
        self.enter("keep");
        self.kept.lock().expect("no panic").push(visitor);
        Ok(())
    }

    fn wait(&self) -> Result<(), Error> {
        self.enter("wait");
        Ok(())
    }

    fn bytes(&self, count: u64) -> Result<Vec<u8>, Error> {
        self.enter("bytes");
        Ok(vec![7; usize::try_from(count).expect("a test's number")])
    }

    fn items(&self, count: u64) -> Result<Items, Error> {
        self.enter("items");
        Ok(Box::new((0..count).map(Ok)))
    }
}

/// A visitor of the host's, or of another guest's.
#[derive(Default)]
struct Elm(AtomicUsize);

impl Visitor for Elm {
    fn visited(&self, _: u64) -> Result<u64, Error> {
        self.0.fetch_add(1, SeqCst);
        Ok(SECRET)
    }
}

fn number(method: &str) -> u32 {
    let interface = <dyn Service>::interface();
    interface.number(method).expect("it has it")
}

/// The code of a call of `method` of `object` with the first `arity` of so many nodes at `nodes`.
fn call(object: &str, method: u32, arity: u32, nodes: u32, count: u32) -> String {
    format!(
        "(call $call {object} (i32.const {method}) (i32.const {arity}) (i32.const {nodes}) (i32.const {count})
           (i32.const 0) (i32.const 0) (i32.const 2048))"
    )
}

/// The same without arguments.
fn plain(object: &str, method: u32) -> String {
    call(object, method, 0, 0, 0)
}

/// The code of a node at `at`: an object of the guest's own, a visitor.
fn own(at: u32, id: u32) -> String {
    format!(
        "(i32.store8 (i32.const {at}) (i32.const 10)) (i64.store (i32.const {}) (i64.const {id}))
         (i64.store (i32.const {}) (i64.const VISITOR))",
        at + 8,
        at + 16
    )
}

/// The code of an answer: what `value` computes.
fn answers(value: &str) -> String {
    format!("(call $number {value})")
}

/// The code of an answer: a list of one object of its own.
fn gives_visitor(id: u32) -> String {
    [
        "(i32.store8 (i32.const 1024) (i32.const 7)) (i32.store (i32.const 1032) (i32.const 1016))",
        "(i32.store (i32.const 1036) (i32.const 1)) (i32.store (i32.const 1016) (i32.const 1))",
        &own(1056, id),
        "(call $answer (i32.const 1024) (i32.const 2) (i32.const 0) (i32.const 0))",
    ]
    .concat()
}

/// What the host lends.
const VICTIM: &str = "(local.get $h)";
/// A handle that the last answer brought.
const BROUGHT: &str = "(i32.load (i32.load (i32.const 2060)))";

fn start(code: &str, policy: PolicyBuilder, limits: Limits) -> Forged {
    let policy = policy.build().expect("one list for each");
    let parts = Parts::attack(code);
    parts
        .start_under(engine(), policy, limits)
        .expect("it starts")
}

/// A guest of which `code` is what it does, and which may call `next` and `echo`.
fn forged(code: &str) -> Forged {
    let policy = reachable().inbound(allow!(dyn Service: next, echo));
    start(code, policy, Limits::default())
}

/// A1: a result that is an object is lent under its interface's list, as its maker is.
#[test]
fn a1_object_in_a_result() {
    contained(
        breaks![membrane::BareReferences, membrane::BareResults],
        |lab| {
            let policy = reachable().inbound(allow!(dyn Service: child));
            let code = [
                plain(VICTIM, number("child")),
                plain(BROUGHT, number("secret")),
                "(call $told)".into(),
            ];
            let forged = start(&code.concat(), policy, Limits::default());
            let oak = Oak::new();
            let told = forged.forger.strike(oak.clone(), oak.clone());
            let child = oak.child.lock().expect("no panic").take().expect("made");
            lab.reached();
            lab.escaped_if(child.entered("secret") > 0, "the child's secret");
            lab.escaped_if(told != Ok(REFUSED), format!("{told:?}"));
        },
    );
}

/// A12: an argument of the host's, in a call of the guest's object.
#[test]
fn a12_object_in_an_argument() {
    contained(breaks![membrane::BareReferences], |lab| {
        let forged = forged(&[&plain(VICTIM, number("secret")), "(call $told)"].concat());
        let oak = Oak::new();
        lab.reached();
        let told = forged.forger.strike(oak.clone(), oak.clone());
        lab.escaped_if(oak.entered("secret") > 0, "the secret");
        lab.escaped_if(told != Ok(REFUSED), format!("{told:?}"));
    });
}

/// B7: an object of one guest's that the host hands to another is under the lists of both.
#[test]
fn b7_object_of_another_guest_by_way_of_the_host() {
    contained(breaks![membrane::AllowAll, membrane::EitherList], |lab| {
        let lender = forged(&gives_visitor(2));
        let lent = lender.forger.give().expect("it gives").remove(0);
        let oak = Arc::new(Oak {
            instead: Some(lent),
            ..Oak::default()
        });
        let code = [
            own(6400, 2),
            call(VICTIM, number("echo"), 1, 6400, 1),
            call(BROUGHT, 0, 1, 1024, 1),
            "(call $told)".into(),
        ];
        let thief = forged(&code.concat());
        let told = thief.forger.strike(oak.clone(), oak.clone());
        assert_eq!(oak.entered("echo"), 1);
        lab.reached();
        lab.escaped_if(told != Ok(REFUSED), format!("{told:?}"));
        assert_eq!(lender.guest.report().ended, None);
    });
}

/// B18: one object has one number, and a guest that compares learns nothing but that.
#[test]
fn b18_two_numbers_of_one_object() {
    contained(breaks![membrane::NoIdentity], |lab| {
        // The ids of the two lent objects.
        let same = "(i64.eq (i64.load offset=16 (local.get $nodes)) (i64.load offset=48 (local.get $nodes)))";
        let forged = forged(&answers(same));
        let (oak, other) = (Oak::new(), Oak::new());
        lab.reached();
        let told = forged.forger.strike(oak.clone(), oak.clone());
        lab.escaped_if(told != Ok(1), "the same object has two numbers");
        let told = forged.forger.strike(oak, other);
        lab.escaped_if(told != Ok(0), "two objects have one number");
    });
}

/// C1: a name that is nearly one that may be called.
#[test]
fn c1_name_that_is_nearly_a_listed_one() {
    contained(breaks![runtime::LooseNames], |lab| {
        let names = [
            "NEXT ",
            "Next",
            "Service.next",
            "next.",
            "next\\00",
            "a next",
            "nex\\74\\00",
            "",
        ];
        for name in names {
            let length = name.len() - 2 * name.matches('\\').count();
            let rest = format!(
                "(data (i32.const 5000) \"{}\")",
                name.replace("NEXT", "nExT")
            );
            let code = [
                format!(
                    "(call $method {VICTIM} (i32.const 5000) (i32.const {length}) (i32.const 2048))"
                ),
                answers("(i32.load8_u (i32.const 2048))"),
            ]
            .concat();
            let parts = Parts {
                rest: &rest,
                ..Parts::attack(&code)
            };
            let forged = parts.start(Limits::default()).expect("it starts");
            let oak = Oak::new();
            lab.reached();
            let told = forged.forger.strike(oak.clone(), oak);
            lab.escaped_if(told != Ok(0), format!("{name:?} is found: {told:?}"));
        }
    });
}

/// C3: an object of the guest's own, of one number, is of one interface when it is kept and of another when it is used.
#[test]
fn c3_own_object_under_two_interfaces() {
    contained(breaks![runtime::AnyInterface], |lab| {
        let policy = reachable().inbound(allow!(dyn Service: keep, echo));
        let code = [
            own(6400, 2),
            call(VICTIM, number("keep"), 1, 6400, 1),
            "(i64.store (i32.const 6416) (i64.const SERVICE))".into(),
            call(VICTIM, number("echo"), 1, 6400, 1),
            "(call $told)".into(),
        ];
        let forged = start(&code.concat(), policy, Limits::default());
        let oak = Oak::new();
        let told = forged.forger.strike(oak.clone(), oak.clone());
        assert_eq!(oak.entered("keep"), 1);
        lab.reached();
        lab.escaped_if(oak.entered("echo") > 0, "a service is taken for a visitor");
        lab.escaped_if(told == Ok(ANSWERED), format!("{told:?}"));
    });
}

/// C6: "arity": arguments beyond those that the method takes.
#[test]
fn c6_arguments_beyond_the_last() {
    const ARGUMENTS: u64 = 8;
    contained(breaks![runtime::MoreArguments], |lab| {
        let more = "(i32.store8 (i32.const 1056) (i32.const 2))";
        let code = [
            more,
            &call(VICTIM, number("next"), 2, 1024, 2),
            "(call $told)",
        ]
        .concat();
        let oak = Oak::new();
        lab.reached();
        let told = forged(&code).forger.strike(oak.clone(), oak.clone());
        lab.escaped_if(oak.entered("next") > 0, "it was entered");
        lab.escaped_if(told != Ok(ARGUMENTS), format!("{told:?}"));
    });
}

/// C6: what a rule forbids, by a number that a plain call carries.
#[test]
fn c6_argument_that_a_rule_forbids() {
    const REJECTED: u64 = 4;
    contained(breaks![membrane::UncheckedRules], |lab| {
        let policy = reachable()
            .inbound(allow!(dyn Service: next))
            .inbound_rule(rule!(dyn Service: next, to: Check::range(..=6)));
        let code = [&call(VICTIM, number("next"), 1, 1024, 1), "(call $told)"].concat();
        let forged = start(&code, policy, Limits::default());
        let oak = Oak::new();
        lab.reached();
        let told = forged.forger.strike(oak.clone(), oak.clone());
        lab.escaped_if(oak.entered("next") > 0, "it was entered");
        lab.escaped_if(told != Ok(REJECTED), format!("{told:?}"));
    });
}

/// C10: the number of a method, looked up while it could be called, and a handle that was kept, used later.
#[test]
fn c10_number_and_handle_kept_beyond_the_revocation() {
    contained(breaks![gate::NoCut], |lab| {
        let code = [
            "(if (i32.eqz (global.get $kept)) (then (global.set $kept (call $share (local.get $h)))))",
            &call("(global.get $kept)", number("next"), 1, 1024, 1),
            "(call $told)",
        ]
        .concat();
        let forged = forged(&code);
        let oak = Oak::new();
        let policy = Policy::builder().inbound(allow!(dyn Service: next)).build();
        let grant = Membrane::new(policy.expect("one list"));
        let lent = grant.wrap::<dyn Service>(oak.clone()).expect("live");
        let told = forged.forger.strike(lent.clone(), lent);
        assert_eq!((told, oak.entered("next")), (Ok(ANSWERED), 1));
        grant.revoke("over");
        lab.reached();
        let told = forged.forger.strike(Oak::new(), Oak::new());
        lab.escaped_if(oak.entered("next") > 1, "it was entered again");
        lab.escaped_if(told != Ok(REVOKED), format!("{told:?}"));
    });
}

/// C11: each number of a method, whatever the guest has been told of it.
#[test]
fn c11_each_number_of_a_method() {
    contained(breaks![membrane::AllowAll], |lab| {
        let methods = <dyn Service>::interface().methods().len();
        let last = u32::try_from(methods).expect("few");
        for unlisted in (0..last + 3).filter(|n| ![number("next"), number("echo")].contains(n)) {
            let code = [&plain(VICTIM, unlisted), "(call $told)"].concat();
            let oak = Oak::new();
            lab.reached();
            let told = forged(&code).forger.strike(oak.clone(), oak.clone());
            let log = oak.log.lock().expect("no panic").concat();
            lab.escaped_if(!log.is_empty(), log);
            lab.escaped_if(told != Ok(REFUSED), format!("{unlisted}: {told:?}"));
        }
    });
}

/// D12: a description tells of no method that may not be called.
#[test]
fn d12_methods_that_a_description_tells_of() {
    contained(breaks![runtime::DescribesAll], |lab| {
        let code = [
            format!("(call $describe {VICTIM} (i32.const 2048))"),
            answers("(i32.load offset=36 (i32.const 2048))"),
        ];
        let oak = Oak::new();
        lab.reached();
        let told = forged(&code.concat()).forger.strike(oak.clone(), oak);
        lab.escaped_if(told != Ok(2), format!("{told:?} methods"));
    });
}

/// E5: what another membrane said to the host is not said to the guest.
#[test]
fn e5_reason_of_another_membrane() {
    contained(breaks![membrane::WholeErrors], |lab| {
        let inner = Membrane::new(Policy::deny_all());
        inner.revoke("the host's own business");
        let error = inner
            .pass((), membrane::Direction::Inbound)
            .expect_err("revoked");
        let oak = Oak::doing(move |_| Err(error));
        let length = "(i32.load offset=12 (i32.const 2048))";
        let code = [
            &call(VICTIM, number("next"), 1, 1024, 1),
            "(if (i32.ne (i32.load8_u (i32.const 2052)) (i32.const 1)) (then (return (call $number (i32.const 0)))))",
            &answers(length),
        ]
        .concat();
        let told = forged(&code).forger.strike(oak.clone(), oak.clone());
        assert_eq!(oak.entered("next"), 1);
        lab.reached();
        lab.escaped_if(told != Ok(0), format!("a reason of {told:?} bytes"));
    });
}

/// E7: more nodes than a message may have.
#[test]
fn e7_message_beyond_the_limit() {
    const EXHAUSTED: u64 = 6;
    contained(breaks![runtime::AnyMessage], |lab| {
        let limits = Limits {
            message: MessageLimits {
                nodes: 2,
                ..MessageLimits::default()
            },
            ..Limits::default()
        };
        let nodes = "(i32.store8 (i32.const 1056) (i32.const 2)) (i32.store8 (i32.const 1088) (i32.const 2))";
        let code = [
            nodes,
            &call(VICTIM, number("next"), 3, 1024, 3),
            "(call $told)",
        ]
        .concat();
        let policy = reachable().inbound(allow!(dyn Service: next));
        let oak = Oak::new();
        lab.reached();
        let told = start(&code, policy, limits).forger.strike(oak.clone(), oak);
        lab.escaped_if(told != Ok(EXHAUSTED), format!("{told:?}"));
    });
}

/// E7: more bytes than a grant may take.
#[test]
fn e7_bytes_beyond_the_grant() {
    const EXHAUSTED: u64 = 6;
    contained(breaks![membrane::UncountedBytes], |lab| {
        let oak = Oak::new();
        let policy = Policy::builder()
            .inbound(allow!(dyn Service: bytes))
            .build();
        let budget = Conditions::builder()
            .bytes_out(20)
            .build()
            .expect("possible");
        let grant = Membrane::with_conditions(policy.expect("one list"), &budget)
            .expect("both go together");
        let lent = grant.wrap::<dyn Service>(oak.clone()).expect("live");
        // Seven bytes each.
        let bytes = call(VICTIM, number("bytes"), 1, 1024, 1);
        let code = [&*bytes, &bytes, &bytes, &bytes, "(call $told)"].concat();
        let policy = reachable().inbound(allow!(dyn Service: bytes));
        lab.reached();
        let told = start(&code, policy, Limits::default())
            .forger
            .strike(lent.clone(), lent);
        assert!(oak.entered("bytes") >= 2);
        lab.escaped_if(told != Ok(EXHAUSTED), format!("{told:?}"));
    });
}

/// E12: the revocation comes while the guest's call is in the target.
#[test]
fn e12_revocation_inside_the_call() {
    contained(breaks![gate::NoCut], |lab| {
        let policy = Policy::builder().inbound(allow!(dyn Service: next)).build();
        let grant = Membrane::new(policy.expect("one list"));
        let inside = grant.clone();
        let oak = Oak::doing(move |to| {
            inside.revoke("inside");
            Ok(to)
        });
        let lent = grant.wrap::<dyn Service>(oak.clone()).expect("live");
        let code = [&call(VICTIM, number("next"), 1, 1024, 1), "(call $told)"].concat();
        let told = forged(&code).forger.strike(lent.clone(), lent);
        assert_eq!(oak.entered("next"), 1);
        lab.reached();
        lab.escaped_if(told != Ok(REVOKED), format!("{told:?}"));
    });
}

/// E14: what the host holds of the guest's goes with what the guest holds of the host's.
#[test]
fn e14_guest_s_object_beyond_the_end_of_its_domain() {
    contained(breaks![gate::NoCut], |lab| {
        let policy = reachable().inbound(allow!(dyn Service: keep, next));
        // As a visitor, it calls what it keeps.
        let kept = call("(global.get $kept)", number("next"), 1, 1024, 1);
        let code = [
            "(if (global.get $kept) (then ",
            &kept,
            "(return (call $number (i32.const 1)))))",
            "(global.set $kept (call $share (local.get $h)))",
            &own(6400, 2),
            &call(VICTIM, number("keep"), 1, 6400, 1),
            "(call $told)",
        ]
        .concat();
        let forged = start(&code, policy, Limits::default());
        let oak = Oak::new();
        let told = forged.forger.strike(oak.clone(), oak.clone());
        assert_eq!((told, oak.entered("keep")), (Ok(ANSWERED), 1));
        let visitor = oak.kept.lock().expect("no panic").remove(0);
        assert_eq!((visitor.visited(1), oak.entered("next")), (Ok(1), 1));
        forged.guest.membrane().revoke("over");
        lab.reached();
        let visited = visitor.visited(1);
        lab.escaped_if(visited.is_ok(), "the visitor answers");
        lab.escaped_if(oak.entered("next") > 1, "and reaches the host");
    });
}

/// E20: a name is looked up among those that may be called, whoever the object says it is.
#[test]
fn e20_lent_as_an_interface_that_is_not_listed() {
    contained(breaks![membrane::AllowAll], |lab| {
        let elm = Arc::new(Elm::default());
        let oak = Arc::new(Oak {
            instead: Some(elm.clone()),
            ..Oak::default()
        });
        let code = [
            own(6400, 2),
            call(VICTIM, number("echo"), 1, 6400, 1),
            call(BROUGHT, 0, 1, 1024, 1),
            "(call $told)".into(),
        ];
        let told = forged(&code.concat())
            .forger
            .strike(oak.clone(), oak.clone());
        assert_eq!(oak.entered("echo"), 1);
        lab.reached();
        lab.escaped_if(elm.0.load(SeqCst) > 0, "it was visited");
        lab.escaped_if(told != Ok(REFUSED), format!("{told:?}"));
    });
}

/// E22: a method that there is not, one that is not allowed, and one that is not allowed and would not take the arguments.
#[test]
fn e22_refusals_that_differ() {
    contained(breaks![membrane::AllowAll], |lab| {
        let told = |code: &str| {
            let policy = reachable().inbound(allow!(dyn Service: next));
            let parts = Parts {
                rest: "(data (i32.const 5000) \"secretsecreT\")",
                ..Parts::attack(code)
            };
            let policy = policy.build().expect("one list for each");
            let forged = parts.start_under(engine(), policy, Limits::default());
            let oak = Oak::new();
            forged.expect("it starts").forger.strike(oak.clone(), oak)
        };
        let told_call = |call: &str| {
            let second = "(i32.store8 (i32.const 1056) (i32.const 2))";
            told(&[second, call, "(call $told)"].concat())
        };
        let told_name = |at: u32| {
            let look =
                format!("(call $method {VICTIM} (i32.const {at}) (i32.const 6) (i32.const 2048))");
            told(&[look, answers("(i32.load8_u (i32.const 2048))")].concat())
        };
        let secret = number("secret");
        let calls = [
            told_call(&plain(VICTIM, secret)),
            told_call(&plain(VICTIM, 999)),
            told_call(&plain(VICTIM, u32::MAX)),
            told_call(&call(VICTIM, secret, 1, 1024, 1)),
            told_call(&call(VICTIM, secret, 2, 1024, 2)),
            told_call(&call(VICTIM, 999, 2, 1024, 2)),
        ];
        let names = [told_name(5000), told_name(5006)];
        lab.reached();
        let differ = calls.iter().any(|told| *told != Ok(REFUSED));
        lab.escaped_if(differ, format!("calls: {calls:?}"));
        let differ = names.iter().any(|told| *told != Ok(0));
        lab.escaped_if(differ, format!("names: {names:?}"));
    });
}
