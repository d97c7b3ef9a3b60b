//! What is counted, for Prometheus.

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::error::Result;
use crate::model::state::RunState;
use crate::ops::{Engine, RunFilter};

type Labels = Vec<(&'static str, String)>;

/// Upper bounds of the times that are counted, in seconds.
const SECONDS: [f64; 9] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];

/// The counts of a server. Their labels are routes and states, of which there are few: nobody can fill it from outside.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
    seconds: Family<Labels, Histogram>,
    runs: Family<Labels, Gauge>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Metrics {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("flowrt");
        let requests = Family::<Labels, Counter>::default();
        let seconds = Family::<Labels, Histogram>::new_with_constructor(|| Histogram::new(SECONDS));
        let runs = Family::<Labels, Gauge>::default();
        registry.register("http_requests", "Answers of the API", requests.clone());
        registry.register(
            "http_request_seconds",
            "How long an answer of the API took to begin",
            seconds.clone(),
        );
        registry.register("open_runs", "Runs that have not ended", runs.clone());
        Self {
            registry,
            requests,
            seconds,
            runs,
        }
    }

    /// An answer was made.
    pub(super) fn answered(&self, operation: &str, status: u16, took: Duration) {
        let operation = ("operation", operation.to_owned());
        self.seconds
            .get_or_create(&vec![operation.clone()])
            .observe(took.as_secs_f64());
        let status = ("status", status.to_string());
        self.requests.get_or_create(&vec![operation, status]).inc();
    }

    /// All of them in the format of Prometheus.
    ///
    /// # Errors
    /// If the store fails.
    pub(super) async fn text(&self, engine: &Engine) -> Result<String> {
        let open: Vec<RunState> = RunState::ALL
            .iter()
            .copied()
            .filter(|state| !state.is_final())
            .collect();
        let filter = RunFilter {
            states: open.clone(),
            ..RunFilter::default()
        };
        let runs = engine.runs(filter).await?;
        for state in open {
            let count = runs.iter().filter(|run| run.state == state).count();
            self.runs
                .get_or_create(&vec![("state", state.as_str().to_owned())])
                .set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
