//! What is told, how much, and what comes after a revocation.

use super::{ANSWERED, REVOKED, VICTIM, answers, call, forged, number, own, start, strike};
use crate::forger::reachable;
use crate::lab::{breaks, contained};
use crate::oak::Oak;
use membrane::{Conditions, Membrane, Policy, allow};
use probe::Service;
use runtime::{Limits, MessageLimits};

/// E5: what another membrane said to the host is not said to the guest.
#[test]
fn e5_reason_of_another_membrane() {
    contained(breaks![membrane::WholeErrors], |lab| {
        let inner = Membrane::new(Policy::deny_all());
        inner.revoke("the host's own business");
        let error = inner
            .pass((), membrane::Direction::Inbound)
            .expect_err("revoked");
        let oak = Oak::doing(move |_| Err(error));
        let length = "(i32.load offset=12 (i32.const 2048))";
        let code = [
            &call(VICTIM, number("next"), 1, 1024, 1),
            "(if (i32.ne (i32.load8_u (i32.const 2052)) (i32.const 1)) (then (return (call $number (i32.const 0)))))",
            &answers(length),
        ]
        .concat();
        let told = strike(&forged(&code), &oak);
        assert_eq!(oak.entered("next"), 1);
        lab.reached();
        lab.escaped_if(told != Ok(0), format!("a reason of {told:?} bytes"));
    });
}

/// E7: more nodes than a message may have.
#[test]
fn e7_message_beyond_the_limit() {
    const EXHAUSTED: u64 = 6;
    contained(breaks![runtime::AnyMessage], |lab| {
        let limits = Limits {
            message: MessageLimits {
                nodes: 2,
                ..MessageLimits::default()
            },
            ..Limits::default()
        };
        let nodes = "(i32.store8 (i32.const 1056) (i32.const 2)) (i32.store8 (i32.const 1088) (i32.const 2))";
        let code = [
            nodes,
            &call(VICTIM, number("next"), 3, 1024, 3),
            "(call $told)",
        ]
        .concat();
        let policy = reachable().inbound(allow!(dyn Service: next));
        let oak = Oak::new();
        lab.reached();
        let told = strike(&start(&code, policy, limits), &oak);
        lab.escaped_if(told != Ok(EXHAUSTED), format!("{told:?}"));
    });
}

/// E7: more bytes than a grant may take.
#[test]
fn e7_bytes_beyond_the_grant() {
    const EXHAUSTED: u64 = 6;
    contained(breaks![membrane::UncountedBytes], |lab| {
        let oak = Oak::new();
        let policy = Policy::builder()
            .inbound(allow!(dyn Service: bytes))
            .build();
        let budget = Conditions::builder()
            .bytes_out(20)
            .build()
            .expect("possible");
        let grant = Membrane::with_conditions(policy.expect("one list"), &budget)
            .expect("both go together");
        let lent = grant.wrap::<dyn Service>(oak.clone()).expect("live");
        // Seven bytes each.
        let bytes = call(VICTIM, number("bytes"), 1, 1024, 1);
        let code = [&*bytes, &bytes, &bytes, &bytes, "(call $told)"].concat();
        let policy = reachable().inbound(allow!(dyn Service: bytes));
        lab.reached();
        let told = start(&code, policy, Limits::default())
            .forger
            .strike(lent.clone(), lent);
        assert!(oak.entered("bytes") >= 2);
        lab.escaped_if(told != Ok(EXHAUSTED), format!("{told:?}"));
    });
}

/// E12: the revocation comes while the guest's call is in the target.
#[test]
fn e12_revocation_inside_the_call() {
    contained(breaks![gate::NoCut], |lab| {
        let policy = Policy::builder().inbound(allow!(dyn Service: next)).build();
        let grant = Membrane::new(policy.expect("one list"));
        let inside = grant.clone();
        let oak = Oak::doing(move |to| {
            inside.revoke("inside");
            Ok(to)
        });
        let lent = grant.wrap::<dyn Service>(oak.clone()).expect("live");
        let code = [&call(VICTIM, number("next"), 1, 1024, 1), "(call $told)"].concat();
        let told = forged(&code).forger.strike(lent.clone(), lent);
        assert_eq!(oak.entered("next"), 1);
        lab.reached();
        lab.escaped_if(told != Ok(REVOKED), format!("{told:?}"));
    });
}

/// E14: what the host holds of the guest's goes with what the guest holds of the host's.
#[test]
fn e14_guest_s_object_beyond_the_end_of_its_domain() {
    contained(breaks![gate::NoCut], |lab| {
        let policy = reachable().inbound(allow!(dyn Service: keep, next));
        // As a visitor, it calls what it keeps.
        let kept = call("(global.get $kept)", number("next"), 1, 1024, 1);
        let code = [
            "(if (global.get $kept) (then ",
            &kept,
            "(return (call $number (i32.const 1)))))",
            "(global.set $kept (call $share (local.get $h)))",
            &own(6400, 2),
            &call(VICTIM, number("keep"), 1, 6400, 1),
            "(call $told)",
        ]
        .concat();
        let forged = start(&code, policy, Limits::default());
        let oak = Oak::new();
        let told = strike(&forged, &oak);
        assert_eq!((told, oak.entered("keep")), (Ok(ANSWERED), 1));
        let visitor = oak.kept.lock().expect("no panic").remove(0);
        assert_eq!((visitor.visited(1), oak.entered("next")), (Ok(1), 1));
        forged.guest.membrane().revoke("over");
        lab.reached();
        let visited = visitor.visited(1);
        lab.escaped_if(visited.is_ok(), "the visitor answers");
        lab.escaped_if(oak.entered("next") > 1, "and reaches the host");
    });
}
