//! What a policy allows, how it is derived and read, and every way in which one is wrong.

use membrane::{
    Direction, Error, ErrorKind, Homecoming, Interfaces, Membrane, NamedRule, OnPanic, Policy,
    PolicyProblem, allow, interface,
};
use std::sync::Arc;

const DIRECTIONS: [Direction; 2] = [Direction::Inbound, Direction::Outbound];

#[interface]
trait Named {
    fn name(&self) -> Result<u64, Error>;
    fn close(&self) -> Result<u64, Error>;
}

#[interface]
trait Dated {
    fn date(&self) -> Result<u64, Error>;
    fn close(&self) -> Result<u64, Error>;
}

/// Inherits two methods `close`, and has one `date` of its own.
#[interface]
trait Account: Named + Dated {
    fn balance(&self) -> Result<u64, Error>;
    fn deposit(&self) -> Result<u64, Error>;
    fn r#type(&self) -> Result<u64, Error>;
    fn date(&self) -> Result<u64, Error>;
}

#[interface]
trait Left: Named {
    fn left(&self) -> Result<u64, Error>;
}

#[interface]
trait Right: Named {
    fn right(&self) -> Result<u64, Error>;
}

/// Inherits `Named` twice.
#[interface]
trait Diamond: Left + Right {
    fn top(&self) -> Result<u64, Error>;
}

#[interface]
trait Empty {}

mod elsewhere {
    use membrane::{Error, interface};

    #[interface]
    pub(crate) trait Named {
        fn other(&self) -> Result<u64, Error>;
    }
}

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

fn known() -> Interfaces {
    Interfaces::new()
        .with::<dyn Account>()
        .with::<dyn Named>()
        .with::<dyn Diamond>()
        .with::<dyn Empty>()
}

fn rule<'a>(interface: &'a str, methods: &'a [&'a str]) -> NamedRule<'a> {
    NamedRule {
        direction: Direction::Inbound,
        interface,
        methods,
    }
}

/// The mistakes in a policy from names.
#[track_caller]
fn mistakes<'a>(rules: impl IntoIterator<Item = NamedRule<'a>>) -> Vec<PolicyProblem> {
    Policy::from_names(&known(), rules)
        .unwrap_err()
        .problems()
        .to_vec()
}

const OK: Result<u64, ErrorKind> = Ok(0);

fn outcome(result: Result<u64, Error>) -> Result<u64, ErrorKind> {
    result.map(|_| 0).map_err(Error::kind)
}

// What is allowed.

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

// Mistakes of the builder.

#[test]
fn builder_reports_every_mistake_at_once() {
    let error = Policy::builder()
        .inbound(allow!(dyn Account: balance))
        .inbound(allow!(dyn Account: balance))
        .outbound(allow!(dyn Account: balance))
        .outbound(allow!(dyn Account))
        .inbound(allow!(dyn Account: deposit))
        .depth_limit(0)
        .build()
        .unwrap_err();
    let twice = |direction| PolicyProblem::DuplicateInterface {
        direction,
        interface: "Account".into(),
    };
    assert_eq!(
        error.problems(),
        [
            twice(Direction::Inbound),
            twice(Direction::Outbound),
            twice(Direction::Inbound),
            PolicyProblem::ZeroDepth
        ]
    );
    assert_eq!(
        error.to_string(),
        "inbound `Account` is listed twice: write one list of its methods\n\
         outbound `Account` is listed twice: write one list of its methods\n\
         inbound `Account` is listed twice: write one list of its methods\n\
         a depth limit of 0 refuses every call: use 1 or more"
    );
}

