//! What `#[interface]` refuses: the message, the word it points at, and that nothing hides behind a first mistake.

mod asynchronous;
mod methods;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use self::methods::method;
use super::{Annotated, Interface, expand, parse};

/// The word and the message of each refusal.
fn refusals(item: &str) -> Vec<(String, String)> {
    let checked = parse(item.parse().expect("tokens")).and_then(|item| match item {
        Annotated::Trait(definition) => Interface::check(&definition).map(drop),
        Annotated::Impl(_) => Ok(()),
    });
    let Err(error) = checked else {
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
        "{item}: {all:?}"
    );
}

#[test]
fn plain_interface_is_accepted() {
    for item in [
        "trait Marker {}",
        "pub trait Account: Named + a::Other + Send + Sync + fmt::Debug + 'static { fn balance(&self) -> Result<u64, Error>; }",
        "trait A { fn m(&'_ self, a: &str, b: &[u8], c: &'static str, d: Arc<dyn A>, e: Option<&'static str>) -> Res; }",
        "trait A { fn m(&self, mut a: u8) -> a::Res<u8> { a += 1; Ok(a) } }",
        "trait A { fn m(&self, a: [u8; N & 3], b: (u8, String), c: Kind!()) -> Kind!(); }",
        "trait A { fn m(&self, a: Arc<dyn Fn(u64) -> Result<u64, Error> + Send + Sync>) -> Result<&'static str, Error>; }",
        "#[cfg(x)] trait A { #[cfg(y)] #[cfg_attr(z, deprecated)] fn r#type(&self, r#fn: u8) -> Res; }",
    ] {
        assert_eq!(refusals(item), [], "{item}");
    }
}

#[test]
fn parametrised_and_bounded_traits_are_refused() {
    refused("trait A<T> {}", "T", "cannot have parameters");
    refused("trait A<'a> {}", "'a", "cannot have parameters");
    refused(
        "trait A where u8: Copy {}",
        "where u8: Copy",
        "`where` clause",
    );
}

#[test]
fn unsafe_and_auto_traits_are_refused() {
    refused("unsafe trait A {}", "unsafe", "cannot be an `unsafe trait`");
    refused("auto trait A {}", "auto", "cannot be an `auto trait`");
}

#[test]
fn items_that_are_no_methods_are_refused() {
    refused("trait A { const N: u8; }", "N", "associated constants");
    refused("trait A { type T; }", "T", "associated types");
    refused(
        "trait A { methods!(); }",
        "methods",
        "write the methods out",
    );
}

#[test]
fn sixty_fourth_method_is_refused() {
    let methods = |count: usize| {
        let names = (0..count).map(|n| format_ident!("m{n}"));
        quote!(#(fn #names(&self) -> Res;)*)
    };
    assert_eq!(refusals(&format!("trait A {{ {} }}", methods(63))), []);
    refused(
        &format!("trait A {{ {} }}", methods(65)),
        "m63",
        "at most 63 methods",
    );
    // Those under a `cfg` may not all be there.
    assert_eq!(
        refusals(&format!(
            "trait A {{ {} #[cfg(x)] fn x(&self) -> Res; }}",
            methods(63)
        )),
        []
    );
}

#[test]
fn well_known_supertraits_are_refused_with_their_reason() {
    for name in [
        "Any",
        "Clone",
        "Copy",
        "Sized",
        "Display",
        "Drop",
        "Iterator",
        "Future",
        "Stream",
        "Error",
        "PartialEq",
        "Eq",
        "Hash",
        "Ord",
        "PartialOrd",
    ] {
        let message = format!("cannot extend `{name}`: ");
        refused(&format!("trait A: {name} {{}}"), name, &message);
        refused(
            &format!("trait A: a::{name} {{}}"),
            &format!("a::{name}"),
            &message,
        );
    }
    refused(
        "trait A: Fn(u8) -> u8 {}",
        "Fn(u8) -> u8",
        "no name that a policy could list",
    );
}

#[test]
fn supertraits_that_cannot_be_interfaces_are_refused() {
    refused("trait A: Into<u8> {}", "Into<u8>", "a parametrised trait");
    refused("trait A: ?Sized {}", "?", "never `Sized`");
    refused("trait A: for<'a> B<'a> {}", "for<'a>", "remove `for<..>`");
    refused("trait A: 'a {}", "'a", "bounded by interfaces");
    refused("trait A: x::B + C + x::B {}", "x::B", "listed twice");
}

#[test]
fn only_traits_are_accepted() {
    refused(
        "impl B { async fn a(&self) {} }",
        "impl",
        "is for the async methods of an interface",
    );
    refused("struct A;", "struct A;", "expected a trait");
}

#[test]
fn all_refusals_of_one_trait_are_reported() {
    let all = refusals(
        "unsafe trait A<T>: Any + Clone {
            const N: u8;
            async unsafe fn a(&mut self, b: &mut u8, (c, d): (&dyn A, u8)) -> &str;
            fn b<U>(self) where U: Copy;
            fn c(&self, x: *const u8, y: Arc<Self>) -> u8;
        }",
    );
    let words: Vec<_> = all.iter().map(|(word, _)| word.as_str()).collect();
    let expected = [
        "unsafe",
        "T",
        "Any",
        "Clone",
        "N",
        "unsafe",
        "&mut self",
        "&mut u8",
        "&dyn A",
        "(c, d)",
        "&str",
        "U",
        "where U: Copy",
        "self",
        "b",
        "*const u8",
        "Self",
        "u8",
    ];
    assert_eq!(words, expected);
}

#[test]
fn refused_trait_is_emitted_with_its_hidden_method() {
    let text = |options, item: TokenStream| expand(options, &item).to_string();
    let trait_ = quote!(
        trait A {
            fn a(&mut self);
        }
    );
    let refused = text(quote!(), trait_.clone());
    for part in [
        "fn a (& mut self) ;",
        "fn __membrane_a (& self",
        "compile_error",
    ] {
        assert!(refused.contains(part), "{refused}");
    }
    assert!(!refused.contains("impl"), "{refused}");
    let twice = text(quote!(krate = x), trait_);
    assert_eq!(twice.matches("compile_error").count(), 3, "{twice}");
    assert!(
        text(
            quote!(),
            quote!(
                struct A;
            )
        )
        .contains("struct A ;")
    );
}

#[test]
fn crate_path_replaces_every_path() {
    let item = quote!(
        trait A: B {
            fn a(&self, x: u8) -> Res;
        }
    );
    let text = expand(quote!(crate = crate::hidden), &item).to_string();
    assert!(
        !text.contains(":: membrane ::") && text.contains("crate :: hidden :: __private"),
        "{text}"
    );
}
