//! Names that are derived from names.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident};
use syn::Path;
use syn::ext::IdentExt;

/// The hidden type that stands for a function: `__fetch` for `fetch`, `__type` for `r#type`.
pub(crate) fn marker(function: &Ident) -> Ident {
    format_ident!("__{}", function.unraw(), span = function.span())
}

/// The name without `r#`.
pub(crate) fn plain(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// The flag of a parameter: kebab-case, without the underscore of one that is not used.
pub(crate) fn kebab(ident: &Ident) -> String {
    plain(ident).trim_matches('_').replace('_', "-")
}

/// A list of words.
pub(crate) fn listed(words: &[&str]) -> String {
    words.join(", ")
}

/// Where support code stands: the user's place, and names as the macro means them, also if a `macro_rules` made the item.
pub(crate) fn here(span: Span) -> Span {
    span.resolved_at(Span::call_site())
}

/// The path of the run time at a place: without it, rustc would show the whole attribute.
pub(crate) fn path_at(rt: &Path, span: Span) -> TokenStream {
    rt.to_token_stream()
        .into_iter()
        .map(|mut token| {
            token.set_span(span.resolved_at(token.span()));
            token
        })
        .collect()
}

/// Tokens as a person would write them, roughly: `Vec<u8>` and not `Vec < u8 >`.
pub(crate) fn spelled(tokens: &impl quote::ToTokens) -> String {
    const TIGHTER: &[(&str, &str)] = &[
        (" :: ", "::"),
        (":: ", "::"),
        (" < ", "<"),
        ("< ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        ("[ ", "["),
        (" ]", "]"),
        (" . ", "."),
        (" ;", ";"),
        (" !", "!"),
        (" ?", "?"),
    ];
    TIGHTER
        .iter()
        .fold(tokens.to_token_stream().to_string(), |text, (from, to)| {
            text.replace(from, to)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_identifiers_lose_their_prefix() {
        let ident: Ident = syn::parse_quote!(r#type);
        assert_eq!(marker(&ident), "__type");
        assert_eq!(kebab(&ident), "type");
    }

    #[test]
    fn flags_are_kebab_case() {
        let ident: Ident = syn::parse_quote!(_max_pages);
        assert_eq!(kebab(&ident), "max-pages");
    }
}
