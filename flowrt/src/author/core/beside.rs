//! A call beside a flow: a hook, or what undoes a task. No flow polls it; whoever begins it takes its outcome.

use super::*;

impl Core {
    /// The inside of a call beside the run with these facts: it is told to stop only when the process goes.
    pub(crate) fn beside(
        facts: Facts,
        clock: Clock,
        interrupt: Arc<Cancel>,
        host: Arc<dyn Host>,
        numbers: Numbers,
    ) -> Arc<Self> {
        let stops = Stops {
            interrupt,
            in_hook: true,
            ..Stops::default()
        };
        let (replay, aside) = (Replay::default(), Aside::default());
        Self::new(facts, clock, stops, host, replay, aside, numbers)
    }

    /// Begins the call of that name in that scope.
    pub(crate) fn begin_beside(
        &self,
        scope: String,
        name: &str,
        meta: &'static Meta,
        input: Payload,
    ) -> Key {
        let scope = self.lock().push_scope(scope);
        let fixed = FixedId {
            position: 0,
            name: Arc::from(name),
            label: None,
            part: false,
        };
        let key = self.build(scope, step_kind(meta), meta.name, input, Some(fixed));
        if let Some(slot) = self.lock().slots.get_mut(key) {
            slot.state = SlotState::Running;
        }
        key
    }
}
