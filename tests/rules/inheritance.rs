//! Who inherits a rule: everything that is derived, at any depth, by either kind of grant.

use super::{Account, Named, everything, ledger};
use membrane::{Check, Direction, ErrorKind, Membrane, Policy, allow, rule};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tests::{assert_kind, sized};

const INBOUND: Direction = Direction::Inbound;

/// The two ways of deriving.
const WAYS: [fn(&Membrane, &Policy) -> Membrane; 2] = [
    |parent, policy| parent.grant(policy).unwrap(),
    |parent, policy| parent.attenuate(policy).unwrap(),
];

fn at_most(amount: u64) -> Policy {
    let check = Check::range(..=amount);
    let rule = rule!(dyn Account: deposit, amount: check);
    everything().inbound_rule(rule).build().unwrap()
}

fn rules(membrane: &Membrane) -> usize {
    membrane.policy().argument_rules(INBOUND).count()
}

/// Fails if `Policy::attenuate` takes the narrower policy as it is.
#[test]
fn child_without_rules_has_its_parents() {
    for derive in WAYS {
        let parent = Membrane::new(at_most(10));
        let child = derive(&parent, &everything().build().unwrap());
        let (ledger, account) = ledger();
        let lent = child.wrap(account).unwrap();
        assert_eq!(lent.deposit(10), Ok(1));
        assert_kind(lent.deposit(11), ErrorKind::Rejected);
        assert_eq!(ledger.entered(), 1);
    }
}

/// Fails if the child's rules take the place of its parent's.
#[test]
fn child_cannot_widen_a_rule() {
    for derive in WAYS {
        let parent = Membrane::new(at_most(10));
        let child = derive(&parent, &at_most(1_000));
        let narrower = derive(&parent, &at_most(5));
        let (_, account) = ledger();
        let lent = child.wrap(account.clone()).unwrap();
        assert_eq!(lent.deposit(10), Ok(1));
        assert_kind(lent.deposit(11), ErrorKind::Rejected);
        let lent = narrower.wrap(account).unwrap();
        assert_eq!(lent.deposit(5), Ok(2));
        assert_kind(lent.deposit(6), ErrorKind::Rejected);
    }
}

/// Fails if a rule is inherited from the parent only, or asked once for each time it was inherited.
#[test]
fn every_ancestors_rule_is_asked_once_at_any_depth() {
    let depth = sized(64, 8);
    for (way, derive) in WAYS.into_iter().enumerate() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let policy = everything()
            .inbound_rule(rule!(dyn Account: deposit, move |_| {
                count.fetch_add(1, SeqCst);
                true
            }))
            .build()
            .unwrap();
        let mut chain = vec![Membrane::new(policy.clone())];
        for level in 0..depth as u64 {
            let parent = chain.last().unwrap();
            // Sometimes the very policy that an ancestor has, sometimes one more rule, and the one that matters on top.
            let own = match level % 3 {
                0 => policy.clone(),
                1 => everything().build().unwrap(),
                _ => at_most(10 + level),
            };
            chain.push(derive(parent, &own));
        }
        let deepest = chain.last().unwrap();
        assert_eq!(rules(deepest), 1 + depth / 3);
        let (ledger, account) = ledger();
        // The owner's own object, by way of everybody.
        let lent_on = || {
            let hands = chain.iter();
            hands.fold(account.clone(), |lent, hand| hand.wrap(lent).unwrap())
        };
        let lent = if way == 0 {
            deepest.wrap(account.clone()).unwrap()
        } else {
            lent_on()
        };
        assert_eq!(lent.deposit(12), Ok(1));
        assert_eq!(asked.load(SeqCst), 1);
        assert_kind(lent.deposit(13), ErrorKind::Rejected);
        assert_eq!(ledger.entered(), 1);
        // The root is as wide as it was.
        assert_eq!(chain[0].wrap(account).unwrap().deposit(13), Ok(2));
    }
}

/// A proxy of an ancestor that is lent on collapses into one hop, under the rules of both.
#[test]
fn proxy_that_is_lent_on_obeys_both() {
    let owner = Membrane::new(at_most(10));
    let even = everything()
        .inbound_rule(rule!(dyn Account: deposit, |amount| amount.is_multiple_of(2)))
        .build()
        .unwrap();
    let holder = owner.attenuate(&even).unwrap();
    let lent = owner.wrap(ledger().1).unwrap();
    let lent_on = holder.wrap(lent.clone()).unwrap();
    assert_eq!(lent_on.deposit(10), Ok(1));
    assert_kind(lent_on.deposit(9), ErrorKind::Rejected);
    assert_kind(lent_on.deposit(12), ErrorKind::Rejected);
    assert_eq!(lent.deposit(9), Ok(2));
}

