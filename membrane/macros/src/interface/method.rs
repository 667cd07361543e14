//! One method of an interface: what the proxy forwards, and what is refused.
//!
//! A method is refused for one of three reasons. It cannot be called through `dyn` (generics, receivers); it would carry
//! a reference past the wrapping (borrowed results, references inside arguments, raw pointers); or it has no way to tell
//! its caller of a refusal (a result that is no `Result`).

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{
    Attribute, FnArg, Ident, Pat, PatType, Path, Receiver, ReceiverKind, ReturnType, Safety,
    Signature, Token, TraitItemFn, Type,
};

use crate::refusals::Refusals;
use crate::types::{Mentions, bare, is_static, words};

use super::model::{cfgs, doc, is_conditional_cfg};

pub(super) struct Method<'a> {
    pub(super) name: &'a Ident,
    pub(super) asyncness: Option<Token![async]>,
    pub(super) cfgs: Vec<&'a Attribute>,
    pub(super) doc: String,
    pub(super) arguments: Vec<Argument<'a>>,
    pub(super) result: &'a Type,
}

pub(super) struct Argument<'a> {
    pub(super) name: &'a Ident,
    /// As written.
    pub(super) ty: &'a Type,
    /// `T`, where the type is `&T`: plain data, which is lent as it is, and copied for an async call.
    pub(super) borrowed: Option<&'a Type>,
}

impl<'a> Argument<'a> {
    /// `T`, where the type is `&T` and not `&'static T`: what an async call must copy.
    pub(super) fn copied(&self) -> Option<&'a Type> {
        match bare(self.ty) {
            Type::Reference(reference) if reference.lifetime.as_ref().is_some_and(is_static) => {
                None
            }
            _ => self.borrowed,
        }
    }
}

impl<'a> Method<'a> {
    /// Checks one method of the interface called `interface`; nothing comes back only after a refusal.
    pub(super) fn check(
        item: &'a TraitItemFn,
        interface: &Ident,
        refusals: &mut Refusals,
    ) -> Option<Self> {
        let signature = &item.sig;
        if signature
            .ident
            .unraw()
            .to_string()
            .starts_with("__membrane")
        {
            refusals.refuse(
                &signature.ident,
                "names that start with `__membrane` belong to generated code: choose another",
            );
        }
        check_qualifiers(signature, refusals);
        check_generics(signature, refusals);
        let cfgs = cfgs(&item.attrs, refusals);
        let arguments = check_arguments(signature, interface, refusals);
        let result = check_result(signature, interface, refusals)?;
        Some(Self {
            name: &signature.ident,
            asyncness: signature.asyncness,
            cfgs,
            doc: doc(&item.attrs),
            arguments,
            result,
        })
    }
}

fn check_qualifiers(signature: &Signature, refusals: &mut Refusals) {
    if let Some(word) = signature.constness {
        refusals.refuse(
            word,
            "a method of an interface cannot be `const`: remove the word",
        );
    }
    if let Safety::Unsafe(_) | Safety::Safe(_) = signature.safety {
        refusals.refuse(
            &signature.safety,
            "a method of an interface cannot be `unsafe`: a proxy cannot vouch for its caller; check the arguments instead",
        );
    }
    if let Some(abi) = &signature.abi {
        refusals.refuse(
            abi,
            "a method of an interface cannot be `extern`: remove the ABI",
        );
    }
    if let Some(variadic) = &signature.variadic {
        refusals.refuse(
            variadic,
            "a method of an interface cannot be variadic: take a `Vec<_>`",
        );
    }
}

fn check_generics(signature: &Signature, refusals: &mut Refusals) {
    for parameter in &signature.generics.params {
        let message = match parameter {
            syn::GenericParam::Lifetime(_) => {
                "a method of an interface cannot have lifetime parameters: an argument `&T` needs none, and nothing else is lent"
            }
            _ => {
                "a method of an interface cannot be generic: take a concrete type, an enum, or `Arc<dyn Interface>`"
            }
        };
        refusals.refuse(parameter, message);
    }
    if let Some(clause) = &signature.generics.where_clause {
        refusals.refuse(
            clause,
            "a method of an interface cannot have a `where` clause: every method is called through `dyn`; write a free function for the rest",
        );
    }
}

fn check_arguments<'a>(
    signature: &'a Signature,
    interface: &Ident,
    refusals: &mut Refusals,
) -> Vec<Argument<'a>> {
    if signature.receiver().is_none() {
        refusals.refuse(
            &signature.ident,
            "a method of an interface takes `&self`: a function without a receiver has no object to protect; write a free function",
        );
    }
    let mut arguments = Vec::new();
    for input in &signature.inputs {
        let attributes = match input {
            FnArg::Receiver(receiver) => {
                check_receiver(receiver, refusals);
                &receiver.attrs
            }
            FnArg::Typed(typed) => {
                arguments.extend(check_argument(typed, interface, refusals));
                &typed.attrs
            }
        };
        for attribute in attributes {
            if attribute.path().is_ident("cfg") || is_conditional_cfg(attribute) {
                refusals.refuse(
                    attribute,
                    "a single argument of an interface's method cannot depend on a `cfg`: put it on the method",
                );
            }
        }
    }
    arguments
}

fn check_receiver(receiver: &Receiver, refusals: &mut Refusals) {
    let message = match &receiver.kind {
        ReceiverKind::Reference(_, _, Some(_)) => {
            "an object is shared by its holders, so a method takes `&self`: use interior mutability, such as a `Mutex`"
        }
        ReceiverKind::Reference(_, Some(lifetime), None) if lifetime.ident != "_" => {
            "a method of an interface takes plain `&self`: remove the lifetime"
        }
        ReceiverKind::Reference(_, _, None) => return,
        ReceiverKind::Value => {
            "an object is shared by its holders, so a method takes `&self`: it cannot be consumed; write `&self`"
        }
        _ => {
            "a receiver other than `&self` would hand out the target's own `Arc` or `Box`: write `&self`"
        }
    };
    refusals.refuse(receiver, message);
}

