//! Who listens to the signals that come to this process. A signal to a group of processes stops what a body has started,
//! and may be heard here a moment later: a failure waits until it is known what it was.

use std::sync::OnceLock;

use tokio::sync::{mpsc, oneshot};

/// A question whether a signal has come; the answer counts all that came before the question.
pub(crate) type Question = oneshot::Sender<bool>;

/// Asks who listens.
#[derive(Debug, Default)]
pub(crate) struct Ear(OnceLock<mpsc::UnboundedSender<Question>>);

impl Ear {
    /// From now on signals are heard there. Only the first listener counts.
    #[cfg(any(feature = "cli", test))]
    pub(crate) fn listens(&self, listener: mpsc::UnboundedSender<Question>) {
        let _ = self.0.set(listener);
    }

    /// Whether a signal has come that will let go of what runs here; `false` if nobody listens.
    pub(crate) async fn has_heard(&self) -> bool {
        let Some(listener) = self.0.get() else {
            return false;
        };
        let (question, answer) = oneshot::channel();
        listener.send(question).is_ok() && answer.await.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_listener_is_asked_and_none_means_no() {
        let ear = Ear::default();
        assert!(!ear.has_heard().await);
        let (listener, mut questions) = mpsc::unbounded_channel::<Question>();
        ear.listens(listener);
        let (heard, ()) = tokio::join!(ear.has_heard(), async {
            let question = questions.recv().await.expect("a question");
            question.send(true).expect("somebody waits");
        });
        assert!(heard);
        drop(questions);
        assert!(!ear.has_heard().await);
    }
}
