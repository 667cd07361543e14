//! Names, keys and paths: what is checked is what is used.

use crate::lab::{Lab, breaks, contained};
use crate::stage::{Chest, Oak, Post, at_once, chests, guests, policy, posts, sent, two_hops};
use membrane::{Check, Direction, Interfaces, Membrane, NamedRule, Policy, lease, rule};
use runtime::Value;
use std::sync::Arc;

/// What looks like a listed method, or leads to one that is not.
const SPELLINGS: [&str; 14] = [
    "open",
    "NAME",
    "Name",
    "name ",
    " name",
    "name\0",
    "\u{feff}name",
    "chest.name",
    "Chest::name",
    "Chest::open",
    "name/../open",
    "name\0open",
    "r#name",
    "",
];

/// C1: "key checked ≠ key used": a name is spelled in ways that one reader takes for what is listed, and another one for
/// something else.
#[test]
fn c1_name_that_is_looked_up() {
    contained(breaks![runtime::LooseNames, membrane::AllowAll], |lab| {
        let (runtime, [a, b]) = guests(&policy(chests()));
        let host = runtime.host();
        for (owner, other) in [(host, &a), (&a, host)] {
            let oak = Oak::new();
            let lent = sent(owner, other, &oak);
            assert!(other.call_named(&lent, "name", &[]).is_ok());
            try_spellings(lab, &oak, |name| {
                let called = other.call_named(&lent, name, &[]).is_ok();
                called || lent.method(name).is_some()
            });
        }
        let oak = Oak::new();
        let at_b = host.send(&sent(&a, host, &oak), &b).expect("joined");
        assert!(b.call_named(&at_b, "name", &[]).is_ok());
        try_spellings(lab, &oak, |name| b.call_named(&at_b, name, &[]).is_ok());
    });
}

fn try_spellings(lab: &Lab, oak: &Oak, is_taken: impl Fn(&str) -> bool) {
    for name in SPELLINGS {
        lab.reached();
        lab.escaped_if(is_taken(name), format!("{name:?} was taken for a method"));
    }
    lab.escaped_if(oak.opened() > 0, "the gold");
}

/// C1: a rule looks at a text, and the target is given what the rule looked at.
#[test]
fn c1_key_that_is_checked_and_used() {
    contained(breaks![membrane::UncheckedRules], |lab| {
        let public = || Check::one_of(["public"]);
        let rules = posts()
            .inbound_rule(rule!(dyn Chest: read, key: public()))
            .outbound_rule(rule!(dyn Chest: read, key: public()))
            .inbound_rule(rule!(dyn Post: read, key: public()))
            .outbound_rule(rule!(dyn Post: read, key: public()));
        let policy = policy(rules);
        let keys = [
            "secret",
            "PUBLIC",
            "public ",
            "public\0",
            "public\u{301}",
            "\u{feff}public",
            "public/../secret",
            "",
        ];
        let try_all = |way: &str, oak: &Oak, read: &dyn Fn(&str) -> bool| {
            assert!(read("public"), "{way}: what the rule agrees to");
            for key in keys {
                lab.reached();
                lab.escaped_if(read(key), format!("{way}: {key:?} was read"));
            }
            let others = oak.keys().iter().filter(|key| *key != "public").count();
            lab.escaped_if(others > 0, format!("{way}: {others} other keys arrived"));
        };
        for direction in [Direction::Outbound, Direction::Inbound] {
            let membrane = Membrane::new(policy.clone());
            let oak = Oak::new();
            let chest = membrane.pass(oak.chest(), direction).expect("live");
            try_all("a call", &oak, &|key| chest.read(key).is_ok());
            let leased = lease(&chest);
            try_all("a lease", &oak, &|key| leased.read(key).is_ok());
            let post: Arc<dyn Post> = oak.clone();
            let post = membrane.pass(post, direction).expect("live");
            try_all("later", &oak, &|key| at_once(post.read(key)).is_ok());
        }
        let oak = Oak::new();
        let (_a, _b, chest) = two_hops(&policy, oak.chest());
        try_all("two hops", &oak, &|key| chest.read(key).is_ok());
        let (runtime, [guest]) = guests(&policy);
        let oak = Oak::new();
        let lent = sent(runtime.host(), &guest, &oak);
        try_all("dynamic", &oak, &|key| {
            guest.call_named(&lent, "read", &[key.into()]).is_ok()
        });
    });
}

