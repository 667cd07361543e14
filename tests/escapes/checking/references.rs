//! What a name, an address or a reference leads to, by the time that it is used.

use crate::lab::{breaks, contained};
use crate::stage::{Chest, NAME, OPEN, Oak, chests, guests, policy, sent};
use runtime::Handle;

/// C5: "check on name, act on what it points to later": a handle that was looked at is released, and another object gets its
/// place; and the same number in another domain.
#[test]
fn c5_handle_of_what_is_gone() {
    contained(breaks![runtime::AnyGeneration, runtime::AnyDomain], |lab| {
        let (runtime, [a, b]) = guests(&policy(chests()));
        let (harmless, valued) = (Oak::new(), Oak::new());
        let checked = a.insert(&a.own::<dyn Chest>(harmless)).expect("room");
        let described = a.describe(&a.get(checked).expect("it is there"));
        assert!(described.expect("held").is_own());

        // In another domain the same number is no name.
        let of_b = b.insert(&b.own::<dyn Chest>(valued.clone())).expect("room");
        lab.reached();
        lab.escaped_if(b.get(checked).is_some(), "it is good in another domain");
        lab.escaped_if(a.get(of_b).is_some(), "and so is that");

        // Released, it is none here either, whoever comes after.
        assert!(a.release(checked));
        let lent = sent(runtime.host(), &a, &valued);
        let later = a.insert(&lent).expect("room");
        assert_ne!(later, checked);
        for stale in [checked, Handle::from_bits(checked.to_bits())] {
            lab.escaped_if(
                a.get(stale).is_some_and(|found| found == lent),
                "the name that was looked at is another object's",
            );
        }
        assert_eq!(a.get(later), Some(lent));
    });
}

/// C8: "fast and slow path derive the policy key from different objects": a reference that another domain holds is called by a
/// path of its own, which is the same as that of one that was sent.
#[test]
fn c8_reference_that_another_domain_holds() {
    contained(breaks![runtime::SendsBare, membrane::AllowAll], |lab| {
        let (runtime, [guest, other]) = guests(&policy(chests()));
        for (owner, caller) in [(runtime.host(), &guest), (&guest, runtime.host())] {
            let oak = Oak::new();
            let own = owner.own::<dyn Chest>(oak.clone());
            assert_eq!(owner.call(&own, NAME, &[]), caller.call(&own, NAME, &[]));
            lab.reached();
            let by_number = caller.call(&own, OPEN, &[]);
            lab.escaped_if(by_number.is_ok(), "by number");
            let by_name = caller.call_named(&own, "open", &[]);
            lab.escaped_if(by_name.is_ok(), "by name");
            let lent = owner.send(&own, caller).expect("joined");
            lab.escaped_if(
                caller.call(&lent, OPEN, &[]) != by_number,
                "the paths differ",
            );
            lab.escaped_if(oak.opened() > 0, "the gold");
        }
        // And to whoever is not joined to its holder there is no path at all.
        let oak = Oak::new();
        let own = guest.own::<dyn Chest>(oak.clone());
        lab.escaped_if(other.call(&own, NAME, &[]).is_ok(), "a stranger's call");
    });
}
