//! Values of the macro as constants of the user's program.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::{LitStr, Path};

use crate::args::retry::Delay;

/// A duration.
pub(super) fn duration(value: Duration) -> TokenStream {
    let (seconds, nanos) = (value.as_secs(), value.subsec_nanos());
    quote!(::core::time::Duration::new(#seconds, #nanos))
}

/// The waits between attempts.
pub(super) fn delay(rt: &Path, value: &Delay) -> TokenStream {
    match value {
        Delay::List(list) => {
            let list = list.iter().copied().map(duration);
            quote!(#rt::__private::Delay::List(&[#(#list),*]))
        }
        Delay::Backoff(first, cap) => {
            let (first, cap) = (duration(*first), duration(*cap));
            quote!(#rt::__private::Delay::Backoff(#first, #cap))
        }
    }
}

/// What may be absent.
pub(super) fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

/// A string that may be absent.
pub(super) fn text(value: Option<&LitStr>) -> TokenStream {
    option(value.map(|value| quote!(#value)))
}

/// The variant that a word such as `cancel_previous` names.
pub(super) fn variant(word: &str) -> Ident {
    let camel: String = word
        .split('_')
        .flat_map(|part| {
            let mut letters = part.chars();
            letters
                .next()
                .into_iter()
                .flat_map(char::to_uppercase)
                .chain(letters)
        })
        .collect();
    Ident::new(&camel, Span::call_site())
}
