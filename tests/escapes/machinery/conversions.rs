//! What goes wrong while a value is converted: on the way in, on the way out, and after the call.

use crate::cast::{GOLD, Safe};
use crate::lab::{Lab, breaks, contained};
use crate::stage::{Chest, Evil, KEEP, KEPT, NAME, Oak, at_once, chests, guests, policy, sent};
use membrane::{
    Conditions, Crossing, Direction, Error, ErrorKind, Membrane, Passable, Policy, allow,
    interface, lease,
};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;

/// A value whose conversion does something; its author wrote that by hand.
#[derive(Clone)]
struct Fuse(Arc<dyn Fn() + Send + Sync>);

impl Passable for Fuse {
    const BARE: bool = false;

    fn pass(self, _: &Crossing<'_>) -> Result<Self, Error> {
        (self.0)();
        Ok(self)
    }
}

/// An error of that kind.
#[derive(Passable)]
enum Burnt {
    Fuse(Fuse),
    Membrane(Error),
}

impl From<Error> for Burnt {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

type Fuses = Box<dyn Iterator<Item = Result<Fuse, Error>> + Send>;

#[interface]
trait Powder: Send + Sync {
    fn take(&self, fuse: Fuse) -> Result<(), Error>;
    fn take_all(&self, fuses: Vec<Option<Fuse>>) -> Result<(), Error>;
    fn give(&self) -> Result<Fuse, Error>;
    fn give_small(&self) -> Result<Option<Fuse>, Error>;
    fn fail(&self) -> Result<(), Burnt>;
    fn items(&self) -> Result<Fuses, Error>;
    async fn later(&self) -> Result<Fuse, Error>;
}

struct Keg(Fuse);

#[interface]
impl Powder for Keg {
    fn take(&self, _: Fuse) -> Result<(), Error> {
        Ok(())
    }

    fn take_all(&self, _: Vec<Option<Fuse>>) -> Result<(), Error> {
        Ok(())
    }

    fn give(&self) -> Result<Fuse, Error> {
        Ok(self.0.clone())
    }

    fn give_small(&self) -> Result<Option<Fuse>, Error> {
        Ok(Some(self.0.clone()))
    }

    fn fail(&self) -> Result<(), Burnt> {
        Err(Burnt::Fuse(self.0.clone()))
    }

    fn items(&self) -> Result<Fuses, Error> {
        Ok(Box::new([Ok(self.0.clone())].into_iter()))
    }

