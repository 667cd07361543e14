//! What `#[interface]` generates for leases: the trait, implemented for what a lease lends to its holder.
//!
//! The holder of a lease can name its type, and so each of its hidden methods; with the target in hand it could call what is
//! not allowed. So these ask for a key, a value of a type with a private field, which is made in the interface's own module only.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use crate::path::at;

use super::asynchronous::async_method;
use super::expansion::{Context, argument_names, local, parameters, shared, target_type};
use super::method::Method;

impl Context<'_> {
    /// The trait, for leases, and the key.
    pub(super) fn leased(&self) -> TokenStream {
        let root = self.root;
        let name = self.interface.name;
        let target = target_type();
        let paths = &self.interface.supertraits.interfaces;
        let clause = (!paths.is_empty()).then(|| quote!(where #root::Leased<#target>: #(#paths)+*));
        let methods = self
            .interface
            .methods
            .iter()
            .map(|method| self.forward_leased(method));
        quote! {
            // Public, since it is the type of an item of a public trait.
            #[doc(hidden)]
            #[allow(dead_code, missing_debug_implementations, missing_docs, unreachable_pub, unnameable_types)]
            pub struct __MembraneKey(());

            #[automatically_derived]
            impl<#target: ?::core::marker::Sized + #root::Interface + #name> #name for #root::Leased<#target>
            #clause
            {
                #(#methods)*
            }
        }
    }

    /// One method of the lease: a checked call of the target, or else an ordinary call of the object.
    fn forward_leased(&self, method: &Method<'_>) -> TokenStream {
        let object = &self.object;
        let Method {
            name, cfgs, result, ..
        } = method;
        let trait_name = self.interface.name;
        let receiver = quote_spanned!(at(result)=> self);
        let (ty, ready) = (target_type(), local("ready"));
        let (names, number) = (argument_names(method), self.number(method));
        // At the name, so that nothing said of the types is said again.
        let ordinary = quote_spanned! {at(name)=>
            <#ty as #trait_name>::#name(#receiver.__object() #(, #names)*)
        };
        if let Some(word) = method.asyncness {
            return async_method(method, word, &ordinary);
        }
        let (parameters, shared) = (parameters(method), shared(method));
        quote! {
            #(#cfgs)*
            #[inline]
            fn #name(&#receiver, #(#parameters),*) -> #result {
                match #receiver.__ready::<#object>(__MembraneKey(()), #number) {
                    ::core::option::Option::Some(#ready) => #shared(#ready #(, #names)*),
                    ::core::option::Option::None => #ordinary,
                }
            }
        }
    }
}
