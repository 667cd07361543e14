//! `#[interface]`: from a trait to the trait, its proxy and its table of methods.
//!
//! | file | concept |
//! |---|---|
//! | `model` | a trait that passed every check, and the checks on the trait itself |
//! | `method` | one method of it, and the checks on methods |
//! | `supertraits` | which bounds are interfaces, which are fine, which are refused |
//! | `expansion` | what is generated |
//! | `rules` | the part of it that shows arguments to rules |
//! | `asynchronous` | what becomes of an `async fn`, in the trait, in an impl block and in the proxy |
//! | `lease` | what of it is for leases |
//! | `dynamic` | what is generated on top of it for `#[interface(dynamic)]` |
//!
//! A trait that is refused is still emitted, as written: the reader shall see the refusals, not the hundred errors that
//! follow from a missing trait.

mod asynchronous;
mod dynamic;
mod expansion;
mod lease;
mod method;
mod model;
mod rules;
mod supertraits;
#[cfg(test)]
mod tests;

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Item, ItemImpl, ItemTrait, LitInt, Path, Token, parse_quote};

use crate::path::MembranePath;
use crate::refusals::Refusals;

use self::model::Interface;

/// Expands `#[interface(options)] item`.
pub(crate) fn expand(options: TokenStream, item: &TokenStream) -> TokenStream {
    let mut definition = match parse(item.clone()) {
        Ok(Annotated::Trait(definition)) => definition,
        Ok(Annotated::Impl(block)) => return asynchronous::implement(&options, block),
        Err(error) => {
            let error = error.into_compile_error();
            return quote!(#item #error);
        }
    };
    let hidden = hidden_name(&definition.ident);
    let (membrane, generated) = match check(options, &definition) {
        Ok((options, interface)) => {
            let mut generated =
                expansion::expand(&interface, &definition, &options.membrane, &hidden);
            if options.dynamic.is_some() {
                generated.extend(dynamic::expand(&interface, &options));
            }
            let missing = interface.supertraits.missing();
            definition.colon_token.get_or_insert_default();
            definition.supertraits.extend(missing);
            (options.membrane, generated)
        }
        Err(error) => (MembranePath::default(), error.into_compile_error()),
    };
    asynchronous::declare(&mut definition);
    let private = membrane.private();
    definition.items.push(parse_quote! {
        #[doc(hidden)]
        fn #hidden(&self, _query: &#private::Query<'_>) {}
    });
    quote!(#definition #generated)
}

/// What `#[interface]` may stand on.
enum Annotated {
    Trait(ItemTrait),
    Impl(ItemImpl),
}

fn parse(item: TokenStream) -> syn::Result<Annotated> {
    match syn::parse2(item)? {
        Item::Trait(definition) => Ok(Annotated::Trait(definition)),
        Item::Impl(block) if block.trait_.is_some() => Ok(Annotated::Impl(block)),
        Item::Impl(block) => Err(syn::Error::new_spanned(
            block.impl_token,
            "`#[interface]` on an impl block is for the async methods of an interface: write `impl Trait for Type`",
        )),
        other => Err(syn::Error::new_spanned(
            other,
            "expected a trait: `#[interface]` goes on the trait whose objects cross, and on the impl blocks of its async methods",
        )),
    }
}

/// Everything wrong with the options and with the trait, at once.
fn check(options: TokenStream, definition: &ItemTrait) -> syn::Result<(Options, Interface<'_>)> {
    let mut refusals = Refusals::default();
    let options = refusals.take(Options::parse.parse2(options));
    let interface = refusals.take(Interface::check(definition));
    if let (Some(options), Some(interface)) = (&options, &interface) {
        options.check_methods(interface, &mut refusals);
    }
    let both = options.zip(interface);
    refusals
        .finish(both)
        .map(|both| both.expect("a part that is missing was refused"))
}

/// What `#[interface(..)]` says.
#[derive(Default)]
struct Options {
    membrane: MembranePath,
    /// The place of `runtime`, if the interface has a dynamic form.
    dynamic: Option<Path>,
    version: Option<LitInt>,
}

impl Options {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut options = Self::default();
        while !input.is_empty() {
            options.parse_one(input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        match (&options.version, &options.dynamic) {
            (Some(version), None) => Err(syn::Error::new_spanned(
                version,
                "a version is part of the dynamic form: write `#[interface(dynamic, version = ..)]`",
            )),
            _ => Ok(options),
        }
    }

    /// Refuses what the dynamic form has no room for.
    fn check_methods(&self, interface: &Interface<'_>, refusals: &mut Refusals) {
        if self.dynamic.is_none() {
            return;
        }
        for word in interface
            .methods
            .iter()
            .filter_map(|method| method.asyncness)
        {
            refusals.refuse(
                word,
                "an async method has no dynamic form yet: put it into an interface without `dynamic`, or return a value",
            );
        }
    }

    fn parse_one(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        if input.peek(Token![crate]) {
            self.membrane = MembranePath::parse_option(input)?;
            return Ok(());
        }
        let unknown = "the options are `dynamic`, `version = number` and `crate = path`, the place of `membrane`";
        let Ok(option) = input.parse::<Ident>() else {
            return Err(input.error(unknown));
        };
        let is_twice = match option.to_string().as_str() {
            "dynamic" => self.dynamic.is_some(),
            "version" => self.version.is_some(),
            _ => false,
        };
        if is_twice {
            return Err(syn::Error::new_spanned(
                option,
                "this option is given twice",
            ));
        }
        match option.to_string().as_str() {
            "dynamic" if input.peek(Token![=]) => {
                input.parse::<Token![=]>()?;
                self.dynamic = Some(input.call(Path::parse_mod_style)?);
            }
            "dynamic" => self.dynamic = Some(parse_quote!(::runtime)),
            "version" => {
                input.parse::<Token![=]>()?;
                let version: LitInt = input.parse()?;
                version.base10_parse::<u32>()?;
                self.version = Some(version);
            }
            _ => return Err(syn::Error::new_spanned(option, unknown)),
        }
        Ok(())
    }
}

/// The method by which an object is asked for its proxy: without upper case and underscores, so that no lint on names
/// can object.
fn hidden_name(name: &Ident) -> Ident {
    let plain = name.unraw().to_string().to_lowercase().replace('_', "");
    Ident::new(&format!("__membrane_{plain}"), name.span())
}
