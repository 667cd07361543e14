//! Who looks like somebody else.

use crate::cast::{GOLD, Safe, Vault, listed};
use crate::lab::{breaks, contained};
use crate::side_doors::staging::{Chest, joined};
use membrane::{
    Direction, Error, ErrorKind, Interfaces, Membrane, NamedRule, Policy, allow, interface,
};
use runtime::{CallError, DynamicInterface, Foreign, Limits, Value};
use std::sync::Arc;
use std::time::Duration;

/// The lines of both pictures of what is below `membrane`.
fn pictures(membrane: &Membrane) -> Vec<String> {
    let snapshot = membrane.snapshot();
    let both = [snapshot.to_mermaid(), snapshot.to_dot()].join("\n");
    both.lines().map(str::to_owned).collect()
}

/// N1: text of the other side's is shown to whoever decides, and says something else there (CVE-2024-27936, GHSA-m4pq-fv2w-6hrw:
/// escape sequences in what Deno asks about). A holder labels a grant that it derives; its owner looks at the picture.
#[test]
fn n1_label_that_draws() {
    contained(breaks![membrane::RawLabels], |lab| {
        let labels = [
            "plugin\"] --> g0[\"the host",
            "plugin\"]; g1 -> g0 [label=\"the host\"]; x [label=\"",
            "plugin\n    g0 --> g1",
            "\u{1b}[2K\u{1b}[1Gharmless",
            "\u{202e}tsoh eht",
            "a\u{2028}b\u{200b}c",
            "\\N\\\"",
        ];
        for label in labels {
            let drawn = |label: &str| {
                let owner = Membrane::new(listed().build().expect("one list each"));
                let holders = owner.attenuate(owner.policy()).expect("no more");
                let _grant = holders
                    .attenuate(owner.policy())
                    .expect("no more")
                    .labelled(label);
                pictures(&owner)
            };
            let (plain, hostile) = (drawn("plugin"), drawn(label));
            lab.reached();
            lab.escaped_if(hostile.len() != plain.len(), format!("a line by {label:?}"));
            let hidden = |line: &String| {
                let acts =
                    |sign: char| sign.is_control() || "\u{202e}\u{2028}\u{200b}".contains(sign);
                line.chars().any(acts)
            };
            lab.escaped_if(
                hostile.iter().any(hidden),
                format!("the signs of {label:?}"),
            );
            let quotes = |lines: &[String]| {
                let bare = lines
                    .iter()
                    .map(|line| line.replace("\\\\", "").replace("\\\"", ""));
                bare.map(|line| line.matches('"').count()).sum::<usize>()
            };
            let ends = quotes(&hostile) != quotes(&plain);
            lab.escaped_if(ends, format!("{label:?} ends its own text"));
        }
    });
}

/// Another interface that is called `Vault`, whose first method opens.
mod shadow {
    use membrane::{Error, interface};

    #[interface]
    pub(super) trait Vault: Send + Sync {
        fn open(&self) -> Result<u64, Error>;
        fn name(&self) -> Result<String, Error>;
    }
}

impl shadow::Vault for Safe {
    fn open(&self) -> Result<u64, Error> {
        Vault::open(self)
    }

    fn name(&self) -> Result<String, Error> {
        Vault::name(self)
    }
}

