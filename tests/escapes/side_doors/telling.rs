//! What is told: formatting, paths, errors, and the difference between two refusals.

use super::staging::{Chest, Coffer, MISSING, NAME, OPEN, SILVER, dynamic, joined, poll};
use crate::cast::{GOLD, Safe, Vault, is_raw, listed};
use crate::lab::{breaks, contained};
use membrane::{
    Direction, Error, ErrorKind, Membrane, OnPanic, Passable, Policy, allow, interface, lease,
};
use runtime::{CallError, Domain, Handle, Limits, Object, Value};
use std::fmt::{Debug, Formatter};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Weak};
use std::time::Duration;

const SECRET: &str = "/srv/vault/key-5b1f";

/// Whether `text` tells anything of what is behind it.
fn tells(text: &str) -> bool {
    text.contains(SECRET) || text.contains("0x")
}

#[interface]
trait Logged: Debug + Send + Sync {
    fn name(&self) -> Result<String, Error>;
}

/// Its formatter tells everything, and counts.
#[derive(Default)]
struct Talkative(AtomicUsize);

impl Debug for Talkative {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        self.0.fetch_add(1, SeqCst);
        write!(f, "Talkative {{ {SECRET}, at {self:p} }}")
    }
}

impl Logged for Talkative {
    fn name(&self) -> Result<String, Error> {
        Ok("talkative".into())
    }
}

/// E3: "custom inspect symbol run by host logger, inspect shows proxy target": a logger on the other side formats in every
/// way there is; what is behind two hops, too.
#[test]
fn e3_debug_of_a_proxy() {
    contained(
        breaks![membrane::DebugAsks, membrane::BareReferences],
        |lab| {
            let listed = allow!(dyn Logged: name);
            let policy = Policy::builder().inbound(listed).outbound(listed);
            let policy = policy.build().expect("one list each");
            let (first, second) = (Membrane::new(policy.clone()), Membrane::new(policy));
            for direction in [Direction::Outbound, Direction::Inbound] {
                let talkative = Arc::new(Talkative::default());
                let near: Arc<dyn Logged> = talkative.clone();
                let near = first.pass(near, direction).expect("live");
                let far = second.pass(near.clone(), direction).expect("live");
                lab.reached();
                for held in [near, far] {
                    let texts = [
                        format!("{held:?}"),
                        format!("{held:#?}"),
                        format!("{held:>40.1?}"),
                        format!("{:?}", Some(std::slice::from_ref(&held))),
                        format!("{:?}", &*held as &dyn Debug),
                    ];
                    for text in texts {
                        lab.escaped_if(tells(&text), text);
                    }
                }
                lab.escaped_if(talkative.0.load(SeqCst) > 0, "the formatter was run");
            }
        },
    );
}

/// E3, of a lease, which is to tell a proxy from an object no more than a call does.
#[test]
fn e3_debug_of_a_lease() {
    contained(breaks![membrane::DebugAsks], |lab| {
        let membrane = Membrane::new(listed().build().expect("one list each"));
        let own: Arc<dyn Vault> = Safe::new();
        let lent = membrane.wrap(own.clone()).expect("live");
        let (of_own, of_lent) = (lease(&own), lease(&lent));
        assert!(of_lent.name().is_ok());
        lab.reached();
        let (own, lent) = (format!("{of_own:?}"), format!("{of_lent:?}"));
        lab.escaped_if(own != lent || tells(&lent), lent);
        let (own, lent) = (format!("{:#?}", *of_own), format!("{:#?}", *of_lent));
        lab.escaped_if(own != lent || tells(&lent), lent);
    });
}

/// E3, of references as values, in a host's log and in a guest's.
#[test]
fn e3_debug_of_a_dynamic_reference() {
    contained(breaks![runtime::ShowsTarget], |lab| {
        let (runtime, guest, _membrane) = joined(Limits::default());
        let host = runtime.host();
        let texts = |from: &Domain, to: &Domain| {
            let own = from.own::<dyn Chest>(Arc::new(Coffer::default()));
            let sent = from.send(&own, to).expect("live");
            let value = Value::from(sent.clone());
            let all = Value::from(vec![
                value.clone(),
                Value::record([("held", value.clone())]),
            ]);
            [
                format!("{sent:?} {sent:#?}"),
                format!("{value:?} {value}"),
                format!("{all:?} {all}"),
                format!("{:?}", CallError::Raised(all)),
            ]
        };
        for (from, to) in [(host, &guest), (&guest, host)] {
            let (one, other) = (texts(from, to), texts(from, to));
            lab.reached();
            for (one, other) in one.into_iter().zip(other) {
                lab.escaped_if(tells(&one) || one != other, one);
            }
        }
    });
}