/// A mistake is not mended by a later word.
#[test]
fn depth_limit_of_zero_stays_a_mistake() {
    let error = Policy::builder()
        .depth_limit(0)
        .depth_limit(5)
        .build()
        .unwrap_err();
    assert_eq!(error.problems(), [PolicyProblem::ZeroDepth]);
    assert_eq!(
        Policy::builder()
            .depth_limit(5)
            .depth_limit(6)
            .build()
            .unwrap()
            .depth_limit(),
        6
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

// Policies from names.

#[test]
fn policy_from_names_is_the_policy_from_lists() {
    let outbound = |interface, methods| NamedRule {
        direction: Direction::Outbound,
        interface,
        methods,
    };
    let named = Policy::from_names(
        &known(),
        [
            rule("Account", &["name", "type", "balance"]),
            outbound("Account", &["deposit"]),
            rule("Empty", &[]),
            outbound("Named", &["close", "name"]),
        ],
    )
    .unwrap();
    let listed = Policy::builder()
        .inbound(allow!(dyn Account: balance, r#type, name))
        .outbound(allow!(dyn Account: deposit))
        .inbound(allow!(dyn Empty))
        .outbound(allow!(dyn Named: name, close))
        .build()
        .unwrap();
    assert_eq!(format!("{named:?}"), format!("{listed:?}"));
    assert!(named.attenuate(&listed).is_ok() && listed.attenuate(&named).is_ok());
}

/// C16. Nothing is half-built, and nothing is trimmed, folded or guessed.
#[test]
fn unknown_names_are_mistakes() {
    for name in [
        "",
        " ",
        "*",
        "Accounts",
        "Accoun",
        "account",
        "ACCOUNT",
        " Account",
        "Account ",
        "Account\n",
        "Account\0",
        "dyn Account",
        "policy::Account",
        "Аccount",
        "Account,Named",
    ] {
        let found = mistakes([rule(name, &["balance"])]);
        let known = ["Account", "Named", "Diamond", "Empty"]
            .map(String::from)
            .to_vec();
        let direction = Direction::Inbound;
        assert_eq!(
            found,
            [PolicyProblem::UnknownInterface {
                direction,
                interface: name.into(),
                known
            }]
        );
    }
    for name in [
        "",
        " ",
        "*",
        "balances",
        "balanc",
        "Balance",
        "BALANCE",
        " balance",
        "balance ",
        "balance\n",
        "balance\0",
        "Account::balance",
        "r#type",
        "balance()",
        "balance,deposit",
        "bаlance",
        "_",
        ".*",
    ] {
        let found = mistakes([rule("Account", &[name])]);
        let [
            PolicyProblem::UnknownMethod {
                direction: Direction::Inbound,
                interface,
                method,
                known,
            },
        ] = &found[..]
        else {
            panic!("{name:?}: {found:?}");
        };
        assert_eq!((interface.as_str(), method.as_str()), ("Account", name));
        assert_eq!(known[..4], ["balance", "deposit", "type", "date"]);
    }
}

/// C17. A policy does not grow with the interface: there is no word for "all".
#[test]
fn no_wildcard_is_understood() {
    for all in [
        "*",
        "**",
        "all",
        "any",
        "Account::*",
        "balance*",
        "?",
        "%",
        "~",
    ] {
        assert_eq!(mistakes([rule("Account", &[all])]).len(), 1, "{all}");
        assert_eq!(
            mistakes([rule("Account", &["balance", all])]).len(),
            1,
            "{all}"
        );
        assert_eq!(mistakes([rule(all, &[])]).len(), 1, "{all}");
    }
}

#[test]
fn duplicates_are_mistakes() {
    let direction = Direction::Inbound;
    let twice = |interface: &str| PolicyProblem::DuplicateInterface {
        direction,
        interface: interface.into(),
    };
    assert_eq!(
        mistakes([rule("Account", &["balance"]), rule("Account", &["balance"])]),
        [twice("Account")]
    );
    assert_eq!(
        mistakes([rule("Account", &[]), rule("Account", &["deposit"])]),
        [twice("Account")]
    );
    assert_eq!(
        mistakes([rule(
            "Account",
            &["balance", "deposit", "balance", "balance"]
        )]),
        vec![
            PolicyProblem::DuplicateMethod {
                direction,
                interface: "Account".into(),
                method: "balance".into()
            };
            2
        ]
    );
    // For the other direction it is no duplicate.
    let outbound = NamedRule {
        direction: Direction::Outbound,
        interface: "Account",
        methods: &["balance"],
    };
    assert!(Policy::from_names(&known(), [rule("Account", &["balance"]), outbound]).is_ok());
}

#[test]
fn ambiguous_names_are_mistakes() {
    let direction = Direction::Inbound;
    let both = known().with::<dyn elsewhere::Named>();
    assert_eq!(both.names().filter(|name| *name == "Named").count(), 2);
    for methods in [&["name"][..], &["other"], &["neither"], &[]] {
        let error = Policy::from_names(&both, [rule("Named", methods)]).unwrap_err();
        assert_eq!(
            error.problems(),
            [PolicyProblem::AmbiguousInterface {
                direction,
                interface: "Named".into()
            }]
        );
    }
    // Two super-interfaces have `close`; the interface itself and a super-interface have `date`.
    for method in ["close", "date"] {
        assert_eq!(
            mistakes([rule("Account", &["balance", method])]),
            [PolicyProblem::AmbiguousMethod {
                direction,
                interface: "Account".into(),
                method: method.into()
            }]
        );
    }
}

#[test]
fn every_mistake_in_names_is_reported_at_once() {
    let outbound = |interface, methods| NamedRule {
        direction: Direction::Outbound,
        interface,
        methods,
    };
    let error = Policy::from_names(
        &known(),
        [
            outbound("Nobody", &["a", "b"]),
            rule("Account", &["balance", "balance", "close", "nothing"]),
            rule("Account", &["nothing either"]),
            outbound("Account", &["Balance"]),
        ],
    )
    .unwrap_err();
    let kinds: Vec<_> = error
        .problems()
        .iter()
        .map(|problem| match problem {
            PolicyProblem::UnknownInterface { .. } => "unknown interface",
            PolicyProblem::DuplicateMethod { .. } => "duplicate method",
            PolicyProblem::AmbiguousMethod { .. } => "ambiguous method",
            PolicyProblem::UnknownMethod { .. } => "unknown method",
            PolicyProblem::DuplicateInterface { .. } => "duplicate interface",
            other => panic!("{other}"),
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "unknown interface",
            "duplicate method",
            "ambiguous method",
            "unknown method",
            "unknown method",
            "duplicate interface",
            "unknown method"
        ]
    );
    let text = error.to_string();
    assert_eq!(text.lines().count(), kinds.len(), "{text}");
    assert!(text.starts_with(
        "outbound `Nobody` is not a known interface; known: Account, Named, Diamond, Empty"
    ));
    assert!(text.contains("inbound `Account::balance` is listed twice"));
    assert!(text.contains("`Account` inherits two methods `close`: it cannot be listed by name"));
}

#[test]
fn interfaces_are_known_once() {
    let known = Interfaces::new()
        .with::<dyn Named>()
        .with::<dyn Named>()
        .with::<dyn elsewhere::Named>();
    assert_eq!(known.names().collect::<Vec<_>>(), ["Named", "Named"]);
    let once = Interfaces::new().with::<dyn Named>().with::<dyn Named>();
    assert!(Policy::from_names(&once, [rule("Named", &["name"])]).is_ok());
    let error = Policy::from_names(&Interfaces::new(), [rule("Named", &["name"])]).unwrap_err();
    assert!(
        matches!(error.problems(), [PolicyProblem::UnknownInterface { known, .. }] if known.is_empty())
    );
}

/// An interface that a known one inherits from is not known by that.
#[test]
fn superinterface_is_not_known_unless_it_is_added() {
    let known = Interfaces::new().with::<dyn Left>();
    assert!(Policy::from_names(&known, [rule("Left", &["name"])]).is_ok());
    assert!(Policy::from_names(&known, [rule("Named", &["name"])]).is_err());
}

// Deriving.

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

#[test]
fn policy_error_is_a_plain_error() {
    fn is_error<T: std::error::Error + Send + Sync + Clone + PartialEq + 'static>(_: &T) {}
    let error = Policy::builder().depth_limit(0).build().unwrap_err();
    is_error(&error);
    assert_eq!(format!("{error:?}"), "PolicyError([ZeroDepth])");
    assert!(std::error::Error::source(&error).is_none());
    assert_eq!(
        PolicyProblem::Revoked.to_string(),
        "the membrane is revoked: nothing can be derived from it"
    );
    assert_eq!(
        PolicyProblem::TooManyGenerations.to_string(),
        "membranes are derived from each other too deeply"
    );
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
