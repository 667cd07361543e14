//! Policies that are wrong, and policies that say "all".

use crate::lab::{Lab, breaks, contained};
use crate::stage::{Chest, Oak, chests, policy};
use membrane::{
    Check, Direction, Error, Homecoming, Interfaces, Membrane, NamedArgumentRule, NamedRule,
    OnPanic, Policy, PolicyBuilder, PolicyError, allow, rule,
};
use std::sync::Arc;

fn list<'a>(interface: &'a str, methods: &'a [&'a str]) -> NamedRule<'a> {
    NamedRule {
        direction: Direction::Inbound,
        interface,
        methods,
    }
}

fn known() -> Interfaces {
    Interfaces::new().with::<dyn Chest>()
}

/// Whether a policy that should not be there is there, and what it lets out.
fn try_policy(lab: &Lab, what: &str, built: Result<Policy, PolicyError>) {
    lab.reached();
    let Ok(built) = built else { return };
    lab.escaped(format!("{what}: a policy was built"));
    let oak = Oak::new();
    let lent = Membrane::new(built).wrap(oak.chest()).expect("live");
    lab.escaped_if(lent.open().is_ok(), format!("{what}: the gold"));
    lab.escaped_if(lent.name().is_ok(), format!("{what}: it is called"));
}

/// C16: "empty, duplicate, odd allowlist must fail closed": names that are not those of an interface or a method, or are there
/// twice, in a policy from names; and lists that are at odds.
#[test]
fn c16_names_and_lists_with_mistakes() {
    contained(
        breaks![membrane::LenientNames, membrane::LenientPolicy],
        |lab| {
            let odd: [&[NamedRule<'_>]; 12] = [
                &[list("chest", &["name"])],
                &[list("", &["name"])],
                &[list("Chest ", &["name"])],
                &[list("Chest", &["name", "name"])],
                &[list("Chest", &["name", "Name"])],
                &[list("Chest", &[""])],
                &[list("Chest", &["name,open"])],
                &[list("Chest", &["-open"])],
                &[list("Chest", &["!name"])],
                &[list("Chest", &["name"]), list("Chest", &["open"])],
                &[list("Chest", &[]), list("Chest", &["open"])],
                &[list("[\"Chest\"]", &["name"])],
            ];
            for lists in odd {
                let built = Policy::from_names(&known(), lists.iter().cloned());
                try_policy(lab, &format!("{lists:?}"), built);
            }
            let builders = [
                ("listed twice", chests().inbound(allow!(dyn Chest: open))),
                ("listed, and not", chests().inbound(allow!(dyn Chest))),
                ("no depth", chests().depth_limit(0)),
                ("no depth, mended", chests().depth_limit(0).depth_limit(9)),
            ];
            for (what, builder) in builders {
                try_policy(lab, what, builder.build());
            }
            // What is odd and means something: an empty list is of a reference that cannot be called.
            let empty = Policy::from_names(&known(), [list("Chest", &[])]);
            let opaque = Membrane::new(empty.expect("nothing is wrong with it"));
            let opaque = opaque.wrap(Oak::new().chest()).expect("live");
            lab.escaped_if(opaque.name().is_ok(), "an empty list allows something");
        },
    );
}

/// C16: rules that are at odds, that nothing passes, that are on nothing, or on what is not listed.
#[test]
fn c16_rules_with_mistakes() {
    contained(breaks![membrane::LenientPolicy], |lab| {
        let (most, least) = (3, 9);
        let nothing = || Check::length(least..=most);
        let length = || Check::length(..=3);
        let on = |method, argument, check| NamedArgumentRule {
            direction: Direction::Inbound,
            interface: "Chest",
            method,
            argument,
            check,
        };
        let rules = [
            vec![on("read", "key", length()), on("read", "key", length())],
            vec![on("read", "key", nothing())],
            vec![on("read", "key", Check::range(1..=3))],
            vec![on("read", "keys", length())],
            vec![on("read", "key.length", length())],
            vec![on("read", "", length())],
            vec![on("open", "key", length())],
            vec![on("read", "key", Check::one_of::<&str>([]))],
        ];
        for rules in rules {
            let what = format!("{rules:?}");
            let listed = list("Chest", &["read"]);
            let built = Policy::from_names_with_rules(&known(), [listed], rules);
            try_policy(lab, &what, built);
        }
        let read = Policy::builder().inbound(allow!(dyn Chest: read));
        let builders = [
            chests().inbound_rule(rule!(dyn Chest: open, || true)),
            read.clone().outbound_rule(rule!(dyn Chest: read, |_| true)),
            read.inbound_rule(rule!(dyn Chest: read, key: nothing())),
        ];
        for builder in builders {
            try_policy(lab, &format!("{builder:?}"), builder.build());
        }
    });
}

/// C16: a policy that is derived asks for more than there is, in each of the ways in which that can be asked.
#[test]
fn c16_policy_that_is_wider_than_its_parents() {
    contained(breaks![membrane::WiderChild], |lab| {
        let strict = || chests().homecoming(Homecoming::Refuse).depth_limit(8);
        let open = Policy::builder().inbound(allow!(dyn Chest: open));
        let wider: [(&str, PolicyBuilder); 5] = [
            (
                "a method more",
                open.homecoming(Homecoming::Refuse).depth_limit(8),
            ),
            ("the way home", strict().homecoming(Homecoming::KeepWrapped)),
            ("all the way home", strict().homecoming(Homecoming::Unwrap)),
            ("panics", strict().on_panic(OnPanic::Propagate)),
            ("a greater depth", strict().depth_limit(9)),
        ];
        let parent = policy(strict());
        assert!(parent.attenuate(&parent).is_ok());
        let membrane = Membrane::new(parent.clone());
        for (what, builder) in wider {
            let wider = policy(builder);
            try_policy(lab, what, parent.attenuate(&wider));
            let (grant, on) = (membrane.grant(&wider), membrane.attenuate(&wider));
            lab.escaped_if(grant.is_ok() || on.is_ok(), format!("{what}: a grant"));
        }
    });
}

mod later {
    use membrane::{Error, interface};

    /// What the chest may become.
    #[interface]
    pub(super) trait Chest: Send + Sync {
        fn burn(&self) -> Result<u64, Error>;
        fn name(&self) -> Result<u64, Error>;
    }
}

struct Later;

impl later::Chest for Later {
    fn burn(&self) -> Result<u64, Error> {
        Ok(1)
    }

    fn name(&self) -> Result<u64, Error> {
        Ok(2)
    }
}

/// C17: "wildcard covers members added later": there is none: a list that was written for a version without `burn` does not
/// have it. In Rust a star does not compile: `ui/fail`'s `allow_wildcard.rs`, `rule_wildcard.rs`.
#[test]
fn c17_star_and_a_method_added_later() {
    contained(breaks![membrane::Wildcards], |lab| {
        let stars: [&[&str]; 6] = [&["*"], &["name", "*"], &["n*"], &["*name"], &["**"], &["_"]];
        for star in stars {
            try_policy(
                lab,
                &format!("{star:?}"),
                Policy::from_names(&known(), [list("Chest", star)]),
            );
            let interfaces = Policy::from_names(&known(), [list(star[0], &["name"])]);
            lab.escaped_if(
                interfaces.is_ok() && star[0] != "name",
                "a star for interfaces",
            );
        }
        let known = Interfaces::new().with::<dyn later::Chest>();
        for methods in [&["name"][..], &["*"]] {
            let Ok(built) = Policy::from_names(&known, [list("Chest", methods)]) else {
                continue;
            };
            let chest: Arc<dyn later::Chest> = Arc::new(Later);
            let lent = Membrane::new(built).wrap(chest).expect("live");
            assert_eq!(lent.name(), Ok(2));
            lab.reached();
            lab.escaped_if(lent.burn().is_ok(), "the method that was added");
        }
    });
}
