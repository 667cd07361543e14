//! What a caller is told, in which order, and what it is never told.

use membrane::{
    Direction, Error, ErrorKind, Homecoming, Membrane, Passable, Policy, Reason, allow, interface,
};
use std::collections::HashSet;
use std::error::Error as _;
use std::fmt::Debug;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tests::{
    Census, Scripted, Worker, assert_kind, assert_revoked, in_its_own_process, plain_worker,
    worker_policy, working,
};

type Closure = Arc<dyn Fn(Arc<dyn Worker>) -> Result<u64, Error> + Send + Sync>;

const DIRECTIONS: [Direction; 2] = [Direction::Outbound, Direction::Inbound];

/// Counts how often it is converted. By hand, hence trusted; it holds no reference.
#[derive(Clone, Default)]
struct Probe(Arc<AtomicUsize>);

impl Passable for Probe {
    const BARE: bool = false;

    fn pass(self, _: &membrane::Crossing<'_>) -> Result<Self, Error> {
        self.0.fetch_add(1, SeqCst);
        Ok(self)
    }
}

#[interface]
trait Named: Debug {
    fn name(&self) -> Result<String, Error>;
    fn rename(&self) -> Result<(), Error>;
}

#[interface]
trait Desk: Named {
    fn probe(&self, probe: Probe) -> Result<u64, Error>;
    fn probe_and_meet(&self, probe: Probe, other: Arc<dyn Worker>) -> Result<u64, Error>;
    fn unlisted(&self) -> Result<u64, Error>;
    fn unlisted_probe(&self, probe: Probe, other: Arc<dyn Worker>) -> Result<u64, Error>;
    fn panics(&self) -> Result<u64, Error>;
    fn fails(&self, with: Error) -> Result<u64, Error>;
}

/// The name of this type, and its secret, appear in no text that the other side gets.
struct SecretDesk {
    secret: String,
    debugged: Arc<AtomicUsize>,
}

impl SecretDesk {
    fn share(debugged: &Arc<AtomicUsize>) -> Arc<dyn Desk> {
        Arc::new(Self {
            secret: "/etc/s3cret".into(),
            debugged: debugged.clone(),
        })
    }
}

impl Debug for SecretDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.debugged.fetch_add(1, SeqCst);
        write!(f, "SecretDesk at {:p}: {}", self, self.secret)
    }
}

impl Named for SecretDesk {
    fn name(&self) -> Result<String, Error> {
        Ok("desk".into())
    }

