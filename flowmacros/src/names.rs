//! Names that are derived from names.

use proc_macro2::Ident;
use quote::format_ident;
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