#[interface]
trait Cabinet: Send + Sync {
    fn drawer(&self) -> Result<Arc<dyn Drawer>, Error>;
}

type Labelled = Vec<(String, Option<Arc<dyn Vault>>)>;

#[interface]
trait Drawer: Send + Sync {
    fn vaults(&self) -> Result<Labelled, Error>;
}

struct Furniture(Arc<Safe>);

impl Cabinet for Furniture {
    fn drawer(&self) -> Result<Arc<dyn Drawer>, Error> {
        Ok(Arc::new(Self(self.0.clone())))
    }
}

impl Drawer for Furniture {
    fn vaults(&self) -> Result<Labelled, Error> {
        Ok(vec![("a".into(), None), ("b".into(), Some(self.0.clone()))])
    }
}

/// E4: `"{0.drawer.vaults[1].open}"`: each step of a path is a step through the membrane, over one hop and over two.
#[test]
fn e4_path_of_fields() {
    contained(
        breaks![
            membrane::BareResults,
            membrane::BareReferences,
            membrane::BareElements,
            membrane::AllowAll
        ],
        |lab| {
            let policy = listed()
                .inbound(allow!(dyn Cabinet: drawer))
                .inbound(allow!(dyn Drawer: vaults));
            let policy = policy.build().expect("one list each");
            let safe = Safe::new();
            let cabinet: Arc<dyn Cabinet> = Arc::new(Furniture(safe.clone()));
            let near = Membrane::new(policy.clone()).wrap(cabinet).expect("live");
            let far = Membrane::new(policy).wrap(near.clone()).expect("live");
            for cabinet in [near, far] {
                let drawer = cabinet.drawer().expect("listed");
                let vaults = drawer.vaults().expect("listed");
                let vault = vaults[1].1.clone().expect("it is there");
                lab.reached();
                lab.escaped_if(vault.open() == Ok(GOLD), "the gold at the end of the path");
                lab.escaped_if(is_raw(&vault, &safe), "the vault");
            }
        },
    );
}

/// What `domain` gets by calling one name after the other, as a template engine would.
fn walk(domain: &Domain, from: &Object, path: &str) -> Result<Value, CallError> {
    let mut at = Value::from(from.clone());
    for name in path.split('.') {
        let object = at.as_object().cloned().ok_or(ErrorKind::Failed)?;
        at = domain.call_named(&object, name, &[])?;
    }
    Ok(at)
}

/// E4, by name; and names that are paths themselves.
#[test]
fn e4_path_by_name() {
    contained(
        breaks![
            membrane::BareResults,
            membrane::AllowAll,
            runtime::SendsBare
        ],
        |lab| {
            let (runtime, guest, _membrane) = joined(Limits::default());
            let inner = Arc::new(Coffer::default());
            let outer = Arc::new(Coffer {
                inner: Some(inner.clone()),
                ..Coffer::default()
            });
            let own = runtime.host().own::<dyn Chest>(outer.clone());
            let lent = runtime.host().send(&own, &guest).expect("live");
            assert_eq!(
                walk(&guest, &lent, "inner.name"),
                Ok("a chest".into()),
                "a path of listed names"
            );
            lab.reached();
            for path in ["open", "inner.open", "inner.inner.open"] {
                lab.escaped_if(walk(&guest, &lent, path) == Ok(SILVER.into()), path);
            }
            let names = [
                "inner.open",
                "inner/open",
                "Chest::open",
                "Chest.open",
                "{0.open}",
                "open()",
                "inner()",
                " open",
                "open\0",
                "r#open",
                "OPEN",
                "__membrane_chest",
            ];
            for name in names {
                let got = guest.call_named(&lent, name, &[]);
                lab.escaped_if(got != Err(ErrorKind::Refused.into()), name);
            }
            lab.escaped_if(outer.opened() + inner.opened() > 0, "it was opened");
        },
    );
}

/// An error with the receiver of the call in it.
#[derive(Passable)]
enum Missing {
    Of(Arc<dyn Register>),
    Membrane(Error),
}

