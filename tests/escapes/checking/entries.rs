//! All the ways to one operation, and all the forms of one argument.

use crate::lab::{breaks, contained};
use crate::stage::{
    Chest, OPEN, Oak, Post, at_once, chests, guests, policy, posts, sent, two_hops,
};
use membrane::{
    Check, Conditions, Direction, Error, Membrane, Policy, allow, interface, lease, rule,
};
use std::borrow::Cow;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Tries to open the oak, and says whether that went well.
type Way = (&'static str, fn(&Arc<Oak>) -> bool);

#[interface]
trait Trunk: Chest {
    fn lift(&self) -> Result<u64, Error>;
}

impl Trunk for Oak {
    fn lift(&self) -> Result<u64, Error> {
        Ok(40)
    }
}

fn lend(oak: &Arc<Oak>) -> (Membrane, Arc<dyn Chest>) {
    let membrane = Membrane::new(policy(chests()));
    let lent = membrane.wrap(oak.chest()).expect("live");
    (membrane, lent)
}

fn post(oak: &Arc<Oak>, direction: Direction) -> Arc<dyn Post> {
    let post: Arc<dyn Post> = oak.clone();
    let membrane = Membrane::new(policy(posts()));
    membrane.pass(post, direction).expect("live")
}

const WAYS: [Way; 23] = [
    ("wrap", |oak| lend(oak).1.open().is_ok()),
    ("wrap_inbound", |oak| {
        let membrane = Membrane::new(policy(chests()));
        membrane
            .wrap_inbound(oak.chest())
            .expect("live")
            .open()
            .is_ok()
    }),
    ("wrapped again", |oak| {
        let (membrane, lent) = lend(oak);
        membrane.wrap(lent).expect("live").open().is_ok()
    }),
    ("passed in a list", |oak| {
        let (membrane, lent) = lend(oak);
        drop(lent);
        let list = vec![Some(oak.chest()), None, Some(oak.chest())];
        let list = membrane.pass(list, Direction::Outbound).expect("live");
        list.into_iter().flatten().any(|chest| chest.open().is_ok())
    }),
    ("passed beside data", |oak| {
        let (membrane, _lent) = lend(oak);
        let pair = (1_u64, oak.chest());
        membrane
            .pass(pair, Direction::Outbound)
            .expect("live")
            .1
            .open()
            .is_ok()
    }),
    ("result", |oak| {
        let (_membrane, lent) = lend(&Oak::keeping(oak.chest()));
        lent.kept().expect("it is kept").open().is_ok()
    }),
    ("argument", |oak| {
        let desk = Oak::new();
        let (_membrane, lent) = lend(&desk);
        lent.keep(oak.chest()).expect("listed");
        desk.taken().expect("it is kept").open().is_ok()
    }),
    ("lease", |oak| lease(&lend(oak).1).open().is_ok()),
    ("lease of a result", |oak| {
        let (_membrane, lent) = lend(&Oak::keeping(oak.chest()));
        let kept = lease(&lent).kept().expect("it is kept");
        kept.open().is_ok() || lease(&kept).open().is_ok()
    }),
    ("super-interface", |oak| {
        let list = allow!(dyn Trunk: lift, name);
        let membrane = Membrane::new(policy(Policy::builder().inbound(list)));
        let trunk = membrane.wrap::<dyn Trunk>(oak.clone()).expect("live");
        let chest: Arc<dyn Chest> = trunk.clone();
        trunk.open().is_ok() || chest.open().is_ok() || lease(&chest).open().is_ok()
    }),
    ("grant", |oak| {
        let (membrane, lent) = lend(oak);
        let grant = membrane.grant(membrane.policy()).expect("as wide");
        let granted = grant.wrap(oak.chest()).expect("live").open().is_ok();
        granted || grant.wrap(lent).expect("live").open().is_ok()
    }),
    ("attenuation", |oak| {
        let (membrane, lent) = lend(oak);
        let on = membrane.attenuate(membrane.policy()).expect("as wide");
        on.wrap(lent).expect("live").open().is_ok()
    }),
    ("under conditions", |oak| {
        let ten = Conditions::builder().calls(10).concurrency(10).build();
        let ten = ten.expect("nothing is wrong with it");
        let membrane = Membrane::with_conditions(policy(chests()), &ten).expect("live");
        membrane.wrap(oak.chest()).expect("live").open().is_ok()
    }),
    ("while calls are counted", |oak| {
        let (membrane, lent) = lend(oak);
        membrane.count_calls(true);
        lent.open().is_ok()
    }),
    ("inside a call", |oak| {
        let (membrane, lent) = lend(oak);
        let inside: Arc<dyn Fn() -> Result<bool, Error> + Send + Sync> =
            Arc::new(move || Ok(lent.open().is_ok()));
        membrane.pass(inside, Direction::Outbound).expect("live")().expect("live")
    }),
    ("on a thread's first call", |oak| {
        let (_membrane, lent) = lend(oak);
        tests::soon(move || lent.open().is_ok())
    }),
    ("two hops", |oak| {
        let (_a, _b, chest) = two_hops(&policy(chests()), oak.chest());
        chest.open().is_ok()
    }),
    ("later", |oak| {
        [Direction::Outbound, Direction::Inbound]
            .iter()
            .any(|direction| at_once(post(oak, *direction).open()).is_ok())
    }),
    ("later, by a lease", |oak| {
        let post = post(oak, Direction::Outbound);
        let leased = lease(&post);
        at_once(leased.open()).is_ok()
    }),
    ("by number and by name", |oak| {
        let (runtime, [guest]) = guests(&policy(chests()));
        let lent = sent(runtime.host(), &guest, oak);
        let number = lent.method("open").unwrap_or(OPEN);
        let by_number = guest.call(&lent, number, &[]).is_ok();
        by_number || guest.call_named(&lent, "open", &[]).is_ok()
    }),
    ("by what another domain holds", |oak| {
        let (runtime, [guest]) = guests(&policy(chests()));
        let own = runtime.host().own::<dyn Chest>(oak.clone());
        guest.call(&own, OPEN, &[]).is_ok()
    }),
    ("by a handle", |oak| {
        let (runtime, [guest]) = guests(&policy(chests()));
        let handle = guest.insert(&sent(runtime.host(), &guest, oak));
        let lent = guest.get(handle.expect("room")).expect("it is there");
        guest.call(&lent, OPEN, &[]).is_ok()
    }),
    ("as what it is in Rust", |oak| {
        let (runtime, [guest]) = guests(&policy(chests()));
        let lent = sent(runtime.host(), &guest, oak);
        let typed = lent.typed::<dyn Chest>().expect("a chest");
        typed.open().is_ok() || lease(&typed).open().is_ok()
    }),
];

/// C11: "every alias, batch, async and raw variant needs the gate".
#[test]
fn c11_every_way_to_one_operation() {
    contained(
        breaks![
            membrane::AllowAll,
            membrane::LeaseUnlisted,
            membrane::UnlistedAsync,
            membrane::BareReferences,
            membrane::BareResults,
            membrane::BareArguments,
            membrane::BareElements,
            runtime::SendsBare,
        ],
        |lab| {
            for (name, way) in WAYS {
                let oak = Oak::new();
                lab.reached();
                lab.escaped_if(way(&oak), name);
                lab.escaped_if(oak.opened() > 0, "the gold");
            }
        },
    );
}

/// Declares an interface of one method for each form of text, a target that counts, and the rules.
macro_rules! forms {
    ($($method:ident: $type:ty),* $(,)?) => {
        #[interface]
        trait Shelf: Send + Sync {
            $(fn $method(&self, key: $type) -> Result<(), Error>;)*
        }

        impl Shelf for AtomicUsize {
            $(fn $method(&self, _: $type) -> Result<(), Error> {
                self.fetch_add(1, SeqCst);
                Ok(())
            })*
        }

        fn shelves() -> Policy {
            let list = allow!(dyn Shelf: $($method),*);
            let builder = Policy::builder().inbound(list).outbound(list);
            policy(builder
                $(.inbound_rule(rule!(dyn Shelf: $method, key: Check::one_of(["public"])))
                .outbound_rule(rule!(dyn Shelf: $method, key: Check::one_of(["public"]))))*)
        }
    };
}

forms! {
    lent: &str,
    owned: String,
    shared: Arc<str>,
    boxed: Box<str>,
    cow: Cow<'static, str>,
    path: &Path,
    path_buf: PathBuf,
    os: &OsStr,
    os_string: OsString,
    c: &CStr,
    c_string: CString,
    maybe: Option<String>,
}

/// C11: "string and Buffer checked, `Uint8Array` not": whichever form a text has, a rule on it sees it; and what it cannot see
/// does not pass.
#[test]
fn c11_every_form_of_text() {
    contained(
        breaks![membrane::UncheckedRules, membrane::OpaquePasses],
        |lab| {
            for direction in [Direction::Outbound, Direction::Inbound] {
                let membrane = Membrane::new(shelves());
                let target = Arc::<AtomicUsize>::default();
                let shelf: Arc<dyn Shelf> = target.clone();
                let shelf = membrane.pass(shelf, direction).expect("live");
                // All forms of the key that the rules agree to, and then of one that they do not.
                let keyed = |key: &'static str| {
                    let c = CString::new(key).expect("no zero in it");
                    [
                        shelf.lent(key),
                        shelf.owned(key.into()),
                        shelf.shared(key.into()),
                        shelf.boxed(key.into()),
                        shelf.cow(key.into()),
                        shelf.path(Path::new(key)),
                        shelf.path_buf(key.into()),
                        shelf.os(OsStr::new(key)),
                        shelf.os_string(key.into()),
                        shelf.c(&c),
                        shelf.c_string(c.clone()),
                        shelf.maybe(Some(key.into())),
                    ]
                };
                assert!(keyed("public").iter().all(Result::is_ok));
                let before = target.load(SeqCst);
                lab.reached();
                for (place, answer) in keyed("secret").iter().enumerate() {
                    lab.escaped_if(answer.is_ok(), format!("form {place} of a key"));
                }
                let no_text = OsStr::from_bytes(b"secret\xff");
                let c = c"secret\xff";
                let unseen = [
                    shelf.path(Path::new(no_text)),
                    shelf.path_buf(no_text.into()),
                    shelf.os(no_text),
                    shelf.os_string(no_text.into()),
                    shelf.c(c),
                    shelf.c_string(c.into()),
                ];
                for (place, answer) in unseen.iter().enumerate() {
                    lab.escaped_if(answer.is_ok(), format!("form {place} of what is no text"));
                }
                lab.escaped_if(target.load(SeqCst) > before, "the target was entered");
            }
        },
    );
}
