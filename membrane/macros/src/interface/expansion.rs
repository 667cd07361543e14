//! What `#[interface]` generates beside the trait.
//!
//! - a function per method: one gated call, by whichever route;
//! - the trait, implemented for every proxy of something that implements it: the call through the gate;
//! - the same for leases of such proxies: see `lease`;
//! - `Target` for `dyn Trait`: how the membrane makes a proxy into `Arc<dyn Trait>`, and asks an object whose proxy it is;
//! - `Interface` for `dyn Trait`: the names of the methods, own ones first, then those of each super-interface;
//! - what rules on arguments need (`rules`);
//! - what the above needs of the super-interfaces;
//! - assertions, at the words they are about.
//!
//! A method is known by its position in that list of names. A proxy of a deeper interface must use that interface's
//! positions, hence the sum in each method: where the trait's names start in the list of what crossed, plus where the
//! method is in the trait's own list. Both are constants.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Ident, ItemTrait};

use crate::path::{MembranePath, at};
use crate::types::result_of;

use super::method::Method;
use super::model::Interface;

/// What every part of the expansion needs.
pub(super) struct Context<'a> {
    pub(super) interface: &'a Interface<'a>,
    pub(super) root: &'a TokenStream,
    pub(super) private: TokenStream,
    hidden: &'a Ident,
    /// See [`fingerprint`].
    fingerprint: u64,
    /// `dyn Trait`.
    pub(super) object: TokenStream,
    /// `dyn Super`, each at the place of its bound.
    supers: Vec<TokenStream>,
}