impl From<Error> for Missing {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

#[interface]
trait Register: Send + Sync {
    fn find(&self, key: &str) -> Result<u64, Missing>;
    fn dump(&self) -> Result<String, Error>;
}

struct Names(Weak<Names>);

impl Register for Names {
    fn find(&self, _: &str) -> Result<u64, Missing> {
        Err(Missing::Of(self.0.upgrade().expect("it is being called")))
    }

    fn dump(&self) -> Result<String, Error> {
        Ok(SECRET.into())
    }
}

/// E4: `AttributeError.obj`: the error of a look-up carries what was looked through.
#[test]
fn e4_receiver_in_an_error() {
    contained(
        breaks![
            membrane::BareErrors,
            membrane::BareReferences,
            membrane::AllowAll
        ],
        |lab| {
            let policy = Policy::builder().inbound(allow!(dyn Register: find));
            let membrane = Membrane::new(policy.build().expect("one list"));
            let names: Arc<dyn Register> = Arc::new_cyclic(|names| Names(names.clone()));
            let lent = membrane.wrap(names.clone()).expect("live");
            let Err(Missing::Of(receiver)) = lent.find("password") else {
                return;
            };
            lab.reached();
            lab.escaped_if(Arc::ptr_eq(&receiver, &names), "the receiver");
            lab.escaped_if(receiver.dump().is_ok(), "what it holds");
        },
    );
}

#[interface]
trait Careless: Send + Sync {
    fn trip(&self) -> Result<u64, Error>;
    async fn trip_later(&self) -> Result<u64, Error>;
}

/// Panics with what it knows.
struct Stumbling;

#[interface]
impl Careless for Stumbling {
    fn trip(&self) -> Result<u64, Error> {
        panic_any(format!("cannot read {SECRET}"))
    }

    async fn trip_later(&self) -> Result<u64, Error> {
        panic_any(format!("cannot read {SECRET}"))
    }
}

/// Everything that a caller can find out about the outcome of a call.
fn told<R: Debug>(call: impl FnOnce() -> R) -> String {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => format!("{result:?} {result:#?}"),
        Err(payload) => match payload.downcast::<String>() {
            Ok(text) => *text,
            Err(payload) => match payload.downcast::<&str>() {
                Ok(text) => (*text).into(),
                Err(_) => "another payload".into(),
            },
        },
    }
}

/// E5: "stack string with host paths": what a panic says, whether it is an error or goes on.
#[test]
fn e5_text_of_a_panic() {
    contained(breaks![gate::PayloadThrough], |lab| {
        for on_panic in [OnPanic::Error, OnPanic::Propagate] {
            let policy = Policy::builder()
                .inbound(allow!(dyn Careless: trip, trip_later))
                .on_panic(on_panic);
            let policy = policy.build().expect("one list");
            let near = Membrane::new(policy.clone());
            let near = near.wrap::<dyn Careless>(Arc::new(Stumbling));
            let near = near.expect("live");
            let far = Membrane::new(policy).wrap(near.clone()).expect("live");
            lab.reached();
            for careless in [near, far] {
                let texts = [
                    told(|| careless.trip()),
                    told(|| lease(&careless).trip()),
                    told(|| poll(&mut careless.trip_later())),
                    told(|| careless.trip().map_err(|error| error.to_string())),
                ];
                for text in texts {
                    lab.escaped_if(tells(&text), text);
                }
            }
        }
    });
}

/// Passes on what another membrane told it.
struct Relaying(Error);

#[interface]
trait Relay: Send + Sync {
    fn fails(&self) -> Result<u64, Error>;
    fn reports(&self) -> Result<(Error, Vec<Error>), Error>;
}

impl Relay for Relaying {
    fn fails(&self) -> Result<u64, Error> {
        Err(self.0)
    }

    fn reports(&self) -> Result<(Error, Vec<Error>), Error> {
        Ok((self.0, vec![self.0]))
    }
}

