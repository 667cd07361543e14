//! Each mistake in a rule is reported, all at once, and nothing is built.

#![allow(clippy::reversed_empty_ranges, reason = "it is one of the mistakes")]

use super::{Account, everything};
use membrane::{
    Check, Direction, Error, Interfaces, NamedArgumentRule, NamedRule, Passable, Policy,
    PolicyError, PolicyProblem, RuleProblem, allow, interface, rule,
};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Passable)]
struct Options {
    depth: u32,
    #[allow(dead_code, reason = "it is named by rules only")]
    handler: Option<Arc<dyn Account>>,
}

#[derive(Passable)]
struct Tree(Vec<Tree>);

#[derive(Passable)]
enum Either {
    #[allow(dead_code, reason = "nobody makes one")]
    Left(u8),
    #[allow(dead_code, reason = "nobody makes one")]
    Right,
}

#[interface]
#[allow(dead_code, reason = "it is named by rules only")]
trait Files {
    fn find(&self, path: &str, options: Options) -> Result<u64, Error>;
    fn mixed(
        &self,
        float: f64,
        list: Vec<u8>,
        map: BTreeMap<String, bool>,
        maybe: Option<u8>,
    ) -> Result<u64, Error>;
    fn dark(&self, tree: Tree, either: Either, pair: (u8, u8), unit: ()) -> Result<u64, Error>;
}

fn problem(error: &PolicyError) -> Vec<RuleProblem> {
    let problems = error.problems().iter();
    problems
        .map(|problem| match problem {
            PolicyProblem::ArgumentRule { problem, .. } => problem.clone(),
            other => panic!("{other:?}"),
        })
        .collect()
}

/// What is wrong with checks on one argument of one method.
#[track_caller]
fn wrong<const N: usize>(method: &str, argument: &str, checks: [Check; N]) -> Vec<RuleProblem> {
    let known = Interfaces::new().with::<dyn Files>();
    let direction = Direction::Inbound;
    let allow = NamedRule {
        direction,
        interface: "Files",
        methods: &[method],
    };
    let rules = checks.map(|check| NamedArgumentRule {
        direction,
        interface: "Files",
        method,
        argument,
        check,
    });
    match Policy::from_names_with_rules(&known, [allow], rules) {
        Ok(_) => Vec::new(),
        Err(error) => problem(&error),
    }
}

fn mismatch(check: &str, argument: &str) -> Vec<RuleProblem> {
    vec![RuleProblem::Mismatch {
        check: check.into(),
        argument: argument.into(),
    }]
}

#[test]
fn check_that_cannot_look_at_its_argument_is_reported() {
    let opaque = "something that only a closure can look at";
    for (method, argument, check, kind, shape) in [
        ("find", "path", Check::range(1..), "range", "text"),
        (
            "find",
            "path",
            Check::each(Check::length(1..)),
            "each length",
            "text",
        ),
        ("find", "path", Check::Present, "present", "text"),
        (
            "find",
            "options.depth",
            Check::length(1..),
            "length",
            "an integer",
        ),
        (
            "find",
            "options.depth",
            Check::float(0.0..=1.0),
            "float range",
            "an integer",
        ),
        (
            "find",
            "options.depth",
            Check::one_of(["1"]),
            "one-of",
            "an integer",
        ),
        (
            "find",
            "options",
            Check::length(1..),
            "length",
            "a record of depth (an integer), handler (an optional something that only a closure can look at)",
        ),
        ("mixed", "float", Check::range(1..), "range", "a float"),
        ("mixed", "float", Check::one_of([1]), "one-of", "a float"),
        (
            "mixed",
            "list",
            Check::prefix("a"),
            "prefix",
            "a list, each element an integer",
        ),
        (
            "mixed",
            "list",
            Check::each(Check::prefix("a")),
            "prefix",
            "an integer",
        ),
        (
            "mixed",
            "map",
            Check::each(Check::Present),
            "each present",
            "a map, each key text, each value a bool",
        ),
        (
            "mixed",
            "map",
            Check::keys(Check::range(1..)),
            "range",
            "text",
        ),
        (
            "mixed",
            "map",
            Check::values(Check::range(1..)),
            "range",
            "a bool",
        ),
        (
            "mixed",
            "maybe",
            Check::length(1..),
            "length",
            "an optional integer",
        ),
        ("dark", "tree", Check::length(1..), "length", opaque),
        ("dark", "either", Check::one_of(["Right"]), "one-of", opaque),
        ("dark", "pair", Check::length(1..), "length", opaque),
        ("dark", "unit", Check::Present, "present", opaque),
    ] {
        assert_eq!(
            wrong(method, argument, [check]),
            mismatch(kind, shape),
            "{argument}"
        );
    }
    // What is there can be asked of anything that may not be.
    assert_eq!(wrong("find", "options.handler", [Check::Present]), []);
}