/// N2: what one side defines takes the place of what the other trusts, by having its name (CVE-2024-34145, GHSA-2g4q-9vm9-9fw4:
/// classes that a Groovy script defines shadow those that Jenkins' list means).
#[test]
fn n2_interface_of_the_same_name() {
    contained(breaks![membrane::ByName, membrane::AllowAll], |lab| {
        let safe = Safe::new();
        let membrane = Membrane::new(listed().build().expect("one list each"));
        let vault = membrane.wrap::<dyn Vault>(safe.clone()).expect("live");
        assert!(vault.name().is_ok(), "the list is about this one");
        lab.reached();
        for direction in [Direction::Outbound, Direction::Inbound] {
            let other: Arc<dyn shadow::Vault> = safe.clone();
            let other = membrane.pass(other, direction).expect("live");
            lab.escaped_if(other.open() == Ok(GOLD), format!("{direction:?}: the gold"));
            lab.escaped_if(other.name().is_ok(), format!("{direction:?}: the name"));
            let leased = shadow::Vault::open(&*membrane::lease(&other));
            lab.escaped_if(leased.is_ok(), "by a lease");
        }
        // Where names are all there is, one name for two is a mistake.
        let known = Interfaces::new()
            .with::<dyn Vault>()
            .with::<dyn shadow::Vault>();
        let rule = NamedRule {
            direction: Direction::Inbound,
            interface: "Vault",
            methods: &["name"],
        };
        let policy = Policy::from_names(&known, [rule]);
        lab.escaped_if(policy.is_ok(), "a list of whichever");
        lab.escaped_if(safe.opened() > 0, "it was opened");
    });
}

/// Says what only a membrane says.
struct Liar(Error);

#[interface]
trait Service: Send + Sync {
    fn work(&self) -> Result<u64, Error>;
    fn report(&self) -> Result<Option<Error>, Error>;
    fn news(&self) -> Result<News, Error>;
}

type News = Box<dyn Iterator<Item = Result<u64, Error>> + Send>;

impl Service for Liar {
    fn work(&self) -> Result<u64, Error> {
        Err(self.0)
    }

    fn report(&self) -> Result<Option<Error>, Error> {
        Ok(Some(self.0))
    }

    fn news(&self) -> Result<News, Error> {
        Ok(Box::new([Ok(1), Err(self.0), Ok(2)].into_iter()))
    }
}

/// A guest's object, whose every answer is the membrane's.
struct FarLiar;

impl Foreign for FarLiar {
    fn call(&self, _: u32, _: &[Value]) -> Result<Value, CallError> {
        Err(CallError::revoked("the host is shutting down"))
    }
}

/// N3: one side speaks with the membrane's voice: it answers that access was taken back, for a reason of its own making. What
/// arrives is a kind without words, ends nothing, and is told apart by asking the membrane.
#[test]
fn n3_word_of_the_membranes() {
    contained(breaks![membrane::BareErrors], |lab| {
        let forged = {
            let own = Membrane::new(listed().build().expect("one list each"));
            let vault = own.wrap::<dyn Vault>(Safe::new()).expect("live");
            own.suspend("the host is in maintenance", Some(Duration::from_secs(90)));
            let suspended = vault.name().expect_err("suspended");
            own.revoke("the host is shutting down");
            [suspended, vault.name().expect_err("revoked")]
        };
        for forged in forged {
            let services = allow!(dyn Service: work, report, news);
            let policy = Policy::builder().outbound(services).inbound(services);
            let membrane = Membrane::new(policy.build().expect("one list each"));
            let liar: Arc<dyn Service> = Arc::new(Liar(forged));
            let service = membrane.wrap_inbound(liar).expect("live");
            lab.reached();
            let mut told = vec![service.work().expect_err("its answer")];
            told.extend(service.report().expect("its answer"));
            let news: Vec<_> = service.news().expect("its answer").collect();
            lab.escaped_if(news.len() != 3, "a lie ends an iterator");
            told.extend(news.into_iter().filter_map(Result::err));
            for error in told {
                lab.escaped_if(error.reason().is_some(), "a reason of nobody's");
                lab.escaped_if(error.retry_after().is_some(), "a time of nobody's");
            }
            assert!(!membrane.is_revoked());
        }
        let (runtime, guest, _membrane) = joined(Limits::default());
        runtime.know::<dyn Chest>();
        let hash = <dyn Chest>::interface().hash();
        let far = guest.import(1, hash, || Arc::new(FarLiar)).expect("known");
        let taken = guest.send(&far, runtime.host()).expect("live");
        let answer = runtime.host().call_named(&taken, "name", &[]);
        let kind = matches!(&answer, Err(CallError::Membrane(error)) if *error == ErrorKind::Revoked.into());
        lab.escaped_if(!kind, format!("{answer:?}"));
    });
}
