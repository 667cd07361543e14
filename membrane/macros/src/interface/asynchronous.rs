//! `async fn` in an interface: in the trait, in an impl block, and in the proxy.
//!
//! A trait object cannot return a future of its own type, so `async fn get(&self, key: &str) -> R` becomes
//!
//! ```text
//! fn get<'a>(&'a self, key: &'a str) -> Pin<Box<dyn Future<Output = R> + Send + 'a>>
//! ```
//!
//! in the trait and in each of its impl blocks, which therefore need the attribute, too. One lifetime does for all that is
//! borrowed: none of it can be told apart, since a result borrows nothing.
//!
//! The proxy makes the call when the future is first polled. What it borrows is copied then, so that the target's future
//! needs neither the caller's data nor its borrow of the proxy.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{
    Attribute, Block, FnArg, Ident, ImplItem, ItemImpl, ItemTrait, Lifetime, Pat, PatIdent,
    ReceiverKind, ReturnType, Signature, Token, TraitItem, Type, parse_quote, parse_quote_spanned,
};

use crate::path::at;
use crate::types::result_of;

use super::expansion::{Context, argument_names, local, target_type};
use super::method::{Argument, Method};

/// Expands `#[interface] impl Trait for Type`.
pub(super) fn implement(options: &TokenStream, mut block: ItemImpl) -> TokenStream {
    for item in &mut block.items {
        if let ImplItem::Fn(method) = item {
            rewrite(&mut method.attrs, &mut method.sig, Some(&mut method.block));
        }
    }
    let refused = (!options.is_empty()).then(|| {
        let message = "the options of `#[interface]` go on the trait: write `#[interface]` here";
        syn::Error::new_spanned(options, message).into_compile_error()
    });
    quote!(#block #refused)
}

/// Rewrites the async methods of a trait.
pub(super) fn declare(definition: &mut ItemTrait) {
    for item in &mut definition.items {
        if let TraitItem::Fn(method) = item {
            rewrite(&mut method.attrs, &mut method.sig, method.default.as_mut());
        }
    }
}

fn rewrite(attributes: &mut Vec<Attribute>, signature: &mut Signature, body: Option<&mut Block>) {
    let Some(word) = signature.asyncness.take() else {
        return;
    };
    let lifetime = lifetime(word);
    let bindings: Vec<_> = signature
        .inputs
        .iter_mut()
        .enumerate()
        .filter_map(|(index, input)| lend(input, index, &lifetime))
        .collect();
    let result: Type = match &signature.output {
        ReturnType::Default => parse_quote!(()),
        ReturnType::Type(_, ty) => (**ty).clone(),
    };
    let boxed = boxed(&quote!(#result), word, &lifetime);
    signature.output = parse_quote!(-> #boxed);
    let generics = &mut signature.generics;
    generics.lt_token.get_or_insert_default();
    generics.gt_token.get_or_insert_default();
    generics.params.insert(0, parse_quote!(#lifetime));
    if let Some(body) = body {
        attributes.push(parse_quote! {
            #[allow(
                clippy::async_yields_async,
                clippy::diverging_sub_expression,
                clippy::let_unit_value,
                clippy::no_effect_underscore_binding,
                clippy::shadow_same,
                clippy::type_complexity,
                clippy::used_underscore_binding
            )]
        });
        *body = defer(body, &result, &bindings, word);
    } else {
        attributes.push(parse_quote!(#[allow(clippy::type_complexity)]));
    }
}

/// The one lifetime of an async method.
fn lifetime(word: Token![async]) -> Lifetime {
    let span = Span::mixed_site().located_at(word.span);
    Lifetime::new("'interface", span)
}

/// What an async method returns.
fn boxed(result: &TokenStream, word: Token![async], lifetime: &Lifetime) -> TokenStream {
    quote_spanned! {at(&word)=>
        ::core::pin::Pin<::std::boxed::Box<
            dyn ::core::future::Future<Output = #result> + ::core::marker::Send + #lifetime
        >>
    }
}

/// Gives a borrowed argument the method's lifetime, and a pattern a name. Returns what the body begins with: that moves each
/// argument into the future, used or not, as in any `async fn`.
fn lend(input: &mut FnArg, index: usize, lifetime: &Lifetime) -> Option<TokenStream> {
    let typed = match input {
        FnArg::Receiver(receiver) => {
            if let ReceiverKind::Reference(_, of, None) = &mut receiver.kind {
                give(of, lifetime);
            }
            return None;
        }
        FnArg::Typed(typed) => typed,
    };
    lend_type(&mut typed.ty, lifetime);
    let attributes = &typed.attrs;
    Some(match &mut *typed.pat {
        Pat::Ident(PatIdent {
            by_ref: None,
            mutability,
            ident,
            subpat: None,
            ..
        }) => {
            let mutability = mutability.take();
            quote!(#(#attributes)* let #mutability #ident = #ident;)
        }
        pattern => {
            let name = local(&format!("argument{index}"));
            let named = Pat::Ident(parse_ident(&name));
            let pattern = std::mem::replace(pattern, named);
            quote! {
                let #name = #name;
                #(#attributes)* let #pattern = #name;
            }
        }
    })
}

fn parse_ident(name: &Ident) -> PatIdent {
    PatIdent {
        attrs: Vec::new(),
        by_ref: None,
        mutability: None,
        ident: name.clone(),
        subpat: None,
    }
}

fn lend_type(ty: &mut Type, lifetime: &Lifetime) {
    match ty {
        Type::Paren(paren) => lend_type(&mut paren.elem, lifetime),
        Type::Group(group) => lend_type(&mut group.elem, lifetime),
        Type::Reference(reference) => give(&mut reference.lifetime, lifetime),
        _ => {}
    }
}

/// Names a lifetime that was left out.
fn give(of: &mut Option<Lifetime>, lifetime: &Lifetime) {
    if of.as_ref().is_none_or(|written| written.ident == "_") {
        *of = Some(lifetime.clone());
    }
}

/// The body as a future. The first statement is never run: it says what a `return` in the body returns.
fn defer(body: &Block, result: &Type, bindings: &[TokenStream], word: Token![async]) -> Block {
    let returned = local("returned");
    parse_quote_spanned! {at(&word)=>
        {
            ::std::boxed::Box::pin(async move {
                if let ::core::option::Option::Some(#returned) = ::core::option::Option::None::<#result> {
                    #[allow(unreachable_code)]
                    return #returned;
                }
                #(#bindings)*
                let #returned: #result = #body;
                #[allow(unreachable_code)]
                #returned
            })
        }
    }
}

impl Context<'_> {
    /// One async method of the proxy: a gated call that is made, and makes the target's future, when it is first polled.
    pub(super) fn forward_async(&self, method: &Method<'_>, word: Token![async]) -> TokenStream {
        let private = &self.private;
        let Method {
            name,
            arguments,
            result,
            ..
        } = method;
        let trait_name = self.interface.name;
        let receiver = quote_spanned!(at(result)=> self);
        let (ty, target, call) = (target_type(), local("target"), local("call"));
        let (future, number) = (local("future"), self.number(method));
        let names = argument_names(method);
        let converted = arguments.iter().map(|argument| {
            let (name, ty) = (argument.name, argument.ty);
            if let Some(ty) = argument.copied() {
                quote_spanned!(at(ty)=> let #name = #private::copied::<#ty>(#name);)
            } else {
                quote_spanned!(at(ty)=> let #name = #call.argument::<#ty>(#name)?;)
            }
        });
        // As the target is to see them: what was copied is lent again.
        let lent = arguments.iter().filter_map(|argument| {
            let (name, ty) = (argument.name, argument.copied()?);
            let lent = quote_spanned!(at(ty)=> ::core::borrow::Borrow::<#ty>::borrow(&#name));
            Some(quote_spanned!(at(ty)=> let #name: &#ty = #lent;))
        });
        let lent: Vec<_> = lent.collect();
        let enter = self.enter(method);
        let parts =
            result_of(result).map(|(value, error)| quote_spanned!(at(result)=> ::<#value, #error>));
        // All of it at the result's type, so that one complaint about that type is one message.
        let body = quote_spanned! {at(result)=>
            #receiver.__call_async #parts (
                #number,
                move |#target: &::std::sync::Arc<#ty>, #call| {
                    #(#converted)*
                    {
                        #(#lent)*
                        #enter
                    }
                    let #target = ::std::sync::Arc::clone(#target);
                    ::core::result::Result::Ok(::std::boxed::Box::pin(async move {
                        let #future = {
                            #(#lent)*
                            <#ty as #trait_name>::#name(&*#target #(, #names)*)
                        };
                        #future.await
                    }))
                },
            )
        };
        async_method(method, word, &body)
    }

    /// Assertions that what an async method borrows can be copied.
    pub(super) fn copied(&self, method: &Method<'_>) -> TokenStream {
        let private = &self.private;
        let copied = method
            .arguments
            .iter()
            .filter(|_| method.asyncness.is_some())
            .filter_map(Argument::copied);
        let copied = copied.map(|ty| quote_spanned!(at(ty)=> #private::assert_copied::<#ty>();));
        quote!(#(#copied)*)
    }
}

/// An async method as it stands in an impl, with this body.
pub(super) fn async_method(
    method: &Method<'_>,
    word: Token![async],
    body: &TokenStream,
) -> TokenStream {
    let Method {
        name,
        cfgs,
        arguments,
        result,
        ..
    } = method;
    let receiver = quote_spanned!(at(result)=> self);
    let lifetime = lifetime(word);
    let boxed = boxed(&quote!(#result), word, &lifetime);
    let parameters = arguments.iter().map(|argument| {
        let (name, mut ty) = (argument.name, argument.ty.clone());
        lend_type(&mut ty, &lifetime);
        quote!(#name: #ty)
    });
    quote! {
        #(#cfgs)*
        fn #name<#lifetime>(&#lifetime #receiver, #(#parameters),*) -> #boxed {
            #body
        }
    }
}
