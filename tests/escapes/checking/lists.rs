//! Which list a call is looked up in, and by which number.

use crate::cast::{Safe, Vault};
use crate::lab::{breaks, contained};
use crate::stage::{Oak, READ, chests, guests, policy, sent};
use membrane::{Conditions, Direction, Error, Membrane, Policy, allow, interface, lease};
use runtime::Value;
use std::sync::Arc;

mod other {
    use membrane::{Error, interface};

    /// Of the same name, with its methods in another order.
    #[interface]
    pub(super) trait Vault: Send + Sync {
        fn open(&self) -> Result<u64, Error>;
        fn name(&self) -> Result<String, Error>;
    }
}

impl other::Vault for Safe {
    fn open(&self) -> Result<u64, Error> {
        Vault::open(self)
    }

    fn name(&self) -> Result<String, Error> {
        Vault::name(self)
    }
}

/// C6: "resolution differs between policy and dispatcher": two interfaces of one name, of which one is listed. The number of
/// `name` in the one is that of `open` in the other.
#[test]
fn c6_list_of_another_interface_of_the_same_name() {
    contained(breaks![membrane::ByName], |lab| {
        for direction in [Direction::Outbound, Direction::Inbound] {
            let list = allow!(dyn Vault: name);
            let policy = policy(Policy::builder().inbound(list).outbound(list));
            let membrane = Membrane::new(policy);
            let safe = Safe::new();
            let listed: Arc<dyn Vault> = safe.clone();
            let listed = membrane.pass(listed, direction).expect("live");
            assert!(listed.name().is_ok());
            let unlisted: Arc<dyn other::Vault> = safe.clone();
            let unlisted = membrane.pass(unlisted, direction).expect("live");
            lab.reached();
            lab.escaped_if(unlisted.open().is_ok(), format!("{direction:?}: opened"));
            lab.escaped_if(unlisted.name().is_ok(), format!("{direction:?}: named"));
            let leased = lease(&unlisted);
            let opened = other::Vault::open(&*leased);
            lab.escaped_if(opened.is_ok(), "by a lease");
        }
    });
}

/// C6: what one side may call on the other's objects says nothing of the other way round.
#[test]
fn c6_list_of_the_other_direction() {
    contained(breaks![membrane::EitherList], |lab| {
        let (narrow, wide) = (allow!(dyn Vault: name), allow!(dyn Vault: name, open));
        let policies = [
            (
                Direction::Outbound,
                Policy::builder().inbound(narrow).outbound(wide),
            ),
            (
                Direction::Inbound,
                Policy::builder().outbound(narrow).inbound(wide),
            ),
        ];
        for (direction, builder) in policies {
            let membrane = Membrane::new(policy(builder));
            let safe = Safe::new();
            let vault: Arc<dyn Vault> = safe.clone();
            let vault = membrane.pass(vault, direction).expect("live");
            assert!(vault.name().is_ok());
            lab.reached();
            lab.escaped_if(vault.open().is_ok(), format!("{direction:?}: a call"));
            lab.escaped_if(
                lease(&vault).open().is_ok(),
                format!("{direction:?}: a lease"),
            );
            let again = membrane.pass(vec![Some(vault)], direction).expect("live");
            let again = again.into_iter().flatten().next().expect("one");
            lab.escaped_if(again.open().is_ok(), format!("{direction:?}: once more"));
            lab.escaped_if(safe.opened() > 0, "the gold");
        }
    });
}

/// C6: "arity, default args": there is no other form of a call than with each of its arguments.
#[test]
fn c6_arguments_beyond_the_last() {
    contained(breaks![runtime::MoreArguments], |lab| {
        let (runtime, [guest]) = guests(&policy(chests()));
        for (owner, caller) in [(runtime.host(), &guest), (&guest, runtime.host())] {
            let oak = Oak::new();
            let lent = sent(owner, caller, &oak);
            let arguments: [&[Value]; 4] = [
                &[],
                &["public".into(), "secret".into()],
                &["public".into(), Value::Null],
                &[vec![Value::from("public")].into()],
            ];
            for args in arguments {
                lab.reached();
                let answer = caller.call(&lent, READ, args);
                lab.escaped_if(answer.is_ok(), format!("read({args:?})"));
            }
            lab.escaped_if(oak.entered() > 0, "it was entered");
            assert!(caller.call(&lent, READ, &["public".into()]).is_ok());
        }
    });
}

#[interface]
trait Strongbox: Vault {
    fn weigh(&self) -> Result<u64, Error>;
}

#[interface]
trait Drawer: Vault {
    fn pull(&self) -> Result<u64, Error>;
}

/// Inherits the vault twice.
#[interface]
trait Desk: Strongbox + Drawer {
    fn sit(&self) -> Result<u64, Error>;
}

impl Strongbox for Safe {
    fn weigh(&self) -> Result<u64, Error> {
        Ok(1)
    }
}

impl Drawer for Safe {
    fn pull(&self) -> Result<u64, Error> {
        Ok(2)
    }
}

impl Desk for Safe {
    fn sit(&self) -> Result<u64, Error> {
        Ok(3)
    }
}

/// C8: "fast and slow path derive the policy key from different objects": a desk is called as each interface that it inherits,
/// plainly, by a lease, where the scope is guarded and inside another call. The list is the desk's each time.
#[test]
fn c8_short_and_long_way_of_a_super_interface() {
    contained(
        breaks![
            membrane::LeasedAsCrossed,
            membrane::LeaseUnlisted,
            membrane::AllowAll,
        ],
        |lab| {
            // As bits of the vault alone these would be `name` and `open`.
            let desks = allow!(dyn Desk: sit, weigh, name);
            let policy = policy(Policy::builder().inbound(desks).outbound(desks));
            let guarded = Conditions::builder().calls(1_000).build();
            let guarded = guarded.expect("nothing is wrong with it");
            for direction in [Direction::Outbound, Direction::Inbound] {
                let plain = Membrane::new(policy.clone());
                let counted = Membrane::with_conditions(policy.clone(), &guarded);
                for membrane in [plain, counted.expect("a clock of the system's")] {
                    let safe = Safe::new();
                    let desk: Arc<dyn Desk> = safe.clone();
                    let desk = membrane.pass(desk, direction).expect("live");
                    assert_eq!((desk.sit(), desk.weigh()), (Ok(3), Ok(1)));
                    let (left, right): (Arc<dyn Strongbox>, Arc<dyn Drawer>) =
                        (desk.clone(), desk.clone());
                    let vaults: [Arc<dyn Vault>; 3] = [desk.clone(), left.clone(), right.clone()];
                    lab.reached();
                    lab.escaped_if(right.pull().is_ok(), "pulled");
                    lab.escaped_if(lease(&right).pull().is_ok(), "pulled by a lease");
                    lab.escaped_if(lease(&desk).pull().is_ok(), "pulled by the desk's lease");
                    for vault in vaults {
                        lab.escaped_if(vault.open().is_ok(), "a call");
                        lab.escaped_if(lease(&vault).open().is_ok(), "a lease");
                        let (short, long) = (lease(&vault).name().is_ok(), vault.name().is_ok());
                        lab.escaped_if(!long || short != long, "the ways differ");
                    }
                    lab.escaped_if(lease(&left).open().is_ok(), "a lease of the left");
                    lab.escaped_if(lease(&right).open().is_ok(), "a lease of the right");
                    lab.escaped_if(safe.opened() > 0, "the gold");
                }
            }
        },
    );
}
