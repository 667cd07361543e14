//! What the derive refuses, and what it makes of a type that mentions itself.

use super::*;

fn refusals(item: &str) -> Vec<(String, String)> {
    let input: DeriveInput = syn::parse_str(item).expect("an item");
    let Err(error) = Subject::check(&input) else {
        return Vec::new();
    };
    let one = |error: syn::Error| {
        (
            error.span().source_text().unwrap_or_default(),
            error.to_string(),
        )
    };
    error.into_iter().map(one).collect()
}

#[track_caller]
fn refused(item: &str, word: &str, message: &str) {
    let all = refusals(item);
    assert!(
        all.len() == 1 && all[0].0 == word && all[0].1.contains(message),
        "{all:?}"
    );
}

fn expansion(item: &str) -> String {
    expand(item.parse().expect("tokens")).to_string()
}

#[test]
fn union_is_refused() {
    refused("union U { a: u8 }", "union", "write an enum");
}

#[test]
fn lifetime_parameters_are_refused_each() {
    refused("struct S<'a>(&'a str);", "'a", "own the data");
    assert_eq!(refusals("struct S<'a, 'b: 'a>(&'a str, &'b str);").len(), 2);
}

#[test]
fn unknown_option_is_refused() {
    refused("#[passable(plain)] struct S;", "plain", "the options are");
    refused(
        "#[passable] struct S;",
        "passable",
        "expected attribute arguments",
    );
    refused(
        "#[passable(data recursive)] struct S;",
        "recursive",
        "expected `,`",
    );
}

#[test]
fn option_on_a_part_is_refused() {
    refused(
        "struct S { #[passable(data)] x: u8 }",
        "#[passable(data)]",
        "belongs on the type",
    );
    refused(
        "enum E { #[passable(data)] A }",
        "#[passable(data)]",
        "belongs on the type",
    );
}

#[test]
fn all_refusals_of_one_type_are_reported() {
    let all = refusals("#[passable(plain)] enum E<'a> { A(#[passable(data)] &'a str) }");
    assert_eq!(all.len(), 3, "{all:?}");
}

#[test]
fn type_that_mentions_itself_is_bounded_in_depth_and_no_data() {
    for item in [
        "struct Tree { kids: Vec<Tree> }",
        "enum List { End, More(Box<Self>) }",
        "struct Tree(Vec<crate::Tree>);",
        "#[passable(recursive)] struct Tree(Kids);",
    ] {
        let code = expansion(item);
        assert!(
            code.contains("__nest") && !code.contains(":: Data"),
            "{code}"
        );
    }
    let code = expansion("struct Leaf { kids: Vec<Tree> }");
    assert!(
        !code.contains("__nest") && code.contains(":: Data"),
        "{code}"
    );
}

#[test]
fn crate_path_replaces_every_path() {
    let code = expansion("#[passable(crate = crate::hidden)] struct S(u8);");
    assert!(
        !code.contains(":: membrane ::") && code.contains("crate :: hidden :: Passable"),
        "{code}"
    );
}
