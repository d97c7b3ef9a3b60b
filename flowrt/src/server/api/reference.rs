//! What a request names: a run, an idempotency key.

use axum::http::StatusCode;

use crate::model::record::RunRecord;
use crate::server::problem::Problem;
use crate::server::route::{Answered, Call};

impl<Q, B> Call<Q, B> {
    /// The run that the path names.
    pub(super) async fn run(&self) -> Answered<RunRecord> {
        Ok(self.state.engine.find(self.part("run")).await?)
    }

    /// The key under which something is started only once.
    pub(super) fn key(&self) -> Answered<Option<String>> {
        let Some(key) = self.headers.get("idempotency-key") else {
            return Ok(None);
        };
        let text = key.to_str().unwrap_or_default();
        let is_good =
            (1..=200).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_good {
            let detail = "the header Idempotency-Key is 1 to 200 visible ASCII characters";
            return Err(
                Problem::new(StatusCode::BAD_REQUEST, "bad_key", detail).hint("a UUID will do")
            );
        }
        Ok(Some(text.to_owned()))
    }
}
