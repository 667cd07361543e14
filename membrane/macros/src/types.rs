//! What a type mentions, as far as its words tell.
//!
//! An alias or a macro may hide anything; the assertions in the generated code catch what this cannot see.

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{
    GenericArgument, Ident, Lifetime, Path, PathArguments, Type, TypeImplTrait, TypePtr,
    TypeReference, TypeTraitObject,
};

/// The first occurrence of each thing that is refused somewhere.
#[derive(Default)]
pub(crate) struct Mentions<'a> {
    /// `&T`, but for `&'static T`.
    pub(crate) reference: Option<&'a TypeReference>,
    /// A lifetime other than `'static`, as in `Cow<'_, str>`.
    pub(crate) lifetime: Option<&'a Lifetime>,
    pub(crate) object: Option<&'a TypeTraitObject>,
    pub(crate) opaque: Option<&'a TypeImplTrait>,
    pub(crate) pointer: Option<&'a TypePtr>,
    /// `Self`.
    pub(crate) own: Option<&'a Ident>,
    /// The last name of every path.
    names: Vec<&'a Ident>,
}

impl<'a> Mentions<'a> {
    pub(crate) fn of(ty: &'a Type) -> Self {
        let mut mentions = Self::default();
        mentions.visit_type(ty);
        mentions
    }

    /// Whether the type mentions `Self` or a type called `name`.
    pub(crate) fn itself(&self, name: &Ident) -> bool {
        self.own.is_some() || self.names.contains(&name)
    }
}

impl<'a> Visit<'a> for Mentions<'a> {
    fn visit_type_reference(&mut self, node: &'a TypeReference) {
        if !node.lifetime.as_ref().is_some_and(is_static) {
            self.reference.get_or_insert(node);
        }
        visit::visit_type_reference(self, node);
    }

    fn visit_lifetime(&mut self, node: &'a Lifetime) {
        if !is_static(node) {
            self.lifetime.get_or_insert(node);
        }
    }

    fn visit_type_trait_object(&mut self, node: &'a TypeTraitObject) {
        self.object.get_or_insert(node);
        visit::visit_type_trait_object(self, node);
    }

    fn visit_type_impl_trait(&mut self, node: &'a TypeImplTrait) {
        self.opaque.get_or_insert(node);
        visit::visit_type_impl_trait(self, node);
    }

    fn visit_type_ptr(&mut self, node: &'a TypePtr) {
        self.pointer.get_or_insert(node);
        visit::visit_type_ptr(self, node);
    }

    fn visit_path(&mut self, node: &'a Path) {
        if let Some(first) = node.segments.first()
            && first.ident == "Self"
        {
            self.own.get_or_insert(&first.ident);
        }
        self.names
            .extend(node.segments.last().map(|last| &last.ident));
        visit::visit_path(self, node);
    }
}

pub(crate) fn is_static(lifetime: &Lifetime) -> bool {
    lifetime.ident == "static"
}

/// `ty` without the parentheses around it, and without the invisible ones that a `macro_rules!` fragment leaves.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Paren(paren) => bare(&paren.elem),
        Type::Group(group) => bare(&group.elem),
        other => other,
    }
}

/// `T` and `E`, where the type is written `Result<T, E>`, which is taken for the standard one.
pub(crate) fn result_of(ty: &Type) -> Option<(&Type, &Type)> {
    let Type::Path(path) = bare(ty) else {
        return None;
    };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    let mut arguments = arguments.args.iter();
    match (arguments.next(), arguments.next(), arguments.next()) {
        (Some(GenericArgument::Type(value)), Some(GenericArgument::Type(error)), None)
            if last.ident == "Result" && path.qself.is_none() =>
        {
            Some((value, error))
        }
        _ => None,
    }
}

/// A type or a path as one would write it, for messages.
pub(crate) fn words(tokens: impl ToTokens) -> String {
    const GLUED_AFTER: [char; 7] = ['<', '(', '&', ':', '[', '\'', '>'];
    const GLUED_BEFORE: [char; 8] = ['<', '>', ')', ',', ';', ']', ':', '('];
    let spaced = tokens.to_token_stream().to_string();
    let mut words = String::with_capacity(spaced.len());
    let mut rest = spaced.chars().peekable();
    while let Some(next) = rest.next() {
        let glued =
            words.ends_with(GLUED_AFTER) && !words.ends_with("->") && rest.peek() != Some(&'+');
        let glue = rest.peek().is_some_and(|next| GLUED_BEFORE.contains(next));
        if next != ' ' || !(glued || glue) {
            words.push(next);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_is_taken_apart_only_where_both_parts_are_written() {
        let parts = |written: &str| {
            let ty: Type = syn::parse_str(written).expect("a type");
            result_of(&ty).map(|(value, error)| (words(value), words(error)))
        };
        let both = Some((String::from("Vec<u8>"), String::from("a::Error")));
        assert_eq!(parts("Result<Vec<u8>, a::Error>"), both);
        assert_eq!(parts("(::core::result::Result<Vec<u8>, a::Error>)"), both);
        for other in [
            "Answer",
            "Result",
            "a::Result<u8>",
            "Pair<u8, u8>",
            "Result<'static, u8>",
            "<A as B>::Result<u8, u8>",
            "[u8; 2]",
        ] {
            assert_eq!(parts(other), None, "{other}");
        }
    }

    #[test]
    fn type_is_written_without_the_spaces_between_tokens() {
        for written in [
            "a::b::Account",
            "::a::Account",
            "dyn Named + Send",
            "Option<Vec<(u8, Arc<dyn a::Named>)>>",
            "&'static [u8; 4]",
        ] {
            let ty: Type = syn::parse_str(written).expect("a type");
            assert_eq!(words(&ty), written);
        }
    }
}
