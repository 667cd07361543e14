//! What the closures of rules are shown, and who can have them run.

use crate::cast::{Safe, Vault, is_raw};
use crate::lab::{breaks, contained};
use membrane::{
    ArgumentRule, Direction, Error, Membrane, Policy, PolicyBuilder, PolicyError, allow, interface,
    rule,
};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

/// Lends a vault, and takes one back.
#[interface]
trait Desk: Send + Sync {
    fn lend(&self) -> Result<Arc<dyn Vault>, Error>;
    fn take(&self, vault: Arc<dyn Vault>) -> Result<(), Error>;
    fn all(&self, vaults: Vec<Option<Arc<dyn Vault>>>) -> Result<(), Error>;
    fn count(&self, number: u64) -> Result<u64, Error>;
}

struct Clerk(Arc<dyn Vault>);

impl Desk for Clerk {
    fn lend(&self) -> Result<Arc<dyn Vault>, Error> {
        Ok(self.0.clone())
    }

    fn take(&self, _: Arc<dyn Vault>) -> Result<(), Error> {
        Ok(())
    }

    fn all(&self, _: Vec<Option<Arc<dyn Vault>>>) -> Result<(), Error> {
        Ok(())
    }

    fn count(&self, number: u64) -> Result<u64, Error> {
        Ok(number)
    }
}

/// Vaults that a closure was shown.
#[derive(Clone, Default)]
struct Loot(Arc<Mutex<Vec<Arc<dyn Vault>>>>);

impl Loot {
    fn keep(&self, vault: &Arc<dyn Vault>) {
        let mut loot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loot.push(vault.clone());
    }

    /// Those that are not for whoever has them.
    fn raw(&self, safe: &Arc<Safe>) -> usize {
        let loot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loot.iter().filter(|vault| is_raw(vault, safe)).count()
    }

    /// Rules that keep what they are shown.
    fn rules(&self) -> [ArgumentRule; 2] {
        let (one, all) = (self.clone(), self.clone());
        [
            rule!(dyn Desk: take, move |vault| {
                one.keep(vault);
                true
            }),
            rule!(dyn Desk: all, move |vaults| {
                vaults.iter().flatten().for_each(|vault| all.keep(vault));
                true
            }),
        ]
    }
}

fn lists() -> PolicyBuilder {
    let desk = allow!(dyn Desk: lend, take, all, count);
    let vault = allow!(dyn Vault: name);
    let inbound = Policy::builder().inbound(desk).inbound(vault);
    inbound.outbound(desk).outbound(vault)
}

fn policy() -> Policy {
    lists().build().expect("one list for each")
}

/// Borrows a vault and gives it back, in each way that there is.
fn round(desk: &Arc<dyn Desk>) {
    let vault = desk.lend().expect("live");
    // Whether the desk takes it is the rule's affair.
    let _ = desk.take(vault.clone());
    let _ = desk.all(vec![None, Some(vault)]);
}

type Derive = fn(&Membrane, &Policy) -> Result<Membrane, PolicyError>;

const DERIVED: [Derive; 3] = [Membrane::grant, Membrane::attenuate, |membrane, policy| {
    membrane
        .attenuate(policy)
        .and_then(|further| further.grant(policy))
}];

/// N16: code that inspects a call runs for whoever wrote it (Envoy's and Kubernetes' admission hooks, which get objects whole): a
/// holder adds rules to a grant of its own, and is shown what the owner's object gets.
#[test]
fn n16_rule_that_a_holder_adds() {
    contained(breaks![membrane::ClosuresSeeAll], |lab| {
        for derive in DERIVED {
            let safe = Safe::new();
            let owner = Membrane::new(policy());
            let clerk: Arc<dyn Desk> = Arc::new(Clerk(safe.clone()));
            let desk = owner.wrap(clerk).expect("live");
            let handle = owner.attenuate(&policy()).expect("no wider");
            let loot = Loot::default();
            for rule in loot.rules() {
                let spying = lists().inbound_rule(rule).build().expect("in itself right");
                lab.reached();
                let Ok(grant) = derive(&handle, &spying) else {
                    continue;
                };
                round(&grant.wrap(desk.clone()).expect("live"));
            }
            let raw = loot.raw(&safe);
            lab.escaped_if(raw > 0, format!("{raw} of the owner's vaults"));
            owner.revoke("over");
            let raw = loot.raw(&safe);
            lab.escaped_if(raw > 0, "and after the revocation");
        }
    });
}