/// C5: "lexical check, resolved use": the path that is looked at leads to where the path that is used leads.
///
/// Links are for the power that opens the file: see the tests of `runtime`'s directories.
#[test]
fn c5_path_by_another_name() {
    /// Where a path leads, for a reader that resolves as much as any does.
    fn leads(path: &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        let path = path.split('\0').next().unwrap_or_default();
        if path.starts_with(['/', '\\']) || path.contains(':') {
            names.push("the root".into());
        }
        for name in path.split(['/', '\\']) {
            if name == ".." {
                if names.pop().is_none() {
                    names.push("outside".into());
                }
            } else if !matches!(name, "" | ".") {
                names.push(name.into());
            }
        }
        names
    }
    contained(
        breaks![membrane::WithinByText, membrane::UncheckedRules],
        |lab| {
            let within = rule!(dyn Chest: read, key: Check::within("pub"));
            let policy = policy(chests().inbound_rule(within));
            let paths = [
                "pub/../secret",
                "pub/./../secret",
                "pub//..//secret",
                "pub/a/../../secret",
                "pub/..",
                "public",
                "pub\\..\\secret",
                "pub:secret",
                "/pub/a",
                "pub/\0",
                "../pub/a",
            ];
            let oak = Oak::new();
            let lent = Membrane::new(policy.clone()).wrap(oak.chest());
            let lent = lent.expect("live");
            let (runtime, [guest]) = guests(&policy);
            let object = sent(runtime.host(), &guest, &oak);
            assert!(lent.read("pub/a").is_ok());
            for path in paths {
                lab.reached();
                let _ = lent.read(path);
                let _ = guest.call_named(&object, "read", &[path.into()]);
            }
            for key in oak.keys() {
                let arrived = leads(&key);
                let is_within = arrived.first().is_some_and(|name| name == "pub");
                let is_plain = !key.contains(['\0', ':', '\\']);
                lab.escaped_if(
                    !is_within || !is_plain,
                    format!("{key:?} leads to {arrived:?}"),
                );
            }
        },
    );
}

/// C15: "reserved name filtered syntactically, reachable by computed lookup": by name or number, nothing is called that is not
/// a listed method, and no policy can list it. In Rust the hidden method needs a question that nobody can make: `ui/fail`'s
/// `hostile_query_made.rs`, `allow_hidden_method.rs`, `lease_key.rs`.
#[test]
fn c15_hidden_method_by_its_name() {
    contained(
        breaks![runtime::LooseNames, membrane::LenientNames],
        |lab| {
            let hidden = [
                "__membrane_chest",
                "__membrane_name",
                "__membrane_call_name",
                "__name",
                "dyn Chest::name",
                "invoke",
                "upcast",
                "import",
                "face",
                "ask",
                "offer",
                "drop",
                "clone",
                "fmt",
                "type_id",
            ];
            let (runtime, [guest]) = guests(&policy(chests()));
            let oak = Oak::new();
            let lent = sent(runtime.host(), &guest, &oak);
            let arguments: [&[Value]; 2] = [&[], &["open".into()]];
            for name in hidden {
                for args in arguments {
                    lab.reached();
                    let answer = guest.call_named(&lent, name, args);
                    lab.escaped_if(answer.is_ok(), format!("{name}: {answer:?}"));
                }
                let known = Interfaces::new().with::<dyn Chest>();
                let list = NamedRule {
                    direction: Direction::Inbound,
                    interface: "Chest",
                    methods: &[name],
                };
                let built = Policy::from_names(&known, [list]);
                lab.escaped_if(built.is_ok(), format!("a policy lists {name}"));
            }
            for number in [6, 31, 32, 62, 63, 64, 65, 128, u32::MAX - 1, u32::MAX] {
                let answer = guest.call(&lent, number, &[]);
                lab.escaped_if(answer.is_ok(), format!("{number}: {answer:?}"));
                lab.escaped_if(lent.allows(number), format!("{number} is allowed"));
            }
            lab.escaped_if(oak.entered() > 0, "it was entered");
        },
    );
}
