//! What is allowed.

use super::*;
use membrane::ErrorKind;
use std::sync::Arc;

struct Object;

impl Named for Object {
    fn name(&self) -> Result<u64, Error> {
        Ok(1)
    }
    fn close(&self) -> Result<u64, Error> {
        Ok(2)
    }
}

impl Dated for Object {
    fn date(&self) -> Result<u64, Error> {
        Ok(3)
    }
    fn close(&self) -> Result<u64, Error> {
        Ok(4)
    }
}

impl Account for Object {
    fn balance(&self) -> Result<u64, Error> {
        Ok(5)
    }
    fn deposit(&self) -> Result<u64, Error> {
        Ok(6)
    }
    fn r#type(&self) -> Result<u64, Error> {
        Ok(7)
    }
    fn date(&self) -> Result<u64, Error> {
        Ok(8)
    }
}

impl Left for Object {
    fn left(&self) -> Result<u64, Error> {
        Ok(9)
    }
}

impl Right for Object {
    fn right(&self) -> Result<u64, Error> {
        Ok(10)
    }
}

impl Diamond for Object {
    fn top(&self) -> Result<u64, Error> {
        Ok(11)
    }
}

const OK: Result<u64, ErrorKind> = Ok(0);

fn outcome(result: Result<u64, Error>) -> Result<u64, ErrorKind> {
    result.map(|_| 0).map_err(Error::kind)
}

/// M3. Fails if a policy's default is anything but "nothing".
#[test]
fn nothing_is_allowed_unless_listed() {
    let policies = [
        Policy::deny_all(),
        Policy::default(),
        Policy::builder().build().unwrap(),
        Policy::builder()
            .inbound(allow!(dyn Account))
            .outbound(allow!(dyn Account:))
            .build()
            .unwrap(),
        Policy::from_names(&known(), []).unwrap(),
        Policy::from_names(&known(), [rule("Account", &[])]).unwrap(),
        Policy::from_names(&Interfaces::new(), []).unwrap(),
    ];
    for policy in policies {
        for direction in DIRECTIONS {
            for method in [
                "balance", "deposit", "type", "name", "close", "date", "", "*",
            ] {
                assert!(!policy.allows::<dyn Account>(direction, method));
            }
            let membrane = Membrane::new(policy.clone());
            let account: Arc<dyn Account> = membrane
                .pass(Arc::new(Object) as Arc<dyn Account>, direction)
                .unwrap();
            for refused in [
                account.balance(),
                account.deposit(),
                account.r#type(),
                account.name(),
                Named::close(&*account),
                Dated::close(&*account),
                Account::date(&*account),
                Dated::date(&*account),
            ] {
                assert_eq!(outcome(refused), Err(ErrorKind::Refused));
            }
        }
    }
}