    fn rename(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl Desk for SecretDesk {
    fn probe(&self, _: Probe) -> Result<u64, Error> {
        Ok(1)
    }

    fn probe_and_meet(&self, _: Probe, other: Arc<dyn Worker>) -> Result<u64, Error> {
        other.run()
    }

    fn unlisted(&self) -> Result<u64, Error> {
        Ok(1)
    }

    fn unlisted_probe(&self, _: Probe, other: Arc<dyn Worker>) -> Result<u64, Error> {
        other.run()
    }

    fn panics(&self) -> Result<u64, Error> {
        panic!("{} of SecretDesk at {:p}", self.secret, self)
    }

    fn fails(&self, with: Error) -> Result<u64, Error> {
        Err(with)
    }
}

fn desk_policy() -> Policy {
    let desk = allow!(dyn Desk: probe, probe_and_meet, panics, fails, name);
    working().inbound(desk).outbound(desk).build().unwrap()
}

fn lend_desk(membrane: &Membrane, direction: Direction) -> Arc<dyn Desk> {
    membrane
        .pass(SecretDesk::share(&Arc::default()), direction)
        .unwrap()
}

fn texts(error: Error) -> [String; 4] {
    [
        error.to_string(),
        format!("{error:?}"),
        format!("{error:#?}"),
        format!("{error:#}"),
    ]
}

// Refusals.

/// M11, E22. Fails if anything of a refusal depends on why.
#[test]
fn every_refusal_is_the_same() {
    for direction in DIRECTIONS {
        let with = |allow| {
            let policy = Policy::builder()
                .inbound(allow)
                .outbound(allow)
                .build()
                .unwrap();
            lend_desk(&Membrane::new(policy), direction)
        };
        // The interface is not named; it is, for no method; it is, for others; it is, for the other direction.
        let opaque = lend_desk(&Membrane::new(Policy::deny_all()), direction);
        let empty = with(allow!(dyn Desk));
        let others = with(allow!(dyn Desk: name, probe));
        let of_named_only = with(allow!(dyn Named: name));
        let other_way = {
            let allow = allow!(dyn Desk: unlisted, rename);
            let builder = Policy::builder();
            let policy = match direction {
                Direction::Outbound => builder.outbound(allow),
                Direction::Inbound => builder.inbound(allow),
            };
            lend_desk(&Membrane::new(policy.build().unwrap()), direction)
        };
        let revoked = {
            let membrane = Membrane::new(desk_policy());
            let lent = lend_desk(&membrane, direction);
            membrane.revoke("revoked");
            lent
        };
        let mut refusals = HashSet::new();
        for desk in [opaque, empty, others, of_named_only, other_way, revoked] {
            for error in [
                desk.unlisted().unwrap_err(),
                desk.rename().unwrap_err(),
                desk.unlisted_probe(Probe::default(), plain_worker())
                    .unwrap_err(),
                Named::rename(&*desk).unwrap_err(),
            ] {
                assert_eq!((error.kind(), error.reason()), (ErrorKind::Refused, None));
                refusals.insert((error, texts(error)));
            }
        }
        let refusals: Vec<_> = refusals.into_iter().collect();
        assert_eq!(refusals.len(), 1, "{refusals:?}");
        assert_eq!(
            refusals[0].0,
            ErrorKind::Refused.into(),
            "and as if a target had made it"
        );
    }
}

#[test]
fn unlisted_method_is_refused_at_every_depth_of_derivation() {
    let root = Membrane::new(desk_policy());
    let narrow = Policy::builder()
        .inbound(allow!(dyn Desk: name))
        .build()
        .unwrap();
    let mut lent = lend_desk(&root, Direction::Outbound);
    let mut membrane = root;
    for _ in 0..4 {
        membrane = membrane.attenuate(&narrow).unwrap();
        lent = membrane.wrap(lent).unwrap();
        assert_eq!(lent.name().as_deref(), Ok("desk"));
        for refused in [lent.unlisted(), lent.probe(Probe::default()), lent.panics()] {
            assert_eq!(refused, Err(ErrorKind::Refused.into()));
        }
    }
}

/// M11: allowed, revoked, then the arguments. Fails if `__call` asks for the method after it converts, or the cell after.
#[test]
fn arguments_of_a_call_that_is_not_made_are_not_converted() {
    for direction in DIRECTIONS {
        let (census, membrane, probe) = (
            Census::default(),
            Membrane::new(desk_policy()),
            Probe::default(),
        );
        let desk = lend_desk(&membrane, direction);
        let converted = || (probe.0.load(SeqCst), membrane.live_proxies());
        let worker = || Scripted::counted(&census).share();
        assert_eq!(desk.probe_and_meet(probe.clone(), worker()), Ok(7));
        assert_eq!(
            converted(),
            (1, 1),
            "the positive control; the worker's proxy is gone again"
        );

        assert_kind(
            desk.unlisted_probe(probe.clone(), worker()),
            ErrorKind::Refused,
        );
        assert_eq!(converted(), (1, 1), "refused");
        membrane.revoke("revoked");
        assert_revoked(desk.probe_and_meet(probe.clone(), worker()), "revoked");
        assert_revoked(desk.probe(probe.clone()), "revoked");
        assert_kind(
            desk.unlisted_probe(probe.clone(), worker()),
            ErrorKind::Refused,
        );
        assert_eq!(converted(), (1, 0), "revoked");
        assert_eq!(census.alive(), 0, "arguments are dropped");
    }
}

#[test]
fn arguments_of_a_call_that_is_too_deep_are_not_converted() {
    let policy = desk_policy().attenuate(&desk_policy()).unwrap();
    let rules: Vec<_> = policy.rules(Direction::Inbound).collect();
    let policy = rules
        .iter()
        .fold(Policy::builder().depth_limit(1), |builder, rule| {
            builder.inbound(*rule)
        });
    let (membrane, probe) = (Membrane::new(policy.build().unwrap()), Probe::default());
    let desk = lend_desk(&membrane, Direction::Outbound);
    let calls = Scripted::new({
        let (desk, probe) = (desk.clone(), probe.clone());
        move |_| desk.probe_and_meet(probe.clone(), plain_worker())
    });
    let outer = membrane.wrap(calls.share()).unwrap();
    assert_kind(outer.run(), ErrorKind::TooDeep);
    assert_eq!(probe.0.load(SeqCst), 0);
    assert_kind(
        desk.probe_and_meet(probe.clone(), plain_worker()),
        ErrorKind::Refused,
    );
    assert_eq!(
        probe.0.load(SeqCst),
        1,
        "converted, and then the callback was refused: it is not listed inbound"
    );
}

/// M11: "method allowed, revoked, conditions". Nesting is a condition.
#[test]
fn revoked_is_told_before_too_deep() {
    let policy = working().depth_limit(1).build().unwrap();
    let (outer, inner) = (Membrane::new(policy.clone()), Membrane::new(policy));
    let revoked = inner.wrap(plain_worker()).unwrap();
    inner.revoke("long ago");
    let lent = outer.wrap(
        Scripted::new(move |_| {
            assert_revoked(revoked.run(), "long ago");
            Ok(1)
        })
        .share(),
    );
    assert_eq!(lent.unwrap().run(), Ok(1));
}

/// As above, while the revoked membrane still has calls that run.
#[test]
fn revoked_is_told_before_too_deep_inside_the_revoked() {
    let membrane = Membrane::new(working().depth_limit(1).build().unwrap());
    let own: Arc<Mutex<Option<Arc<dyn Worker>>>> = Arc::default();
    let seen = Arc::new(Mutex::new(vec![]));
    let worker = Scripted::new({
        let (membrane, own, seen) = (membrane.clone(), own.clone(), seen.clone());
        move |_| {
            let own = own.lock().unwrap().clone().unwrap();
            seen.lock().unwrap().push(own.run());
            membrane.revoke("just now");
            seen.lock().unwrap().push(own.run());
            Ok(1)
        }
    });
    let lent = membrane.wrap(worker.share()).unwrap();
    *own.lock().unwrap() = Some(lent.clone());
    assert_revoked(lent.run(), "just now");
    let seen = seen.lock().unwrap().clone();
    assert_kind(seen[0], ErrorKind::TooDeep);
    assert_revoked(seen[1], "just now");
}

#[test]
fn first_argument_that_cannot_cross_ends_the_call() {
    let policy = working()
        .homecoming(Homecoming::Refuse)
        .inbound(allow!(dyn Desk: probe_and_meet))
        .build()
        .unwrap();
    let (membrane, entered) = (Membrane::new(policy), Arc::new(AtomicUsize::new(0)));
    let of_wet = membrane.wrap(plain_worker()).unwrap();
    let worker = Scripted::new({
        let entered = entered.clone();
        move |_| Ok(entered.fetch_add(1, SeqCst) as u64)
    });
    let lent = membrane.wrap(worker.share()).unwrap();
    let before = membrane.live_proxies();
    let rejected = lent.run_with(of_wet).unwrap_err();
    assert_eq!(rejected, ErrorKind::Rejected.into());
    assert_eq!(
        rejected.to_string(),
        "rejected: a value may not cross this way"
    );
    assert_eq!(
        (entered.load(SeqCst), membrane.live_proxies()),
        (0, before - 1),
        "`of_wet` is gone, nothing is new"
    );
}

// Revocations.

#[test]
fn revoked_says_why_and_nothing_else() {
    for direction in DIRECTIONS {
        let membrane = Membrane::new(desk_policy());
        let desk = lend_desk(&membrane, direction);
        membrane.revoke("maintenance");
        let error = desk.name().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Revoked);
        assert!(error.is_revoked());
        assert_eq!(error.reason(), Some(Reason::from("maintenance")));
        assert_eq!(error.to_string(), "revoked: maintenance");
        assert_eq!(format!("{error:?}"), "Error(Revoked, \"maintenance\")");
        assert_ne!(
            error,
            ErrorKind::Revoked.into(),
            "told by the membrane, not by a target"
        );
        // The same from every method that is allowed.
        let again = desk
            .probe_and_meet(Probe::default(), plain_worker())
            .unwrap_err();
        assert_eq!(again, error);
    }
}

/// M9: reasons are for the holders of the scope that was revoked. Fails if `Error` crosses bare.
#[test]
fn error_as_payload_loses_its_reason() {
    #[derive(Debug, PartialEq, Passable)]
    enum Wide {
        Text(String),
        Told(Option<Error>),
        Many(Vec<Result<u64, Error>>),
        Membrane(Error),
    }
    impl From<Error> for Wide {
        fn from(error: Error) -> Self {
            Self::Membrane(error)
        }
    }
    #[interface]
    trait Relay {
        fn plain(&self) -> Result<u64, Error>;
        fn text(&self) -> Result<u64, Wide>;
        fn inside(&self) -> Result<u64, Wide>;
        fn option(&self) -> Result<u64, Wide>;
        fn many(&self) -> Result<u64, Wide>;
        fn value(&self) -> Result<(Error, Vec<Error>), Wide>;
        fn closure(&self) -> Result<Arc<dyn Fn() -> Result<u64, Error> + Send + Sync>, Error>;
        fn items(&self) -> Result<Box<dyn Iterator<Item = Result<Error, Error>> + Send>, Error>;
        fn take(&self, error: Error) -> Result<u64, Error>;
    }
    struct Told(Error, Mutex<Option<Error>>);
    impl Relay for Told {
        fn plain(&self) -> Result<u64, Error> {
            Err(self.0)
        }
        fn text(&self) -> Result<u64, Wide> {
            Err(Wide::Text("my own words".into()))
        }
        fn inside(&self) -> Result<u64, Wide> {
            Err(self.0.into())
        }
        fn option(&self) -> Result<u64, Wide> {
            Err(Wide::Told(Some(self.0)))
        }
        fn many(&self) -> Result<u64, Wide> {
            Err(Wide::Many(vec![Ok(1), Err(self.0)]))
        }
        fn value(&self) -> Result<(Error, Vec<Error>), Wide> {
            Ok((self.0, vec![self.0]))
        }
        fn closure(&self) -> Result<Arc<dyn Fn() -> Result<u64, Error> + Send + Sync>, Error> {
            let error = self.0;
            Ok(Arc::new(move || Err(error)))
        }
        fn items(&self) -> Result<Box<dyn Iterator<Item = Result<Error, Error>> + Send>, Error> {
            Ok(Box::new([Ok(self.0), Err(self.0)].into_iter()))
        }
        fn take(&self, error: Error) -> Result<u64, Error> {
            *self.1.lock().unwrap() = Some(error);
            Ok(0)
        }
    }
    // What the owner was told, by a membrane of its own.
    let own = Membrane::new(worker_policy());
    let broken = own.wrap(plain_worker()).unwrap();
    own.revoke("not for others");
    let told = broken.run().unwrap_err();
    assert!(told.reason().is_some());
    let bare = Error::from(ErrorKind::Revoked);
    let list = || allow!(dyn Relay: plain, text, inside, option, many, value, closure, items, take);
    for direction in DIRECTIONS {
        let membrane = Membrane::new(
            Policy::builder()
                .inbound(list())
                .outbound(list())
                .build()
                .unwrap(),
        );
        let owner = Arc::new(Told(told, Mutex::default()));
        let relay: Arc<dyn Relay> = membrane
            .pass(owner.clone() as Arc<dyn Relay>, direction)
            .unwrap();
        assert_eq!(relay.plain(), Err(bare));
        assert_eq!(
            relay.text(),
            Err(Wide::Text("my own words".into())),
            "its own data stays"
        );
        assert_eq!(relay.inside(), Err(Wide::Membrane(bare)));
        assert_eq!(relay.option(), Err(Wide::Told(Some(bare))));
        assert_eq!(relay.many(), Err(Wide::Many(vec![Ok(1), Err(bare)])));
        assert_eq!(relay.value(), Ok((bare, vec![bare])));
        assert_eq!((relay.closure().unwrap())(), Err(bare));
        assert_eq!(
            relay.items().unwrap().collect::<Vec<_>>(),
            [Ok(bare), Err(bare)]
        );
        assert_eq!(relay.take(told), Ok(0));
        assert_eq!(*owner.1.lock().unwrap(), Some(bare), "arguments, too");
        assert_eq!(
            membrane.pass(told, direction),
            Ok(bare),
            "and what is passed by hand"
        );
    }
}

/// A1, A3: the error path wraps as the result path does.
#[test]
fn reference_in_an_error_is_wrapped() {
    #[derive(Passable)]
    enum Refusal {
        Ask(Arc<dyn Worker>),
        Membrane(Error),
    }
    impl From<Error> for Refusal {
        fn from(error: Error) -> Self {
            Self::Membrane(error)
        }
    }
    #[interface]
    trait Counter {
        fn serve(&self) -> Result<(), Refusal>;
    }
    struct Closed(Arc<dyn Worker>);
    impl Counter for Closed {
        fn serve(&self) -> Result<(), Refusal> {
            Err(Refusal::Ask(self.0.clone()))
        }
    }
    for direction in DIRECTIONS {
        let allow = allow!(dyn Counter: serve);
        let membrane = Membrane::new(
            Policy::builder()
                .inbound(allow)
                .outbound(allow)
                .build()
                .unwrap(),
        );
        let worker = plain_worker();
        let counter: Arc<dyn Counter> = Arc::new(Closed(worker.clone()));
        let lent = membrane.pass(counter, direction).unwrap();
        let Err(Refusal::Ask(other)) = lent.serve() else {
            panic!("reached")
        };
        assert!(!Arc::ptr_eq(&worker, &other));
        assert_kind(other.run(), ErrorKind::Refused);
        membrane.revoke("shut");
        let Err(Refusal::Membrane(error)) = lent.serve() else {
            panic!("delivered")
        };
        assert_eq!(error.to_string(), "revoked: shut");
    }
}

// What is never told.

/// E3, E4, E5, M12. Fails if a proxy's `Debug` asks its target, or an error keeps anything of a payload.
#[test]
fn no_text_tells_of_the_other_side() {
    for direction in DIRECTIONS {
        let (debugged, membrane) = (Arc::new(AtomicUsize::new(0)), Membrane::new(desk_policy()));
        let target = SecretDesk::share(&debugged);
        let address = format!("{:p}", Arc::as_ptr(&target).cast::<()>());
        let desk = membrane.pass(target.clone(), direction).unwrap();
        let mut told = vec![format!("{desk:?}"), format!("{desk:#?}")];
        let named: Arc<dyn Named> = desk.clone();
        told.push(format!("{named:?}"));
        let mut errors = vec![
            desk.unlisted().unwrap_err(),
            desk.panics().unwrap_err(),
            membrane
                .pass(7, direction)
                .map_or_else(|error| error, |_: i32| ErrorKind::Rejected.into()),
        ];
        for kind in [
            ErrorKind::Refused,
            ErrorKind::Revoked,
            ErrorKind::Panicked,
            ErrorKind::TooDeep,
            ErrorKind::Rejected,
        ] {
            errors.push(desk.fails(kind.into()).unwrap_err());
            told.push(format!("{kind:?}"));
        }
        membrane.revoke("why not");
        errors.push(desk.name().unwrap_err());
        told.push(format!("{desk:?}"));
        for error in errors {
            told.extend(texts(error));
            assert!(error.source().is_none(), "no cause");
        }
        for text in &told {
            for never in [
                "0x",
                "/",
                "\\",
                "::",
                ".rs",
                "s3cret",
                "Secret",
                "src",
                "desk",
                &address[2..],
            ] {
                assert!(!text.contains(never), "{never:?} in {text:?}");
            }
        }
        assert_eq!(debugged.load(SeqCst), 0, "the target was asked");
        assert!(
            format!("{target:?}").contains("s3cret"),
            "the positive control"
        );
    }
}

/// M12. Two targets behind one interface cannot be told apart, nor a live one from a dead one.
#[test]
fn debug_of_a_proxy_shows_its_interface_and_allowed_methods() {
    let membrane = Membrane::new(desk_policy());
    let [one, two] = [(); 2].map(|()| lend_desk(&membrane, Direction::Outbound));
    let shown = format!("{one:?}");
    assert_eq!(
        shown,
        "dyn Desk {probe, probe_and_meet, panics, fails, name}"
    );
    assert_eq!(format!("{two:?}"), shown);
    let narrow = membrane.attenuate(
        &Policy::builder()
            .inbound(allow!(dyn Desk: name))
            .build()
            .unwrap(),
    );
    let narrow = narrow.unwrap();
    assert_eq!(
        format!("{:?}", narrow.wrap(one.clone()).unwrap()),
        "dyn Desk {name}"
    );
    let opaque = Membrane::new(Policy::deny_all());
    assert_eq!(
        format!("{:?}", lend_desk(&opaque, Direction::Inbound)),
        "dyn Desk {}"
    );
    membrane.revoke("gone");
    assert_eq!(format!("{one:?}"), shown);
}

/// E5. Whatever the panic says, the caller gets one and the same word.
#[test]
fn every_panic_is_told_alike() {
    let mut told = HashSet::new();
    let payloads: [fn(); 4] = [
        || panic!("literal"),
        || panic!("{}", String::from("formatted")),
        || std::panic::panic_any(42_u8),
        || std::panic::resume_unwind(Box::new(plain_worker())),
    ];
    for direction in DIRECTIONS {
        for payload in payloads {
            let membrane = Membrane::new(worker_policy());
            let worker = Scripted::new(move |_| {
                payload();
                Ok(0)
            });
            let error = membrane
                .pass(worker.share(), direction)
                .unwrap()
                .run()
                .unwrap_err();
            told.insert((error, texts(error)));
        }
    }
    let told: Vec<_> = told.into_iter().collect();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].0, ErrorKind::Panicked.into());
    assert_eq!(told[0].1[0], "the call panicked");
}

