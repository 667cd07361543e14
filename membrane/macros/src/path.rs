//! Where generated code finds `membrane`.
//!
//! Normally at `::membrane`. A crate that re-exports `membrane`, or `membrane` itself, names another place by
//! `crate = path`, an option that all three macros take. And what generated code says of where it is.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Path, Token};

/// The path of the crate `membrane` as seen from the user's code.
pub(crate) struct MembranePath(TokenStream);

impl Default for MembranePath {
    fn default() -> Self {
        Self(quote!(::membrane))
    }
}

impl MembranePath {
    /// Parses `crate = path`.
    pub(crate) fn parse_option(input: ParseStream<'_>) -> syn::Result<Self> {
        input.parse::<Token![crate]>()?;
        input.parse::<Token![=]>()?;
        let path = input.call(Path::parse_mod_style)?;
        Ok(Self(quote!(#path)))
    }

    /// The public items.
    pub(crate) fn root(&self) -> &TokenStream {
        &self.0
    }

    /// The items that only generated code may name.
    pub(crate) fn private(&self) -> TokenStream {
        let root = &self.0;
        quote!(#root::__private)
    }
}

/// The place of `tokens`, for generated code that the compiler may have something to say about. Names in it still resolve
/// as generated ones, and lints still see that nobody wrote it.
pub(crate) fn at(tokens: &impl Spanned) -> Span {
    Span::call_site().located_at(tokens.span())
}
