//! `#[derive(Passable)]`: a value crosses field by field.
//!
//! The derived code has three parts. `BARE` says whether the value can cross as it is; for a type that mentions itself
//! this question has no end, so the answer is no. `pass` takes the value apart and builds it anew. `Data` holds exactly
//! when every field is `Data`: the bounds stand under a `for<'a>` that binds nothing, because the compiler reports a
//! bound that can never hold, but not one under a binder.
//!
//! Every field's type is written out where `Passable` is needed of it, so that the compiler's message points at it.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{
    Attribute, Data, DeriveInput, Fields, GenericParam, Generics, Ident, Token, Type, TypeParam,
    TypeParamBound, parse_quote,
};

use crate::path::{MembranePath, at};
use crate::refusals::Refusals;
use crate::types::Mentions;

/// What `#[passable(..)]` says of the type.
#[derive(Default)]
struct Options {
    membrane: MembranePath,
    data: bool,
    recursive: bool,
}

/// A type that passed every check.
struct Subject<'a> {
    input: &'a DeriveInput,
    options: Options,
    /// The one variant of a struct has no name.
    variants: Vec<(Option<&'a Ident>, &'a Fields)>,
}

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let expanded = syn::parse2(item).and_then(|input| Ok(Subject::check(&input)?.expand()));
    expanded.unwrap_or_else(syn::Error::into_compile_error)
}

impl<'a> Subject<'a> {
    fn check(input: &'a DeriveInput) -> syn::Result<Self> {
        let mut refusals = Refusals::default();
        let options = parse_options(&input.attrs, &mut refusals);
        for parameter in input.generics.lifetimes() {
            refusals.refuse(
                parameter,
                "a borrowed value cannot cross: own the data, and remove the lifetime",
            );
        }
        let variants = match &input.data {
            Data::Struct(data) => vec![(None, &data.fields)],
            Data::Enum(data) => data
                .variants
                .iter()
                .map(|variant| (Some(&variant.ident), &variant.fields))
                .collect(),
            Data::Union(data) => {
                refusals.refuse(
                    data.union_token,
                    "a union cannot cross, as nobody knows which of its fields is set: write an enum",
                );
                Vec::new()
            }
        };
        let fields = variants.iter().flat_map(|(_, fields)| fields.iter());
        let inner = fields
            .flat_map(|field| &field.attrs)
            .chain(match &input.data {
                Data::Enum(data) => data
                    .variants
                    .iter()
                    .flat_map(|variant| &variant.attrs)
                    .collect::<Vec<_>>(),
                _ => Vec::new(),
            });
        for attribute in inner.filter(|attribute| attribute.path().is_ident("passable")) {
            refusals.refuse(
                attribute,
                "`#[passable(..)]` belongs on the type, not on a part of it",
            );
        }
        refusals.finish(Self {
            input,
            options,
            variants,
        })
    }

