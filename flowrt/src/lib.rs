//! flowrt
