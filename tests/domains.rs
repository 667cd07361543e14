//! Domains, seen from outside: which of the two call paths is taken, what a refusal tells, what limits and names are worth,
//! and what closing ends.

use membrane::{Error, ErrorKind, Policy, Reason, allow, interface};
use runtime::{
    CallError, Domain, DynamicInterface, Foreign, Handle, JoinError, Limit, Limits, MessageLimits,
    Object, Runtime, Value,
};
use std::sync::{Arc, Mutex, PoisonError};
use tests::{Census, Token, soon, start};

/// Holds what it is given.
///
/// Its documentation speaks of `wipe`.
#[interface(dynamic, version = 3)]
trait Shelf {
    /// Gives it back.
    fn echo(&self, text: &str) -> Result<String, Error>;
    /// Puts another one here.
    fn keep(&self, other: Arc<dyn Shelf>) -> Result<(), Error>;
    /// The one that was put here.
    fn kept(&self) -> Result<Option<Arc<dyn Shelf>>, Error>;
    /// Raises what it is told.
    fn complain(&self, text: &str) -> Result<(), Complaint>;
    /// Closes what the test says.
    fn act(&self) -> Result<(), Error>;
    /// Of nobody's business.
    fn wipe(&self, text: &str) -> Result<(), Error>;
}

#[derive(membrane::Passable, runtime::Dynamic, Debug, PartialEq)]
enum Complaint {
    Membrane(Error),
    Text(String),
}

