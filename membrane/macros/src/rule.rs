//! `rule!`: a condition on the arguments of one method.
//!
//! A closure is handed to a hidden function that `#[interface]` made for the method, which knows the arguments' types. Checks
//! name their arguments, which are looked up while compiling; whether a check suits its argument is seen when the policy is
//! built.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Expr, Ident, Path, Token};

use crate::path::{MembranePath, at};
use crate::refusals::Refusals;
use crate::types::words;

const USAGE: &str = "`rule!(dyn Account: deposit, |amount| *amount <= 100)` or `rule!(dyn Account: deposit, amount: Check::range(..=100))`";

/// `dyn Interface: method, test`.
struct Rule {
    membrane: MembranePath,
    dyn_token: Token![dyn],
    interface: Path,
    /// Where the method is inherited from, if that is said.
    owner: Option<Path>,
    method: Ident,
    test: Test,
}

enum Test {
    Closure(Box<Expr>),
    Checks(Vec<Check>),
}

/// `argument.field: check`.
struct Check {
    argument: Ident,
    fields: Vec<Ident>,
    expected: Expr,
}

/// The function that makes a rule of a closure for this method. The compiler shows its name where the types do
/// not fit.
pub(crate) fn hidden_name(method: &Ident) -> Ident {
    format_ident!(
        "__membrane_rule_on_own_{}",
        method.unraw(),
        span = at(method)
    )
}

pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    match Rule::parse.parse2(tokens) {
        Ok(rule) => rule.expand(),
        Err(error) => error.into_compile_error(),
    }
}

