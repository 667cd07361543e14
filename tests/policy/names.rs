//! Policies from names.

use super::*;

/// The mistakes in a policy from names.
#[track_caller]
fn mistakes<'a>(rules: impl IntoIterator<Item = NamedRule<'a>>) -> Vec<PolicyProblem> {
    Policy::from_names(&known(), rules)
        .unwrap_err()
        .problems()
        .to_vec()
}

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
            &[
                "balance", "deposit", "balance", "balance", "deposit", "type", "type"
            ]
        )]),
        ["balance", "balance", "deposit", "type"].map(|method| {
            PolicyProblem::DuplicateMethod {
                direction,
                interface: "Account".into(),
                method: method.into(),
            }
        })
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
