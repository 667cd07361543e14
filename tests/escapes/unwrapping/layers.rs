//! B4, B7, B8: a proxy of a proxy.

use crate::cast::{Safe, Vault, is_raw, listed};
use crate::crossing::chests::{self, Chest};
use crate::crossing::containers::holders;
use crate::crossing::loot::{BOTH, back, is_more, look, ways};
use crate::lab::{breaks, contained};
use membrane::{Direction, Homecoming, Membrane, OnPanic, Policy, allow};
use runtime::Limits;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::sync::Arc;
use tests::fixtures::parcel::{
    Actor, Load, Peer, Ref, Secret, Shape, shapes, swap_policy, swapping,
};
use tests::fixtures::ways::Link;

/// Whoever has such a membrane allows everything.
fn wide() -> Policy {
    let list = allow!(dyn Peer: ping, swap, fail, forbidden);
    let policy = Policy::builder().inbound(list).outbound(list).build();
    policy.expect("one list each way")
}

// ---------------------------------------------------------------------------------------------------------------------
// B4: wrapped twice.

/// B4: what is wrapped is not wrapped once more by the same membrane, and comes home by one step.
#[test]
fn b4_wrap_of_a_wrap() {
    for direction in BOTH {
        contained(
            breaks![membrane::HomeAnywhere, membrane::BareReferences],
            |lab| {
                let membrane = Membrane::new(swap_policy());
                let secret = Secret::new(1);
                let pass = |object: &Ref, way| membrane.pass(object.clone(), way).expect("live");
                let once = pass(&secret.raw, direction);
                let mut twice = once.clone();
                for _ in 0..3 {
                    let listed = membrane.pass(vec![twice.clone()], direction);
                    let listed = listed.expect("live").remove(0);
                    for again in [pass(&twice, direction), listed] {
                        lab.reached();
                        lab.escaped_if(is_more(&again, &secret), "wrapped once more");
                        lab.escaped_if(!Arc::ptr_eq(&once, &again), "a second identity");
                        twice = again;
                    }
                }
                let home = pass(&twice, back(direction));
                lab.escaped_if(!Arc::ptr_eq(&home, &secret.raw), "a layer, at home");
            },
        );
    }
}

/// B4: of two layers of two holders' grants, or of two membranes, both lists count, whichever is outside.
#[test]
fn b4_lists_of_two_layers() {
    contained(
        breaks![
            membrane::HomeAnywhere,
            membrane::StripForeign,
            membrane::AllowAll
        ],
        |lab| {
            let root = Membrane::new(wide());
            let secret = Secret::new(1);
            let narrow = root.grant(&swap_policy()).expect("less");
            let broad = root.grant(&wide()).expect("as wide");
            let foreign = Membrane::new(wide());
            let lent = narrow.wrap(secret.raw.clone()).expect("live");
            let others = broad.wrap(secret.raw.clone()).expect("live");
            let layered = [
                broad.wrap(lent.clone()).expect("live"),
                narrow.wrap(others).expect("live"),
                foreign.wrap(lent.clone()).expect("live"),
                foreign.wrap_inbound(lent.clone()).expect("live"),
                broad
                    .wrap(foreign.wrap(lent.clone()).expect("live"))
                    .expect("live"),
            ];
            for one in layered {
                assert!(one.ping().is_ok(), "both list it");
                lab.reached();
                lab.escaped_if(is_more(&one, &secret), "what one of the two lists");
                let lease = membrane::lease(&one);
                lab.escaped_if(lease.forbidden().is_ok(), "the same, by a lease");
            }
        },
    );
}

/// B4: each step back takes off one layer, and what is left is not taken for the object.
#[test]
fn b4_one_step_back_of_several() {
    contained(
        breaks![membrane::ToTheTarget, membrane::HomeAnywhere],
        |lab| {
            let mut membranes = vec![Membrane::new(swap_policy())];
            for depth in 0..3 {
                let next = membranes[depth].attenuate(&swap_policy());
                membranes.push(next.expect("as wide"));
            }
            let secret = Secret::new(1);
            let mut held = vec![secret.raw.clone()];
            for (depth, membrane) in membranes.iter().enumerate() {
                held.push(membrane.wrap(held[depth].clone()).expect("live"));
            }
            for depth in (1..membranes.len()).rev() {
                let nearer = membranes[depth].wrap_inbound(held[depth + 1].clone());
                let nearer = nearer.expect("live");
                lab.reached();
                lab.escaped_if(is_more(&nearer, &secret), format!("from depth {depth}"));
                lab.escaped_if(!Arc::ptr_eq(&nearer, &held[depth]), "another layer");
            }
        },
    );
}

