//! A trait that passed every check, and the checks on the trait as a whole.

use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Ident, ItemTrait, Lit, Meta, Token, TraitItem};

use crate::refusals::Refusals;

use super::method::Method;
use super::supertraits::Supertraits;

/// One bit of a word per method, and one bit to spare.
const MOST_METHODS: usize = 63;

pub(super) struct Interface<'a> {
    pub(super) name: &'a Ident,
    /// The `#[cfg]`s of the trait, which all that is generated beside it must carry too.
    pub(super) cfgs: Vec<&'a Attribute>,
    pub(super) doc: String,
    pub(super) supertraits: Supertraits<'a>,
    pub(super) methods: Vec<Method<'a>>,
}

impl<'a> Interface<'a> {
    /// Checks all of `definition`, and reports all that is wrong with it.
    pub(super) fn check(definition: &'a ItemTrait) -> syn::Result<Self> {
        let mut refusals = Refusals::default();
        check_head(definition, &mut refusals);
        let cfgs = cfgs(&definition.attrs, &mut refusals);
        let supertraits = Supertraits::check(&definition.supertraits, &mut refusals);
        let methods: Vec<_> = definition
            .items
            .iter()
            .filter_map(|item| check_item(item, &definition.ident, &mut refusals))
            .collect();
        // One that depends on a `cfg` is left to the check in the generated code.
        let certain = methods.iter().filter(|method| method.cfgs.is_empty());
        if let Some(beyond) = certain.clone().nth(MOST_METHODS) {
            refusals.refuse(
                beyond.name,
                format!(
                    "an interface has at most {MOST_METHODS} methods: move some into an interface of their own, and hand it out by a method",
                ),
            );
        }
        let name = &definition.ident;
        refusals.finish(Self {
            name,
            cfgs,
            doc: doc(&definition.attrs),
            supertraits,
            methods,
        })
    }
}

fn check_head(definition: &ItemTrait, refusals: &mut Refusals) {
    if let Some(word) = definition.unsafety {
        refusals.refuse(
            word,
            "an interface cannot be an `unsafe trait`: its proxies are safe code and can vouch for nothing",
        );
    }
    if let Some(word) = definition.modifiers.auto_token {
        refusals.refuse(
            word,
            "an interface cannot be an `auto trait`: remove `auto`",
        );
    }
    if !definition.generics.params.is_empty() {
        refusals.refuse(
            &definition.generics.params,
            "an interface cannot have parameters: a policy lists each interface by name; write one trait per type",
        );
    }
    if let Some(clause) = &definition.generics.where_clause {
        refusals.refuse(
            clause,
            "an interface cannot have a `where` clause: write super-interfaces after the `:`",
        );
    }
}

fn check_item<'a>(
    item: &'a TraitItem,
    interface: &Ident,
    refusals: &mut Refusals,
) -> Option<Method<'a>> {
    match item {
        TraitItem::Fn(method) => return Method::check(method, interface, refusals),
        TraitItem::Const(constant) => refusals.refuse(
            &constant.ident,
            "an interface cannot have associated constants: write a method that returns the value",
        ),
        TraitItem::Type(ty) => refusals.refuse(
            &ty.ident,
            "an interface cannot have associated types: name the type where it is used",
        ),
        TraitItem::Macro(call) => refusals.refuse(
            &call.mac.path,
            "a macro in an interface hides its methods from `#[interface]`: write the methods out",
        ),
        other => refusals.refuse(
            other,
            "expected a method, as in `fn name(&self) -> Result<_, E>;`, without `pub` or `default`",
        ),
    }
    None
}

/// The documentation among `attributes`, without the blank at the start of its lines.
pub(super) fn doc(attributes: &[Attribute]) -> String {
    let line = |attribute: &Attribute| {
        let Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) if pair.path.is_ident("doc") => {
                let text = text.value();
                Some(text.strip_prefix(' ').unwrap_or(&text).to_owned())
            }
            _ => None,
        }
    };
    let lines: Vec<_> = attributes.iter().filter_map(line).collect();
    lines.join("\n")
}

/// The `#[cfg]`s among `attributes`.
pub(super) fn cfgs<'a>(attributes: &'a [Attribute], refusals: &mut Refusals) -> Vec<&'a Attribute> {
    for attribute in attributes {
        if is_conditional_cfg(attribute) {
            refusals.refuse(
                attribute,
                "a `cfg` inside `cfg_attr` is not carried over to the proxy: write `#[cfg(any(not(..), ..))]`",
            );
        }
    }
    let cfg = |attribute: &&Attribute| attribute.path().is_ident("cfg");
    attributes.iter().filter(cfg).collect()
}

/// `#[cfg_attr(.., cfg(..))]`.
pub(super) fn is_conditional_cfg(attribute: &Attribute) -> bool {
    if !attribute.path().is_ident("cfg_attr") {
        return false;
    }
    let parts = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
    parts.is_ok_and(|parts| {
        let cfg = |meta: &Meta| meta.path().is_ident("cfg") || mentions_cfg(meta);
        parts.iter().skip(1).any(cfg)
    })
}

/// A `cfg_attr` inside a `cfg_attr`, with a `cfg` in it.
fn mentions_cfg(meta: &Meta) -> bool {
    meta.path().is_ident("cfg_attr") && meta.to_token_stream().to_string().contains("cfg (")
}
