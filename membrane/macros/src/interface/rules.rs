//! What is generated so that rules can look at arguments.
//!
//! - for `rule!`, one hidden function per method on `dyn Trait`, whose parameter is a closure of the method's own argument
//!   types: that is how the closure's are inferred;
//! - for the forward, closures that show the arguments: all to a rule's closure, one to a rule that is data, and their size;
//! - for policies from names, a table of the arguments.
//!
//! `Owned` and `Lent` name an argument's type without asking whether it can cross: where it cannot, the compiler shall say so
//! once.

use proc_macro2::{Literal, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;

use crate::path::at;
use crate::rule::hidden_name;
use crate::types::result_of;

use super::expansion::{Context, local};
use super::method::{Argument, Method};

impl Context<'_> {
    /// The hidden functions.
    pub(super) fn rules(&self) -> TokenStream {
        let Self {
            root,
            private,
            object,
            ..
        } = self;
        let (crossed, closure) = (quote!(__MembraneCrossed), quote!(__MembraneClosure));
        let rule = local("rule");
        let functions = self.interface.methods.iter().map(|method| {
            let (cfgs, name) = (&method.cfgs, hidden_name(method.name));
            let key = method.name.unraw().to_string();
            let signature = signature(method);
            quote! {
                #(#cfgs)*
                pub fn #name<#crossed: ?::core::marker::Sized + #root::Interface, #closure>(
                    #rule: #closure,
                ) -> #root::ArgumentRule
                where
                    #closure: #signature + ::core::marker::Send + ::core::marker::Sync + 'static,
                {
                    let #rule: ::std::boxed::Box<
                        dyn #signature + ::core::marker::Send + ::core::marker::Sync
                    > = ::std::boxed::Box::new(#rule);
                    #private::closure_rule::<#crossed>(
                        const {
                            #private::offset::<#crossed>(<#object as #root::Interface>::__KEY)
                                + #private::index::<#object>(#key)
                        },
                        ::std::boxed::Box::new(#rule),
                    )
                }
            }
        });
        quote! {
            #[doc(hidden)]
            #[automatically_derived]
            #[allow(
                dead_code, missing_docs, non_snake_case, private_bounds, private_interfaces, unreachable_pub
            )]
            impl #object {
                #(#functions)*
            }
        }
    }

    /// Asks whether the target may be entered, where each argument has been converted under the method's name for it; returns
    /// the refusal, if not.
    ///
    /// Without `?`, so that an error that cannot be made of a refusal is reported once.
    pub(super) fn enter(&self, method: &Method<'_>) -> TokenStream {
        let private = &self.private;
        let (call, rule, index) = (local("call"), local("rule"), local("index"));
        let signature = signature(method);
        let borrowed = method.arguments.iter().map(|argument| {
            let borrow = argument.borrowed.is_none().then(|| quote!(&));
            let name = argument.name;
            quote!(#borrow #name)
        });
        let given: Vec<_> = borrowed.collect();
        let (mut sizes, mut views) = (Vec::new(), Vec::new());
        for (at, (argument, given)) in method.arguments.iter().zip(&given).enumerate() {
            let (number, seen) = (Literal::usize_unsuffixed(at), seen(private, argument));
            sizes.push(quote!(.saturating_add(#seen::size_bytes(#given))));
            views.push(quote!(#number => #seen::view(#given),));
        }
        let error = result_of(method.result)
            .map(|(_, error)| quote_spanned!(at(method.result)=> ::<#error>));
        quote_spanned! {at(method.result)=>
            if let ::core::result::Result::Err(__membrane_refused) = #call.enter #error (
                || 0u64 #(#sizes)*,
                |#rule| match #rule.downcast_ref::<::std::boxed::Box<
                    dyn #signature + ::core::marker::Send + ::core::marker::Sync
                >>() {
                    ::core::option::Option::Some(#rule) => #rule(#(#given),*),
                    ::core::option::Option::None => false,
                },
                |#index| match #index {
                    #(#views)*
                    _ => #private::Inspected::Opaque,
                },
            ) {
                return ::core::result::Result::Err(__membrane_refused);
            }
        }
    }

    /// The table.
    pub(super) fn arguments(&self) -> TokenStream {
        let Self { root, private, .. } = self;
        let own = self.interface.methods.iter().map(|method| {
            let cfgs = &method.cfgs;
            let arguments = method.arguments.iter().map(|argument| {
                let name = argument.name.unraw().to_string();
                let seen = seen(private, argument);
                quote!((#name, #seen::SHAPE, #seen::DATA))
            });
            quote!(#(#cfgs)* &[#(#arguments),*])
        });
        let object = &self.object;
        let supers = self.in_supers();
        quote! {{
            const __MEMBRANE_LEN: usize = <#object as #root::Interface>::METHODS.len();
            &#private::concat::<&'static [#private::Argument], __MEMBRANE_LEN>(
                &[&[#(#own),*] #(, #supers.arguments)*],
                &[],
            )
        }}
    }
}

/// What a rule's closure is.
fn signature(method: &Method<'_>) -> TokenStream {
    let types = method.arguments.iter().map(|argument| {
        let ty = argument.borrowed.unwrap_or(argument.ty);
        quote_spanned!(at(ty)=> &#ty)
    });
    quote!(::core::ops::Fn(#(#types),*) -> bool)
}

/// An argument's type, to be asked what can be seen of it.
fn seen(private: &TokenStream, argument: &Argument<'_>) -> TokenStream {
    if let Some(ty) = argument.borrowed {
        return quote_spanned!(at(ty)=> #private::Lent::<#ty>);
    }
    let ty = argument.ty;
    quote_spanned!(at(ty)=> #private::Owned::<#ty>)
}
