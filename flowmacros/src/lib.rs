//! The attribute macros of flowrt.

mod ctxt;
mod dag;
