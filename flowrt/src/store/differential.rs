//! Random sequences of operations must end the same in every store.