/// B4, where what comes home stays wrapped: two layers become one, never none.
#[test]
fn b4_layers_that_stay() {
    for direction in BOTH {
        contained(
            breaks![membrane::BareReferences, membrane::AllowAll],
            |lab| {
                let policy = swapping().homecoming(Homecoming::KeepWrapped).build();
                let membrane = Membrane::new(policy.expect("one list each"));
                let secret = Secret::new(1);
                let mut one = secret.raw.clone();
                for step in 0..6 {
                    let way = if step % 2 == 0 {
                        direction
                    } else {
                        back(direction)
                    };
                    one = membrane.pass(one, way).expect("live");
                    lab.reached();
                    lab.escaped_if(is_more(&one, &secret), format!("at step {step}"));
                }
            },
        );
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// B7: two hops.

/// A shape in which there is one of each kind.
fn all_at_once() -> Shape {
    let last = shapes().into_iter().next_back();
    last.expect("there are some")
}

/// B7: what goes over two membranes, by every pair of ways, is wrapped at either.
#[test]
fn b7_reference_over_two_hops() {
    for first in BOTH {
        for second in BOTH {
            contained(
                breaks![membrane::BareReferences, membrane::BareElements],
                |lab| {
                    for (_, near) in ways().filter(|(way, _)| *way == first) {
                        for (_, far) in ways().filter(|(way, _)| *way == second) {
                            let (one, other) =
                                (Membrane::new(swap_policy()), Membrane::new(wide()));
                            let secret = Secret::new(1);
                            let load = all_at_once().build(&secret.raw);
                            let got = near.carry(Link(Some(&one)), load);
                            let got = far.carry(Link(Some(&other)), got);
                            let how = format!("{}, then {}", near.name, far.name);
                            look(lab, got, &secret, how);
                        }
                    }
                },
            );
        }
    }
}

/// B7: who gets a proxy from one owner and hands it to another does not hand over the object.
#[test]
fn b7_proxy_that_is_handed_to_another_owner() {
    for shape in shapes() {
        contained(
            breaks![membrane::StripForeign, membrane::BareReferences],
            |lab| {
                for (_, way) in ways().filter(|(way, _)| *way == Direction::Inbound) {
                    let (one, other) = (Membrane::new(swap_policy()), Membrane::new(wide()));
                    let secret = Secret::new(1);
                    let lent = one.wrap(secret.raw.clone()).expect("live");
                    let got = way.carry(Link(Some(&other)), shape.build(&lent));
                    look(lab, got, &secret, format!("{}, {}", shape.name, way.name));
                }
            },
        );
    }
}

/// B7: rights over two hops are those that both lists give.
#[test]
fn b7_rights_over_two_hops() {
    for first in BOTH {
        for second in BOTH {
            contained(breaks![membrane::AllowAll], |lab| {
                let list = |list| Policy::builder().inbound(list).outbound(list).build();
                let near = list(allow!(dyn Peer: ping, swap)).expect("one list each");
                let far = list(allow!(dyn Peer: ping, fail, forbidden)).expect("one list each");
                let (near, far) = (Membrane::new(near), Membrane::new(far));
                let secret = Secret::new(1);
                let got = near.pass(secret.raw.clone(), first).expect("live");
                let got = far.pass(got, second).expect("live");
                assert!(got.ping().is_ok(), "both list it");
                lab.reached();
                lab.escaped_if(got.swap(Load::Nothing).is_ok(), "what the first lists");
                let failed = got.fail(Load::Nothing).expect_err("one way or the other");
                let entered = matches!(failed, tests::fixtures::parcel::Fault::Payload(_));
                lab.escaped_if(entered, "what the second lists");
                lab.escaped_if(is_more(&got, &secret), "what the second lists");
            });
        }
    }
}

/// B7: either membrane takes everything back that went over both: the object, what it gave, and what it was given.
#[test]
fn b7_revocation_of_either_hop() {
    for near_one in [true, false] {
        for direction in BOTH {
            contained(breaks![gate::NoCut], |lab| {
                let near = Membrane::new(swap_policy());
                let far = Membrane::new(swap_policy());
                let over = |object: Ref| {
                    let half = near.pass(object, direction).expect("live");
                    far.pass(half, direction).expect("live")
                };
                let secret = Secret::new(1);
                let got = over(secret.raw.clone());
                let given = over(Actor::giving(Load::One(secret.raw.clone())));
                let given = given.swap(Load::Nothing).expect("listed").one();
                let back_again = {
                    let half = far.pass(secret.raw.clone(), back(direction)).expect("live");
                    near.pass(half, back(direction)).expect("live")
                };
                let revoked = if near_one { &near } else { &far };
                revoked.revoke("over");
                lab.reached();
                let before = secret.calls.listed();
                for (one, name) in [
                    (got, "lent"),
                    (given, "given"),
                    (back_again, "the other way"),
                ] {
                    lab.escaped_if(one.ping().is_ok(), name);
                    lab.escaped_if(membrane::lease(&one).ping().is_ok(), name);
                }
                lab.escaped_if(secret.calls.listed() > before, "a call");
            });
        }
    }
}

/// B7: what is waited for over two hops: futures, streams, iterators and closures.
#[test]
fn b7_what_comes_later_over_two_hops() {
    for first in BOTH {
        for second in BOTH {
            contained(
                breaks![
                    membrane::BareCompletions,
                    membrane::BareItems,
                    membrane::BareSuspended,
                    membrane::BareResults
                ],
                |lab| {
                    let list = || listed().build().expect("one list each");
                    let (one, other) = (Membrane::new(list()), Membrane::new(list()));
                    let safe = Safe::new();
                    let vault: Arc<dyn Vault> = safe.clone();
                    let got = one.pass(holders(&vault), first).expect("live");
                    let got = other.pass(got, second).expect("live");
                    for (name, vault) in got.open() {
                        lab.reached();
                        lab.escaped_if(is_raw(&vault, &safe), name);
                    }
                },
            );
        }
    }
}

/// B7: a panic at the far end.
#[test]
fn b7_panic_over_two_hops() {
    for on_panic in [OnPanic::Error, OnPanic::Propagate] {
        for direction in BOTH {
            contained(breaks![gate::PayloadThrough], |lab| {
                let policy = || {
                    swapping()
                        .on_panic(on_panic)
                        .build()
                        .expect("one list each")
                };
                let (one, other) = (Membrane::new(policy()), Membrane::new(policy()));
                let secret = Secret::new(1);
                let thrown = secret.raw.clone();
                let panicking = Actor::new(0, move |_| panic_any(thrown.clone())).share();
                let half = one.pass(panicking, direction).expect("live");
                let got = other.pass(half, direction).expect("live");
                let caught = catch_unwind(AssertUnwindSafe(|| got.swap(Load::Nothing)));
                lab.reached();
                let Err(payload) = caught else { return };
                if let Ok(thrown) = payload.downcast::<Ref>() {
                    lab.escaped_if(is_more(&thrown, &secret), "the payload");
                }
            });
        }
    }
}

/// B7, dynamically: guest, host, guest.
#[test]
fn b7_chest_of_one_guest_with_another() {
    contained(
        breaks![membrane::BareReferences, runtime::SendsBare],
        |lab| {
            let stage = chests::Stage::new();
            let (host, near) = (stage.runtime.host(), &stage.guest);
            let far = stage.runtime.domain("far", Limits::default());
            let joined = stage.runtime.join(host, &far, chests::policy());
            joined.expect("the first time");
            let oak = chests::Oak::new(10);
            let own = near.own::<dyn Chest>(oak.clone());
            let at_host = near.send(&own, host).expect("joined");
            let got = host.send(&at_host, &far).expect("joined");
            chests::look(lab, &far, &got.clone().into(), "sent");
            for method in ["inner", "all"] {
                let given = far.call_named(&got, method, &[]).expect("listed");
                chests::look(lab, &far, &given, method);
            }
            // Back again: the host has what it had, and no more.
            let again = far.send(&got, host).expect("joined");
            chests::look(lab, host, &again.clone().into(), "back at the host");
            lab.escaped_if(again != at_host, "a second identity");
            lab.escaped_if(near.send(&own, &far).is_ok(), "past the host");
            lab.escaped_if(oak.opened() > 0, "opened");
        },
    );
}

// ---------------------------------------------------------------------------------------------------------------------
// B8: the target is somebody else's proxy.

/// B8: a holder puts a membrane of its own around what it was lent, one that allows everything.
#[test]
fn b8_foreign_proxy_for_a_target() {
    for direction in BOTH {
        contained(
            breaks![
                membrane::StripForeign,
                membrane::AllowAll,
                membrane::BareReferences
            ],
            |lab| {
                let membrane = Membrane::new(swap_policy());
                let secret = Secret::new(1);
                // To be stripped it has to seem at home: on the owner's side of either.
                let stolen = membrane.pass(secret.raw.clone(), Direction::Outbound);
                let stolen = stolen.expect("live");
                let own = Membrane::new(wide());
                let deeper = own.attenuate(&wide()).expect("as wide");
                let pass = |one: &Ref, way| own.pass(one.clone(), way).expect("live");
                let inward = pass(&stolen, Direction::Inbound);
                let outward = pass(&stolen, Direction::Outbound);
                let mut wrapped = vec![
                    pass(&inward, direction),
                    pass(&outward, direction),
                    pass(&pass(&outward, back(direction)), direction),
                    deeper.wrap(outward.clone()).expect("live"),
                    deeper.wrap_inbound(stolen.clone()).expect("live"),
                    inward,
                    outward,
                ];
                let listed = own.pass(wrapped.clone(), direction).expect("live");
                wrapped.extend(listed);
                for one in wrapped {
                    assert!(one.ping().is_ok(), "as its owner lists it");
                    lab.reached();
                    lab.escaped_if(is_more(&one, &secret), "what the owner does not list");
                    let lease = membrane::lease(&one);
                    lab.escaped_if(lease.forbidden().is_ok(), "the same, by a lease");
                    // Nor is it taken for the owner's object when it comes to the owner.
                    let home = membrane.wrap_inbound(one.clone()).expect("live");
                    let is_stolen = Arc::ptr_eq(&one, &stolen);
                    let is_home = Arc::ptr_eq(&home, &secret.raw);
                    lab.escaped_if(is_home != is_stolen, "the owner's own, for another's");
                }
                membrane.revoke("over");
                lab.escaped_if(stolen.ping().is_ok(), "after the end");
            },
        );
    }
}
