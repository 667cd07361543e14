//! Deriving.

use super::*;

fn all_of_account(direction: Direction) -> Policy {
    let allow = allow!(dyn Account: balance, deposit, name);
    match direction {
        Direction::Inbound => Policy::builder().inbound(allow),
        Direction::Outbound => Policy::builder().outbound(allow),
    }
    .build()
    .unwrap()
}

/// M4. Fails if `Policy::attenuate` looks at one direction only, or compares interfaces by name.
#[test]
fn derived_policy_asks_for_no_more() {
    for direction in DIRECTIONS {
        let has = all_of_account(direction);
        let asks = |allow| {
            match direction {
                Direction::Inbound => Policy::builder().inbound(allow),
                Direction::Outbound => Policy::builder().outbound(allow),
            }
            .build()
            .unwrap()
        };
        for narrower in [
            Policy::deny_all(),
            asks(allow!(dyn Account)),
            asks(allow!(dyn Account: name)),
            asks(allow!(dyn Account: name, deposit, balance)),
            asks(allow!(dyn Named)),
            has.clone(),
        ] {
            assert!(has.attenuate(&narrower).is_ok());
            let membrane = Membrane::new(has.clone());
            assert!(membrane.grant(&narrower).is_ok() && membrane.attenuate(&narrower).is_ok());
        }
        for (wider, interface, methods) in [
            (
                asks(allow!(dyn Account: name, r#type)),
                "Account",
                vec!["type"],
            ),
            (
                asks(allow!(dyn Named: name, close)),
                "Named",
                vec!["name", "close"],
            ),
            (
                asks(allow!(dyn elsewhere::Named: other)),
                "Named",
                vec!["other"],
            ),
        ] {
            let problems: Vec<_> = methods
                .into_iter()
                .map(|method| PolicyProblem::WiderMethod {
                    direction,
                    interface: interface.into(),
                    method: method.into(),
                })
                .collect();
            assert_eq!(has.attenuate(&wider).unwrap_err().problems(), problems);
            let membrane = Membrane::new(has.clone());
            for result in [membrane.grant(&wider), membrane.attenuate(&wider)] {
                assert_eq!(result.unwrap_err().problems(), problems);
            }
            assert_eq!(membrane.scoped(&wider).unwrap_err().problems(), problems);
            assert_eq!(
                membrane
                    .with_grant(&wider, |_| panic!("must not run"))
                    .unwrap_err()
                    .problems(),
                problems
            );
        }
        let other = match direction {
            Direction::Inbound => Direction::Outbound,
            Direction::Outbound => Direction::Inbound,
        };
        assert_eq!(
            has.attenuate(&all_of_account(other))
                .unwrap_err()
                .problems()
                .len(),
            3,
            "the other way"
        );
    }
}

#[test]
fn derived_settings_are_no_laxer() {
    let settings = [
        Homecoming::Unwrap,
        Homecoming::KeepWrapped,
        Homecoming::Refuse,
    ];
    for (has_index, has) in settings.into_iter().enumerate() {
        for (asked_index, asked) in settings.into_iter().enumerate() {
            let policy = |homecoming| Policy::builder().homecoming(homecoming).build().unwrap();
            let derived = policy(has).attenuate(&policy(asked));
            if asked_index >= has_index {
                assert_eq!(derived.unwrap().homecoming(), asked);
            } else {
                assert_eq!(
                    derived.unwrap_err().problems(),
                    [PolicyProblem::WiderHomecoming { asked, has }]
                );
            }
        }
    }
    let depth = |calls| Policy::builder().depth_limit(calls).build().unwrap();
    assert_eq!(depth(5).attenuate(&depth(5)).unwrap().depth_limit(), 5);
    assert_eq!(depth(5).attenuate(&depth(1)).unwrap().depth_limit(), 1);
    let error = depth(5).attenuate(&Policy::deny_all()).unwrap_err();
    assert_eq!(
        error.problems(),
        [PolicyProblem::WiderDepth { asked: 128, has: 5 }]
    );
    assert_eq!(
        error.to_string(),
        "a depth limit of 128 is wider than 5 of the policy this one derives from"
    );
    // To be spared a panic is what a parent grants, too.
    let propagate = Policy::builder()
        .on_panic(OnPanic::Propagate)
        .build()
        .unwrap();
    assert!(propagate.attenuate(&Policy::deny_all()).is_ok());
    let error = Policy::deny_all().attenuate(&propagate).unwrap_err();
    assert_eq!(
        error.to_string(),
        "on-panic `Propagate` is wider than `Error` of the policy this one derives from"
    );
}

#[test]
fn everything_wider_is_reported_at_once() {
    let has = Policy::builder()
        .homecoming(Homecoming::Refuse)
        .depth_limit(2)
        .build()
        .unwrap();
    let asked = Policy::builder()
        .inbound(allow!(dyn Named: name))
        .outbound(allow!(dyn Account: balance, deposit))
        .homecoming(Homecoming::KeepWrapped)
        .depth_limit(3)
        .build()
        .unwrap();
    let error = has.attenuate(&asked).unwrap_err();
    assert_eq!(
        error.to_string(),
        "inbound `Named::name` is not allowed by the policy this one derives from\n\
         outbound `Account::balance` is not allowed by the policy this one derives from\n\
         outbound `Account::deposit` is not allowed by the policy this one derives from\n\
         homecoming `KeepWrapped` is wider than `Refuse` of the policy this one derives from\n\
         a depth limit of 3 is wider than 2 of the policy this one derives from"
    );
    assert_eq!(error.problems().len(), 5);
    assert_eq!(error, error.clone());
}

/// M4: along a chain nothing comes back.
#[test]
fn what_was_given_up_does_not_come_back() {
    let all = all_of_account(Direction::Inbound);
    let one = Policy::builder()
        .inbound(allow!(dyn Account: name))
        .build()
        .unwrap();
    let root = Membrane::new(all.clone());
    for derive in [Membrane::grant, Membrane::attenuate] {
        let narrow = derive(&root, &one).unwrap();
        assert_eq!(narrow.grant(&all).unwrap_err().problems().len(), 2);
        assert_eq!(narrow.attenuate(&all).unwrap_err().problems().len(), 2);
        assert!(narrow.grant(&one).is_ok());
        let empty = derive(&narrow, &Policy::deny_all()).unwrap();
        assert!(empty.attenuate(&one).is_err());
    }
}
