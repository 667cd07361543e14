//! `#[interface]`: from a trait to the trait, its proxy and its table of methods.
//!
//! | file | concept |
//! |---|---|
//! | `model` | a trait that passed every check, and the checks on the trait itself |
//! | `method` | one method of it, and the checks on methods |
//! | `supertraits` | which bounds are interfaces, which are fine, which are refused |
//! | `expansion` | what is generated |
//!
//! A trait that is refused is still emitted, as written: the reader shall see the refusals, not the hundred errors that
//! follow from a missing trait.

mod expansion;
mod method;
mod model;
mod supertraits;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Item, ItemTrait, Token, parse_quote};

use crate::path::MembranePath;
use crate::refusals::Refusals;

use self::model::Interface;

/// Expands `#[interface(options)] item`.
pub(crate) fn expand(options: TokenStream, item: &TokenStream) -> TokenStream {
    let mut definition = match parse_trait(item.clone()) {
        Ok(definition) => definition,
        Err(error) => {
            let error = error.into_compile_error();
            return quote!(#item #error);
        }
    };
    let hidden = hidden_name(&definition.ident);
    let (membrane, generated) = match check(options, &definition) {
        Ok((membrane, interface)) => {
            let generated = expansion::expand(&interface, &definition, &membrane, &hidden);
            let missing = interface.supertraits.missing();
            definition.colon_token.get_or_insert_default();
            definition.supertraits.extend(missing);
            (membrane, generated)
        }
        Err(error) => (MembranePath::default(), error.into_compile_error()),
    };
    let private = membrane.private();
    definition.items.push(parse_quote! {
        #[doc(hidden)]
        fn #hidden(&self, _query: &#private::Query<'_>) {}
    });
    quote!(#definition #generated)
}

fn parse_trait(item: TokenStream) -> syn::Result<ItemTrait> {
    match syn::parse2(item)? {
        Item::Trait(definition) => Ok(definition),
        Item::Impl(block) => Err(syn::Error::new_spanned(
            block.impl_token,
            "`#[interface]` on an impl block belongs to async methods, which this version refuses; put it on the trait",
        )),
        other => Err(syn::Error::new_spanned(
            other,
            "expected a trait: `#[interface]` goes on the trait whose objects cross",
        )),
    }
}

/// Everything wrong with the options and with the trait, at once.
fn check(
    options: TokenStream,
    definition: &ItemTrait,
) -> syn::Result<(MembranePath, Interface<'_>)> {
    let mut refusals = Refusals::default();
    let membrane = refusals.take(parse_options.parse2(options));
    let interface = refusals.take(Interface::check(definition));
    let both = membrane.zip(interface);
    refusals
        .finish(both)
        .map(|both| both.expect("a part that is missing was refused"))
}

fn parse_options(input: ParseStream<'_>) -> syn::Result<MembranePath> {
    if input.is_empty() {
        return Ok(MembranePath::default());
    }
    if !input.peek(Token![crate]) {
        return Err(input.error("the only option is `crate = path`, the place of `membrane`"));
    }
    let path = MembranePath::parse_option(input)?;
    input.parse::<Option<Token![,]>>()?;
    Ok(path)
}

/// The method by which an object is asked for its proxy: without upper case and underscores, so that no lint on names
/// can object.
fn hidden_name(name: &Ident) -> Ident {
    let plain = name.unraw().to_string().to_lowercase().replace('_', "");
    Ident::new(&format!("__membrane_{plain}"), name.span())
}