impl Rule {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let membrane = if input.peek(Token![crate]) && input.peek2(Token![=]) {
            let path = MembranePath::parse_option(input)?;
            input.parse::<Token![;]>()?;
            path
        } else {
            MembranePath::default()
        };
        if !input.peek(Token![dyn]) {
            let named = input.fork().parse::<Path>().ok();
            return Err(match named {
                Some(path) => {
                    let message = format!("write `dyn {}`", words(&path));
                    syn::Error::new_spanned(path, message)
                }
                None => input.error(format!("expected `dyn` and an interface: {USAGE}")),
            });
        }
        let dyn_token = input.parse()?;
        let interface: Path = input.parse()?;
        if input.peek(Token![+]) {
            return Err(input.error(
                "name the interface alone, without `+`: every interface is `Send + Sync` already",
            ));
        }
        if !input.peek(Token![:]) {
            return Err(input.error(format!("expected `:` and one method: {USAGE}")));
        }
        input.parse::<Token![:]>()?;
        let (owner, method) = parse_method(input)?;
        if !input.peek(Token![,]) || input.peek2(syn::parse::End) {
            let message = format!("expected what the arguments must be like: {USAGE}");
            return Err(if input.is_empty() {
                syn::Error::new_spanned(&method, message)
            } else {
                input.error(message)
            });
        }
        input.parse::<Token![,]>()?;
        Ok(Self {
            membrane,
            dyn_token,
            interface,
            owner,
            method,
            test: Test::parse(input)?,
        })
    }

    fn expand(&self) -> TokenStream {
        let Self {
            membrane,
            dyn_token,
            interface,
            owner,
            method,
            test,
        } = self;
        let (root, private) = (membrane.root().clone(), membrane.private());
        let crossed = quote!(#dyn_token #interface);
        let definer = owner
            .as_ref()
            .map_or_else(|| crossed.clone(), |path| quote!(#dyn_token #path));
        let exists = quote_spanned! {at(method)=>
            #[allow(clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction)]
            let _ = <#definer>::#method;
        };
        let checks = match test {
            Test::Closure(closure) => {
                let hidden = hidden_name(method);
                let inherited_or_unknown =
                    inherited_or_unknown(owner.as_ref().unwrap_or(interface), method, &root);
                let make = quote_spanned!(at(method)=> <#definer>::#hidden::<#crossed, _>);
                // Asked here, where it is asked even if nothing is generated, as in `cargo check`.
                let inherited = owner.as_ref().map(|path| {
                    let offset = offset(&private, &root, &crossed, &definer, path);
                    quote!(const _: u32 = #offset;)
                });
                return quote! {{
                    const _: fn() = || { #exists };
                    #inherited
                    #inherited_or_unknown
                    #make(#closure)
                }};
            }
            Test::Checks(checks) => checks,
        };
        let key = method.unraw().to_string();
        let number = match owner {
            None => quote_spanned!(at(method)=> #private::number::<#crossed>(#key)),
            Some(path) => {
                let offset = offset(&private, &root, &crossed, &definer, path);
                quote_spanned!(at(method)=> #offset + #private::index::<#definer>(#key))
            }
        };
        let arguments = checks.iter().map(|check| {
            let name = check.argument.unraw().to_string();
            quote_spanned! {at(&check.argument)=>
                __membrane_check_argument::<#crossed>(__MEMBRANE_METHOD, #name);
            }
        });
        let pairs = checks.iter().map(|check| {
            let (name, value) = (check.name(), &check.expected);
            quote!((#name, #value))
        });
        quote! {{
            const __MEMBRANE_METHOD: u32 = {
                #exists
                #number
            };
            const _: () = {
                // By one name, so that the compiler blames the argument.
                use #private::check_argument as __membrane_check_argument;
                #(#arguments)*
            };
            #private::check_rule::<#crossed>(__MEMBRANE_METHOD, [#(#pairs),*])
        }}
    }
}

/// What the compiler finds where the interface has no hidden function for the method, because it inherits it or nobody has it: a
/// function that no interface has, and that says so. One of the interface itself comes before it.
fn inherited_or_unknown(interface: &Path, method: &Ident, root: &TokenStream) -> TokenStream {
    let hidden = hidden_name(method);
    let (interface, method) = (words(interface), method.unraw());
    let message = format!("`{method}` is not a method of `{interface}`'s own");
    let label = format!("has no `{method}` of its own");
    let note = format!(
        "if it is inherited, say from where, with the super-interface's name for `Super`: `rule!(dyn {interface}: Super::{method}, ...)`"
    );
    quote! {
        #[allow(dead_code, non_camel_case_types)]
        #[diagnostic::on_unimplemented(message = #message, label = #label, note = #note)]
        trait __MembraneOwn {}
        #[allow(dead_code, non_snake_case)]
        trait __MembraneInheritedOrUnknown {
            fn #hidden<__MembraneCrossed: ?::core::marker::Sized, __MembraneClosure>(
                _: __MembraneClosure,
            ) -> #root::ArgumentRule
            where
                Self: __MembraneOwn,
            {
                ::core::unreachable!()
            }
        }
        impl<__MembraneInterface: ?::core::marker::Sized> __MembraneInheritedOrUnknown
            for __MembraneInterface {}
    }
}

/// Where the methods of `definer` start among those of `crossed`; does not compile if it has none of them.
fn offset(
    private: &TokenStream,
    root: &TokenStream,
    crossed: &TokenStream,
    definer: &TokenStream,
    path: &Path,
) -> TokenStream {
    quote_spanned!(at(path)=> #private::offset::<#crossed>(<#definer as #root::Interface>::__KEY))
}

/// `method`, or `Super::method`.
fn parse_method(input: ParseStream<'_>) -> syn::Result<(Option<Path>, Ident)> {
    if input.peek(Token![*]) {
        return Err(input.error("there is no wildcard: a rule is about one method"));
    }
    let mut path = input.call(Path::parse_mod_style)?;
    let method = path.segments.pop().expect("a path has a last name").ident;
    if method.unraw().to_string().starts_with("__membrane") {
        return Err(syn::Error::new_spanned(
            method,
            "names that start with `__membrane` belong to generated code, and are no methods of the interface",
        ));
    }
    path.segments.pop_punct();
    Ok(((!path.segments.is_empty()).then_some(path), method))
}

impl Test {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if !Check::starts(input) {
            let closure: Expr = input.parse()?;
            input.parse::<Option<Token![,]>>()?;
            return if input.is_empty() {
                Ok(Self::Closure(Box::new(closure)))
            } else {
                Err(input.error(
                    "a rule is one closure or named checks: write a rule of its own for each",
                ))
            };
        }
        let mut refusals = Refusals::default();
        let checks: Vec<_> =
            Punctuated::<Check, Token![,]>::parse_terminated_with(input, Check::parse)?
                .into_iter()
                .collect();
        for check in &checks {
            if check.argument == "self" {
                refusals.refuse(
                    &check.argument,
                    "a rule is about arguments: there is no rule on the object itself",
                );
            }
        }
        refusals.finish(Self::Checks(checks))
    }
}

impl Check {
    /// Whether a named check comes next, rather than an expression.
    fn starts(input: ParseStream<'_>) -> bool {
        let fork = input.fork();
        let name = fork.call(Self::parse_name);
        name.is_ok() && fork.peek(Token![:]) && !fork.peek(Token![::])
    }

    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let (argument, fields) = input.call(Self::parse_name)?;
        input.parse::<Token![:]>()?;
        Ok(Self {
            argument,
            fields,
            expected: input.parse()?,
        })
    }

    fn parse_name(input: ParseStream<'_>) -> syn::Result<(Ident, Vec<Ident>)> {
        let argument = input.call(Ident::parse_any)?;
        let mut fields = Vec::new();
        while input.peek(Token![.]) {
            input.parse::<Token![.]>()?;
            fields.push(input.call(Ident::parse_any)?);
        }
        Ok((argument, fields))
    }

    /// `argument.field`, as text.
    fn name(&self) -> String {
        let mut name = self.argument.unraw().to_string();
        for field in &self.fields {
            name.push('.');
            name.push_str(&field.unraw().to_string());
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(rule: &str) -> Option<(String, String)> {
        let tokens: TokenStream = rule.parse().expect("tokens");
        let error = Rule::parse.parse2(tokens).err()?;
        let word = error.span().source_text().unwrap_or_default();
        Some((word, error.to_string()))
    }

    #[track_caller]
    fn refused(rule: &str, word: &str, message: &str) {
        let (found, said) = refusal(rule).expect("it is refused");
        assert!(found == word && said.contains(message), "{found}: {said}");
    }

    #[test]
    fn closures_functions_and_checks_are_accepted() {
        for rule in [
            "dyn Account: deposit, |amount| *amount <= 100",
            "dyn Account: deposit, move |amount: &u64| *amount <= limit,",
            "dyn a::Account: close, || true",
            "dyn Account: Named::rename, |name| name.len() < 9",
            "dyn Account: a::b::Named::rename, name: Check::length(..9)",
            "dyn Account: deposit, is_small",
            "dyn Account: deposit, checks::is_small",
            "dyn Account: deposit, self.limit()",
            "dyn Account: deposit, amount: Check::range(1..=100)",
            "dyn Files: write, path: a(), options.depth: b, r#type: c,",
            "crate = crate; dyn Account: deposit, amount: x",
        ] {
            assert_eq!(refusal(rule), None, "{rule}");
        }
    }

    #[test]
    fn anything_else_is_refused_at_the_word() {
        refused("Account: deposit, x", "Account", "write `dyn Account`");
        refused("dyn Account + Send: deposit, x", "+", "without `+`");
        refused("dyn Account", "", "one method");
        refused("dyn Account: *, x", "*", "there is no wildcard");
        refused(
            "dyn Account: deposit",
            "deposit",
            "what the arguments must be like",
        );
        refused(
            "dyn Account: deposit,",
            ",",
            "what the arguments must be like",
        );
        refused(
            "dyn Account: deposit withdraw, x",
            "withdraw",
            "what the arguments must be like",
        );
        refused(
            "dyn Account: __membrane_account, x",
            "__membrane_account",
            "generated code",
        );
        refused(
            "dyn Account: deposit, |a| true, |a| false",
            "|",
            "of its own",
        );
        refused(
            "dyn Account: deposit, self: x",
            "self",
            "there is no rule on the object",
        );
    }

    #[test]
    fn field_is_named_after_its_argument() {
        let expansion = expand(quote!(dyn Files: write, options.r#type: x)).to_string();
        assert!(expansion.contains("\"options.type\""), "{expansion}");
    }
}
