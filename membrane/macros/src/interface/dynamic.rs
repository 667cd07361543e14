//! What `#[interface(dynamic)]` generates beside the rest: both ways between the trait and dynamic calls.
//!
//! - `DynamicInterface` for `dyn Trait`: a description, and one arm for each method that reads the arguments, calls the
//!   object, and makes a value of the answer. Inherited methods are left to the super-interface, which numbers its own
//!   from zero;
//! - the trait, implemented for an object that is implemented elsewhere: one call per method, by its number.

use proc_macro2::{Literal, TokenStream};
use quote::{quote, quote_spanned};
use syn::Path;
use syn::ext::IdentExt;

use crate::path::at;

use super::Options;
use super::expansion::{local, target_type};
use super::method::{Argument, Method};
use super::model::Interface;

struct Context<'a> {
    interface: &'a Interface<'a>,
    /// The places of `membrane` and `runtime`.
    root: &'a TokenStream,
    runtime: &'a Path,
    version: Literal,
    /// `dyn Super`, each at the place of its bound.
    supers: Vec<TokenStream>,
}

pub(super) fn expand(interface: &Interface<'_>, options: &Options) -> TokenStream {
    let Some(runtime) = &options.dynamic else {
        return TokenStream::new();
    };
    let version = options
        .version
        .as_ref()
        .map_or(Ok(1), syn::LitInt::base10_parse)
        .expect("checked when it was parsed");
    let supers = interface.supertraits.interfaces.iter();
    let context = Context {
        interface,
        root: options.membrane.root(),
        runtime,
        version: Literal::u32_unsuffixed(version),
        supers: supers
            .map(|path| quote_spanned!(at(path)=> dyn #path))
            .collect(),
    };
    let cfgs = &interface.cfgs;
    let called = context.called();
    let imported = context.imported();
    quote! {
        #(#cfgs)*
        #[allow(
            clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction,
            deprecated, unused_qualifications
        )]
        const _: () = {
            #called
            #imported
        };
    }
}