#[test]
fn unknown_argument_and_field_are_reported_with_what_there_is() {
    let known = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    for argument in ["paths", "Path", "", "path ", "*", "self"] {
        let problem = RuleProblem::UnknownArgument {
            known: known(&["path", "options"]),
        };
        assert_eq!(
            wrong("find", argument, [Check::length(1..)]),
            [problem],
            "{argument}"
        );
    }
    for (argument, field, names) in [
        ("options.deep", "deep", &["depth", "handler"][..]),
        ("options.", "", &["depth", "handler"]),
        ("options.depth.x", "x", &[]),
        ("path.len", "len", &[]),
    ] {
        let problem = RuleProblem::UnknownField {
            field: field.into(),
            known: known(names),
        };
        assert_eq!(
            wrong("find", argument, [Check::length(1..)]),
            [problem],
            "{argument}"
        );
    }
}

#[test]
fn check_that_everything_passes_is_reported() {
    for (argument, check) in [
        ("path", Check::length(..)),
        ("path", Check::length(0..)),
        ("path", Check::characters(..)),
        ("path", Check::prefix("")),
        ("path", Check::suffix("")),
        ("path", Check::pattern("*")),
        ("path", Check::pattern("***")),
        (
            "options.depth",
            Check::Integer {
                min: None,
                max: None,
            },
        ),
    ] {
        let found = wrong("find", argument, [check.clone()]);
        assert!(
            matches!(&found[..], [RuleProblem::Empty { .. }]),
            "{check}: {found:?}"
        );
    }
    // This one refuses what is not a number.
    let any = Check::Float {
        min: None,
        max: None,
    };
    assert_eq!(wrong("mixed", "float", [any]), []);
    let each = Check::each(Check::range::<i32>(..));
    assert!(matches!(
        &wrong("mixed", "list", [each])[..],
        [RuleProblem::Empty { .. }]
    ));
}

#[test]
fn check_that_nothing_passes_is_reported() {
    for (argument, check) in [
        ("path", Check::length(2..2)),
        ("path", Check::length(..0)),
        ("path", Check::characters(3..=2)),
        ("path", Check::one_of::<&str>([])),
        ("options.depth", Check::range(2..=1)),
        ("options.depth", Check::range(..i128::MIN)),
        (
            "options.depth",
            Check::range((
                std::ops::Bound::Excluded(i128::MAX),
                std::ops::Bound::Unbounded,
            )),
        ),
        ("options.depth", Check::one_of::<i32>([])),
    ] {
        let found = wrong("find", argument, [check.clone()]);
        assert!(
            matches!(&found[..], [RuleProblem::Impossible { .. }]),
            "{check}: {found:?}"
        );
    }
    let backwards = Check::float(1.0..=0.0);
    assert!(matches!(
        &wrong("mixed", "float", [backwards])[..],
        [RuleProblem::Impossible { .. }]
    ));
}

