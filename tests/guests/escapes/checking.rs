//! What may be called, by which number and which name, and with what.

use super::{
    ANSWERED, BROUGHT, Elm, REFUSED, REVOKED, VICTIM, answers, call, forged, number, own, plain,
    start, strike,
};
use crate::engine;
use crate::forger::{Parts, reachable};
use crate::lab::{breaks, contained};
use crate::oak::Oak;
use membrane::{Check, Membrane, Policy, allow, rule};
use probe::Service;
use runtime::{DynamicInterface, Limits};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

/// C1: a name that is nearly one that may be called.
#[test]
fn c1_name_that_is_nearly_a_listed_one() {
    contained(breaks![runtime::LooseNames], |lab| {
        let names = [
            "NEXT ",
            "Next",
            "Service.next",
            "next.",
            "next\\00",
            "a next",
            "nex\\74\\00",
            "",
        ];
        for name in names {
            let length = name.len() - 2 * name.matches('\\').count();
            let rest = format!(
                "(data (i32.const 5000) \"{}\")",
                name.replace("NEXT", "nExT")
            );
            let code = [
                format!(
                    "(call $method {VICTIM} (i32.const 5000) (i32.const {length}) (i32.const 2048))"
                ),
                answers("(i32.load8_u (i32.const 2048))"),
            ]
            .concat();
            let parts = Parts {
                rest: &rest,
                ..Parts::attack(&code)
            };
            let forged = parts.start(Limits::default()).expect("it starts");
            let oak = Oak::new();
            lab.reached();
            let told = strike(&forged, &oak);
            lab.escaped_if(told != Ok(0), format!("{name:?} is found: {told:?}"));
        }
    });
}

/// C6: "arity": arguments beyond those that the method takes.
#[test]
fn c6_arguments_beyond_the_last() {
    const ARGUMENTS: u64 = 8;
    contained(breaks![runtime::MoreArguments], |lab| {
        let more = "(i32.store8 (i32.const 1056) (i32.const 2))";
        let code = [
            more,
            &call(VICTIM, number("next"), 2, 1024, 2),
            "(call $told)",
        ]
        .concat();
        let oak = Oak::new();
        lab.reached();
        let told = strike(&forged(&code), &oak);
        lab.escaped_if(oak.entered("next") > 0, "it was entered");
        lab.escaped_if(told != Ok(ARGUMENTS), format!("{told:?}"));
    });
}

/// C6: what a rule forbids, by a number that a plain call carries.
#[test]
fn c6_argument_that_a_rule_forbids() {
    const REJECTED: u64 = 4;
    contained(breaks![membrane::UncheckedRules], |lab| {
        let policy = reachable()
            .inbound(allow!(dyn Service: next))
            .inbound_rule(rule!(dyn Service: next, to: Check::range(..=6)));
        let code = [&call(VICTIM, number("next"), 1, 1024, 1), "(call $told)"].concat();
        let forged = start(&code, policy, Limits::default());
        let oak = Oak::new();
        lab.reached();
        let told = strike(&forged, &oak);
        lab.escaped_if(oak.entered("next") > 0, "it was entered");
        lab.escaped_if(told != Ok(REJECTED), format!("{told:?}"));
    });
}

/// C10: the number of a method, looked up while it could be called, and a handle that was kept, used later.
#[test]
fn c10_number_and_handle_kept_beyond_the_revocation() {
    contained(breaks![gate::NoCut], |lab| {
        let code = [
            "(if (i32.eqz (global.get $kept)) (then (global.set $kept (call $share (local.get $h)))))",
            &call("(global.get $kept)", number("next"), 1, 1024, 1),
            "(call $told)",
        ]
        .concat();
        let forged = forged(&code);
        let oak = Oak::new();
        let policy = Policy::builder().inbound(allow!(dyn Service: next)).build();
        let grant = Membrane::new(policy.expect("one list"));
        let lent = grant.wrap::<dyn Service>(oak.clone()).expect("live");
        let told = forged.forger.strike(lent.clone(), lent);
        assert_eq!((told, oak.entered("next")), (Ok(ANSWERED), 1));
        grant.revoke("over");
        lab.reached();
        let told = forged.forger.strike(Oak::new(), Oak::new());
        lab.escaped_if(oak.entered("next") > 1, "it was entered again");
        lab.escaped_if(told != Ok(REVOKED), format!("{told:?}"));
    });
}