impl Context<'_> {
    /// `DynamicInterface` for `dyn Trait`.
    fn called(&self) -> TokenStream {
        let Self {
            root,
            runtime,
            supers,
            ..
        } = self;
        let name = self.interface.name;
        let description = self.description();
        let (target, number, args, side) = names();
        let (slot, up, imported) = (local("slot"), local("up"), local("imported"));
        let arms = self.interface.methods.iter().map(|method| self.arm(method));
        quote! {
            #[automatically_derived]
            impl #runtime::DynamicInterface for dyn #name {
                #description

                fn invoke(
                    #target: &Self,
                    #number: u32,
                    #args: &[#runtime::Value],
                    #side: &#runtime::Domain,
                ) -> ::core::result::Result<#runtime::Value, #runtime::CallError> {
                    #(#arms)*
                    // What is not the trait's own is a super-interface's, in the order of the bounds.
                    let #number = #number.wrapping_sub(<Self as #root::Interface>::__OWN.len() as u32);
                    #(
                        if (#number as usize) < <#supers as #root::Interface>::METHODS.len() {
                            let #up: &(#supers) = #target;
                            return <#supers as #runtime::DynamicInterface>::invoke(#up, #number, #args, #side);
                        }
                        let #number = #number.wrapping_sub(<#supers as #root::Interface>::METHODS.len() as u32);
                    )*
                    let _ = (#target, #number, #args, #side);
                    ::core::result::Result::Err(#root::ErrorKind::Refused.into())
                }

                fn import(#imported: #runtime::__private::Imported<Self>) -> ::std::sync::Arc<Self> {
                    ::std::sync::Arc::new(#imported)
                }

                fn upcast(
                    #target: &::std::sync::Arc<Self>,
                    #slot: &mut dyn ::core::any::Any,
                ) -> bool {
                    #runtime::__private::put(#target, #slot) #(|| {
                        let #up: ::std::sync::Arc<#supers> = ::std::sync::Arc::<Self>::clone(#target);
                        <#supers as #runtime::DynamicInterface>::upcast(&#up, #slot)
                    })*
                }
            }
        }
    }

    fn description(&self) -> TokenStream {
        let Self {
            runtime,
            supers,
            version,
            ..
        } = self;
        let name = self.interface.name.unraw().to_string();
        let doc = &self.interface.doc;
        let (describing, methods) = (local("describing"), local("methods"));
        let own = self.interface.methods.iter().map(|method| {
            let cfgs = &method.cfgs;
            let name = method.name.unraw().to_string();
            let doc = &method.doc;
            let parameters = method.arguments.iter().map(|argument| {
                let name = argument.name.unraw().to_string();
                let (form, ty) = self.form(argument);
                quote_spanned!(at(ty)=> (#name, <#ty as #form>::ty(#describing)))
            });
            let result = method.result;
            let types = quote_spanned!(at(result)=> <#result as #runtime::__private::ResultTypes>::types(#describing));
            quote! {
                #(#cfgs)*
                #methods.push({
                    let parameters = ::std::vec![#(#parameters),*];
                    #runtime::__private::method(#name, #doc, parameters, #types)
                });
            }
        });
        quote! {
            fn interface() -> &'static #runtime::Interface {
                #runtime::__private::interface::<Self>(|#describing| {
                    let mut #methods = ::std::vec::Vec::new();
                    #(#own)*
                    #(
                        #methods.extend_from_slice(<#supers as #runtime::DynamicInterface>::interface().methods());
                        #runtime::__private::mention::<#supers>(#describing);
                    )*
                    (#name.into(), #version, #doc, #methods)
                })
            }
        }
    }

    /// The trait by which an argument has its dynamic form, and the type that has it.
    fn form<'m>(&self, argument: &Argument<'m>) -> (TokenStream, &'m syn::Type) {
        let runtime = self.runtime;
        match argument.borrowed {
            Some(ty) => (quote!(#runtime::DynamicRef), ty),
            None => (quote!(#runtime::Dynamic), argument.ty),
        }
    }

    /// Calls one method, if its number is the one that is wanted.
    fn arm(&self, method: &Method<'_>) -> TokenStream {
        let Self { root, runtime, .. } = self;
        let trait_name = self.interface.name;
        let (target, number, args, side) = names();
        let Method { name, cfgs, .. } = method;
        let key = name.unraw().to_string();
        let count = method.arguments.len();
        let values: Vec<_> = (0..count)
            .map(|index| local(&format!("value{index}")))
            .collect();
        let read = method.arguments.iter().zip(&values).enumerate().map(
            |(index, (argument, value))| {
                let (_, ty) = self.form(argument);
                let error = local("error");
                let name = argument.name.unraw().to_string();
                let read = if argument.borrowed.is_some() {
                    quote_spanned!(at(ty)=> <#ty as #runtime::DynamicRef>::hold)
                } else {
                    quote_spanned!(at(ty)=> <#ty as #runtime::Dynamic>::from_value)
                };
                quote! {
                    let #value = #read(#value, #side)
                        .map_err(|#error| #runtime::__private::mismatch(#error, #index, #name))?;
                }
            },
        );
        let passed = method
            .arguments
            .iter()
            .zip(&values)
            .map(|(argument, value)| {
                if let Some(ty) = argument.borrowed {
                    quote_spanned!(at(ty)=> #runtime::__private::Borrow::<#ty>::borrow(&#value))
                } else {
                    quote!(#value)
                }
            });
        quote! {
            #(#cfgs)*
            if #number == const { #root::__private::index::<dyn #trait_name>(#key) } {
                let [#(#values),*] = #runtime::__private::arguments::<#count>(#args)?;
                #(#read)*
                return #runtime::__private::answer(
                    <Self as #trait_name>::#name(#target #(, #passed)*),
                    #side,
                );
            }
        }
    }

    /// The trait, for objects that are implemented elsewhere.
    fn imported(&self) -> TokenStream {
        let Self { root, runtime, .. } = self;
        let name = self.interface.name;
        let ty = target_type();
        let paths = &self.interface.supertraits.interfaces;
        let clause = (!paths.is_empty())
            .then(|| quote!(where #runtime::__private::Imported<#ty>: #(#paths)+*));
        let methods = self.interface.methods.iter().map(|method| {
            let Method {
                name: method_name,
                cfgs,
                arguments,
                result,
                ..
            } = method;
            let key = method_name.unraw().to_string();
            let names: Vec<_> = arguments.iter().map(|argument| argument.name).collect();
            let types = arguments.iter().map(|argument| argument.ty);
            let receiver = quote_spanned!(at(result)=> self);
            let values = arguments.iter().map(|argument| {
                let name = argument.name;
                let (_, ty) = self.form(argument);
                if argument.borrowed.is_some() {
                    quote_spanned!(at(ty)=> <#ty as #runtime::DynamicRef>::to_value(#name, #receiver.side()))
                } else {
                    quote_spanned!(at(ty)=> <#ty as #runtime::Dynamic>::into_value(#name, #receiver.side()))
                }
            });
            quote! {
                #(#cfgs)*
                fn #method_name(&#receiver, #(#names: #types),*) -> #result {
                    #receiver.__call(
                        const {
                            #root::__private::offset::<#ty>(<dyn #name as #root::Interface>::__KEY)
                                + #root::__private::index::<dyn #name>(#key)
                        },
                        &[#(#values),*],
                    )
                }
            }
        });
        quote! {
            #[automatically_derived]
            impl<#ty: ?::core::marker::Sized + #root::Interface + #name> #name for #runtime::__private::Imported<#ty>
            #clause
            {
                #(#methods)*
            }
        }
    }
}

/// The local names of a call: the object, the method's number, the arguments, the calling domain.
fn names() -> (syn::Ident, syn::Ident, syn::Ident, syn::Ident) {
    (
        local("target"),
        local("number"),
        local("args"),
        local("side"),
    )
}