impl From<Error> for Complaint {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

const ECHO: u32 = 0;
const KEEP: u32 = 1;
const KEPT: u32 = 2;
const COMPLAIN: u32 = 3;
const ACT: u32 = 4;
const WIPE: u32 = 5;

type Log = Arc<Mutex<Vec<&'static str>>>;

#[derive(Default)]
struct Oak {
    entered: Log,
    kept: Mutex<Option<Arc<dyn Shelf>>>,
    act: Option<Box<dyn Fn() + Send + Sync>>,
    #[allow(dead_code, reason = "it counts while it lives")]
    token: Option<Token>,
}

impl Oak {
    fn enter(&self, method: &'static str) {
        let mut entered = self.entered.lock().unwrap_or_else(PoisonError::into_inner);
        entered.push(method);
    }
}

impl Shelf for Oak {
    fn echo(&self, text: &str) -> Result<String, Error> {
        self.enter("echo");
        Ok(text.into())
    }
    fn keep(&self, other: Arc<dyn Shelf>) -> Result<(), Error> {
        self.enter("keep");
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(other);
        Ok(())
    }
    fn kept(&self) -> Result<Option<Arc<dyn Shelf>>, Error> {
        self.enter("kept");
        Ok(self
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone())
    }
    fn complain(&self, text: &str) -> Result<(), Complaint> {
        self.enter("complain");
        Err(Complaint::Text(text.into()))
    }
    fn act(&self) -> Result<(), Error> {
        self.enter("act");
        if let Some(act) = &self.act {
            act();
        }
        Ok(())
    }
    fn wipe(&self, _: &str) -> Result<(), Error> {
        self.enter("wipe");
        Ok(())
    }
}

/// All but `wipe`, both ways.
fn policy() -> Policy {
    Policy::builder()
        .inbound(allow!(dyn Shelf: echo, keep, kept, complain, act))
        .outbound(allow!(dyn Shelf: echo, keep, kept, complain, act))
        .build()
        .expect("one list each way")
}

fn guest(runtime: &Runtime, name: &str, limits: Limits) -> Domain {
    let guest = runtime.domain(name, limits);
    runtime
        .join(runtime.host(), &guest, policy())
        .expect("the first time");
    guest
}

fn two() -> (Runtime, Domain) {
    let runtime = Runtime::new();
    let guest = guest(&runtime, "guest", Limits::default());
    (runtime, guest)
}

fn oak(domain: &Domain) -> (Object, Log) {
    let entered = Log::default();
    let oak = Oak {
        entered: entered.clone(),
        ..Oak::default()
    };
    (domain.own::<dyn Shelf>(Arc::new(oak)), entered)
}

fn entered(log: &Log) -> Vec<&'static str> {
    log.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

#[track_caller]
fn kind<R: std::fmt::Debug>(result: Result<R, CallError>) -> ErrorKind {
    match result.expect_err("an error") {
        CallError::Membrane(error) => error.kind(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn assert_broken<R: std::fmt::Debug>(result: Result<R, CallError>, reason: &str) {
    match result.expect_err("broken") {
        CallError::Membrane(error) => tests::assert_revoked(Err::<(), _>(error), reason),
        other => panic!("{other:?}"),
    }
}

fn text(size: usize) -> Value {
    "x".repeat(size).into()
}

// Which path is taken.

/// Fails if `send` hands out the object itself. Which path `call` took is seen where messages are measured: that test fails
/// if it takes one of the two for all objects.
#[test]
fn own_object_needs_no_policy_and_the_same_object_in_other_hands_does() {
    let (runtime, guest) = two();
    for (owner, other) in [(runtime.host(), &guest), (&guest, runtime.host())] {
        let (own, log) = oak(owner);
        assert_eq!(owner.call(&own, WIPE, &["".into()]), Ok(Value::Null));
        let lent = owner.send(&own, other).expect("they are joined");
        assert_eq!(
            kind(other.call(&lent, WIPE, &["".into()])),
            ErrorKind::Refused
        );
        assert_eq!(other.call(&lent, ECHO, &["a".into()]), Ok("a".into()));
        assert_eq!(entered(&log), ["wipe", "echo"]);
    }
}

#[test]
fn object_of_a_domain_without_a_link_is_rejected() {
    let (runtime, guest) = two();
    let stranger = runtime.domain("stranger", Limits::default());
    let (own, log) = oak(&guest);
    assert_eq!(
        kind(stranger.call(&own, ECHO, &["".into()])),
        ErrorKind::Rejected
    );
    assert_eq!(
        stranger.describe(&own).map_err(Error::kind),
        Err(ErrorKind::Rejected)
    );
    tests::assert_kind(guest.send(&own, &stranger), ErrorKind::Rejected);
    tests::assert_kind(stranger.send(&own, &guest), ErrorKind::Rejected);
    assert_eq!(kind(stranger.insert(&own)), ErrorKind::Rejected);
    assert_eq!(entered(&log), [""; 0]);
}

/// Fails if `call` does not look at the holder: the guest then calls the host's object as an own one.
#[test]
fn reference_that_another_domain_holds_is_sent_through_the_membrane_first() {
    let (runtime, guest) = two();
    let (own, log) = oak(runtime.host());
    assert_eq!(guest.call(&own, ECHO, &["a".into()]), Ok("a".into()));
    assert_eq!(
        kind(guest.call(&own, WIPE, &["".into()])),
        ErrorKind::Refused
    );
    assert_eq!(entered(&log), ["echo"]);
    let lent = runtime.host().send(&own, &guest).expect("joined");
    assert_eq!(
        runtime.host().call(&lent, WIPE, &["".into()]),
        Ok(Value::Null),
        "home again, it is the host's own"
    );
}

#[test]
fn references_in_arguments_and_results_are_wrapped_both_ways_and_come_home_as_themselves() {
    let (runtime, guest) = two();
    for (owner, other) in [(runtime.host(), &guest), (&guest, runtime.host())] {
        let (shelf, _) = oak(owner);
        let (mine, log) = oak(other);
        let lent = owner.send(&shelf, other).expect("joined");
        other
            .call(&lent, KEEP, &[mine.clone().into()])
            .expect("listed");
        let Ok(Value::Object(held)) = owner.call(&shelf, KEPT, &[]) else {
            panic!()
        };
        assert_ne!(held, mine);
        assert_eq!(
            kind(owner.call(&held, WIPE, &["".into()])),
            ErrorKind::Refused
        );
        assert!(!owner.describe(&held).expect("held").is_own());
        assert_eq!(owner.call(&held, ECHO, &["b".into()]), Ok("b".into()));
        assert_eq!(entered(&log), ["echo"]);

        let Ok(Value::Object(home)) = other.call(&lent, KEPT, &[]) else {
            panic!()
        };
        assert_eq!(home, mine);
        let typed = |object: &Object| object.typed::<dyn Shelf>().expect("it is one");
        assert!(Arc::ptr_eq(&typed(&home), &typed(&mine)));
        assert_eq!(other.call(&home, WIPE, &["".into()]), Ok(Value::Null));
        assert_eq!(owner.send(&shelf, other), Ok(lent.clone()));
        assert_eq!(other.send(&lent, owner), Ok(shelf.clone()));
    }
}

#[test]
fn reference_of_another_domain_in_an_argument_is_no_argument() {
    let (runtime, guest) = two();
    let (shelf, log) = oak(runtime.host());
    let lent = runtime.host().send(&shelf, &guest).expect("joined");
    let error = guest
        .call(&lent, KEEP, &[shelf.clone().into()])
        .expect_err("not the guest's to pass");
    assert_eq!(
        error.to_string(),
        "argument 0 (other): expected a reference of the calling domain's, found another domain's: send it there"
    );
    assert_eq!(entered(&log), [""; 0]);
}

/// Fails if a name that there is not is refused before it is known whether the reference may be sent here.
#[test]
fn name_that_there_is_not_is_answered_as_one_that_is_not_allowed_whoever_holds_the_reference() {
    let (runtime, guest) = two();
    let stranger = runtime.domain("stranger", Limits::default());
    let (shelf, log) = oak(runtime.host());
    let lent = runtime.host().send(&shelf, &guest).expect("joined");
    let alike = |side: &Domain, object: &Object| {
        let answer = side.call_named(object, "wipe", &["".into()]);
        assert_eq!(side.call_named(object, "nothing", &["".into()]), answer);
        kind(answer)
    };
    assert_eq!(alike(&guest, &lent), ErrorKind::Refused);
    assert_eq!(alike(&guest, &shelf), ErrorKind::Refused);
    assert_eq!(alike(&stranger, &shelf), ErrorKind::Rejected);
    let membrane = guest.membrane(runtime.host()).expect("joined");
    membrane.revoke("over");
    assert_eq!(alike(&guest, &lent), ErrorKind::Refused);
    assert_eq!(alike(&guest, &shelf), ErrorKind::Revoked);
    assert_eq!(entered(&log), [""; 0]);
}

#[test]
fn object_goes_through_two_membranes_on_two_hops() {
    let runtime = Runtime::new();
    let a = guest(&runtime, "a", Limits::default());
    let b = guest(&runtime, "b", Limits::default());
    let (own, log) = oak(&a);
    let at_host = a.send(&own, runtime.host()).expect("joined");
    let at_b = runtime.host().send(&at_host, &b).expect("joined");
    assert_eq!(b.call(&at_b, ECHO, &["c".into()]), Ok("c".into()));
    assert_eq!(kind(b.call(&at_b, WIPE, &["".into()])), ErrorKind::Refused);
    assert_eq!(b.send(&at_b, runtime.host()), Ok(at_host.clone()));
    assert_eq!(runtime.host().send(&at_host, &a), Ok(own.clone()));
    tests::assert_kind(b.send(&at_b, &a), ErrorKind::Rejected);
    // The host has a link to both. Fails if `send` does not look at the holder: the object went past the host's membrane.
    tests::assert_kind(runtime.host().send(&own, &b), ErrorKind::Rejected);
    tests::assert_kind(runtime.host().send(&at_b, &a), ErrorKind::Rejected);
    a.close("a is gone");
    assert_eq!(kind(b.call(&at_b, ECHO, &["c".into()])), ErrorKind::Revoked);
    assert_eq!(entered(&log), ["echo"]);
}

// What a refusal tells.

/// Fails if the arguments are measured or read before the method is looked up.
#[test]
fn unlisted_missing_and_out_of_range_methods_look_the_same_whatever_the_arguments_are() {
    let runtime = Runtime::new();
    let small = MessageLimits {
        bytes: 4,
        nodes: 2,
        depth: 1,
    };
    let limits = Limits {
        message: small,
        ..Limits::default()
    };
    let guest = guest(&runtime, "guest", limits);
    let (own, log) = oak(runtime.host());
    let lent = runtime.host().send(&own, &guest).expect("joined");
    let arguments: [&[Value]; 5] = [
        &["".into()],
        &[],
        &[1.into(), 2.into()],
        &[text(100)],
        &[Value::from(vec![Value::from(vec![Value::Null])])],
    ];
    let refused = CallError::from(ErrorKind::Refused);
    let check = || {
        for args in arguments {
            for method in [WIPE, 6, 62, 63, 64, 65, u32::MAX - 1, u32::MAX] {
                assert_eq!(
                    guest.call(&lent, method, args),
                    Err(refused.clone()),
                    "{method}"
                );
            }
            for method in ["wipe", "nothing", "", "echo ", "Echo"] {
                assert_eq!(
                    guest.call_named(&lent, method, args),
                    Err(refused.clone()),
                    "{method}"
                );
                assert_eq!(lent.method(method), None);
            }
        }
    };
    check();
    guest.close("the end");
    check();
    for args in arguments {
        assert_broken(guest.call(&lent, ECHO, args), "the end");
    }
    assert_eq!(entered(&log), [""; 0]);
}

/// Fails without the mask in `Object::foreign`.
#[test]
fn method_that_a_closure_does_not_have_is_refused_before_its_arguments_are_measured() {
    #[interface(dynamic)]
    trait Source {
        fn closure(&self) -> Result<Arc<dyn Fn() -> Result<u8, Error> + Send + Sync>, Error>;
        fn items(&self) -> Result<Box<dyn Iterator<Item = Result<u8, Error>> + Send>, Error>;
    }
    struct Spring;
    impl Source for Spring {
        fn closure(&self) -> Result<Arc<dyn Fn() -> Result<u8, Error> + Send + Sync>, Error> {
            Ok(Arc::new(|| Ok(1)))
        }
        fn items(&self) -> Result<Box<dyn Iterator<Item = Result<u8, Error>> + Send>, Error> {
            Ok(Box::new([Ok(1)].into_iter()))
        }
    }
    let runtime = Runtime::new();
    let guest = runtime.domain("guest", Limits::default());
    let policy = Policy::builder()
        .inbound(allow!(dyn Source: closure, items))
        .build()
        .expect("one list");
    runtime.join(runtime.host(), &guest, policy).expect("new");
    let source = runtime.host().own::<dyn Source>(Arc::new(Spring));
    let source = runtime.host().send(&source, &guest).expect("joined");
    for method in [0, 1] {
        let Ok(Value::Object(object)) = guest.call(&source, method, &[]) else {
            panic!()
        };
        let large = [text(9 << 20)];
        // An iterator is a value: once it has crossed, it is the holder's own.
        if method == 0 {
            assert_eq!(
                guest.call(&object, 0, &large),
                Err(Limit::MessageBytes.into())
            );
        }
        for number in [1, 2, 63, 64] {
            assert_eq!(
                kind(guest.call(&object, number, &large)),
                ErrorKind::Refused
            );
        }
        assert_eq!(guest.call(&object, 0, &[]), Ok(1.into()));
        assert_eq!(guest.describe(&object).expect("held").methods().len(), 1);
    }
}

#[test]
fn description_has_all_of_an_own_object_and_of_others_the_listed_methods_only() {
    let (runtime, guest) = two();
    let (own, _) = oak(runtime.host());
    let whole = runtime.host().describe(&own).expect("held");
    assert!(whole.is_own() && whole.doc().contains("wipe"));
    assert_eq!(whole.methods().len(), 6);
    let lent = runtime.host().send(&own, &guest).expect("joined");
    let part = guest.describe(&lent).expect("held");
    assert_eq!(
        (part.interface(), part.version(), part.doc(), part.is_own()),
        ("Shelf", 3, "", false)
    );
    let names: Vec<_> = part
        .methods()
        .iter()
        .map(|(number, method)| (*number, method.name(), method.doc()))
        .collect();
    assert_eq!(names[0], (0, "echo", "Gives it back."));
    assert_eq!(names.len(), 5);
    assert!(!format!("{part:?} {lent:?}").contains("ipe"));
    assert_eq!((lent.method("echo"), lent.method("wipe")), (Some(0), None));
    assert_eq!(own.method("wipe"), Some(WIPE));
}

#[test]
fn object_that_was_lent_by_a_grant_keeps_to_the_grant() {
    let (runtime, guest) = two();
    let (shelf, _) = oak(runtime.host());
    let (other, log) = oak(runtime.host());
    let membrane = runtime.host().membrane(&guest).expect("joined");
    let less = Policy::builder()
        .inbound(allow!(dyn Shelf: echo))
        .build()
        .expect("one list");
    let grant = membrane.grant(&less).expect("less");
    let proxy = grant
        .wrap(other.typed::<dyn Shelf>().expect("it is one"))
        .expect("live");
    shelf
        .typed::<dyn Shelf>()
        .expect("it is one")
        .keep(proxy)
        .expect("its own");
    let lent = runtime.host().send(&shelf, &guest).expect("joined");
    let Ok(Value::Object(granted)) = guest.call(&lent, KEPT, &[]) else {
        panic!()
    };
    let described = guest.describe(&granted).expect("held");
    assert!(!described.is_own());
    let names: Vec<_> = described
        .methods()
        .iter()
        .map(|(_, method)| method.name())
        .collect();
    assert_eq!(
        names,
        ["echo"],
        "what the grant refuses is not told by the membrane's list"
    );
    assert_eq!(granted.method("kept"), None);
    assert_eq!(
        kind(guest.call(&granted, KEPT, &[1.into()])),
        ErrorKind::Refused
    );
    assert_eq!(kind(guest.call(&granted, KEPT, &[])), ErrorKind::Refused);
    assert_eq!(guest.call(&granted, ECHO, &["d".into()]), Ok("d".into()));
    assert_eq!(entered(&log), ["echo"]);
    grant.revoke("the grant");
    assert_eq!(
        kind(guest.call(&granted, ECHO, &["d".into()])),
        ErrorKind::Revoked
    );
    assert_eq!(guest.call(&lent, ECHO, &["e".into()]), Ok("e".into()));
}

// Limits.

fn narrow(bytes: usize, nodes: usize, depth: usize) -> Limits {
    Limits {
        message: MessageLimits {
            bytes,
            nodes,
            depth,
        },
        ..Limits::default()
    }
}

/// Fails if `untrusted` does not measure errors: so large a one did cross.
#[test]
fn limits_on_messages_are_exact_for_arguments_results_and_errors() {
    let runtime = Runtime::new();
    let guest = guest(&runtime, "guest", narrow(8, 3, 2));
    let (own, log) = oak(runtime.host());
    let lent = runtime.host().send(&own, &guest).expect("joined");
    assert_eq!(guest.call(&lent, ECHO, &[text(8)]), Ok(text(8)));
    let limit = |args: &[Value]| guest.call(&lent, ECHO, args).expect_err("too much");
    assert_eq!(limit(&[text(9)]), Limit::MessageBytes.into());
    assert_eq!(
        limit(&[text(8), text(1)]),
        Limit::MessageBytes.into(),
        "together"
    );
    assert_eq!(limit(&vec![Value::Null; 4]), Limit::MessageNodes.into());
    assert!(matches!(
        limit(&vec![Value::Null; 3]),
        CallError::Arguments(_)
    ));
    let nested = |levels| (1..levels).fold(Value::Null, |inner, _| Value::from(vec![inner]));
    assert_eq!(limit(&[nested(3)]), Limit::MessageDepth.into());
    assert!(matches!(limit(&[nested(2)]), CallError::Arguments(_)));
    assert_eq!(entered(&log), ["echo"]);

    // An error of `Text`: four bytes for the name of the case.
    assert_eq!(
        guest.call(&lent, COMPLAIN, &["1234".into()]),
        Err(CallError::Raised(Value::record([("Text", "1234".into())])))
    );
    assert_eq!(
        guest.call(&lent, COMPLAIN, &["12345".into()]),
        Err(Limit::MessageBytes.into())
    );
    // Nobody measures what a domain does with its own.
    let (mine, _) = oak(&guest);
    assert_eq!(guest.call(&mine, ECHO, &[text(99)]), Ok(text(99)));
}

/// Fails, by the end of the stack, if `MessageLimits::check` looks at depth after it went deeper.
#[test]
fn arguments_that_are_nested_without_end_are_refused_on_a_bounded_stack() {
    let (runtime, guest) = two();
    let (own, _) = oak(runtime.host());
    let lent = runtime.host().send(&own, &guest).expect("joined");
    let mut args = vec![(0..200_000).fold(Value::Null, |inner, _| Value::from(vec![inner]))];
    assert_eq!(
        guest.call(&lent, ECHO, &args),
        Err(Limit::MessageDepth.into())
    );
    // The one who made it has to take it apart: like any tree, it is dropped level inside level.
    while let Some(Value::List(inner)) = args.pop() {
        args = inner.into_vec();
    }
}

#[test]
fn result_beyond_the_limit_is_an_error_for_the_caller_and_nothing_else() {
    #[interface(dynamic)]
    trait Press {
        fn print(&self, count: u32) -> Result<Vec<String>, Error>;
    }
    struct Iron;
    impl Press for Iron {
        fn print(&self, count: u32) -> Result<Vec<String>, Error> {
            Ok((0..count).map(|_| "ab".into()).collect())
        }
    }
    let runtime = Runtime::new();
    let dry = runtime.domain("dry", narrow(6, 100, 2));
    let policy = Policy::builder()
        .inbound(allow!(dyn Press: print))
        .build()
        .expect("one list");
    runtime.join(runtime.host(), &dry, policy).expect("new");
    let press = runtime.host().own::<dyn Press>(Arc::new(Iron));
    let press = runtime.host().send(&press, &dry).expect("joined");
    for _ in 0..2 {
        assert!(dry.call(&press, 0, &[3.into()]).is_ok());
        assert_eq!(
            dry.call(&press, 0, &[4.into()]),
            Err(Limit::MessageBytes.into())
        );
    }
}

/// Fails if `Iterating` does not measure: an iterator is its holder's own, whoever makes the items.
#[test]
fn each_item_of_an_iterator_is_measured() {
    type Items = Box<dyn Iterator<Item = Result<String, Error>> + Send>;
    #[interface(dynamic)]
    trait Tap {
        fn run(&self) -> Result<Items, Error>;
    }
    struct Water;
    impl Tap for Water {
        fn run(&self) -> Result<Items, Error> {
            Ok(Box::new(
                [6, 7, 5].map(|size| Ok("x".repeat(size))).into_iter(),
            ))
        }
    }
    let runtime = Runtime::new();
    let dry = runtime.domain("dry", narrow(6, 1, 1));
    let policy = Policy::builder()
        .inbound(allow!(dyn Tap: run))
        .build()
        .expect("one list");
    runtime.join(runtime.host(), &dry, policy).expect("new");
    let tap = runtime.host().own::<dyn Tap>(Arc::new(Water));
    let tap = runtime.host().send(&tap, &dry).expect("joined");
    let Ok(Value::Object(items)) = dry.call(&tap, 0, &[]) else {
        panic!()
    };
    let next = || dry.call(&items, 0, &[]);
    assert_eq!(next(), Ok(text(6)));
    assert_eq!(next(), Err(Limit::MessageBytes.into()));
    assert_eq!(next(), Ok(text(5)));
    dry.close("dry");
    assert_eq!(kind(next()), ErrorKind::Revoked);
}

// Names.

#[test]
fn object_has_one_handle_which_is_counted_and_stale_for_ever_once_released() {
    let (runtime, guest) = two();
    let (own, _) = oak(&guest);
    let handle = guest.insert(&own).expect("room");
    let again = guest.insert(&guest.send(&own, &guest).expect("itself"));
    assert_eq!(again, Ok(handle));
    assert_eq!(guest.handles(), 1);
    assert_eq!(Handle::from_bits(handle.to_bits()), handle);
    assert!(guest.release(handle));
    assert_eq!(guest.get(handle), Some(own.clone()));
    assert!(guest.release(handle));
    assert_eq!((guest.get(handle), guest.handles()), (None, 0));
    assert!(!guest.release(handle));
    let mut seen = std::collections::HashSet::from([handle]);
    for _ in 0..1000 {
        let next = guest.insert(&own).expect("room");
        assert!(seen.insert(next), "a name was used twice");
        assert!(guest.release(next));
    }
    assert!(seen.iter().all(|old| guest.get(*old).is_none()));

    let handle = guest.insert(&own).expect("room");
    assert_eq!(runtime.host().get(handle), None, "another domain's");
    assert!(!runtime.host().release(handle));
    let bits = handle.to_bits();
    for made_up in [
        0,
        1,
        u128::MAX,
        bits ^ 1,
        bits ^ (1 << 32),
        bits ^ (1 << 64),
        bits + 2,
    ] {
        assert_eq!(guest.get(Handle::from_bits(made_up)), None, "{made_up:x}");
        assert!(!guest.release(Handle::from_bits(made_up)));
    }
    assert_eq!(guest.get(handle), Some(own));
}

#[test]
fn number_of_handles_is_limited_exactly() {
    let runtime = Runtime::new();
    let limits = Limits {
        handles: 2,
        ..Limits::default()
    };
    let guest = guest(&runtime, "guest", limits);
    let objects: Vec<_> = (0..3).map(|_| oak(&guest).0).collect();
    let first = guest.insert(&objects[0]).expect("room");
    guest.insert(&objects[1]).expect("room");
    assert_eq!(guest.insert(&objects[2]), Err(Limit::Handles.into()));
    assert_eq!(guest.insert(&objects[0]), Ok(first), "it has one");
    assert!(guest.release(first) && guest.release(first));
    assert!(guest.insert(&objects[2]).is_ok());
}

// The end.

struct Far;

impl Foreign for Far {
    fn call(&self, _: u32, _: &[Value]) -> Result<Value, CallError> {
        Ok("far".into())
    }
}

#[test]
fn close_breaks_references_in_both_directions_and_frees_names_imports_and_targets() {
    let (runtime, guest) = two();
    runtime.know::<dyn Shelf>();
    let census = Census::default();
    let counted = |domain: &Domain| {
        let oak = Oak {
            token: Some(census.token()),
            ..Oak::default()
        };
        domain.own::<dyn Shelf>(Arc::new(oak))
    };
    let lent = runtime
        .host()
        .send(&counted(runtime.host()), &guest)
        .expect("joined");
    let given = guest
        .send(&counted(&guest), runtime.host())
        .expect("joined");
    guest.insert(&counted(&guest)).expect("room");
    let hash = <dyn Shelf>::interface().hash();
    let imported = guest.import(1, hash, || Arc::new(Far)).expect("known");
    assert_eq!(guest.import_key(&imported), Some(1));
    assert_eq!(
        (census.alive(), guest.handles(), guest.imports()),
        (3, 1, 1)
    );

    guest.close("moved out");
    guest.close("another reason");
    assert_eq!(census.alive(), 0);
    assert_eq!((guest.handles(), guest.imports()), (0, 0));
    assert_eq!(guest.closed().map(Reason::as_str), Some("moved out"));
    assert_broken(guest.call(&lent, ECHO, &["".into()]), "moved out");
    assert_broken(runtime.host().call(&given, ECHO, &["".into()]), "moved out");
    assert_broken(guest.insert(&lent), "moved out");
    tests::assert_revoked(guest.import(2, hash, || Arc::new(Far)), "moved out");
    assert!(runtime.host().membrane(&guest).is_none());
    assert_eq!(
        runtime.join(runtime.host(), &guest, policy()).map(drop),
        Err(JoinError::Closed(Reason::from("moved out")))
    );
}

/// Fails if `import` does not look at the reason again when it has the lock.
#[test]
fn import_that_is_made_while_its_domain_is_closed_is_not_kept() {
    let (runtime, guest) = two();
    runtime.know::<dyn Shelf>();
    let hash = <dyn Shelf>::interface().hash();
    let result = guest.import(1, hash, || {
        guest.close("meanwhile");
        Arc::new(Far)
    });
    tests::assert_revoked(result, "meanwhile");
    assert_eq!(guest.imports(), 0);
}

#[test]
fn domain_is_closed_from_inside_a_call_of_its() {
    let (runtime, guest) = two();
    let closing = guest.clone();
    let oak = Oak {
        act: Some(Box::new(move || closing.close("from inside"))),
        ..Oak::default()
    };
    let log = oak.entered.clone();
    let own = runtime.host().own::<dyn Shelf>(Arc::new(oak));
    let lent = runtime.host().send(&own, &guest).expect("joined");
    let caller = guest.clone();
    let used = lent.clone();
    assert_broken(soon(move || caller.call(&used, ACT, &[])), "from inside");
    assert_broken(guest.call(&lent, ACT, &[]), "from inside");
    assert_eq!(entered(&log), ["act"]);
}

/// Fails if one link is cut after what hangs on another was freed, or its observers told: they may block.
#[test]
fn close_cuts_every_link_before_anybody_is_told() {
    let runtime = Runtime::new();
    let middle = runtime.domain("middle", Limits::default());
    let membranes = ["left", "right"].map(|name| {
        let other = runtime.domain(name, Limits::default());
        (
            runtime
                .join(&middle, &other, policy())
                .expect("the first time"),
            other,
        )
    });
    let seen: Arc<Mutex<Vec<bool>>> = Arc::default();
    for (index, (membrane, _)) in membranes.iter().enumerate() {
        let (other, seen) = (membranes[1 - index].0.clone(), seen.clone());
        membrane.on_revoke(move |_| {
            seen.lock().expect("no panic here").push(other.is_revoked());
        });
    }
    middle.close("over");
    assert_eq!(*seen.lock().expect("no panic"), [true, true]);
}

/// Fails if a membrane that was revoked counts as a link: the two could never be joined again.
#[test]
fn domains_are_joined_anew_after_their_membrane_is_revoked() {
    let (runtime, guest) = two();
    let membrane = runtime.host().membrane(&guest).expect("joined");
    let (own, _) = oak(runtime.host());
    let before = runtime.host().send(&own, &guest).expect("joined");
    membrane.revoke("a fresh start");
    runtime
        .join(runtime.host(), &guest, policy())
        .expect("the old one is gone");
    let after = runtime.host().send(&own, &guest).expect("joined");
    assert_eq!(guest.call(&after, ECHO, &["a".into()]), Ok("a".into()));
    assert_broken(guest.call(&before, ECHO, &["a".into()]), "a fresh start");
}

#[test]
fn domain_that_is_dropped_is_closed() {
    let (runtime, guest) = two();
    let census = Census::default();
    let oak = Oak {
        token: Some(census.token()),
        ..Oak::default()
    };
    let given = guest
        .send(&guest.own::<dyn Shelf>(Arc::new(oak)), runtime.host())
        .expect("joined");
    drop(guest);
    assert_broken(
        runtime.host().call(&given, ECHO, &["".into()]),
        "the domain is gone",
    );
    assert_eq!(census.alive(), 0);
}

#[test]
fn close_agrees_with_calls_and_joins_of_other_threads() {
    let runtime = Runtime::new();
    for _ in 0..tests::sized(200, 5) {
        let guest = guest(&runtime, "guest", Limits::default());
        let peer = runtime.domain("peer", Limits::default());
        let (own, log) = oak(runtime.host());
        let lent = runtime.host().send(&own, &guest).expect("joined");
        let calling = {
            let (guest, lent) = (guest.clone(), lent.clone());
            start(move || {
                loop {
                    match guest.call(&lent, ECHO, &["f".into()]) {
                        Ok(value) => assert_eq!(value, "f".into()),
                        Err(error) => break error,
                    }
                }
            })
        };
        let joining = {
            let (runtime, guest, peer) = (runtime.clone(), guest.clone(), peer.clone());
            start(move || {
                let joined = runtime.join(&guest, &peer, policy());
                (joined, runtime.join(&peer, &guest, policy()).map(drop))
            })
        };
        guest.close("now");
        let after = entered(&log).len();
        assert_broken(Err::<(), _>(calling.finish()), "now");
        assert!(entered(&log).len() <= after + 1, "one call was under way");
        let (first, second) = joining.finish();
        match first {
            Ok(membrane) => assert!(membrane.is_revoked()),
            Err(error) => assert!(matches!(error, JoinError::Closed(_)), "{error}"),
        }
        assert!(second.is_err());
        assert!(peer.membrane(&guest).is_none());
    }
}

#[test]
fn domains_are_joined_once_and_not_to_themselves() {
    let (runtime, guest) = two();
    let host = runtime.host();
    assert_eq!(
        runtime.join(host, host, policy()).map(drop),
        Err(JoinError::Itself)
    );
    for (wet, dry) in [(host, &guest), (&guest, host)] {
        assert_eq!(
            runtime.join(wet, dry, policy()).map(drop),
            Err(JoinError::Joined)
        );
    }
}
