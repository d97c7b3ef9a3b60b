//! An engine on a store.

use std::sync::Arc;

use super::{Engine, outcome};
use crate::author::frame::OpenEngine;
use crate::author::meta::Meta;
use crate::author::plain::Standalone;
use crate::author::record::named;
use crate::clock::{self, Clock};
use crate::config::Config;
#[cfg(feature = "sqlite")]
use crate::engine::trouble;
use crate::engine::{self, Shared};
use crate::error::{Error, ErrorKind, Result};
use crate::model::ids::ProcessId;
use crate::model::payload::Payload;
use crate::registry;
use crate::store::memory::Memory;
use crate::store::{Options, Process, Store};

impl Engine {
    /// Opens the store at that address: `sqlite:PATH` is a file, `memory:` keeps nothing. Its settings are those of
    /// [`config`](crate::config).
    ///
    /// # Errors
    /// If the address is of no kind that this build knows, the store cannot be used, or a setting is wrong.
    pub async fn open(url: &str) -> Result<Self> {
        if url == "memory:" {
            let config = Config::of_store(None)?;
            return Ok(Self::on(Memory::open(options(&config)))?.with(&config));
        }
        #[cfg(feature = "sqlite")]
        if let Some(path) = url.strip_prefix("sqlite:") {
            let config = Config::of_store(Some(path.as_ref()))?;
            let store = crate::store::sqlite::open(path.as_ref(), options(&config));
            return Ok(Self::on(store.map_err(trouble)?)?.with(&config));
        }
        Err(Error::new(
            ErrorKind::Store,
            format!("`{url}` is no store that this build of flowrt can open"),
        )
        .hint("write `memory:` or `sqlite:PATH`"))
    }

    /// An engine on a store that somebody opened.
    ///
    /// # Errors
    /// If two flows or tasks of this program have one name.
    pub fn on(store: Arc<dyn Store>) -> Result<Self> {
        engine::warn_of_aborts();
        Self::with_clock(store, Clock::real(), true)
    }

    fn with(self, config: &Config) -> Self {
        self.shared.settings.apply(config);
        engine::retention::keep(&self.shared, &config.retention);
        self
    }

    pub(crate) fn with_clock(store: Arc<dyn Store>, clock: Clock, counted: bool) -> Result<Self> {
        let shared = Shared::new(store, clock, registry::flows()?, None);
        Ok(Self {
            shared,
            _open: counted.then(|| Arc::new(OpenEngine::new())),
        })
    }

    /// An engine of a test: something stands around its bodies, and it does not count as open.
    pub(crate) fn in_test(
        store: Arc<dyn Store>,
        clock: Clock,
        around: Arc<dyn engine::Around>,
    ) -> Result<Self> {
        let shared = Shared::new(store, clock, registry::flows()?, Some(around));
        Ok(Self {
            shared,
            _open: None,
        })
    }
}

fn options(config: &Config) -> Options {
    Options {
        payload_bytes_max: config.payload_bytes_max,
        payload_inline_max: config.payload_inline_max,
        artifacts_max: config.artifacts_max,
        artifact_bytes_max: config.artifact_bytes_max,
        ..Options::new(this_process())
    }
}

fn open_memory() -> Arc<dyn Store> {
    Memory::open(Options::new(this_process()))
}

pub(crate) fn this_process() -> Process {
    Process {
        id: ProcessId(clock::new_uuid()),
        pid: std::process::id(),
        host: String::new(),
        started: Clock::real().now(),
        build: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

fn standalone(
    meta: &'static Meta,
    input: Payload,
) -> futures_util::future::BoxFuture<'static, Result<Payload>> {
    Box::pin(async move {
        let engine = Engine::with_clock(open_memory(), Clock::real(), false)?;
        outcome(
            engine
                .start_meta(meta, named(meta, &input))
                .await?
                .wait()
                .await?,
        )
    })
}

inventory::submit! { Standalone(standalone) }