/// B7. Fails if the rules of either scope are not asked.
#[test]
fn both_of_two_hops_have_their_rules_asked() {
    let first = Membrane::new(at_most(10));
    let even = everything()
        .inbound_rule(rule!(dyn Account: deposit, |amount| amount.is_multiple_of(2)))
        .build()
        .unwrap();
    let others = [
        Membrane::new(even.clone()),
        // A sibling of the first.
        Membrane::new(everything().build().unwrap()),
    ];
    let (ledger, account) = ledger();
    let once = first.wrap(account).unwrap();
    let twice = others[0].wrap(once.clone()).unwrap();
    assert_eq!(twice.deposit(10), Ok(1));
    assert_kind(twice.deposit(9), ErrorKind::Rejected);
    assert_kind(twice.deposit(12), ErrorKind::Rejected);
    let twice = others[1].wrap(once).unwrap();
    assert_kind(twice.deposit(12), ErrorKind::Rejected);
    assert_eq!(twice.deposit(9), Ok(2));
    assert_eq!(ledger.entered(), 2);

    let root = Membrane::new(everything().build().unwrap());
    let (left, right) = (
        root.grant(&at_most(10)).unwrap(),
        root.grant(&even).unwrap(),
    );
    let through = right.wrap(left.wrap(super::ledger().1).unwrap()).unwrap();
    assert_eq!(through.deposit(10), Ok(1));
    assert_kind(through.deposit(9), ErrorKind::Rejected);
    assert_kind(through.deposit(12), ErrorKind::Rejected);
}

/// A rule goes with its method: a policy that does not allow the method has no use for it, and nothing that derives from that
/// policy gets the method back.
#[test]
fn rule_of_a_method_that_was_dropped_is_dropped() {
    let less = Policy::builder()
        .inbound(allow!(dyn Account: close))
        .build()
        .unwrap();
    let child = Membrane::new(at_most(10)).grant(&less).unwrap();
    assert_eq!(rules(&child), 0);
    assert!(child.grant(&everything().build().unwrap()).is_err());
    assert!(child.grant(&at_most(10)).is_err());
    let lent = child.wrap(ledger().1).unwrap();
    assert_kind(lent.deposit(1), ErrorKind::Refused);
    assert_eq!(lent.close(), Ok(1));
}

/// The rules that a derived policy reports are those that hold, its ancestors' first.
#[test]
fn derived_policy_lists_all_its_rules_in_order() {
    let first = at_most(10);
    let last = everything()
        .inbound_rule(rule!(dyn Account: rename, name: Check::length(1..)))
        .build()
        .unwrap();
    let derived = first.attenuate(&last).unwrap();
    let listed: Vec<_> = derived
        .argument_rules(INBOUND)
        .map(|rule| format!("{rule:?}"))
        .collect();
    assert_eq!(
        listed,
        [
            "dyn Account: deposit, amount: range at most 10",
            "dyn Account: rename, name: length at least 1"
        ]
    );
    assert_eq!(derived.argument_rules(Direction::Outbound).count(), 0);
    // Deriving from what has the rules already adds none.
    let again = derived.attenuate(&derived).unwrap();
    assert_eq!(again.argument_rules(INBOUND).count(), 2);
    assert_eq!(
        derived
            .attenuate(&first)
            .unwrap()
            .argument_rules(INBOUND)
            .count(),
        2
    );
    let shown = format!("{derived:?}");
    assert!(shown.contains("range at most 10"), "{shown}");
}

/// Outbound rules are inherited, too, and hold for the holder's callbacks.
#[test]
fn outbound_rules_are_inherited() {
    for derive in WAYS {
        let rule = rule!(dyn Account: Named::rename, |name| name != "root");
        let parent = Membrane::new(everything().outbound_rule(rule).build().unwrap());
        let child = derive(&parent, &everything().build().unwrap());
        let taken = parent
            .wrap_inbound(child.wrap_inbound(ledger().1).unwrap())
            .unwrap();
        assert_eq!(taken.rename("me"), Ok(1));
        assert_kind(taken.rename("root"), ErrorKind::Rejected);
    }
}

/// A closure sees what passes its author's side: not what holders lend to each other. A check, which shows nobody anything, holds
/// there, too.
#[test]
fn closure_is_asked_where_calls_pass_its_author() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let even = rule!(dyn Account: deposit, move |amount| {
        count.fetch_add(1, SeqCst);
        amount.is_multiple_of(2)
    });
    let small = rule!(dyn Account: deposit, amount: Check::range(..=10));
    let policy = everything().inbound_rule(even).inbound_rule(small).build();
    let owner = Membrane::new(policy.unwrap());
    let all = everything().build().unwrap();
    let (alice, grant) = (owner.attenuate(&all).unwrap(), owner.grant(&all).unwrap());
    let bob = alice.attenuate(&all).unwrap();

    let holders = alice.wrap(ledger().1).unwrap();
    assert_eq!(holders.deposit(9), Ok(1));
    assert_kind(holders.deposit(11), ErrorKind::Rejected);
    let further = bob.wrap(holders).unwrap();
    assert_eq!(further.deposit(9), Ok(2));
    assert_eq!(asked.load(SeqCst), 0);

    let owners = owner.wrap(ledger().1).unwrap();
    let through = bob.wrap(alice.wrap(owners.clone()).unwrap()).unwrap();
    let granted = grant.wrap(ledger().1).unwrap();
    for (index, lent) in [owners, through, granted].iter().enumerate() {
        assert_kind(lent.deposit(9), ErrorKind::Rejected);
        assert_eq!(asked.load(SeqCst), index + 1);
    }
}
