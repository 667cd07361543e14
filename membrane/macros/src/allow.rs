//! `allow!`: a list of methods, checked while compiling.
//!
//! Each method is named twice in what is generated: as a path, so that the compiler itself reports a missing or an
//! ambiguous one at the word, and as a string, of which a constant makes the bits.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Ident, Path, Token};

use crate::path::{MembranePath, at};
use crate::refusals::Refusals;
use crate::types::words;

/// `dyn Interface: method, method`.
struct List {
    membrane: MembranePath,
    dyn_token: Token![dyn],
    interface: Path,
    methods: Vec<Ident>,
}

pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    match List::parse.parse2(tokens) {
        Ok(list) => list.expand(),
        Err(error) => error.into_compile_error(),
    }
}

impl Parse for List {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let membrane = if input.peek(Token![crate]) && input.peek2(Token![=]) {
            let path = MembranePath::parse_option(input)?;
            input.parse::<Token![;]>()?;
            path
        } else {
            MembranePath::default()
        };
        if input.is_empty() {
            return Err(input.error("name an interface: `allow!(dyn Account: balance, deposit)`"));
        }
        if !input.peek(Token![dyn]) {
            let named = input.fork().parse::<Path>().ok();
            return Err(match named {
                Some(path) => {
                    let message = format!("write `dyn {}`", words(&path));
                    syn::Error::new_spanned(path, message)
                }
                None => {
                    input.error("expected `dyn` and an interface: `allow!(dyn Account: balance)`")
                }
            });
        }
        let dyn_token = input.parse()?;
        let interface: Path = input.parse()?;
        if input.peek(Token![+]) {
            return Err(input.error(
                "name the interface alone, without `+`: every interface is `Send + Sync` already",
            ));
        }
        let methods = if input.is_empty() {
            Vec::new()
        } else {
            if !input.peek(Token![:]) {
                return Err(input.error("expected `:` and the allowed methods"));
            }
            input.parse::<Token![:]>()?;
            parse_methods(input)?
        };
        Ok(Self {
            membrane,
            dyn_token,
            interface,
            methods,
        })
    }
}

fn parse_methods(input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    let mut refusals = Refusals::default();
    let mut methods: Vec<Ident> = Vec::new();
    while !input.is_empty() {
        if input.peek(Token![*]) {
            return Err(input.error("there is no wildcard: list the methods"));
        }
        let method: Ident = input.parse()?;
        if method.unraw().to_string().starts_with("__membrane") {
            refusals.refuse(
                &method,
                "names that start with `__membrane` belong to generated code, and are no methods of the interface: list those that you wrote",
            );
        } else if methods
            .iter()
            .any(|earlier| earlier.unraw() == method.unraw())
        {
            refusals.refuse(
                &method,
                format!("`{method}` is listed twice: remove one of the two"),
            );
        } else {
            methods.push(method);
        }
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    refusals.finish(methods)
}

impl List {
    fn expand(&self) -> TokenStream {
        let Self {
            membrane,
            dyn_token,
            interface,
            methods,
        } = self;
        let (root, private) = (membrane.root(), membrane.private());
        let checks = methods.iter().map(|method| {
            quote_spanned! {at(method)=>
                #[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
                let _ = <#dyn_token #interface>::#method;
            }
        });
        let bits = methods.iter().map(|method| {
            let name = method.unraw().to_string();
            quote_spanned!(at(method)=> | #private::mask::<#dyn_token #interface>(&[#name]))
        });
        // A constant item rather than a block, so that it is evaluated even where nothing is generated, as in `cargo check`;
        // and the function named in it, so that what is wrong with the interface is reported once.
        quote! {{
            const __MEMBRANE_ALLOW: (u64, fn(u64) -> #root::Allow) = {
                #(#checks)*
                (0 #(#bits)*, #private::allow::<#dyn_token #interface>)
            };
            (__MEMBRANE_ALLOW.1)(__MEMBRANE_ALLOW.0)
        }}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusals(list: &str) -> Vec<(String, String)> {
        let tokens: TokenStream = list.parse().expect("tokens");
        let Err(error) = List::parse.parse2(tokens) else {
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
    fn refused(list: &str, word: &str, message: &str) {
        let all = refusals(list);
        assert!(
            all.len() == 1 && all[0].0 == word && all[0].1.contains(message),
            "{all:?}"
        );
    }

    #[test]
    fn list_is_accepted_with_and_without_methods() {
        for list in [
            "dyn Account",
            "dyn Account:",
            "dyn Account: balance",
            "dyn Account: balance, deposit,",
            "dyn a::b::Account: x",
            "dyn ::a::Account: r#type",
            "crate = crate; dyn Account: x",
            "crate = ::a::membrane; dyn Account",
        ] {
            assert_eq!(refusals(list), [], "{list}");
        }
    }

    #[test]
    fn missing_dyn_is_refused_with_the_path_as_it_should_be_written() {
        refused("Account: balance", "Account", "write `dyn Account`");
        refused("a::Account", "a::Account", "write `dyn a::Account`");
        refused("", "", "name an interface");
    }

    #[test]
    fn wildcard_is_refused() {
        refused("dyn Account: *", "*", "there is no wildcard");
        refused("dyn Account: balance, *", "*", "there is no wildcard");
    }

    #[test]
    fn generated_method_is_refused() {
        for name in ["__membrane_account", "r#__membrane_account"] {
            refused(
                &format!("dyn Account: {name}"),
                name,
                "belong to generated code",
            );
        }
    }

    #[test]
    fn every_duplicate_is_refused_at_its_second_mention() {
        refused("dyn Account: r#x, x", "x", "`x` is listed twice");
        assert_eq!(refusals("dyn Account: x, y, x, y, x").len(), 3);
    }

    #[test]
    fn anything_beside_one_interface_is_refused() {
        refused(
            "dyn Account + Send: x",
            "+",
            "every interface is `Send + Sync`",
        );
        refused("dyn Account, x", ",", "expected `:`");
        refused("dyn Account: x y", "y", "expected `,`");
        refused("&dyn Account: x", "&", "expected `dyn`");
    }

    #[test]
    fn method_is_named_as_path_and_as_plain_string() {
        let expansion = expand(quote!(dyn Account: r#type)).to_string();
        assert!(
            expansion.contains("< dyn Account > :: r#type"),
            "{expansion}"
        );
        assert!(expansion.contains("\"type\""), "{expansion}");
    }
}
