//! Functions that options name: what they must look like, said in words when they do not.

use serde::de::DeserializeOwned;

use crate::author::record::decode;
use crate::error::{Error, Result};
use crate::model::payload::Payload;

/// What `retry_if` and each of `retry_rules` name.
#[diagnostic::on_unimplemented(
    message = "this says nothing about an error: it is to be a function `fn(&Error) -> bool`",
    label = "this function is another one",
    note = "`retry_if` and `retry_rules` ask it about a failed attempt: `fn is_transient(error: &flowrt::Error) -> bool`"
)]
pub trait RetryIf {
    /// Whether this error is worth another attempt.
    fn asked_about(self, error: &Error) -> bool;
}

#[diagnostic::do_not_recommend]
impl<F: Fn(&Error) -> bool> RetryIf for F {
    fn asked_about(self, error: &Error) -> bool {
        self(error)
    }
}

/// What `cache_key` names, for a task whose recorded parameters have the types `Inputs`.
#[diagnostic::on_unimplemented(
    message = "`cache_key` names a function that takes a reference to each recorded parameter and gives a `String`",
    label = "this function is another one; the parameters are `{Inputs}`",
    note = "for a task `fn fetch(page: u32, …)` it is `fn key(page: &u32) -> String`"
)]
pub trait CacheKey<Inputs> {
    /// The key of these inputs.
    fn key_of(&self, inputs: &Inputs) -> String;
}

macro_rules! cache_key {
    ($($input:ident)*) => {
        #[diagnostic::do_not_recommend]
        impl<Function, $($input),*> CacheKey<($($input,)*)> for Function
        where
            Function: Fn($(&$input),*) -> String,
        {
            #[allow(non_snake_case, clippy::unused_unit)]
            fn key_of(&self, inputs: &($($input,)*)) -> String {
                let ($($input,)*) = inputs;
                self($($input),*)
            }
        }
    };
}
cache_key!();
cache_key!(A);
cache_key!(A B);
cache_key!(A B C);
cache_key!(A B C D);
cache_key!(A B C D E);
cache_key!(A B C D E G);
cache_key!(A B C D E G H);
cache_key!(A B C D E G H I);
cache_key!(A B C D E G H I J);
cache_key!(A B C D E G H I J K);
cache_key!(A B C D E G H I J K L);
cache_key!(A B C D E G H I J K L N);

/// The key that the function `cache_key` gives for recorded inputs.
///
/// # Errors
/// If the record does not fit their types.
pub fn cache_key_of<Inputs: DeserializeOwned, F: CacheKey<Inputs>>(
    function: &F,
    inputs: &Payload,
) -> Result<String> {
    Ok(function.key_of(&decode(inputs)?))
}