/// C11: each number of a method, whatever the guest has been told of it.
#[test]
fn c11_each_number_of_a_method() {
    contained(breaks![membrane::AllowAll], |lab| {
        let methods = <dyn Service>::interface().methods().len();
        let last = u32::try_from(methods).expect("few");
        for unlisted in (0..last + 3).filter(|n| ![number("next"), number("echo")].contains(n)) {
            let code = [&plain(VICTIM, unlisted), "(call $told)"].concat();
            let oak = Oak::new();
            lab.reached();
            let told = strike(&forged(&code), &oak);
            let log = oak.log.lock().expect("no panic").concat();
            lab.escaped_if(!log.is_empty(), log);
            lab.escaped_if(told != Ok(REFUSED), format!("{unlisted}: {told:?}"));
        }
    });
}

/// D12: a description tells of no method that may not be called.
#[test]
fn d12_methods_that_a_description_tells_of() {
    contained(breaks![runtime::DescribesAll], |lab| {
        let code = [
            format!("(call $describe {VICTIM} (i32.const 2048))"),
            answers("(i32.load offset=36 (i32.const 2048))"),
        ];
        let oak = Oak::new();
        lab.reached();
        let told = strike(&forged(&code.concat()), &oak);
        lab.escaped_if(told != Ok(2), format!("{told:?} methods"));
    });
}

/// E20: a name is looked up among those that may be called, whoever the object says it is.
#[test]
fn e20_lent_as_an_interface_that_is_not_listed() {
    contained(breaks![membrane::AllowAll], |lab| {
        let elm = Arc::new(Elm::default());
        let oak = Arc::new(Oak {
            instead: Some(elm.clone()),
            ..Oak::default()
        });
        let code = [
            own(6400, 2),
            call(VICTIM, number("echo"), 1, 6400, 1),
            call(BROUGHT, 0, 1, 1024, 1),
            "(call $told)".into(),
        ];
        let told = strike(&forged(&code.concat()), &oak);
        assert_eq!(oak.entered("echo"), 1);
        lab.reached();
        lab.escaped_if(elm.0.load(SeqCst) > 0, "it was visited");
        lab.escaped_if(told != Ok(REFUSED), format!("{told:?}"));
    });
}

/// E22: a method that there is not, one that is not allowed, and one that is not allowed and would not take the arguments.
#[test]
fn e22_refusals_that_differ() {
    contained(breaks![membrane::AllowAll], |lab| {
        let told = |code: &str| {
            let policy = reachable().inbound(allow!(dyn Service: next));
            let parts = Parts {
                rest: "(data (i32.const 5000) \"secretsecreT\")",
                ..Parts::attack(code)
            };
            let policy = policy.build().expect("one list for each");
            let forged = parts.start_under(engine(), policy, Limits::default());
            let oak = Oak::new();
            forged.expect("it starts").forger.strike(oak.clone(), oak)
        };
        let told_call = |call: &str| {
            let second = "(i32.store8 (i32.const 1056) (i32.const 2))";
            told(&[second, call, "(call $told)"].concat())
        };
        let told_name = |at: u32| {
            let look =
                format!("(call $method {VICTIM} (i32.const {at}) (i32.const 6) (i32.const 2048))");
            told(&[look, answers("(i32.load8_u (i32.const 2048))")].concat())
        };
        let secret = number("secret");
        let calls = [
            told_call(&plain(VICTIM, secret)),
            told_call(&plain(VICTIM, 999)),
            told_call(&plain(VICTIM, u32::MAX)),
            told_call(&call(VICTIM, secret, 1, 1024, 1)),
            told_call(&call(VICTIM, secret, 2, 1024, 2)),
            told_call(&call(VICTIM, 999, 2, 1024, 2)),
        ];
        let names = [told_name(5000), told_name(5006)];
        lab.reached();
        let differ = calls.iter().any(|told| *told != Ok(REFUSED));
        lab.escaped_if(differ, format!("calls: {calls:?}"));
        let differ = names.iter().any(|told| *told != Ok(0));
        lab.escaped_if(differ, format!("names: {names:?}"));
    });
}
