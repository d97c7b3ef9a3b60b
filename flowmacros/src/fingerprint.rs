//! The hash of a function's text, by which a resume plan tells what changed.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;

use crate::input::FnInput;

/// Of the tokens without comments and docs, and of the options.
pub(crate) fn fingerprint(options: &TokenStream, input: &FnInput) -> u64 {
    let mut hasher = blake3::Hasher::new();
    feed(options.clone(), &mut hasher);
    for attr in input
        .attrs
        .iter()
        .filter(|attr| !attr.path().is_ident("doc"))
    {
        feed(attr.to_token_stream(), &mut hasher);
    }
    feed(input.sig.to_token_stream(), &mut hasher);
    feed(input.body.stream(), &mut hasher);
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}

fn feed(tokens: TokenStream, hasher: &mut blake3::Hasher) {
    let mut rest = tokens.into_iter().peekable();
    while let Some(token) = rest.next() {
        if is_doc(&token, rest.peek()) {
            rest.next();
            continue;
        }
        match token {
            TokenTree::Group(group) => {
                hasher.update(format!("{:?}(", group.delimiter()).as_bytes());
                feed(group.stream(), hasher);
                hasher.update(b")\0");
            }
            other => {
                hasher.update(other.to_string().as_bytes());
                hasher.update(b"\0");
            }
        }
    }
}

/// A doc comment is `#[doc = "…"]` by the time a macro sees it.
fn is_doc(token: &TokenTree, next: Option<&TokenTree>) -> bool {
    let TokenTree::Punct(punct) = token else {
        return false;
    };
    let Some(TokenTree::Group(group)) = next else {
        return false;
    };
    let starts_with_doc =
        matches!(group.stream().into_iter().next(), Some(TokenTree::Ident(word)) if word == "doc");
    punct.as_char() == '#' && starts_with_doc
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn of(options: TokenStream, function: TokenStream) -> u64 {
        fingerprint(&options, &syn::parse2(function).expect("a function"))
    }

    #[test]
    fn docs_do_not_count() {
        let bare = of(
            quote!(),
            quote!(
                fn a(x: u32) -> u32 {
                    x
                }
            ),
        );
        let documented = of(
            quote!(),
            quote!(
                #[doc = " Words."]
                fn a(#[doc = "x"] x: u32) -> u32 {
                    #[doc = "y"]
                    x
                }
            ),
        );
        assert_eq!(bare, documented);
    }

    #[test]
    fn text_and_options_count() {
        let one = of(
            quote!(),
            quote!(
                fn a() {
                    1 + 1
                }
            ),
        );
        assert_ne!(
            one,
            of(
                quote!(),
                quote!(
                    fn a() {
                        1 + 2
                    }
                )
            )
        );
        assert_ne!(
            one,
            of(
                quote!(retries = 1),
                quote!(
                    fn a() {
                        1 + 1
                    }
                )
            )
        );
        assert_ne!(
            of(
                quote!(),
                quote!(
                    fn a() {
                        (b)(c)
                    }
                )
            ),
            of(
                quote!(),
                quote!(
                    fn a() {
                        (b(c))
                    }
                )
            )
        );
    }
}