    async fn later(&self) -> Result<Fuse, Error> {
        Ok(self.0.clone())
    }
}

fn powder() -> Policy {
    let list = allow!(dyn Powder: take, take_all, give, give_small, fail, items, later);
    policy(Policy::builder().inbound(list).outbound(list))
}

/// Tries `attempt`, which says whether a value came out of it that should not have.
fn try_throwing(lab: &Lab, what: &str, attempt: impl FnOnce() -> bool) {
    lab.reached();
    match catch_unwind(AssertUnwindSafe(attempt)) {
        Ok(out) => lab.escaped_if(out, format!("{what}: as if nothing were")),
        Err(payload) => lab.escaped(format!(
            "{what}: a panic{}",
            if payload.is::<Arc<Safe>>() {
                ", and the safe in it"
            } else {
                ""
            }
        )),
    }
}

/// D4: "error raised inside the wrap step escapes unsanitised": the conversion of an argument, an element, a result, an error,
/// an item, of what a future ends with, and of what is passed, each throws an object.
#[test]
fn d4_panic_in_a_conversion() {
    contained(breaks![gate::PayloadThrough, membrane::LoudPass], |lab| {
        for direction in [Direction::Outbound, Direction::Inbound] {
            let safe = Safe::new();
            let fuse = Fuse(Arc::new(move || panic_any(safe.clone())));
            let plain = Membrane::new(powder());
            let ten = Conditions::builder().calls(100).build();
            let ten = ten.expect("nothing is wrong with it");
            let guarded = Membrane::with_conditions(powder(), &ten).expect("live");
            for membrane in [plain, guarded] {
                let keg: Arc<dyn Powder> = Arc::new(Keg(fuse.clone()));
                let keg = membrane.pass(keg, direction).expect("live");
                let leased = lease(&keg);
                let lit = || fuse.clone();
                try_throwing(lab, "an argument", || keg.take(lit()).is_ok());
                try_throwing(lab, "a leased argument", || leased.take(lit()).is_ok());
                try_throwing(lab, "an element", || {
                    keg.take_all(vec![None, Some(lit())]).is_ok()
                });
                try_throwing(lab, "a result", || keg.give().is_ok());
                try_throwing(lab, "a leased result", || leased.give().is_ok());
                try_throwing(lab, "another result", || keg.give_small().is_ok());
                try_throwing(lab, "an error", || {
                    matches!(keg.fail(), Err(Burnt::Fuse(_)))
                });
                let mut items = keg.items().expect("listed");
                try_throwing(lab, "an item", || matches!(items.next(), Some(Ok(_))));
                try_throwing(lab, "later", || at_once(keg.later()).is_ok());
                try_throwing(lab, "passed", || membrane.pass(lit(), direction).is_ok());
                let answer = keg.take(Fuse(Arc::new(|| ())));
                lab.escaped_if(answer != Ok(()), "the gate is not right after it");
            }
        }
    });
}

/// D4: an object throws another one when it is asked what it is: in a call, and where no call is around it.
#[test]
fn d4_panic_of_what_is_asked() {
    contained(breaks![membrane::LoudQuestions], |lab| {
        let safe = Safe::new();
        let evil = Evil::new(move |_| panic_any(safe.clone()));
        for direction in [Direction::Outbound, Direction::Inbound] {
            let membrane = Membrane::new(policy(chests()));
            let lent = membrane.pass(Oak::new().chest(), direction).expect("live");
            try_throwing(lab, "asked by the owner", || {
                membrane.lent(&evil.chest()).is_some()
            });
            try_throwing(lab, "leased", || {
                lease(&evil.chest()).name() != Ok("evil".into())
            });
            try_throwing(lab, "passed", || {
                membrane.pass(evil.chest(), direction).is_ok()
            });
            try_throwing(lab, "an argument", || lent.keep(evil.chest()).is_ok());
        }
        assert!(evil.asked() > 0);
    });
}

/// D16: "result conversion outside `catch_unwind`": a guest's own object comes home to the guest, as the result of a dynamic
/// call. Whether it is a proxy is asked after the gate was left, and panics at the host.
#[test]
fn d16_result_that_panics_when_it_is_asked() {
    contained(breaks![membrane::LoudQuestions], |lab| {
        let (runtime, [guest]) = guests(&policy(chests()));
        let host = runtime.host();
        for (owner, caller) in [(host, &guest), (&guest, host)] {
            let lent = sent(owner, caller, &Oak::new());
            let safe = Safe::new();
            let armed = Arc::new(std::sync::atomic::AtomicBool::new(false));
            let is_armed = armed.clone();
            let evil = Evil::new(move |_| {
                if is_armed.load(std::sync::atomic::Ordering::SeqCst) {
                    panic_any(safe.clone());
                }
            });
            let own = caller.own::<dyn Chest>(evil.clone());
            caller
                .call(&lent, KEEP, &[own.clone().into()])
                .expect("listed");
            armed.store(true, std::sync::atomic::Ordering::SeqCst);
            let before = evil.asked();
            try_throwing(lab, "a result that comes home", || {
                let result = caller.call(&lent, KEPT, &[]);
                // It is the caller's own chest, as before.
                result.as_ref().ok().and_then(runtime::Value::as_object) != Some(&own)
            });
            assert!(evil.asked() > before, "it was asked");
            let answer = caller.call(&lent, NAME, &[]);
            lab.escaped_if(answer.is_err(), "the gate is not right after it");
        }
    });
}

#[interface]
trait Mine: Send + Sync {
    fn dig(&self) -> Result<(u64, Fuse), Error>;
    fn dig_deep(&self) -> Result<([u64; 8], Fuse), Error>;
    fn collapse(&self) -> Result<(), Burnt>;
    async fn dig_later(&self) -> Result<(u64, Fuse), Error>;
}

struct Shaft(Fuse);

#[interface]
impl Mine for Shaft {
    fn dig(&self) -> Result<(u64, Fuse), Error> {
        Ok((GOLD, self.0.clone()))
    }

    fn dig_deep(&self) -> Result<([u64; 8], Fuse), Error> {
        Ok(([GOLD; 8], self.0.clone()))
    }

    fn collapse(&self) -> Result<(), Burnt> {
        Err(Burnt::Fuse(self.0.clone()))
    }

    async fn dig_later(&self) -> Result<(u64, Fuse), Error> {
        Ok((GOLD, self.0.clone()))
    }
}

/// D16: "result conversion outside of accounting": it counts as running, and a revocation in it, after the target has
/// returned, withholds what is converted already.
#[test]
fn d16_conversion_that_revokes() {
    type Try = (&'static str, fn(&Arc<dyn Mine>) -> Option<ErrorKind>);
    const TRIES: [Try; 5] = [
        ("a result", |mine| mine.dig().err().map(Error::kind)),
        ("a large result", |mine| {
            mine.dig_deep().err().map(Error::kind)
        }),
        ("an error", |mine| match mine.collapse() {
            Err(Burnt::Membrane(error)) => Some(error.kind()),
            Ok(()) | Err(Burnt::Fuse(_)) => None,
        }),
        ("later", |mine| {
            at_once(mine.dig_later()).err().map(Error::kind)
        }),
        ("a lease", |mine| lease(mine).dig().err().map(Error::kind)),
    ];
    contained(breaks![gate::NoExitCheck, gate::UncheckedKept], |lab| {
        for direction in [Direction::Outbound, Direction::Inbound] {
            for (what, attempt) in TRIES {
                let list = allow!(dyn Mine: dig, dig_deep, collapse, dig_later);
                let builder = Policy::builder().inbound(list).outbound(list);
                let membrane = Membrane::new(policy(builder));
                let revokes = membrane.clone();
                let fuse = Fuse(Arc::new(move || revokes.revoke("while it was converted")));
                let mine: Arc<dyn Mine> = Arc::new(Shaft(fuse));
                let mine = membrane.pass(mine, direction).expect("live");
                let told = attempt(&mine);
                assert!(membrane.is_revoked(), "{what}: it was converted");
                lab.reached();
                lab.escaped_if(
                    told != Some(ErrorKind::Revoked),
                    format!("{what}: {told:?}"),
                );
            }
        }
    });
}