#[test]
fn listed_methods_are_allowed_in_their_direction_only() {
    for allowed in DIRECTIONS {
        let list = allow!(dyn Account: balance, r#type, name);
        let builder = Policy::builder();
        let policy = match allowed {
            Direction::Inbound => builder.inbound(list),
            Direction::Outbound => builder.outbound(list),
        };
        let policy = policy.build().unwrap();
        for crossed in DIRECTIONS {
            // An object is called against the direction in which it crossed.
            let direction = match crossed {
                Direction::Outbound => Direction::Inbound,
                Direction::Inbound => Direction::Outbound,
            };
            let expected = if direction == allowed {
                OK
            } else {
                Err(ErrorKind::Refused)
            };
            let membrane = Membrane::new(policy.clone());
            let account: Arc<dyn Account> = membrane
                .pass(Arc::new(Object) as Arc<dyn Account>, crossed)
                .unwrap();
            for result in [account.balance(), account.r#type(), account.name()] {
                assert_eq!(outcome(result), expected);
            }
            for refused in [
                account.deposit(),
                Named::close(&*account),
                Dated::date(&*account),
            ] {
                assert_eq!(outcome(refused), Err(ErrorKind::Refused));
            }
            for method in ["balance", "type", "name"] {
                assert_eq!(
                    policy.allows::<dyn Account>(direction, method),
                    direction == allowed
                );
            }
            assert!(!policy.allows::<dyn Account>(direction, "deposit"));
            assert!(
                !policy.allows::<dyn Named>(direction, "name"),
                "listed under what crosses"
            );
        }
    }
}

/// M3: inherited methods are listed under the interface that crossed.
#[test]
fn list_of_a_superinterface_says_nothing_of_what_inherits() {
    let policy = Policy::builder()
        .inbound(allow!(dyn Named: name, close))
        .build()
        .unwrap();
    let membrane = Membrane::new(policy);
    let named: Arc<dyn Named> = membrane.wrap(Arc::new(Object) as Arc<dyn Named>).unwrap();
    let left: Arc<dyn Left> = membrane.wrap(Arc::new(Object) as Arc<dyn Left>).unwrap();
    assert_eq!((outcome(named.name()), outcome(named.close())), (OK, OK));
    assert_eq!(outcome(left.name()), Err(ErrorKind::Refused));
    let upcast: Arc<dyn Named> = left;
    assert_eq!(outcome(upcast.name()), Err(ErrorKind::Refused));
}

#[test]
fn method_inherited_twice_is_one_method() {
    for policy in [
        Policy::builder()
            .inbound(allow!(dyn Diamond: name, top))
            .build(),
        Policy::from_names(&known(), [rule("Diamond", &["name", "top"])]),
    ] {
        let policy = policy.unwrap();
        assert!(policy.allows::<dyn Diamond>(Direction::Inbound, "name"));
        let membrane = Membrane::new(policy);
        let diamond: Arc<dyn Diamond> =
            membrane.wrap(Arc::new(Object) as Arc<dyn Diamond>).unwrap();
        assert_eq!((diamond.top(), diamond.name()), (Ok(11), Ok(1)));
        let (left, right): (Arc<dyn Left>, Arc<dyn Right>) = (diamond.clone(), diamond.clone());
        assert_eq!(
            (left.name(), right.name()),
            (Ok(1), Ok(1)),
            "whichever way it is reached"
        );
        for refused in [left.close(), right.close(), left.left(), right.right()] {
            assert_eq!(outcome(refused), Err(ErrorKind::Refused));
        }
    }
}

#[test]
fn policy_lists_what_it_allows() {
    let policy = Policy::builder()
        .inbound(allow!(dyn Account: deposit, name))
        .inbound(allow!(dyn Empty))
        .outbound(allow!(dyn Named: close))
        .homecoming(Homecoming::KeepWrapped)
        .on_panic(OnPanic::Propagate)
        .depth_limit(9)
        .build()
        .unwrap();
    let listed = |direction| {
        let rules: Vec<_> = policy.rules(direction).collect();
        rules
            .iter()
            .map(|rule| (rule.interface(), rule.methods().collect::<Vec<_>>()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        listed(Direction::Inbound),
        [("Account", vec!["deposit", "name"]), ("Empty", vec![])]
    );
    assert_eq!(listed(Direction::Outbound), [("Named", vec!["close"])]);
    assert_eq!(policy.homecoming(), Homecoming::KeepWrapped);
    assert_eq!(policy.on_panic(), OnPanic::Propagate);
    assert_eq!(policy.depth_limit(), 9);
    assert_eq!(
        format!("{policy:?}"),
        "Policy { inbound: [dyn Account: [\"deposit\", \"name\"], dyn Empty: []], \
         outbound: [dyn Named: [\"close\"]], homecoming: KeepWrapped, on_panic: Propagate, depth_limit: 9 }"
    );
    let membrane = Membrane::new(policy.clone());
    assert_eq!(format!("{:?}", membrane.policy()), format!("{policy:?}"));
}

#[test]
fn unset_settings_are_the_strictest_but_for_homecoming() {
    let policy = Policy::deny_all();
    assert_eq!(policy.homecoming(), Homecoming::Unwrap);
    assert_eq!(policy.on_panic(), OnPanic::Error);
    assert_eq!(policy.depth_limit(), 128);
    assert_eq!(Policy::DEFAULT_DEPTH_LIMIT, 128);
    assert_eq!(
        format!("{policy:?}"),
        "Policy { inbound: [], outbound: [], homecoming: Unwrap, on_panic: Error, depth_limit: 128 }"
    );
}

#[test]
fn changing_a_clone_of_a_builder_changes_nothing_else() {
    let builder = Policy::builder().inbound(allow!(dyn Named: name));
    let wider = builder
        .clone()
        .inbound(allow!(dyn Account: balance))
        .build()
        .unwrap();
    let narrower = builder.build().unwrap();
    assert!(wider.allows::<dyn Account>(Direction::Inbound, "balance"));
    assert!(!narrower.allows::<dyn Account>(Direction::Inbound, "balance"));
    assert!(
        wider
            .clone()
            .allows::<dyn Named>(Direction::Inbound, "name")
    );
}

#[test]
fn interfaces_of_one_name_are_two_interfaces() {
    let policy = Policy::builder()
        .inbound(allow!(dyn Named: name))
        .inbound(allow!(dyn elsewhere::Named: other))
        .build()
        .unwrap();
    assert!(policy.allows::<dyn Named>(Direction::Inbound, "name"));
    assert!(!policy.allows::<dyn Named>(Direction::Inbound, "other"));
    assert!(policy.allows::<dyn elsewhere::Named>(Direction::Inbound, "other"));
    assert!(!policy.allows::<dyn elsewhere::Named>(Direction::Inbound, "name"));
}

macro_rules! twins {
    () => {{
        #[interface]
        trait Twin {
            fn public(&self) -> Result<u64, Error>;
        }
        use Twin as First;
        {
            #[interface]
            trait Twin {
                fn secret(&self) -> Result<u64, Error>;
            }
            #[interface]
            trait Both: First + Twin {
                fn own(&self) -> Result<u64, Error>;
            }
            struct Object;
            impl First for Object {
                fn public(&self) -> Result<u64, Error> {
                    Ok(1)
                }
            }
            impl Twin for Object {
                fn secret(&self) -> Result<u64, Error> {
                    Ok(2)
                }
            }
            impl Both for Object {
                fn own(&self) -> Result<u64, Error> {
                    Ok(3)
                }
            }
            let policy = Policy::builder().inbound(allow!(dyn Both: public));
            let membrane = Membrane::new(policy.build().unwrap());
            let lent = membrane.wrap::<dyn Both>(Arc::new(Object)).unwrap();
            [lent.public(), lent.secret(), lent.own()].map(outcome)
        }
    }};
}

/// M3. Two traits of one name, whose `line!` and `column!` are those of one expansion, are two interfaces. Fails (it does not
/// compile) if the interface's key is without the `fingerprint` of the trait; and if `check_keys` is left out, too, a
/// method that is not listed is entered.
#[test]
fn interfaces_of_one_name_and_place_are_two_interfaces() {
    let refused = Err(ErrorKind::Refused);
    assert_eq!(twins!(), [OK, refused, refused]);
}

#[test]
fn list_shows_its_methods_in_the_interfaces_order() {
    let list = allow!(dyn Account: name, r#type, balance);
    assert_eq!(list.interface(), "Account");
    assert_eq!(
        list.methods().collect::<Vec<_>>(),
        ["balance", "type", "name"]
    );
    assert_eq!(
        format!("{list:?}"),
        "dyn Account: [\"balance\", \"type\", \"name\"]"
    );
    assert_eq!(format!("{:?}", allow!(dyn Empty)), "dyn Empty: []");
    assert_eq!(
        DIRECTIONS.map(|direction| direction.to_string()),
        ["inbound", "outbound"]
    );
}
