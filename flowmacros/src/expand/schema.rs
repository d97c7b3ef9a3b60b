//! `derive(JsonSchema)`: schemars' own derive on a copy of the type, so that the user's crate needs no schemars.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, DeriveInput, Expr, Fields, GenericParam, Generics, Meta, Path, Token};

/// Expands the derive.
pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let input: DeriveInput = match syn::parse2(item) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    if let Data::Union(data) = &input.data {
        let msg = "a union has no JSON form\n\nuse an enum";
        return syn::Error::new_spanned(data.union_token, msg).to_compile_error();
    }
    schema(&runtime_path(&input.attrs), &input)
}

/// The copy bears the type's name, so that schemars names the schema as it would; the alias reaches the type itself.
fn schema(rt: &Path, input: &DeriveInput) -> TokenStream {
    let name = &input.ident;
    let (generics, args, clause) = input.generics.split_for_impl();
    let bare = bare(&input.generics);
    let (default, copy) = copy(rt, input);
    let predicates = clause.iter().flat_map(|clause| clause.predicates.iter());
    let schemars = quote!(#rt::__private::schemars);
    quote! {
        const _: () = {
            #[allow(dead_code)]
            type __Original #bare = #name #args;
            const _: () = {
                #copy
                #default
                impl #generics #schemars::JsonSchema for __Original #args
                where
                    #(#predicates,)*
                    #name #args: #schemars::JsonSchema,
                {
                    fn inline_schema() -> bool {
                        <#name #args as #schemars::JsonSchema>::inline_schema()
                    }
                    fn schema_name() -> ::std::borrow::Cow<'static, str> {
                        <#name #args as #schemars::JsonSchema>::schema_name()
                    }
                    fn schema_id() -> ::std::borrow::Cow<'static, str> {
                        <#name #args as #schemars::JsonSchema>::schema_id()
                    }
                    fn json_schema(generator: &mut #schemars::SchemaGenerator) -> #schemars::Schema {
                        <#name #args as #schemars::JsonSchema>::json_schema(generator)
                    }
                }
            };
        };
    }
}

