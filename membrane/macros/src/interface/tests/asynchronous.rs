//! What becomes of `async fn`.

use proc_macro2::TokenStream;
use quote::quote;

use super::super::expand;
use super::{method, refusals};

fn text(options: TokenStream, item: &TokenStream) -> String {
    expand(options, item).to_string()
}

#[test]
fn async_methods_are_accepted_with_the_checks_of_others() {
    assert_eq!(
        refusals("trait A { async fn m(&self, a: &str) -> Res; }"),
        []
    );
    method("async fn m(&self);", "m", "write `-> Result<(), E>`");
    method(
        "async fn m(&mut self) -> Res;",
        "&mut self",
        "interior mutability",
    );
    method(
        "async fn m(&self, a: &mut u8) -> Res;",
        "&mut u8",
        "return the new one",
    );
    method(
        "async fn m(&self) -> Result<&str, E>;",
        "&str",
        "a result cannot borrow",
    );
    method("async fn m<'a>(&self) -> Res;", "'a", "lifetime parameters");
}

#[test]
fn async_method_returns_a_boxed_future_that_borrows_for_one_lifetime() {
    let expanded = text(
        quote!(),
        &quote!(
            trait A {
                async fn m(&'_ self, a: &str, b: (&'static str), c: (&u8)) -> Res<u8>;
                fn n(&self) -> Res<u8>;
            }
        ),
    );
    for part in [
        "fn m < 'interface > (& 'interface self , a : & 'interface str , b : (& 'static str) , c : (& 'interface u8))",
        "-> :: core :: pin :: Pin < :: std :: boxed :: Box < dyn :: core :: future :: Future < Output = Res < u8 > > + :: core :: marker :: Send + 'interface > > ;",
        "fn n (& self) -> Res < u8 > ;",
    ] {
        assert!(expanded.contains(part), "{part}: {expanded}");
    }
    // Borrowed arguments are copied, and what lives for ever is passed on.
    assert!(
        expanded.contains("copied :: < str > (a)") && expanded.contains("copied :: < u8 > (c)")
    );
    assert!(
        !expanded.contains("async fn") && !expanded.contains("(b) ;"),
        "{expanded}"
    );
}

#[test]
fn async_methods_of_an_impl_block_are_rewritten_and_others_are_not() {
    let expanded = text(
        quote!(),
        &quote!(
            impl<T> A for B<T> {
                const N: u8 = 1;
                async fn m(&self, mut a: u8, (b, c): (u8, u8), _: &str) -> Res {
                    return other(a, b, c);
                }
                fn n(&self) -> Res {
                    plain()
                }
            }
        ),
    );
    for part in [
        "impl < T > A for B < T > { const N : u8 = 1 ;",
        "a : u8 , __membrane_argument2 : (u8 , u8) , __membrane_argument3 : & 'interface str)",
        "let mut a = a ;",
        "let __membrane_argument2 = __membrane_argument2 ; let (b , c) = __membrane_argument2 ;",
        "let _ = __membrane_argument3 ;",
        "{ return other (a , b , c) ; }",
        "fn n (& self) -> Res { plain () }",
    ] {
        assert!(expanded.contains(part), "{part}: {expanded}");
    }
    assert!(!expanded.contains("compile_error"), "{expanded}");
    assert!(expanded.parse::<TokenStream>().is_ok());
}

#[test]
fn options_of_an_impl_block_are_refused() {
    let block = quote!(
        impl A for B {
            async fn m(&self) -> Res {
                other()
            }
        }
    );
    let expanded = text(quote!(dynamic), &block);
    assert!(
        expanded.contains("go on the trait") && expanded.contains("fn m <"),
        "{expanded}"
    );
}

#[test]
fn async_methods_have_no_dynamic_form() {
    let item = quote!(
        trait A {
            async fn m(&self) -> Res;
            fn n(&self) -> Res;
        }
    );
    let expanded = text(quote!(dynamic), &item);
    assert_eq!(
        expanded.matches("has no dynamic form yet").count(),
        1,
        "{expanded}"
    );
    // Refused, it is still emitted, as the trait that its impl blocks are written for.
    assert!(expanded.contains("fn m < 'interface >"), "{expanded}");
    assert!(!text(quote!(), &item).contains("compile_error"));
}
