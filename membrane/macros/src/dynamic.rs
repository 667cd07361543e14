//! `#[derive(Dynamic)]`: a struct is a record of its fields, a tuple struct a list, and one with a single field that field;
//! an enum's case is its name, or a record of one field: its name, with what it holds.
//!
//! Every field's type is written out where its dynamic form is needed, so that the compiler's message points at it.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Data, DeriveInput, Fields, GenericParam, Ident, Path, Token, parse_quote};

use crate::path::at;
use crate::refusals::Refusals;

/// A type that passed every check.
struct Subject<'a> {
    input: &'a DeriveInput,
    runtime: Path,
    shape: Shape<'a>,
}

enum Shape<'a> {
    Struct(&'a Fields),
    Enum(Vec<(&'a Ident, &'a Fields)>),
}

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let expanded = syn::parse2(item).and_then(|input| Ok(Subject::check(&input)?.expand()));
    expanded.unwrap_or_else(syn::Error::into_compile_error)
}

fn local(name: &str) -> Ident {
    format_ident!("__membrane_{name}", span = Span::mixed_site())
}

impl<'a> Subject<'a> {
    fn check(input: &'a DeriveInput) -> syn::Result<Self> {
        let mut refusals = Refusals::default();
        let mut runtime: Path = parse_quote!(::runtime);
        for attribute in input
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("dynamic"))
        {
            let parser = |input: ParseStream<'_>| {
                input.parse::<Token![crate]>().map_err(|_| {
                    input.error("the only option is `crate = path`, the place of `runtime`")
                })?;
                input.parse::<Token![=]>()?;
                input.call(Path::parse_mod_style)
            };
            let tokens = refusals
                .take(attribute.meta.require_list())
                .map(|list| list.tokens.clone());
            if let Some(path) = tokens.and_then(|tokens| refusals.take(parser.parse2(tokens))) {
                runtime = path;
            }
        }
        for parameter in input.generics.lifetimes() {
            refusals.refuse(
                parameter,
                "a borrowed value has no dynamic form: own the data, and remove the lifetime",
            );
        }
        let shape = match &input.data {
            Data::Struct(data) => Shape::Struct(&data.fields),
            Data::Enum(data) => Shape::Enum(
                data.variants
                    .iter()
                    .map(|variant| (&variant.ident, &variant.fields))
                    .collect(),
            ),
            Data::Union(data) => {
                refusals.refuse(
                    data.union_token,
                    "a union has no dynamic form, as nobody knows which of its fields is set: write an enum",
                );
                Shape::Enum(Vec::new())
            }
        };
        refusals.finish(Self {
            input,
            runtime,
            shape,
        })
    }

    fn expand(&self) -> TokenStream {
        let runtime = &self.runtime;
        let name = &self.input.ident;
        let mut generics = self.input.generics.clone();
        for parameter in &mut generics.params {
            if let GenericParam::Type(parameter) = parameter {
                parameter.colon_token.get_or_insert_default();
                parameter.bounds.push(parse_quote!(#runtime::Dynamic));
            }
        }
        let (parameters, arguments, clause) = generics.split_for_impl();
        let (describing, side, value) = (local("describing"), local("side"), local("value"));
        let (ty, into, from, answer) = match &self.shape {
            Shape::Struct(fields) => self.structure(fields),
            Shape::Enum(variants) => self.choice(variants),
        };
        let text = name.unraw().to_string();
        let nullable = match &self.shape {
            Shape::Struct(Fields::Unit) => quote!(true),
            Shape::Struct(fields @ Fields::Unnamed(_)) if fields.len() == 1 => {
                let ty = &fields.iter().next().expect("it has one").ty;
                quote!(<#ty as #runtime::Dynamic>::NULLABLE)
            }
            _ => quote!(false),
        };
        quote! {
            #[allow(
                clippy::all, clippy::pedantic, clippy::nursery, clippy::restriction,
                deprecated, unused_qualifications, unused_variables, unreachable_code
            )]
            const _: () = {
                #[automatically_derived]
                impl #parameters #runtime::Dynamic for #name #arguments #clause {
                    const NULLABLE: bool = #nullable;

                    fn ty(#describing: &mut #runtime::Describing) -> #runtime::Type {
                        #describing.named::<Self>(#text, |#describing| #ty)
                    }

                    fn into_value(self, #side: &#runtime::Domain) -> #runtime::Value {
                        #into
                    }

                    fn from_value(
                        #value: &#runtime::Value,
                        #side: &#runtime::Domain,
                    ) -> ::core::result::Result<Self, #runtime::Mismatch> {
                        #from
                    }

                    fn membrane_error(&self) -> ::core::option::Option<#runtime::__private::Error> {
                        #answer
                    }
                }
            };
        }
    }

    /// Type, making, reading and the membrane's answer of a struct.
    fn structure(&self, fields: &Fields) -> (TokenStream, TokenStream, TokenStream, TokenStream) {
        let name = self.input.ident.unraw().to_string();
        let names = bindings(fields);
        let members: Vec<_> = fields.members().collect();
        let ty = self.fields_type(&name, fields);
        let made = self.fields_value(fields, &names);
        let value = local("value");
        let read = self.fields_read(fields, &quote!(Self), &quote!(#value));
        let answer = match fields {
            Fields::Unnamed(inner) if inner.unnamed.len() == 1 => {
                let (ty, runtime) = (&inner.unnamed[0].ty, &self.runtime);
                quote_spanned!(at(ty)=> <#ty as #runtime::Dynamic>::membrane_error(&self.0))
            }
            _ => quote!(::core::option::Option::None),
        };
        (
            ty,
            quote! { let Self { #(#members: #names),* } = self; #made },
            read,
            answer,
        )
    }

    /// The same of an enum.
    fn choice(
        &self,
        variants: &[(&Ident, &Fields)],
    ) -> (TokenStream, TokenStream, TokenStream, TokenStream) {
        let runtime = &self.runtime;
        let name = self.input.ident.unraw().to_string();
        let (value, found, error) = (local("value"), local("found"), local("error"));
        let cases = variants.iter().map(|(variant, fields)| {
            let text = variant.unraw().to_string();
            let with = match fields {
                Fields::Unit => quote!(::core::option::Option::None),
                fields => {
                    let ty = self.fields_type(&format!("{name}::{text}"), fields);
                    quote!(::core::option::Option::Some(#ty))
                }
            };
            quote!(#runtime::Case { name: #text, with: #with })
        });
        let made = variants.iter().map(|(variant, fields)| {
            let text = variant.unraw().to_string();
            if let Fields::Unit = fields {
                return quote!(Self::#variant => #runtime::Value::from(#text),);
            }
            let names = bindings(fields);
            let members: Vec<_> = fields.members().collect();
            let made = self.fields_value(fields, &names);
            quote! {
                Self::#variant { #(#members: #names),* } => #runtime::Value::record([(#text, #made)]),
            }
        });
        let read = variants.iter().map(|(variant, fields)| {
            let text = variant.unraw().to_string();
            if let Fields::Unit = fields {
                return quote! {
                    if let #runtime::Value::Text(#found) = #value && &**#found == #text {
                        return ::core::result::Result::Ok(Self::#variant);
                    }
                };
            }
            let read = self.fields_read(fields, &quote!(Self::#variant), &quote!(#found));
            quote! {
                if let #runtime::Value::Record(#found) = #value
                    && let [#runtime::Field { name: #error, value: #found }] = &**#found
                    && #error == #text
                {
                    let #found: ::core::result::Result<Self, #runtime::Mismatch> = (|| { #read })();
                    return #found.map_err(|#error| #error.in_field(#text));
                }
            }
        });
        let answers = variants.iter().map(|(variant, fields)| match fields {
            Fields::Unnamed(inner) if inner.unnamed.len() == 1 => {
                let ty = &inner.unnamed[0].ty;
                quote_spanned!(at(ty)=> Self::#variant(#found) => <#ty as #runtime::Dynamic>::membrane_error(#found),)
            }
            _ => quote!(Self::#variant { .. } => ::core::option::Option::None,),
        });
        let expected = format!("a case of {name}");
        let uninhabited = variants.is_empty();
        let made = if uninhabited {
            quote!(match self {})
        } else {
            quote!(match self { #(#made)* })
        };
        let answers = if uninhabited {
            quote!(match *self {})
        } else {
            quote!(match self { #(#answers)* })
        };
        (
            quote!(#runtime::Type::Choice(#name.into(), ::std::vec![#(#cases),*].into())),
            made,
            quote! {
                #(#read)*
                ::core::result::Result::Err(#runtime::Mismatch::new(#expected, #value))
            },
            answers,
        )
    }

    fn fields_type(&self, name: &str, fields: &Fields) -> TokenStream {
        let runtime = &self.runtime;
        let describing = local("describing");
        let types: Vec<_> = fields
            .iter()
            .map(|field| {
                let ty = &field.ty;
                quote_spanned!(at(ty)=> <#ty as #runtime::Dynamic>::ty(#describing))
            })
            .collect();
        match fields {
            Fields::Unit => quote!(#runtime::Type::Null),
            Fields::Unnamed(_) if types.len() == 1 => quote!(#(#types)*),
            Fields::Unnamed(_) => quote!(#runtime::Type::Tuple(::std::vec![#(#types),*].into())),
            Fields::Named(_) => {
                let names = field_names(fields);
                quote! {
                    #runtime::Type::Record(
                        #name.into(),
                        ::std::vec![#(#runtime::FieldType { name: #names, ty: #types }),*].into(),
                    )
                }
            }
        }
    }

    fn fields_value(&self, fields: &Fields, bindings: &[Ident]) -> TokenStream {
        let runtime = &self.runtime;
        let side = local("side");
        let values: Vec<_> = fields
            .iter()
            .zip(bindings)
            .map(|(field, binding)| {
                let ty = &field.ty;
                quote_spanned!(at(ty)=> <#ty as #runtime::Dynamic>::into_value(#binding, #side))
            })
            .collect();
        match fields {
            Fields::Unit => quote!(#runtime::Value::Null),
            Fields::Unnamed(_) if values.len() == 1 => quote!(#(#values)*),
            Fields::Unnamed(_) => quote!(#runtime::Value::List(::std::vec![#(#values),*].into())),
            Fields::Named(_) => {
                let names = field_names(fields);
                quote!(#runtime::Value::Record(::std::vec![#(#runtime::Field { name: #names.into(), value: #values }),*].into()))
            }
        }
    }

    /// An expression of type `Result<Self, Mismatch>`.
    fn fields_read(&self, fields: &Fields, maker: &TokenStream, from: &TokenStream) -> TokenStream {
        let runtime = &self.runtime;
        let side = local("side");
        let private = quote!(#runtime::__private);
        let ok = quote!(::core::result::Result::Ok);
        let types: Vec<_> = fields.iter().map(|field| &field.ty).collect();
        match fields {
            Fields::Unit => quote! {
                <() as #runtime::Dynamic>::from_value(#from, #side).map(|()| #maker)
            },
            Fields::Unnamed(_) if types.len() == 1 => {
                let ty = types[0];
                let read =
                    quote_spanned!(at(ty)=> <#ty as #runtime::Dynamic>::from_value(#from, #side)?);
                quote!(#ok(#maker(#read)))
            }
            Fields::Unnamed(_) => {
                let count = types.len();
                let reads = types.iter().enumerate().map(|(index, ty)| {
                    quote_spanned!(at(ty)=> #private::item::<#ty>(#from, #index, #count, #side)?)
                });
                quote!(#ok(#maker(#(#reads),*)))
            }
            Fields::Named(_) => {
                let names = field_names(fields);
                let members: Vec<_> = fields.members().collect();
                let reads = types.iter().zip(&names).map(|(ty, name)| {
                    quote_spanned!(at(ty)=> #private::field::<#ty>(#from, #name, #side)?)
                });
                quote! {{
                    #private::fields(#from, &[#(#names),*])?;
                    #ok(#maker { #(#members: #reads),* })
                }}
            }
        }
    }
}

fn bindings(fields: &Fields) -> Vec<Ident> {
    (0..fields.len())
        .map(|index| local(&format!("field{index}")))
        .collect()
}

fn field_names(fields: &Fields) -> Vec<String> {
    fields
        .iter()
        .filter_map(|field| field.ident.as_ref())
        .map(|name| name.unraw().to_string())
        .collect()
}