/// The type with the attributes that schemars reads, and a `Default` where its serde default needs one.
fn copy(rt: &Path, input: &DeriveInput) -> (Option<TokenStream>, TokenStream) {
    let mut copy = input.clone();
    let default = container_default(&input.attrs);
    copy.attrs = kept(&input.attrs, default.is_some());
    match &mut copy.data {
        Data::Struct(data) => strip(&mut data.fields),
        Data::Enum(data) => {
            for variant in &mut data.variants {
                variant.attrs = kept(&variant.attrs, false);
                strip(&mut variant.fields);
            }
        }
        Data::Union(_) => {}
    }
    copy.vis = syn::Visibility::Inherited;
    let schemars = quote!(#rt::__private::schemars).to_string();
    let made = default.and_then(|made| default_fn(input, &made));
    let attr = made
        .as_ref()
        .map(|_| quote!(#[schemars(default = "__default")]));
    let tokens = quote! {
        #[derive(#rt::__private::schemars::JsonSchema)]
        #[schemars(crate = #schemars)]
        #attr
        #[allow(dead_code, clippy::all, clippy::pedantic)]
        #copy
    };
    (made, tokens)
}

/// Gives the copy the defaults of the type.
fn default_fn(input: &DeriveInput, made: &TokenStream) -> Option<TokenStream> {
    let Data::Struct(data) = &input.data else {
        return None;
    };
    let name = &input.ident;
    let (generics, args, clause) = input.generics.split_for_impl();
    let fields: Vec<TokenStream> = match &data.fields {
        Fields::Named(named) => named
            .named
            .iter()
            .filter_map(|field| field.ident.as_ref())
            .map(|name| quote!(#name))
            .collect(),
        Fields::Unnamed(list) => (0..list.unnamed.len())
            .map(|index| {
                let index = syn::Index::from(index);
                quote!(#index)
            })
            .collect(),
        Fields::Unit => Vec::new(),
    };
    let value = format_ident!("value");
    Some(quote! {
        fn __default #generics () -> #name #args #clause {
            let #value: __Original #args = #made;
            #name { #(#fields: #value.#fields),* }
        }
    })
}

/// `#[serde(default)]` or `#[serde(default = "path")]` on the type: how the value is made.
fn container_default(attrs: &[Attribute]) -> Option<TokenStream> {
    attrs
        .iter()
        .filter(|attr| is_any(attr, &["serde", "schemars"]))
        .find_map(|attr| {
            let list = attr
                .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
                .ok()?;
            list.iter()
                .find(|meta| meta.path().is_ident("default"))
                .map(|meta| match meta {
                    Meta::NameValue(pair) => match &pair.value {
                        Expr::Lit(lit) => match &lit.lit {
                            syn::Lit::Str(path) => path
                                .parse::<syn::ExprPath>()
                                .map(|path| quote!(#path()))
                                .unwrap_or_default(),
                            _ => TokenStream::new(),
                        },
                        _ => TokenStream::new(),
                    },
                    _ => quote!(::core::default::Default::default()),
                })
        })
}

fn strip(fields: &mut Fields) {
    for field in fields.iter_mut() {
        field.attrs = kept(&field.attrs, false);
    }
}

/// The attributes that say something about the schema.
fn kept(attrs: &[Attribute], without_default: bool) -> Vec<Attribute> {
    attrs
        .iter()
        .filter(|attr| {
            is_any(
                attr,
                &["serde", "schemars", "doc", "cfg", "cfg_attr", "deprecated"],
            )
        })
        .filter_map(|attr| {
            if without_default {
                no_default(attr)
            } else {
                Some(attr.clone())
            }
        })
        .collect()
}

/// The attribute without its `default`, which is replaced by one that fits the copy.
fn no_default(attr: &Attribute) -> Option<Attribute> {
    if !is_any(attr, &["serde", "schemars"]) {
        return Some(attr.clone());
    }
    let Ok(list) = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else {
        return Some(attr.clone());
    };
    let rest: Vec<&Meta> = list
        .iter()
        .filter(|meta| !meta.path().is_ident("default"))
        .collect();
    let path = attr.path();
    (!rest.is_empty()).then(|| syn::parse_quote!(#[#path(#(#rest),*)]))
}

fn is_any(attr: &Attribute, names: &[&str]) -> bool {
    names.iter().any(|name| attr.path().is_ident(name))
}

/// The parameters without their bounds, which an alias may not have.
fn bare(generics: &Generics) -> Option<TokenStream> {
    let params = generics.params.iter().map(|param| match param {
        GenericParam::Lifetime(lifetime) => {
            let lifetime = &lifetime.lifetime;
            quote!(#lifetime)
        }
        GenericParam::Type(ty) => {
            let ident = &ty.ident;
            quote!(#ident)
        }
        GenericParam::Const(value) => {
            let (ident, ty) = (&value.ident, &value.ty);
            quote!(const #ident: #ty)
        }
    });
    let params: Vec<_> = params.collect();
    (!params.is_empty()).then(|| quote!(<#(#params),*>))
}

/// `#[flowrt(crate = path)]`, else `::flowrt`.
fn runtime_path(attrs: &[Attribute]) -> Path {
    let mut found: Path = syn::parse_quote!(::flowrt);
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("flowrt")) {
        let read = attr.parse_nested_meta(|meta| {
            if meta.path.is_ident("crate") {
                found = meta.value()?.parse()?;
            }
            Ok(())
        });
        // What else stands there is not ours to judge: rustc has no use for it either.
        let _ = read;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(attr: &TokenStream) -> Option<String> {
        let input: DeriveInput = syn::parse_quote!(#attr struct A { b: u32 });
        container_default(&input.attrs).map(|tokens| tokens.to_string())
    }

    #[test]
    fn the_default_of_a_type_is_found() {
        assert_eq!(made(&quote!(#[serde(rename_all = "camelCase")])), None);
        assert_eq!(
            made(&quote!(#[serde(default)])).as_deref(),
            Some(":: core :: default :: Default :: default ()")
        );
        assert_eq!(
            made(&quote!(#[serde(default = "a::b")])).as_deref(),
            Some("a :: b ()")
        );
    }
}