fn check_argument<'a>(
    typed: &'a PatType,
    interface: &Ident,
    refusals: &mut Refusals,
) -> Option<Argument<'a>> {
    check_anywhere(&typed.ty, interface, refusals);
    let borrowed = check_argument_type(&typed.ty, refusals);
    match &*typed.pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => Some(Argument {
            name: &pat.ident,
            ty: &typed.ty,
            borrowed,
        }),
        other => {
            refusals.refuse(
                other,
                "an argument of an interface's method has a plain name: write an identifier instead of this pattern",
            );
            None
        }
    }
}

/// Checks the type of an argument; the `T` of a plain `&T`.
fn check_argument_type<'a>(ty: &'a Type, refusals: &mut Refusals) -> Option<&'a Type> {
    let Type::Reference(reference) = bare(ty) else {
        if let Type::TraitObject(object) = bare(ty) {
            refusals.refuse(object, format!("write `Arc<{}>`", words(object)));
        } else {
            check_lent(&Mentions::of(ty), refusals);
        }
        return None;
    };
    if reference.mutability.is_some() {
        refusals.refuse(
            reference,
            "a `&mut` argument would let one side write to the other's memory: take the value, and return the new one",
        );
        return None;
    }
    let mentions = Mentions::of(&reference.elem);
    if let Some(object) = mentions.object {
        refusals.refuse(
            reference,
            format!(
                "a reference crosses by value, so that it can be wrapped: pass `Arc<{}>` by value",
                words(object)
            ),
        );
    } else {
        check_lent(&mentions, refusals);
    }
    Some(&*reference.elem)
}

/// Refuses what is lent inside another type.
fn check_lent(mentions: &Mentions<'_>, refusals: &mut Refusals) {
    const MESSAGE: &str = "only a plain `&T` is lent, not a borrow inside another type: own it, as in `Option<String>`, `Vec<String>` or `Cow<'static, str>`";
    match (mentions.reference, mentions.lifetime) {
        (Some(reference), _) => refusals.refuse(reference, MESSAGE),
        (None, Some(lifetime)) => refusals.refuse(lifetime, MESSAGE),
        (None, None) => {}
    }
}

fn check_result<'a>(
    signature: &'a Signature,
    interface: &Ident,
    refusals: &mut Refusals,
) -> Option<&'a Type> {
    let ReturnType::Type(_, ty) = &signature.output else {
        refusals.refuse(
            &signature.ident,
            "a call may be refused or revoked, and must be able to say so: write `-> Result<(), E>` where `E: From<membrane::Error>`",
        );
        return None;
    };
    if let Type::ImplTrait(opaque) = bare(ty) {
        refusals.refuse(
            opaque,
            "`-> impl Trait` cannot be called through `dyn`: write `-> Result<Arc<dyn Interface>, E>` or a concrete type",
        );
        return None;
    }
    let mentions = Mentions::of(ty);
    if let Some(tokens) = borrow(&mentions) {
        refusals.refuse(
            tokens,
            "a result cannot borrow from the target: return an owned value, such as `String`, `Vec<u8>` or `Arc<dyn Interface>`",
        );
        return None;
    }
    check_anywhere(ty, interface, refusals);
    if is_no_result(bare(ty)) {
        let written = words(ty);
        refusals.refuse(
            ty,
            format!(
                "a call may be refused or revoked, and must be able to say so: write `-> Result<{written}, E>` where `E: From<membrane::Error>`",
            ),
        );
        return None;
    }
    Some(ty)
}

fn borrow(mentions: &Mentions<'_>) -> Option<TokenStream> {
    let reference = mentions.reference.map(ToTokens::to_token_stream);
    reference.or_else(|| mentions.lifetime.map(ToTokens::to_token_stream))
}

/// Refuses what no type of an interface may mention, argument or result.
fn check_anywhere(ty: &Type, interface: &Ident, refusals: &mut Refusals) {
    let mentions = Mentions::of(ty);
    if let Some(own) = mentions.own {
        refusals.refuse(
            own,
            format!("`Self` is a different type on each side: name the interface, as in `Arc<dyn {interface}>`"),
        );
    }
    if let Some(opaque) = mentions.opaque {
        refusals.refuse(
            opaque,
            "`impl Trait` makes the method generic: take a concrete type, or `Arc<dyn Interface>`",
        );
    }
    if let Some(pointer) = mentions.pointer {
        refusals.refuse(
            pointer,
            "a raw pointer cannot be wrapped: pass owned data, or `Arc<dyn Interface>`",
        );
    }
}

/// Whether the words alone tell that `ty` is no `Result`; an alias is left to the compiler.
fn is_no_result(ty: &Type) -> bool {
    match ty {
        Type::Path(path) if path.qself.is_some() => false,
        Type::Path(path) => is_well_known(&path.path),
        Type::Macro(_) => false,
        _ => true,
    }
}

fn is_well_known(path: &Path) -> bool {
    const NAMES: [&str; 22] = [
        "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64",
        "i128", "isize", "f32", "f64", "String", "Option", "Vec", "Arc", "Box", "HashMap",
    ];
    matches!(&path.segments.first(), Some(first) if path.segments.len() == 1 && NAMES.iter().any(|name| first.ident == name))
}