/// Everything beside the trait itself; `hidden` is the name of its hidden method.
pub(super) fn expand(
    interface: &Interface<'_>,
    definition: &ItemTrait,
    membrane: &MembranePath,
    hidden: &Ident,
) -> TokenStream {
    let name = interface.name;
    let supers = interface.supertraits.interfaces.iter();
    let context = Context {
        interface,
        root: membrane.root(),
        private: membrane.private(),
        hidden,
        fingerprint: fingerprint(definition),
        object: quote!(dyn #name),
        supers: supers
            .map(|path| quote_spanned!(at(path)=> dyn #path))
            .collect(),
    };
    let cfgs = &interface.cfgs;
    let calls = context.calls();
    let proxy = context.proxy();
    let leased = context.leased();
    let supers = context.supers();
    let target = context.target();
    let table = context.table();
    let rules = context.rules();
    let private = &context.private;
    let assertions = context.assertions();
    quote! {
        #(#cfgs)*
        #[allow(
            clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction,
            deprecated, unused_qualifications
        )]
        const _: () = {
            #[allow(unused_imports)]
            use #private::Unseen as _;
            #assertions
            #supers
            #calls
            #proxy
            #leased
            #target
            #table
            #rules
        };
    }
}

/// Tells apart what has one name at one place: a library and a binary of one package with one module in both, and traits that
/// one expansion of the user's own macro made. FNV-1a, over the trait as written and the binary that is being compiled.
fn fingerprint(definition: &ItemTrait) -> u64 {
    let binary = std::env::var("CARGO_BIN_NAME").unwrap_or_default();
    let text = format!("{binary}\0{}", definition.to_token_stream());
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A local name that no name of the user's can meet.
pub(super) fn local(name: &str) -> Ident {
    format_ident!("__membrane_{name}", span = Span::mixed_site())
}

/// The type of the target; not hygienic, so it must be a name that nobody uses.
pub(super) fn target_type() -> Ident {
    format_ident!("__MembraneTarget", span = Span::mixed_site())
}

/// The name of the function that makes the method's gated call.
pub(super) fn shared(method: &Method<'_>) -> Ident {
    let name = method.name.unraw();
    format_ident!("__membrane_call_{name}", span = Span::mixed_site())
}

pub(super) fn argument_names<'a>(method: &'a Method<'_>) -> Vec<&'a Ident> {
    method
        .arguments
        .iter()
        .map(|argument| argument.name)
        .collect()
}

/// The arguments as written, each with its type.
pub(super) fn parameters(method: &Method<'_>) -> Vec<TokenStream> {
    let arguments = method.arguments.iter();
    arguments
        .map(|argument| {
            let (name, ty) = (argument.name, argument.ty);
            quote!(#name: #ty)
        })
        .collect()
}

/// One method of the proxy.
fn forward(method: &Method<'_>) -> TokenStream {
    let Method {
        name, cfgs, result, ..
    } = method;
    let receiver = quote_spanned!(at(result)=> self);
    let (names, parameters) = (argument_names(method), parameters(method));
    let shared = shared(method);
    quote! {
        #(#cfgs)*
        #[inline]
        fn #name(&#receiver, #(#parameters),*) -> #result {
            #shared(#receiver #(, #names)*)
        }
    }
}

impl Context<'_> {
    /// The trait, for proxies.
    fn proxy(&self) -> TokenStream {
        let Self {
            root,
            private,
            hidden,
            ..
        } = self;
        let name = self.interface.name;
        let (target, query) = (target_type(), local("query"));
        // Assumed rather than proved: that a supertrait is no interface is reported once, in `supers`.
        let paths = &self.interface.supertraits.interfaces;
        let clause =
            (!paths.is_empty()).then(|| quote!(where #private::Proxy<#target>: #(#paths)+*));
        let methods = self
            .interface
            .methods
            .iter()
            .map(|method| match method.asyncness {
                None => forward(method),
                Some(word) => self.forward_async(method, word),
            });
        quote! {
            #[automatically_derived]
            impl<#target: ?::core::marker::Sized + #root::Interface + #name> #name for #private::Proxy<#target>
            #clause
            {
                #(#methods)*
                fn #hidden(&self, #query: &#private::Query<'_>) {
                    #query.answer(self)
                }
            }
        }
    }

    /// One function per method that is not async, which proxies and leases share: so that what is wrong with a type is said
    /// once.
    fn calls(&self) -> TokenStream {
        let methods = &self.interface.methods;
        let methods = methods.iter().filter(|method| method.asyncness.is_none());
        let calls = methods.map(|method| self.call(method));
        quote!(#(#calls)*)
    }

    /// A gated call, which converts the arguments on the way in and the result on the way out.
    fn call(&self, method: &Method<'_>) -> TokenStream {
        let Self { root, private, .. } = self;
        let Method {
            name,
            cfgs,
            arguments,
            result,
            ..
        } = method;
        let trait_name = self.interface.name;
        let (ty, target, call) = (target_type(), local("target"), local("call"));
        let (route, by) = (local("Route"), local("by"));
        let (names, parameters) = (argument_names(method), parameters(method));
        let owned = arguments
            .iter()
            .filter(|argument| argument.borrowed.is_none());
        // The compiler blames the type that is named here.
        let converted = owned.map(|argument| {
            let (name, ty) = (argument.name, argument.ty);
            quote_spanned!(at(ty)=> let #name = #call.argument::<#ty>(#name)?;)
        });
        let parts =
            result_of(result).map(|(value, error)| quote_spanned!(at(result)=> ::<#value, #error>));
        let enter = self.enter(method);
        let number = self.number(method);
        let shared = shared(method);
        // All of it at the result's type, so that one complaint about that type is one message.
        let body = quote_spanned! {at(result)=>
            #by.call #parts (#number, move |#target, #call| {
                #(#converted)*
                #enter
                #call.result #parts (<#ty as #trait_name>::#name(#target #(, #names)*))
            })
        };
        quote! {
            #(#cfgs)*
            #[allow(non_snake_case)]
            #[inline(always)]
            fn #shared<#ty, #route>(#by: #route #(, #parameters)*) -> #result
            where
                #ty: ?::core::marker::Sized + #root::Interface + #trait_name,
                #route: #private::Route<#ty>,
            {
                #body
            }
        }
    }

    /// The method's number among those of the interface that crossed.
    pub(super) fn number(&self, method: &Method<'_>) -> TokenStream {
        let Self {
            root,
            private,
            object,
            ..
        } = self;
        let (ty, key) = (target_type(), method.name.unraw().to_string());
        quote_spanned! {at(method.result)=>
            const {
                #private::offset::<#ty>(<#object as #root::Interface>::__KEY) + #private::index::<#object>(#key)
            }
        }
    }

    /// `Target` for `dyn Trait`.
    fn target(&self) -> TokenStream {
        let Self {
            root,
            private,
            hidden,
            object,
            ..
        } = self;
        let name = self.interface.name;
        let (proxy, target, query) = (local("proxy"), local("target"), local("query"));
        let supers = self.in_supers();
        quote! {
            #[automatically_derived]
            impl #private::Target for #object {
                const NAME: &'static str = <Self as #root::Interface>::NAME;
                const METHODS: &'static [&'static str] = <Self as #root::Interface>::METHODS;
                type Keep = ();
                const PLACES: (&'static str, &'static [#private::Super]) = (
                    <Self as #root::Interface>::__KEY, <Self as #root::Interface>::__SUPERS,
                );

                fn face(#proxy: ::std::sync::Arc<#private::Proxy<Self>>) -> ::std::sync::Arc<Self> {
                    #proxy
                }

                fn ask(#target: &::std::sync::Arc<Self>, #query: &#private::Query<'_>) {
                    <Self as #name>::#hidden(&**#target, #query)
                }

                fn offer(#target: &::std::sync::Arc<Self>, #query: &#private::Query<'_>) -> bool {
                    #query.offer(#target) #(|| (#supers.offer)(#target, #query))*
                }
            }
        }
    }

    /// What the rest of the expansion needs of the direct super-interfaces, in one constant: so that the compiler asks once
    /// whether each is an interface.
    fn supers(&self) -> TokenStream {
        if self.supers.is_empty() {
            return TokenStream::new();
        }
        let Self {
            root,
            private,
            object,
            supers,
            ..
        } = self;
        let (target, query, up) = (local("target"), local("query"), local("up"));
        let each = supers.iter().map(|super_object| {
            quote_spanned! {at(super_object)=>
                __MembraneSuper {
                    key: <#super_object as #root::Interface>::__KEY,
                    methods: <#super_object as #root::Interface>::METHODS,
                    supers: <#super_object as #root::Interface>::__SUPERS,
                    arguments: <#super_object as #root::Interface>::__ARGUMENTS,
                    offer: |#target, #query| {
                        #private::assert_interface::<#super_object>();
                        let #up: ::std::sync::Arc<#object> = ::std::sync::Arc::clone(#target);
                        let #up: ::std::sync::Arc<#super_object> = #up;
                        <#super_object as #private::Target>::offer(&#up, #query)
                    },
                }
            }
        });
        let count = supers.len();
        quote! {
            struct __MembraneSuper {
                key: &'static str,
                methods: &'static [&'static str],
                supers: &'static [#private::Super],
                arguments: &'static [&'static [#private::Argument]],
                offer: fn(&::std::sync::Arc<#object>, &#private::Query<'_>) -> bool,
            }
            const __MEMBRANE_SUPERS: [__MembraneSuper; #count] = [#(#each),*];
        }
    }

    /// The entries of that constant.
    pub(super) fn in_supers(&self) -> impl Iterator<Item = TokenStream> {
        (0..self.supers.len()).map(|index| quote!(__MEMBRANE_SUPERS[#index]))
    }

    /// `Interface` for `dyn Trait`.
    fn table(&self) -> TokenStream {
        let Self {
            root,
            private,
            object,
            ..
        } = self;
        let name = self.interface.name.unraw().to_string();
        let (before_place, ending) = (format!("::{name}#"), format!("#{:016x}", self.fingerprint));
        let (asked, supers) = (local("asked"), &self.supers);
        let own = self.interface.methods.iter().map(|method| {
            let (cfgs, name) = (&method.cfgs, method.name.unraw().to_string());
            quote!(#(#cfgs)* #name)
        });
        let (methods, inherited) = if self.supers.is_empty() {
            (quote!(<Self as #root::Interface>::__OWN), quote!(&[]))
        } else {
            let supers: Vec<_> = self.in_supers().collect();
            let methods = quote! {{
                const __MEMBRANE_LEN: usize =
                    <#object as #root::Interface>::__OWN.len() #(+ #supers.methods.len())*;
                &#private::concat::<&'static str, __MEMBRANE_LEN>(
                    &[<#object as #root::Interface>::__OWN, #(#supers.methods,)*],
                    "",
                )
            }};
            let inherited = quote! {{
                const __MEMBRANE_LEN: usize = 0 #(+ 1 + #supers.supers.len())*;
                &#private::concat_supers::<__MEMBRANE_LEN>(
                    (<#object as #root::Interface>::__KEY, <#object as #root::Interface>::__OWN.len() as u32),
                    &[#((#supers.key, #supers.methods, #supers.supers),)*],
                )
            }};
            (methods, inherited)
        };
        let arguments = self.arguments();
        quote! {
            #[automatically_derived]
            impl #root::Interface for #object {
                const NAME: &'static str = #name;
                const METHODS: &'static [&'static str] = #methods;
                const __OWN: &'static [&'static str] = &[#(#own),*];
                const __KEY: &'static str = ::core::concat!(
                    ::core::env!("CARGO_PKG_NAME"), "@", ::core::env!("CARGO_PKG_VERSION"), "::",
                    ::core::module_path!(), #before_place, ::core::line!(), ":", ::core::column!(), #ending
                );
                const __SUPERS: &'static [#private::Super] = #inherited;
                const __ARGUMENTS: &'static [&'static [#private::Argument]] = #arguments;
                type __Key = __MembraneKey;

                fn __extends(#asked: ::core::any::TypeId) -> bool {
                    #asked == ::core::any::TypeId::of::<Self>()
                        #(|| <#supers as #root::Interface>::__extends(#asked))*
                }
            }
        }
    }

    /// What must hold of the types, asserted at each of them: first of all that is generated, so that the compiler reports
    /// these errors before those which follow. What is named by its type where it is converted needs none.
    fn assertions(&self) -> TokenStream {
        let Self {
            root,
            private,
            object,
            ..
        } = self;
        let methods = self.interface.methods.iter().map(|method| {
            let cfgs = &method.cfgs;
            let lent = method
                .arguments
                .iter()
                .filter_map(|argument| argument.borrowed);
            let lent = lent.map(|ty| quote_spanned!(at(ty)=> #private::assert_borrowed::<#ty>();));
            let copied = self.copied(method);
            let ty = method.result;
            let result = result_of(ty)
                .is_none()
                .then(|| quote_spanned!(at(ty)=> #private::assert_result::<#ty>();));
            quote!(#(#cfgs)* { #(#lent)* #copied #result })
        });
        let check = quote_spanned! {at(self.interface.name)=>
            const _: () = #private::check_interface(<#object as #root::Interface>::METHODS);
        };
        quote! {
            #check
            const _: fn() = || {
                #(#methods)*
            };
        }
    }
}
