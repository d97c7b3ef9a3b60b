-- The failures of a run are found without a look at its other steps. What succeeds is not in it and pays nothing.
CREATE INDEX step_failed ON step (run) WHERE state IN ('Failed', 'TimedOut', 'Crashed', 'UpstreamFailed') AND tolerated = 0;
