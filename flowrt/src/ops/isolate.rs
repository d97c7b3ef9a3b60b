//! Isolated tasks as the command line knows them: what a child is, and who may start one.

use super::Engine;
use crate::author::meta::Meta;
use crate::engine::isolate;
use crate::error::Result;
use crate::registry;

#[cfg(feature = "cli")]
pub(crate) use isolate::allow;
#[cfg(all(feature = "isolate", unix))]
pub(crate) use isolate::{ARGUMENT, serve};

impl Engine {
    /// A flow with an isolated task that cannot be run is refused before it begins. A test's engine runs such bodies in its
    /// own process.
    pub(super) fn refuse_isolated(&self, meta: &Meta) -> Result<()> {
        if self.shared.around.is_some() {
            return Ok(());
        }
        registry::callees(meta).try_for_each(isolate::check)
    }
}
