//! Collects errors, so that a file with ten mistakes reports ten.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The errors found so far.
#[derive(Debug, Default)]
pub(crate) struct Ctxt(Vec<syn::Error>);

impl Ctxt {
    /// Nothing found yet.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// An error that underlines `at`.
    pub(crate) fn error(&mut self, at: impl ToTokens, msg: impl Display) {
        self.0.push(syn::Error::new_spanned(at, msg));
    }

    /// An error that a parser made.
    pub(crate) fn push(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    /// How many were found.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes over what another collector found.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Whether nothing was found.
    pub(crate) fn is_clean(&self) -> bool {
        self.0.is_empty()
    }

    /// One `compile_error!` per error, or none.
    pub(crate) fn into_errors(self) -> Option<TokenStream> {
        if self.0.is_empty() {
            return None;
        }
        Some(self.0.iter().map(syn::Error::to_compile_error).collect())
    }

    /// The messages, for tests.
    #[cfg(test)]
    pub(crate) fn messages(&self) -> Vec<String> {
        self.0
            .iter()
            .flat_map(|error| error.into_iter().map(|one| one.to_string()))
            .collect()
    }
}
