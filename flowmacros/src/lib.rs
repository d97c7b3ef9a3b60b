//! The attribute macros of flowrt.
