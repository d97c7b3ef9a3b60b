//! The calls of a program flow, for the preview of what it will do.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Path;

use crate::model::line;
use crate::names::spelled;

/// A call in the body, as text: the registry finds out which of them are tasks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CallSite {
    pub(crate) text: String,
    pub(crate) line: u32,
    /// Whether it is called for each item of a `map`.
    pub(crate) mapped: bool,
}

impl CallSite {
    /// The call of a path whose segments are all lower-case; others make values, or are functions of a type.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let last = path.segments.last()?;
        let mut names = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string());
        if !names.all(|name| is_function(&name)) {
            return None;
        }
        let mut bare = path.clone();
        for segment in &mut bare.segments {
            segment.arguments = syn::PathArguments::None;
        }
        Some(Self {
            text: spelled(&bare),
            line: line(last.ident.span()),
            mapped: false,
        })
    }
}

/// Functions are lower-case.
pub(super) fn is_function(name: &str) -> bool {
    name.trim_start_matches("r#")
        .trim_start_matches('_')
        .chars()
        .next()
        .is_some_and(|first| !first.is_uppercase())
}

/// As a constant.
pub(crate) fn tokens(sites: &[CallSite], rt: &Path) -> TokenStream {
    let sites = sites.iter().map(|CallSite { text, line, mapped }| {
        quote!(#rt::__private::Site { text: #text, line: #line, mapped: #mapped })
    });
    quote!(&[#(#sites),*])
}
