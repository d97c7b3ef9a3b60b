//! Durations, rates, cron and zones.