/// E5: what was said to the holders of one membrane is none of the next one's business.
#[test]
fn e5_reason_of_a_membrane_further_in() {
    contained(breaks![membrane::BareErrors], |lab| {
        let inner = Membrane::new(listed().build().expect("one list each"));
        let vault = inner.wrap::<dyn Vault>(Safe::new()).expect("live");
        inner.suspend(SECRET, Some(Duration::from_secs(5)));
        let suspended = vault.name().expect_err("suspended");
        inner.revoke(SECRET);
        let revoked = vault.name().expect_err("revoked");
        for error in [suspended, revoked] {
            assert!(error.to_string().contains(SECRET), "{error}");
            let policy = Policy::builder().inbound(allow!(dyn Relay: fails, reports));
            let outer = Membrane::new(policy.build().expect("one list"));
            let relay: Arc<dyn Relay> = Arc::new(Relaying(error));
            let relay = outer.wrap(relay).expect("live");
            lab.reached();
            let mut got = vec![relay.fails().expect_err("as it was told")];
            let (one, more) = relay.reports().expect("it reports");
            got.push(one);
            got.extend(more);
            for error in got {
                let text = format!("{error} {error:?}");
                lab.escaped_if(tells(&text), text);
                lab.escaped_if(error.reason().is_some(), "the reason");
                lab.escaped_if(error.retry_after().is_some(), "the time");
            }
        }
    });
}

/// E22: "'denied' vs 'no such method' vs 'revoked' distinguishable", whatever the arguments are, and whatever became of the
/// membrane.
#[test]
fn e22_missing_or_not_allowed() {
    contained(breaks![runtime::TellsMissing], |lab| {
        let (runtime, guest, membrane) = joined(Limits::default());
        let own = runtime.host().own::<dyn Chest>(Arc::new(Coffer::default()));
        let lent = runtime.host().send(&own, &guest).expect("live");
        let huge = Value::from("x".repeat(9 << 20));
        let arguments = [
            vec![],
            vec![Value::Null],
            vec![lent.clone().into()],
            vec![huge],
            vec![Value::Null; 70],
        ];
        let compare = |stage: &str| {
            for arguments in &arguments {
                let missing = guest.call(&lent, MISSING, arguments);
                let denied = guest.call(&lent, OPEN, arguments);
                lab.escaped_if(missing != denied, format!("{stage}: by number"));
                let missing = guest.call_named(&lent, "shut", arguments);
                let denied = guest.call_named(&lent, "open", arguments);
                lab.escaped_if(missing != denied, format!("{stage}: by name"));
            }
            let same = lent.method("open") == lent.method("shut")
                && lent.allows(OPEN) == lent.allows(MISSING);
            lab.escaped_if(!same, format!("{stage}: a look"));
        };
        assert!(guest.call(&lent, NAME, &[]).is_ok());
        lab.reached();
        compare("live");
        membrane.suspend("for now", None);
        compare("suspended");
        membrane.revoke("over");
        compare("revoked");
    });
}

/// E22: a description is of what may be called.
#[test]
fn e22_description() {
    contained(breaks![runtime::DescribesAll], |lab| {
        let (runtime, guest, _membrane) = joined(Limits::default());
        let host = runtime.host();
        for (from, to) in [(host, &guest), (&guest, host)] {
            let own = from.own::<dyn Chest>(Arc::new(Coffer::default()));
            let sent = from.send(&own, to).expect("live");
            let description = to.describe(&sent).expect("it holds it");
            lab.reached();
            let mut names = description
                .methods()
                .iter()
                .map(|(_, method)| method.name());
            lab.escaped_if(names.any(|name| name == "open"), "that it can be opened");
        }
    });
}

/// E22: whether another domain has an object of some name.
#[test]
fn e22_name_of_another_domains_object() {
    contained(breaks![runtime::AnyDomain], |lab| {
        let (runtime, guest, _membrane) = joined(Limits::default());
        let other = runtime.domain("other", Limits::default());
        let policy = dynamic().build().expect("one list each");
        runtime
            .join(runtime.host(), &other, policy)
            .expect("the first time");
        let names = [&guest, &other].map(|domain| {
            let own = runtime.host().own::<dyn Chest>(Arc::new(Coffer::default()));
            let lent = runtime.host().send(&own, domain).expect("live");
            domain.insert(&lent).expect("room")
        });
        lab.reached();
        let of_others = names[0];
        let made_up = Handle::from_bits(of_others.to_bits() ^ 1 << 40);
        assert!(other.get(made_up).is_none());
        lab.escaped_if(other.get(of_others).is_some(), "an answer to a forged name");
        lab.escaped_if(other.release(of_others), "a forged name released something");
        lab.escaped_if(other.handles() != 1, "a name is gone");
    });
}
