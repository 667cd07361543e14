//! What several principals share, and one of them changes.

use crate::lab::{breaks, contained};
use crate::stage::{Chest, KEEP, KEPT, NAME, OPEN, Oak, chests, guests, is_bare, policy, sent};
use membrane::{Error, Membrane, Policy, allow, interface};
use runtime::{CallError, DynamicInterface as _, Foreign, Runtime, Value};
use std::sync::Arc;

mod mine {
    use membrane::{Error, interface};

    #[interface(dynamic)]
    pub(super) trait Door: Send + Sync {
        fn knock(&self) -> Result<u64, Error>;
    }
}

mod theirs {
    use membrane::{Error, interface};

    /// Of the same name, methods and types, and so of the same hash.
    #[interface(dynamic)]
    pub(super) trait Door: Send + Sync {
        fn knock(&self) -> Result<u64, Error>;
    }
}

struct Script;

impl Foreign for Script {
    fn call(&self, _: u32, _: &[Value]) -> Result<Value, CallError> {
        Ok(1.into())
    }
}

/// D13: "shared class object writable": the table of known interfaces is every domain's. One that is made known later, of the
/// same hash, does not take the place of the one that others go by.
#[test]
fn d13_interface_that_is_known_anew() {
    contained(breaks![runtime::LastKnown], |lab| {
        let (mine, theirs) = (
            <dyn mine::Door>::interface(),
            <dyn theirs::Door>::interface(),
        );
        assert_eq!(mine.hash(), theirs.hash());
        let runtime = Runtime::new();
        runtime.know::<dyn mine::Door>();
        runtime.know::<dyn theirs::Door>();
        let imported = runtime.host().import(1, mine.hash(), || Arc::new(Script));
        let imported = imported.expect("known");
        lab.reached();
        lab.escaped_if(
            imported.typed::<dyn mine::Door>().is_none(),
            "what others go by was replaced",
        );
        lab.escaped_if(imported.typed::<dyn theirs::Door>().is_some(), "by theirs");
        assert_eq!(runtime.interfaces().len(), 1);
    });
}

#[interface]
trait Board: Send + Sync {
    fn pin(&self, chest: Arc<dyn Chest>) -> Result<(), Error>;
    fn pinned(&self) -> Result<Arc<dyn Chest>, Error>;
}

impl Board for Oak {
    fn pin(&self, chest: Arc<dyn Chest>) -> Result<(), Error> {
        self.keep(chest)
    }

    fn pinned(&self) -> Result<Arc<dyn Chest>, Error> {
        self.kept()
    }
}

/// D17: "legal mutation of a shared object attacks another principal": one holder plants an object of its own on a board that
/// is lent to two. The other one gets at no more of it than both lists allow, hands it no more than a proxy, and is rid of it
/// when the first one is revoked; and the other way round.
#[test]
fn d17_object_planted_for_a_peer() {
    contained(
        breaks![
            membrane::LayerPeeled,
            membrane::BareArguments,
            membrane::BareResults,
            membrane::AllowAll,
        ],
        |lab| {
            let whole = allow!(dyn Chest: name, open, read, keep, kept, seize);
            let board = allow!(dyn Board: pin, pinned);
            let wide = policy(
                Policy::builder()
                    .inbound(whole)
                    .outbound(whole)
                    .inbound(board),
            );
            let narrow = policy(chests().inbound(board));
            let root = Membrane::new(wide.clone());
            let grants = || {
                (
                    root.grant(&narrow).expect("narrower"),
                    root.grant(&wide).expect("as wide"),
                )
            };
            let apart = || (Membrane::new(narrow.clone()), Membrane::new(wide.clone()));
            let pairs = [grants(), grants(), apart(), apart()];
            for (round, (one, other)) in pairs.into_iter().enumerate() {
                let shared = Oak::new();
                let planted = Oak::new();
                let for_one = one.wrap::<dyn Board>(shared.clone()).expect("live");
                let for_other = other.wrap::<dyn Board>(shared.clone()).expect("live");
                for_one.pin(planted.chest()).expect("listed");
                let found = for_other.pinned().expect("it is pinned");
                assert!(found.name().is_ok());
                lab.reached();
                lab.escaped_if(is_bare(&found, &planted), "the peer's object itself");
                // What the peer is given for it arrives wrapped.
                let treasure = Oak::new();
                found.keep(treasure.chest()).expect("listed");
                let taken = planted.taken().expect("it was given");
                lab.escaped_if(is_bare(&taken, &treasure), "the other's object itself");
                // Whichever of the two is gone, neither has anything of the other any more.
                let gone = if round % 2 == 0 { &one } else { &other };
                gone.revoke("gone");
                lab.escaped_if(found.name().is_ok(), "the planted object is still there");
                lab.escaped_if(taken.name().is_ok(), "the planter keeps what it was given");
                lab.escaped_if(planted.opened() + treasure.opened() > 0, "the gold");
            }
            // Two guests of one host.
            let (runtime, [one, other]) = guests(&policy(chests()));
            let shared = Oak::new();
            let (for_one, for_other) = (
                sent(runtime.host(), &one, &shared),
                sent(runtime.host(), &other, &shared),
            );
            let planted = Oak::new();
            let own = one.own::<dyn Chest>(planted.clone());
            one.call(&for_one, KEEP, &[own.into()]).expect("listed");
            let Ok(Value::Object(found)) = other.call(&for_other, KEPT, &[]) else {
                panic!("it is kept")
            };
            assert!(other.call(&found, NAME, &[]).is_ok());
            lab.escaped_if(other.call(&found, OPEN, &[]).is_ok(), "a guest's own chest");
            one.close("one is gone");
            lab.escaped_if(
                other.call(&found, NAME, &[]).is_ok(),
                "it outlives its planter",
            );
        },
    );
}