#[test]
fn checks_at_odds_are_reported() {
    for (argument, checks) in [
        ("path", [Check::one_of(["a", "b"]), Check::length(2..)]),
        ("path", [Check::prefix("c"), Check::one_of(["a", "b"])]),
        ("path", [Check::within("a"), Check::one_of(["b", "a/.."])]),
        ("path", [Check::prefix("abc"), Check::length(..=2)]),
        ("path", [Check::length(..=2), Check::suffix("abc")]),
        ("path", [Check::characters(3..), Check::length(..=2)]),
        ("path", [Check::characters(..=2), Check::length(9..)]),
        ("path", [Check::characters(..=2), Check::prefix("éèê")]),
        ("path", [Check::within("ab/c"), Check::length(..=3)]),
        ("path", [Check::within("a"), Check::prefix("/")]),
        ("path", [Check::prefix("b/"), Check::within("./a")]),
        ("path", [Check::suffix("/.."), Check::within("a")]),
        ("options.depth", [Check::range(..5), Check::one_of([5, 6])]),
    ] {
        let found = wrong("find", argument, checks.clone());
        assert!(
            matches!(&found[..], [RuleProblem::Impossible { .. }]),
            "{checks:?}: {found:?}"
        );
    }
    assert_eq!(
        wrong(
            "find",
            "path",
            [Check::one_of(["a", "bb"]), Check::length(2..)]
        ),
        []
    );
    for checks in [
        [Check::prefix("ab"), Check::length(..=2)],
        [Check::prefix("éè"), Check::characters(..=2)],
        [Check::within("a/./b/"), Check::length(..=3)],
        [Check::within("a/b"), Check::prefix("./a//b")],
        [Check::within("a/b"), Check::prefix("a/bc")],
        [Check::within("a"), Check::suffix("../b")],
    ] {
        assert_eq!(wrong("find", "path", checks.clone()), [], "{checks:?}");
    }
}

/// Fails if bounds are said to be at odds that some text keeps, or not said to be that none does.
#[test]
fn bounds_of_bytes_and_of_characters_are_at_odds_exactly_if_no_text_keeps_both() {
    for (least, most) in (1..=9).flat_map(|least| (least..=9).map(move |most| (least, most))) {
        for (fewest, many) in (1..=4).flat_map(|least| (least..=4).map(move |most| (least, most))) {
            let is_kept = (fewest..=many).any(|count| count <= most && least <= 4 * count);
            let checks = [
                Check::length(least..=most),
                Check::characters(fewest..=many),
            ];
            let found = wrong("find", "path", checks.clone());
            assert_eq!(found.is_empty(), is_kept, "{checks:?}: {found:?}");
        }
    }
}

/// Fails if a check goes through to wherever it ends, and says all of it.
#[test]
fn checks_too_deep_inside_each_other_are_reported() {
    let nested = |levels: usize| (1..levels).fold(Check::range(..9), |check, _| Check::each(check));
    let found = wrong("mixed", "list", [nested(64)]);
    assert!(matches!(&found[..], [RuleProblem::Mismatch { .. }]));
    // Their drop takes stack, which a sanitizer makes scarce.
    for levels in [65, tests::sized(5_000, 200)] {
        let found = wrong("mixed", "list", [nested(levels)]);
        let [problem] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(problem.to_string(), "more than 64 checks inside each other");
    }
}

#[test]
fn malformed_bounds_and_paths_are_reported() {
    for (min, max) in [
        (Some(f64::NAN), None),
        (Some(0.0), Some(f64::NAN)),
        (None, Some(-f64::NAN)),
    ] {
        let found = wrong("mixed", "float", [Check::Float { min, max }]);
        assert_eq!(found, [RuleProblem::NotANumber]);
    }
    for path in ["/", "/a", "..", "a/..", "a\0", "a\\b", "C:"] {
        let found = wrong("find", "path", [Check::within(path)]);
        assert_eq!(found, [RuleProblem::NotARelativePath { path: path.into() }]);
    }
    assert_eq!(wrong("find", "path", [Check::within("")]), []);
}

#[test]
fn two_checks_of_a_kind_and_one_rule_twice_are_reported() {
    let twice = [Check::length(..9), Check::length(2..)];
    assert_eq!(wrong("find", "path", twice), [RuleProblem::Duplicate]);
    let nested = [
        Check::each(Check::range(..9)),
        Check::each(Check::range(2..)),
    ];
    assert_eq!(wrong("mixed", "list", nested), [RuleProblem::Duplicate]);
    let both = [Check::each(Check::range(..9)), Check::length(2..)];
    assert_eq!(wrong("mixed", "list", both), []);

    let closure = rule!(dyn Account: deposit, |amount| *amount < 9);
    let builder = everything()
        .inbound_rule(closure.clone())
        .inbound_rule(closure.clone());
    assert_eq!(
        problem(&builder.build().unwrap_err()),
        [RuleProblem::Duplicate]
    );
    // One for each direction is no duplicate.
    let builder = everything()
        .inbound_rule(closure.clone())
        .outbound_rule(closure);
    assert!(builder.build().is_ok());
    let within_one = rule!(dyn Account: transfer, to: Check::length(1..), to: Check::length(..9));
    let error = everything().inbound_rule(within_one).build().unwrap_err();
    assert_eq!(problem(&error), [RuleProblem::Duplicate]);
}