#[test]
fn error_is_one_word_without_a_handle() {
    fn plain<T: Copy + Send + Sync + std::hash::Hash + Eq + 'static>() {}
    plain::<Error>();
    plain::<ErrorKind>();
    plain::<Reason>();
    assert_eq!(size_of::<Error>(), size_of::<u64>());
    assert_eq!(size_of::<Option<Error>>(), size_of::<u64>());
    assert_eq!(size_of::<Result<(), Error>>(), size_of::<u64>());
}

#[test]
fn kinds_have_texts_of_their_own() {
    let kinds = [
        ErrorKind::Refused,
        ErrorKind::Revoked,
        ErrorKind::Panicked,
        ErrorKind::TooDeep,
        ErrorKind::Rejected,
    ];
    let all: HashSet<_> = kinds
        .iter()
        .flat_map(|kind| texts((*kind).into()))
        .collect();
    assert_eq!(all.len(), 3 * kinds.len(), "{all:?}");
    for kind in kinds {
        let error = Error::from(kind);
        assert_eq!((error.kind(), error.reason()), (kind, None));
        assert_eq!(error.is_revoked(), kind == ErrorKind::Revoked);
    }
}

#[test]
fn equal_reasons_are_one() {
    let long = "r".repeat(300);
    assert_eq!(Reason::from("same"), Reason::from(String::from("same")));
    assert_ne!(Reason::from("same"), Reason::from("other"));
    assert_eq!(Reason::from(long.as_str()), Reason::from(&long[..256]));
    assert_eq!(Reason::from(long.as_str()).as_str().len(), 256);
    assert_eq!(Reason::from(""), Reason::UNSPECIFIED);
    assert_eq!(Reason::UNSPECIFIED.to_string(), "no reason given");
    assert_eq!(format!("{:?}", Reason::from("same")), "Reason(\"same\")");
    // Cut at a character, never inside one.
    for at in 250..260 {
        let text = format!("{}äöü", "x".repeat(at));
        assert!(text.starts_with(Reason::from(text.as_str()).as_str()));
    }
}