    fn types(&self) -> impl Iterator<Item = &'a Type> {
        self.variants
            .iter()
            .flat_map(|(_, fields)| fields.iter())
            .map(|field| &field.ty)
    }

    fn expand(&self) -> TokenStream {
        let (passable, data) = if self.options.data {
            self.as_data()
        } else {
            (self.field_by_field(), self.data_if_fields_are())
        };
        quote! {
            #[allow(
                clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction,
                deprecated, unused_qualifications
            )]
            const _: () = {
                #passable
                #data
            };
        }
    }

    /// `#[passable(data)]`: the value is never taken apart.
    fn as_data(&self) -> (TokenStream, TokenStream) {
        let root = self.options.membrane.root();
        let name = &self.input.ident;
        let generics = self.bounded(&parse_quote!(#root::Data));
        let (parameters, arguments, clause) = generics.split_for_impl();
        let crossing = local("crossing");
        let types = self
            .types()
            .map(|ty| quote_spanned!(at(ty)=> __membrane_data::<#ty>();));
        let size = self.size();
        let passable = quote! {
            #[automatically_derived]
            impl #parameters #root::Passable for #name #arguments #clause {
                const BARE: bool = true;

                #[inline]
                fn pass(
                    self,
                    #crossing: &#root::Crossing<'_>,
                ) -> ::core::result::Result<Self, #root::Error> {
                    fn __membrane_data<__MembraneData: #root::Data>() {}
                    let _ = #crossing;
                    #(#types)*
                    ::core::result::Result::Ok(self)
                }

                #size
            }
        };
        let data = quote! {
            #[automatically_derived]
            impl #parameters #root::Data for #name #arguments #clause {}
        };
        (passable, data)
    }

    fn field_by_field(&self) -> TokenStream {
        let root = self.options.membrane.root();
        let name = &self.input.ident;
        let mut generics = self.bounded(&parse_quote!(#root::Passable));
        // Under a binder, like the bounds of `Data`: of a field that is not `Send`, only that it cannot cross is reported.
        generics
            .make_where_clause()
            .predicates
            .push(parse_quote!(for<'__membrane> Self: ::core::marker::Send));
        let (parameters, arguments, clause) = generics.split_for_impl();
        let crossing = local("crossing");
        let (bare, level) = if self.is_recursive() {
            let level = local("level");
            (quote!(false), quote!(let #level = #crossing.__nest()?;))
        } else {
            let each = self
                .types()
                .map(|ty| quote_spanned!(at(ty)=> && <#ty as #root::Passable>::BARE));
            (quote!(true #(#each)*), TokenStream::new())
        };
        let arms = self
            .variants
            .iter()
            .map(|(variant, fields)| self.rebuild(*variant, fields, &crossing));
        let size = self.size();
        let seen = self.seen();
        quote! {
            #[automatically_derived]
            impl #parameters #root::Passable for #name #arguments #clause {
                const BARE: bool = #bare;

                fn pass(
                    self,
                    #crossing: &#root::Crossing<'_>,
                ) -> ::core::result::Result<Self, #root::Error> {
                    if <Self as #root::Passable>::BARE {
                        return ::core::result::Result::Ok(self);
                    }
                    #level
                    match self {
                        #(#arms)*
                    }
                }

                #size
                #seen
            }
        }
    }

    /// `size_bytes`: the sum over the fields.
    fn size(&self) -> TokenStream {
        let root = self.options.membrane.root();
        let arms = self.variants.iter().map(|(variant, fields)| {
            let variant = variant.map(|variant| quote!(::#variant));
            let members: Vec<_> = fields.members().collect();
            let names: Vec<_> = (0..members.len())
                .map(|index| local(&format!("field{index}")))
                .collect();
            let sizes = fields.iter().zip(&names).map(|(field, name)| {
                let ty = &field.ty;
                let passable = quote_spanned!(at(ty)=> <#ty as #root::Passable>);
                quote!(.saturating_add(#passable::size_bytes(#name)))
            });
            quote! {
                Self #variant { #(#members: #names),* } => {
                    0u64 #(#sizes)*
                }
            }
        });
        // A reference is never without a variant, even where the type has none.
        let nothing = self.variants.is_empty().then(|| quote!(_ => 0u64,));
        quote! {
            fn size_bytes(&self) -> u64 {
                match self {
                    #(#arms)*
                    #nothing
                }
            }
        }
    }

    /// How rules that are data see it: a struct by its fields, an enum without fields by the name of the variant, anything else
    /// not at all. A type that mentions itself has a shape without end.
    fn seen(&self) -> TokenStream {
        let root = self.options.membrane.root();
        let is_enum = matches!(self.input.data, Data::Enum(_));
        let (shape, view) = match self.variants.as_slice() {
            _ if self.is_recursive() => return TokenStream::new(),
            [(None, Fields::Named(fields))] => {
                let fields = fields.named.iter().filter_map(|field| {
                    let member = field.ident.as_ref()?;
                    let (name, ty) = (member.unraw().to_string(), &field.ty);
                    let passable = quote_spanned!(at(ty)=> <#ty as #root::Passable>);
                    Some((
                        quote!((#name, #passable::SHAPE)),
                        quote!((#name, #passable::inspected(&self.#member))),
                    ))
                });
                let (shapes, views): (Vec<_>, Vec<_>) = fields.unzip();
                (
                    quote!(Record(&[#(#shapes),*])),
                    quote!(#root::Inspected::Record(::std::vec![#(#views),*])),
                )
            }
            [(None, Fields::Unnamed(fields))] if fields.unnamed.len() == 1 => {
                let ty = &fields.unnamed[0].ty;
                let passable = quote_spanned!(at(ty)=> <#ty as #root::Passable>);
                return quote! {
                    const SHAPE: #root::Shape = #passable::SHAPE;

                    fn inspected(&self) -> #root::Inspected<'_> {
                        #passable::inspected(&self.0)
                    }
                };
            }
            variants
                if is_enum
                    && !variants.is_empty()
                    && variants.iter().all(|(_, fields)| fields.is_empty()) =>
            {
                let arms = variants.iter().filter_map(|(variant, _)| {
                    let variant = (*variant)?;
                    let name = variant.unraw().to_string();
                    Some(quote!(Self::#variant { .. } => #name,))
                });
                let name = quote!(match self { #(#arms)* });
                (
                    quote!(Text),
                    quote!(#root::Inspected::Text(::std::borrow::Cow::Borrowed(#name))),
                )
            }
            _ => return TokenStream::new(),
        };
        quote! {
            const SHAPE: #root::Shape = #root::Shape::#shape;

            fn inspected(&self) -> #root::Inspected<'_> {
                #view
            }
        }
    }

    /// One arm of the `match`; braces fit tuples and units as well.
    fn rebuild(&self, variant: Option<&Ident>, fields: &Fields, crossing: &Ident) -> TokenStream {
        let root = self.options.membrane.root();
        let variant = variant.map(|variant| quote!(::#variant));
        let members: Vec<_> = fields.members().collect();
        let names: Vec<_> = (0..members.len())
            .map(|index| local(&format!("field{index}")))
            .collect();
        let values = fields.iter().zip(&names).map(|(field, name)| {
            let ty = &field.ty;
            quote_spanned!(at(ty)=> if #crossing.__bare() { #name } else { <#ty as #root::Passable>::pass(#name, #crossing)? })
        });
        quote! {
            Self #variant { #(#members: #names),* } => {
                ::core::result::Result::Ok(Self #variant { #(#members: #values),* })
            }
        }
    }

    /// A type that mentions itself is never `Data`: the question would have no end.
    fn data_if_fields_are(&self) -> TokenStream {
        if self.is_recursive() {
            return TokenStream::new();
        }
        let root = self.options.membrane.root();
        let name = &self.input.ident;
        let mut generics = self.bounded(&parse_quote!(#root::Passable));
        let clause = generics.make_where_clause();
        for ty in self.types() {
            clause
                .predicates
                .push(parse_quote!(for<'__membrane> #ty: #root::Data));
        }
        let (parameters, arguments, clause) = generics.split_for_impl();
        quote! {
            #[automatically_derived]
            impl #parameters #root::Data for #name #arguments #clause {}
        }
    }

    fn is_recursive(&self) -> bool {
        self.options.recursive
            || self
                .types()
                .any(|ty| Mentions::of(ty).itself(&self.input.ident))
    }

    /// The parameters of the type, each type among them under `bound`, unless it may be unsized.
    fn bounded(&self, bound: &TypeParamBound) -> Generics {
        let mut generics = self.input.generics.clone();
        for parameter in &mut generics.params {
            if let GenericParam::Type(parameter) = parameter
                && !may_be_unsized(parameter)
            {
                parameter.colon_token.get_or_insert_default();
                parameter.bounds.push(bound.clone());
            }
        }
        generics
    }
}

fn may_be_unsized(parameter: &TypeParam) -> bool {
    let maybe = |bound: &TypeParamBound| matches!(bound, TypeParamBound::Trait(bound) if bound.maybe.is_some());
    parameter.bounds.iter().any(maybe)
}

fn local(name: &str) -> Ident {
    format_ident!("__membrane_{name}", span = Span::mixed_site())
}

fn parse_options(attributes: &[Attribute], refusals: &mut Refusals) -> Options {
    let mut options = Options::default();
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("passable"))
    {
        let tokens = refusals
            .take(attribute.meta.require_list())
            .map(|list| list.tokens.clone());
        let parser = |input: ParseStream<'_>| options.parse(input);
        refusals.take(parser.parse2(tokens.unwrap_or_default()));
    }
    options
}

impl Options {
    fn parse(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        while !input.is_empty() {
            if input.peek(Token![crate]) {
                self.membrane = MembranePath::parse_option(input)?;
            } else {
                let option: Ident = input.parse()?;
                match option.to_string().as_str() {
                    "data" => self.data = true,
                    "recursive" => self.recursive = true,
                    _ => {
                        return Err(syn::Error::new_spanned(
                            option,
                            "the options are `data`, `recursive` and `crate = path`",
                        ));
                    }
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
