//! The bounds of an interface: which are interfaces themselves, which are fine, which are refused.
//!
//! A supertrait that is no interface is a way around the proxy: its methods would run on the proxy without a gate, or
//! need the target. Only traits that ask nothing of the target may stand beside interfaces: `Send`, `Sync`, `Debug` (a
//! proxy's own) and `'static`. Well-known others get a message that says why; whatever is left is taken for an interface,
//! and the generated code asserts that it is one.

use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Path, PathArguments, Token, TraitBound, TypeParamBound, parse_quote};

use crate::refusals::Refusals;
use crate::types::{is_static, words};

#[derive(Default)]
pub(super) struct Supertraits<'a> {
    /// The direct super-interfaces, as written.
    pub(super) interfaces: Vec<&'a Path>,
    send: bool,
    sync: bool,
    lasting: bool,
}

impl<'a> Supertraits<'a> {
    pub(super) fn check(
        bounds: &'a Punctuated<TypeParamBound, Token![+]>,
        refusals: &mut Refusals,
    ) -> Self {
        let mut found = Self::default();
        for bound in bounds {
            match bound {
                TypeParamBound::Trait(bound) => found.check_trait(bound, refusals),
                TypeParamBound::Lifetime(lifetime) if is_static(lifetime) => found.lasting = true,
                other => refusals.refuse(
                    other,
                    "an interface is bounded by interfaces, `Send`, `Sync`, `Debug` and `'static` only: remove this",
                ),
            }
        }
        found
    }

    fn check_trait(&mut self, bound: &'a TraitBound, refusals: &mut Refusals) {
        if let Some(maybe) = bound.maybe {
            refusals.refuse(maybe, "an interface is never `Sized`: remove this bound");
            return;
        }
        if let Some(lifetimes) = &bound.lifetimes {
            refusals.refuse(
                lifetimes,
                "a super-interface cannot have parameters: remove `for<..>`",
            );
            return;
        }
        let Some(last) = bound.path.segments.last() else {
            return;
        };
        let name = last.ident.to_string();
        match name.as_str() {
            "Send" => self.send = true,
            "Sync" => self.sync = true,
            "Debug" => {}
            name => match reason(name) {
                Some(reason) => refusals.refuse(&bound.path, format!("an interface cannot extend `{name}`: {reason}")),
                None if !matches!(last.arguments, PathArguments::None) => refusals.refuse(
                    &bound.path,
                    "a parametrised trait cannot be an interface, nor a supertrait of one: write a trait without parameters",
                ),
                None if self.interfaces.iter().any(|earlier| words(earlier) == words(&bound.path)) => {
                    refusals.refuse(&bound.path, "this super-interface is listed twice: remove one of the two");
                }
                None => self.interfaces.push(&bound.path),
            },
        }
    }

    /// What `Send + Sync + 'static` lacks.
    pub(super) fn missing(&self) -> Vec<TypeParamBound> {
        let mut missing: Vec<TypeParamBound> = Vec::new();
        if !self.send {
            missing.push(parse_quote!(::core::marker::Send));
        }
        if !self.sync {
            missing.push(parse_quote!(::core::marker::Sync));
        }
        if !self.lasting {
            missing.push(syn::parse2(quote!('static)).expect("a lifetime is a bound"));
        }
        missing
    }
}

/// Why a well-known trait is no supertrait of an interface, and what to do instead.
fn reason(name: &str) -> Option<&'static str> {
    Some(match name {
        "Any" => {
            "it would tell a proxy from its target; write a method that answers the question behind the downcast"
        }
        "Clone" | "Copy" => {
            "an interface is held as `Arc<dyn ..>`, and cloning the `Arc` needs no `Clone`; remove it"
        }
        "Sized" => "an interface is held as `Arc<dyn ..>`; remove it",
        "Drop" => {
            "a target is dropped on its own side only; remove it, and implement `Drop` for the type"
        }
        "Display" | "ToString" => {
            "formatting would reach the target without being listed; write a method that returns a `Result<String, _>`"
        }
        "Error" => {
            "its methods borrow from the target; use a plain type with `#[derive(Passable)]` as the error of a `Result`"
        }
        "Iterator" | "DoubleEndedIterator" | "ExactSizeIterator" => {
            "`next` takes `&mut self` and has no way to report a revocation; write `fn next(&self) -> Result<Option<_>, _>`"
        }
        "Future" | "IntoFuture" | "Stream" => {
            "it is polled through `&mut`, by one holder; write an `async fn`, or return a boxed future or stream"
        }
        "Fn" | "FnMut" | "FnOnce" | "AsyncFn" | "AsyncFnMut" | "AsyncFnOnce" => {
            "its call has no name that a policy could list; write a method"
        }
        "PartialEq" | "Eq" | "PartialOrd" | "Ord" | "Hash" => {
            "comparing would reach the target without being listed; compare references by `Arc::ptr_eq`, or write a method"
        }
        _ => return None,
    })
}