#[test]
fn unspecified_reason_is_not_told() {
    let membrane = Membrane::new(worker_policy());
    let lent = membrane.wrap(plain_worker()).unwrap();
    membrane.revoke(Reason::UNSPECIFIED);
    let error = lent.run().unwrap_err();
    assert_eq!((error.kind(), error.reason()), (ErrorKind::Revoked, None));
    assert_eq!(error.to_string(), "revoked");
    assert_eq!(format!("{error:?}"), "Error(Revoked)");
    assert_eq!(membrane.reason(), Some(Reason::UNSPECIFIED));
}

/// The closure's own arguments and errors obey the same rules.
#[test]
fn closure_is_refused_and_revoked_as_methods_are() {
    for direction in DIRECTIONS {
        let membrane = Membrane::new(Policy::deny_all());
        let closure: Closure = Arc::new(|worker| worker.run());
        let lent = membrane.pass(closure, direction).unwrap();
        // The closure may be called, since it was lent; what it is given may not.
        assert_kind(lent(plain_worker()), ErrorKind::Refused);
        assert_eq!(membrane.live_proxies(), 1);
        membrane.revoke("no more");
        assert_revoked(lent(plain_worker()), "no more");
        assert_eq!(membrane.live_proxies(), 0);
    }
}

/// D15. The question that a hostile object holds for a moment shows nothing.
#[test]
fn question_whether_it_is_a_proxy_shows_nothing() {
    struct Curious(Mutex<Vec<String>>);
    impl Worker for Curious {
        fn run(&self) -> Result<u64, Error> {
            Ok(0)
        }
        fn run_with(&self, _: Arc<dyn Worker>) -> Result<u64, Error> {
            Ok(0)
        }
        fn unlisted(&self, _: Arc<dyn Worker>) -> Result<u64, Error> {
            Ok(0)
        }
        fn __membrane_worker(&self, query: &membrane::__private::Query<'_>) {
            self.0.lock().unwrap().push(format!("{query:?} {query:#?}"));
        }
    }
    for direction in DIRECTIONS {
        let curious = Arc::new(Curious(Mutex::default()));
        let membrane = Membrane::new(worker_policy());
        let lent: Arc<dyn Worker> = membrane
            .pass(curious.clone() as Arc<dyn Worker>, direction)
            .unwrap();
        assert_eq!(lent.run(), Ok(0));
        assert_eq!(*curious.0.lock().unwrap(), ["Query Query"]);
    }
}

/// E7: what is interned for ever is bounded.
#[test]
fn reasons_beyond_the_limit_are_unspecified() {
    in_its_own_process("reasons_beyond_the_limit_are_unspecified", || {
        let kept = Reason::from("kept");
        let all: Vec<_> = (1..65_536)
            .map(|number| Reason::from(format!("number {number}")))
            .collect();
        assert_eq!(Reason::from("one too many"), Reason::UNSPECIFIED);
        assert_eq!((kept.as_str(), Reason::from("kept")), ("kept", kept));
        assert_eq!(
            (all[65_534].as_str(), Reason::from("number 1")),
            ("number 65535", all[0])
        );
        let membrane = Membrane::new(worker_policy());
        let lent = membrane.wrap(plain_worker()).unwrap();
        membrane.revoke("one more than that");
        let error = lent.run().unwrap_err();
        assert_eq!((error.kind(), error.reason()), (ErrorKind::Revoked, None));
        membrane.revoke("kept");
        assert_eq!(lent.run(), Err(error));
    });
}