/// N16: the owner's rules are not asked about what holders say to each other: neither of references nor of data.
#[test]
fn n16_rule_about_calls_that_pass_its_owner_by() {
    contained(breaks![membrane::ClosuresSeeAll], |lab| {
        let (loot, heard) = (Loot::default(), Arc::new(AtomicUsize::new(0)));
        let counting = heard.clone();
        let counted = rule!(dyn Desk: count, move |_| {
            counting.fetch_add(1, SeqCst);
            true
        });
        let rules = loot.rules().into_iter().chain([counted]);
        let listening = rules.fold(lists(), PolicyBuilder::inbound_rule);
        let owner = Membrane::new(listening.build().expect("of the owner's own objects"));
        let safe = Safe::new();
        let clerk: Arc<dyn Desk> = Arc::new(Clerk(safe.clone()));
        // The holder's desk, lent to somebody else through what the owner has given.
        let handle = owner.attenuate(&policy()).expect("no wider");
        let desk = handle.wrap(clerk.clone()).expect("live");
        round(&desk);
        assert_eq!(desk.count(4), Ok(4));
        lab.reached();
        lab.escaped_if(loot.raw(&safe) > 0, "the holder's vault");
        lab.escaped_if(heard.load(SeqCst) > 0, "the holder's number");

        // The owner's own desk, by way of the holder: there they are asked.
        let lent = owner.wrap(clerk).expect("live");
        let lent_on = handle.wrap(lent.clone()).expect("live");
        let asked = heard.load(SeqCst);
        assert_eq!((lent.count(4), lent_on.count(4)), (Ok(4), Ok(4)));
        assert_eq!(heard.load(SeqCst), asked + 2);
        let seen = loot.raw(&safe);
        round(&lent);
        round(&lent_on);
        assert_eq!(loot.raw(&safe), seen + 4, "its own vaults, as they are");
    });
}

/// N16: a rule about calls of the dry side's objects.
#[test]
fn n16_rule_about_calls_of_the_holders_objects() {
    contained(breaks![membrane::ClosuresSeeAll], |lab| {
        let (loot, safe) = (Loot::default(), Safe::new());
        for rule in loot.rules() {
            lab.reached();
            let Ok(spying) = lists().outbound_rule(rule).build() else {
                continue;
            };
            let owner = Membrane::new(spying);
            let clerk: Arc<dyn Desk> = Arc::new(Clerk(safe.clone()));
            round(&owner.pass(clerk, Direction::Inbound).expect("live"));
        }
        let raw = loot.raw(&safe);
        lab.escaped_if(raw > 0, format!("{raw} of the holder's vaults"));
    });
}

/// N17: what a policy shows is kept and used elsewhere: the owner's closures, by a membrane of the holder's.
#[test]
fn n17_closure_taken_out_of_a_policy() {
    contained(breaks![membrane::OpenPolicies], |lab| {
        let captured = Arc::new(AtomicUsize::new(0));
        let runs = captured.clone();
        let rule = rule!(dyn Desk: count, move |number| {
            runs.fetch_add(1, SeqCst);
            *number < 10
        });
        let limited = lists().inbound_rule(rule).build().expect("in itself right");
        let owner = Membrane::new(limited);
        let shown = [
            owner.policy().clone(),
            owner.grant(&policy()).expect("no wider").policy().clone(),
        ];
        let taken = shown
            .iter()
            .flat_map(|shown| shown.argument_rules(Direction::Inbound));
        let taken: Vec<_> = taken.collect();
        assert_eq!(taken.len(), 2, "that there are rules is no secret");
        let rebuilt = taken.iter().take(1).cloned();
        let rebuilt = rebuilt.fold(lists(), PolicyBuilder::inbound_rule).build();
        lab.reached();
        for policy in shown.iter().cloned().chain(rebuilt) {
            let own = Membrane::new(policy.clone());
            let clerk: Arc<dyn Desk> = Arc::new(Clerk(Safe::new()));
            let desk = own.wrap(clerk).expect("live");
            for number in [4, 11] {
                let answer = desk.count(number);
                lab.escaped_if(answer.is_ok(), format!("{number} is small, says the owner"));
            }
            let own = Membrane::new(lists().build().expect("one list for each"));
            lab.escaped_if(own.grant(&policy).is_ok(), "a grant under the owner's rule");
        }
        let runs = captured.load(SeqCst);
        lab.escaped_if(runs > 0, format!("the owner's code ran {runs} times"));
        drop(owner);
        lab.escaped_if(Arc::strong_count(&captured) > 1, "it outlives its membrane");
        drop((shown, taken));
    });
}
