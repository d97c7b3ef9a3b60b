//! Colours, fonts and icons.

use crate::model::state::TaskState;

/// The style sheet. Every rule names the picture's class, as a page may hold the picture among other things. Colours
/// are written out because many viewers do not know variables.
pub(super) const STYLE: &str = "
.flowrt-graph text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:11px}
.flowrt-graph .ground{fill:#ffffff}
.flowrt-graph .edge{fill:none;stroke:#9aa3b2;stroke-width:1.6}
.flowrt-graph .order{stroke-dasharray:2 5;stroke-linecap:round}
.flowrt-graph .spine{stroke:#cfd5de}
.flowrt-graph .head{fill:#7f8998}
.flowrt-graph .box{fill:#f8f9fb;stroke:#c3cad5;stroke-width:1.4}
.flowrt-graph .inner{fill:none;stroke:#c3cad5;stroke-width:1}
.flowrt-graph .name{font-size:13px;fill:#1c2330}
.flowrt-graph .notes{fill:#677083}
.flowrt-graph .arm{fill:#677083;font-style:italic}
.flowrt-graph .badge{fill:#e4e8ef}
.flowrt-graph .count{fill:#434c5e;text-anchor:middle}
.flowrt-graph .icon{color:#8a93a3}
.flowrt-graph .kind-branch .box{fill:#f6f3fd;stroke:#b7a6e0}
.flowrt-graph .state-completed .box,.flowrt-graph .state-cached .box{fill:#ecf8f0;stroke:#6fbf8d}
.flowrt-graph .state-completed .icon,.flowrt-graph .state-cached .icon{color:#1a7f45}
.flowrt-graph .state-running .box{fill:#eaf2ff;stroke:#6b9cf5}
.flowrt-graph .state-running .icon{color:#2563eb}
.flowrt-graph .state-waiting .box,.flowrt-graph .state-retrying .box{fill:#fef6e6;stroke:#e0a94a}
.flowrt-graph .state-waiting .icon,.flowrt-graph .state-retrying .icon{color:#b26a00}
.flowrt-graph .state-failed .box,.flowrt-graph .state-timed-out .box,.flowrt-graph .state-crashed .box{fill:#fdeeee;stroke:#e08080}
.flowrt-graph .state-failed .icon,.flowrt-graph .state-timed-out .icon,.flowrt-graph .state-crashed .icon{color:#c62f2f}
.flowrt-graph .state-cancelled .box,.flowrt-graph .state-skipped .box,.flowrt-graph .state-upstream-failed .box{fill:#f6f7f8;stroke:#cdd2da;stroke-dasharray:4 3}
.flowrt-graph .state-cancelled .name,.flowrt-graph .state-skipped .name,.flowrt-graph .state-upstream-failed .name{fill:#677083}
@media (prefers-color-scheme:dark){
.flowrt-graph .ground{fill:#12161d}
.flowrt-graph .edge{stroke:#5a6475}
.flowrt-graph .spine{stroke:#3a4350}
.flowrt-graph .head{fill:#7a8598}
.flowrt-graph .box{fill:#1b212b;stroke:#3e4858}
.flowrt-graph .inner{stroke:#3e4858}
.flowrt-graph .name{fill:#e6eaf1}
.flowrt-graph .notes,.flowrt-graph .arm{fill:#97a1b3}
.flowrt-graph .badge{fill:#2d3644}
.flowrt-graph .count{fill:#c3cbd9}
.flowrt-graph .kind-branch .box{fill:#231f33;stroke:#6e5fa6}
.flowrt-graph .state-completed .box,.flowrt-graph .state-cached .box{fill:#13291c;stroke:#2f7d4f}
.flowrt-graph .state-completed .icon,.flowrt-graph .state-cached .icon{color:#4cc27b}
.flowrt-graph .state-running .box{fill:#14233f;stroke:#3b6fd0}
.flowrt-graph .state-running .icon{color:#6ea3ff}
.flowrt-graph .state-waiting .box,.flowrt-graph .state-retrying .box{fill:#2d2310;stroke:#96701f}
.flowrt-graph .state-waiting .icon,.flowrt-graph .state-retrying .icon{color:#e5ac44}
.flowrt-graph .state-failed .box,.flowrt-graph .state-timed-out .box,.flowrt-graph .state-crashed .box{fill:#331819;stroke:#a24444}
.flowrt-graph .state-failed .icon,.flowrt-graph .state-timed-out .icon,.flowrt-graph .state-crashed .icon{color:#f07878}
.flowrt-graph .state-cancelled .box,.flowrt-graph .state-skipped .box,.flowrt-graph .state-upstream-failed .box{fill:#171b22;stroke:#3a4350}
.flowrt-graph .state-cancelled .name,.flowrt-graph .state-skipped .name,.flowrt-graph .state-upstream-failed .name{fill:#97a1b3}
}
";

/// The arrow head and the icons of the states, 16 pixels square, in the colour of where they are used.
pub(super) const DEFINITIONS: &str = r##"<defs>
<marker id="flowrt-head" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="head" d="M0 0.4L8 4L0 7.6Z"/></marker>
<g id="flowrt-done"><circle cx="8" cy="8" r="8" fill="currentColor"/><path d="M4.4 8.3L7 10.8L11.6 5.6" fill="none" stroke="#fff" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/></g>
<g id="flowrt-running"><circle cx="8" cy="8" r="7" fill="none" stroke="currentColor" stroke-width="2"/><circle cx="8" cy="8" r="3.6" fill="currentColor"/></g>
<g id="flowrt-pending"><circle cx="8" cy="8" r="7" fill="none" stroke="currentColor" stroke-width="1.6"/></g>
<g id="flowrt-waiting"><circle cx="8" cy="8" r="7" fill="none" stroke="currentColor" stroke-width="1.8"/><path d="M8 4.2V8L10.6 9.6" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/></g>
<g id="flowrt-retrying"><path d="M13.9 5.2A6.6 6.6 0 1 0 14.6 8" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"/><path d="M14.8 1.6V5.8H10.6" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/></g>
<g id="flowrt-failed"><circle cx="8" cy="8" r="8" fill="currentColor"/><path d="M5.2 5.2L10.8 10.8M10.8 5.2L5.2 10.8" stroke="#fff" stroke-width="1.8" stroke-linecap="round"/></g>
<g id="flowrt-skipped"><circle cx="8" cy="8" r="7" fill="none" stroke="currentColor" stroke-width="1.6"/><path d="M3.2 12.8L12.8 3.2" stroke="currentColor" stroke-width="1.6"/></g>
</defs>
"##;

/// The state's name in a class.
pub(super) const fn class(state: TaskState) -> &'static str {
    match state {
        TaskState::Pending => "pending",
        TaskState::Running => "running",
        TaskState::Retrying => "retrying",
        TaskState::Waiting => "waiting",
        TaskState::Completed => "completed",
        TaskState::Cached => "cached",
        TaskState::Failed => "failed",
        TaskState::TimedOut => "timed-out",
        TaskState::Crashed => "crashed",
        TaskState::Cancelled => "cancelled",
        TaskState::Skipped => "skipped",
        TaskState::UpstreamFailed => "upstream-failed",
    }
}

/// The icon of a state.
pub(super) const fn icon(state: TaskState) -> &'static str {
    match state {
        TaskState::Pending => "pending",
        TaskState::Running => "running",
        TaskState::Retrying => "retrying",
        TaskState::Waiting => "waiting",
        TaskState::Completed | TaskState::Cached => "done",
        TaskState::Failed | TaskState::TimedOut | TaskState::Crashed => "failed",
        TaskState::Cancelled | TaskState::Skipped | TaskState::UpstreamFailed => "skipped",
    }
}
