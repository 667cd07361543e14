//! What crosses: results, arguments, and objects of more than one side.

use super::{
    ANSWERED, BROUGHT, REFUSED, VICTIM, answers, call, forged, gives_visitor, number, own, plain,
    start, strike,
};
use crate::forger::reachable;
use crate::lab::{breaks, contained};
use crate::oak::Oak;
use membrane::allow;
use probe::Service;
use runtime::Limits;
use std::sync::Arc;

/// A1: a result that is an object is lent under its interface's list, as its maker is.
#[test]
fn a1_object_in_a_result() {
    contained(
        breaks![membrane::BareReferences, membrane::BareResults],
        |lab| {
            let policy = reachable().inbound(allow!(dyn Service: child));
            let code = [
                plain(VICTIM, number("child")),
                plain(BROUGHT, number("secret")),
                "(call $told)".into(),
            ];
            let forged = start(&code.concat(), policy, Limits::default());
            let oak = Oak::new();
            let told = strike(&forged, &oak);
            let child = oak.child.lock().expect("no panic").take().expect("made");
            lab.reached();
            lab.escaped_if(child.entered("secret") > 0, "the child's secret");
            lab.escaped_if(told != Ok(REFUSED), format!("{told:?}"));
        },
    );
}

/// A12: an argument of the host's, in a call of the guest's object.
#[test]
fn a12_object_in_an_argument() {
    contained(breaks![membrane::BareReferences], |lab| {
        let forged = forged(&[&plain(VICTIM, number("secret")), "(call $told)"].concat());
        let oak = Oak::new();
        lab.reached();
        let told = strike(&forged, &oak);
        lab.escaped_if(oak.entered("secret") > 0, "the secret");
        lab.escaped_if(told != Ok(REFUSED), format!("{told:?}"));
    });
}

/// B7: an object of one guest's that the host hands to another is under the lists of both.
#[test]
fn b7_object_of_another_guest_by_way_of_the_host() {
    contained(breaks![membrane::AllowAll, membrane::EitherList], |lab| {
        let lender = forged(&gives_visitor(2));
        let lent = lender.forger.give().expect("it gives").remove(0);
        let oak = Arc::new(Oak {
            instead: Some(lent),
            ..Oak::default()
        });
        let code = [
            own(6400, 2),
            call(VICTIM, number("echo"), 1, 6400, 1),
            call(BROUGHT, 0, 1, 1024, 1),
            "(call $told)".into(),
        ];
        let thief = forged(&code.concat());
        let told = thief.forger.strike(oak.clone(), oak.clone());
        assert_eq!(oak.entered("echo"), 1);
        lab.reached();
        lab.escaped_if(told != Ok(REFUSED), format!("{told:?}"));
        assert_eq!(lender.guest.report().ended, None);
    });
}

/// B18: one object has one number, and a guest that compares learns nothing but that.
#[test]
fn b18_two_numbers_of_one_object() {
    contained(breaks![membrane::NoIdentity], |lab| {
        // The ids of the two lent objects.
        let same = "(i64.eq (i64.load offset=16 (local.get $nodes)) (i64.load offset=48 (local.get $nodes)))";
        let forged = forged(&answers(same));
        let (oak, other) = (Oak::new(), Oak::new());
        lab.reached();
        let told = strike(&forged, &oak);
        lab.escaped_if(told != Ok(1), "the same object has two numbers");
        let told = forged.forger.strike(oak, other);
        lab.escaped_if(told != Ok(0), "two objects have one number");
    });
}

/// C3: an object of the guest's own, of one number, is of one interface when it is kept and of another when it is used.
#[test]
fn c3_own_object_under_two_interfaces() {
    contained(breaks![runtime::AnyInterface], |lab| {
        let policy = reachable().inbound(allow!(dyn Service: keep, echo));
        let code = [
            own(6400, 2),
            call(VICTIM, number("keep"), 1, 6400, 1),
            "(i64.store (i32.const 6416) (i64.const SERVICE))".into(),
            call(VICTIM, number("echo"), 1, 6400, 1),
            "(call $told)".into(),
        ];
        let forged = start(&code.concat(), policy, Limits::default());
        let oak = Oak::new();
        let told = strike(&forged, &oak);
        assert_eq!(oak.entered("keep"), 1);
        lab.reached();
        lab.escaped_if(oak.entered("echo") > 0, "a service is taken for a visitor");
        lab.escaped_if(told == Ok(ANSWERED), format!("{told:?}"));
    });
}