/// Fails if a rule on a method that is not listed in its direction is accepted.
#[test]
fn rule_on_a_method_that_is_not_allowed_is_reported() {
    let rule = || rule!(dyn Account: deposit, |_| true);
    let lists = [
        Policy::builder(),
        Policy::builder().inbound(allow!(dyn Account: close)),
        Policy::builder().inbound(allow!(dyn Account)),
        Policy::builder().outbound(allow!(dyn Account: deposit)),
    ];
    for list in lists {
        let error = list.inbound_rule(rule()).build().unwrap_err();
        assert_eq!(problem(&error), [RuleProblem::MethodNotAllowed]);
        assert_eq!(
            error.to_string(),
            "inbound rule on `Account::deposit`: the method is not allowed: list it, or leave out the rule"
        );
    }
    // It may be listed after the rule.
    let policy = Policy::builder()
        .inbound_rule(rule())
        .inbound(allow!(dyn Account: deposit));
    assert!(policy.build().is_ok());
}

#[test]
fn names_of_a_rule_are_looked_up_like_those_of_a_list() {
    let known = Interfaces::new().with::<dyn Account>();
    let direction = Direction::Inbound;
    let allow = NamedRule {
        direction,
        interface: "Account",
        methods: &["rename"],
    };
    let rule = |interface, method, argument| NamedArgumentRule {
        direction,
        interface,
        method,
        argument,
        check: Check::length(..9),
    };
    let rules = [
        rule("Acount", "rename", "name"),
        rule("Account", "renam", "name"),
        rule("Account", "rename", "nam"),
        rule("Account", "deposit", "amount"),
    ];
    let error = Policy::from_names_with_rules(&known, [allow.clone()], rules).unwrap_err();
    assert_eq!(
        error.to_string(),
        "inbound `Acount` is not a known interface; known: Account\n\
         `Account` has no method `renam`; it has: deposit, transfer, close, rename\n\
         inbound rule on `nam` of `Account::rename`: the method has no such argument; it has: name\n\
         inbound rule on `Account::deposit`: the method is not allowed: list it, or leave out the rule\n\
         inbound rule on `amount` of `Account::deposit`: length cannot be asked of an integer"
    );
    let right = [rule("Account", "rename", "name")];
    let policy = Policy::from_names_with_rules(&known, [allow], right).unwrap();
    let rules: Vec<_> = policy.argument_rules(direction).collect();
    assert_eq!(
        (rules[0].interface(), rules[0].method()),
        ("Account", "rename")
    );
    let checks: Vec<_> = rules[0].checks().collect();
    assert_eq!(checks, [("name", &Check::length(..9))]);
}

#[test]
fn check_of_keys_and_values_is_named_with_what_is_inside() {
    let line = Check::keys(Check::values(Check::each(Check::prefix("a"))));
    let named = mismatch("keys values each prefix", "text");
    assert_eq!(wrong("find", "path", [line]), named);
}

/// Fails if what is inside of one of them is not counted: to look at it would take stack for each.
#[test]
fn more_than_sixty_four_checks_inside_each_other_are_too_deep_whatever_they_are_of() {
    let kinds: [fn(Check) -> Check; 3] = [Check::each, Check::keys, Check::values];
    let line = |kind: fn(Check) -> Check, levels| {
        (1..levels).fold(Check::length(1..), |check, _| kind(check))
    };
    for kind in kinds {
        let [problem] = &wrong("find", "path", [line(kind, 65)])[..] else {
            panic!("it is too deep")
        };
        assert_eq!(*problem, RuleProblem::TooDeep);
        assert_eq!(problem.to_string(), "more than 64 checks inside each other");
        let [problem] = &wrong("find", "path", [line(kind, 64)])[..] else {
            panic!("a path has no elements")
        };
        assert!(matches!(problem, RuleProblem::Mismatch { .. }));
    }
}
