//! What every store must do. One suite, run against each of them.

mod around;
mod backfills;
mod cache;
mod care;
mod continuing;
mod deployments;
mod endings;
mod kept;
mod limits;
mod looks;
mod notices;
mod queue;
mod records;
mod runs;
mod secrets;

use std::sync::Arc;

use super::sample::run_id;
use super::{Error, Store};

macro_rules! check {
    ($fresh:ident, $($group:ident: $($case:ident),*;)*) => {$($(
        let (store, guard) = $fresh();
        $group::$case(&*store).await;
        store.close().await.expect(stringify!($case));
        assert!(matches!(store.run(run_id(1)).await, Err(Error::Closed)), "closed");
        assert!(matches!(store.close().await, Err(Error::Closed)), "closed twice");
        drop(guard);
    )*)*};
}

/// Runs the whole suite, each case on a fresh store.
pub(super) async fn check_all<G>(fresh: impl Fn() -> (Arc<dyn Store>, G)) {
    check_runs(&fresh).await;
    check_what_is_beside_them(&fresh).await;
}

async fn check_runs<G>(fresh: &impl Fn() -> (Arc<dyn Store>, G)) {
    check! { fresh,
        runs:
            a_run_is_accepted_once,
            each_change_of_a_run_is_counted,
            names_are_made_unique,
            runs_are_found_by_name_and_id,
            lists_are_newest_first_and_paged,
            a_claim_needs_the_epoch,
            cancel_reaches_all_below,
            only_ended_families_are_deleted,
            counts_are_by_outcome;
        records:
            writes_under_an_old_epoch_change_nothing,
            the_journal_holds_what_was_recorded,
            entries_are_all_or_none,
            a_step_cannot_be_rewritten,
            a_step_ends_its_wait_and_counts_as_progress,
            large_values_are_refused;
        endings:
            an_ended_run_takes_no_writes,
            a_completed_run_reopens_only_if_that_is_meant,
            an_interrupted_run_goes_on_with_its_waits,
            a_retrying_run_is_reopened_by_its_owner,
            a_cancel_that_was_acknowledged_survives_a_claim,
            reopening_sets_records_aside,
            records_set_aside_are_reused;
        around:
            signals_are_numbered_and_repeat_by_key,
            logs_are_read_by_cursor,
            flows_are_remembered,
            this_process_lives;
        looks:
            pages_show_each_step_once_while_steps_are_added,
            steps_are_found_by_what_they_are,
            an_outline_goes_on_where_it_stopped,
            waits_and_attempts_are_read_by_the_few;
        continuing:
            a_run_goes_on_in_another,
            what_a_run_was_asked_goes_over;
    }
}

async fn check_what_is_beside_them<G>(fresh: &impl Fn() -> (Arc<dyn Store>, G)) {
    check! { fresh,
        kept:
            artifacts_have_versions_over_all_runs,
            progress_is_kept_in_place,
            a_failure_marks_what_its_attempt_published,
            bytes_stay_as_long_as_a_run_needs_them,
            large_values_are_read_as_they_were_written,
            bytes_that_come_with_a_value_are_kept;
        care:
            a_family_goes_from_store_to_store,
            a_run_that_is_here_is_not_imported,
            an_import_is_all_or_none,
            usage_tells_what_is_there;
        limits:
            slots_are_given_in_order_and_given_back,
            a_window_remembers_what_has_ended,
            a_person_sets_the_rule,
            the_end_of_a_drive_gives_all_tickets_back,
            a_step_that_asks_again_gives_its_ticket_back,
            a_place_can_be_taken,
            what_is_given_back_is_free_for_those_who_come_with_it;
        queue:
            what_is_due_is_taken_once,
            a_slot_has_one_run,
            only_what_is_wanted_is_taken,
            a_run_is_of_the_build_that_begins_it,
            what_a_worker_lets_go_of_is_due_at_once,
            a_run_that_was_in_no_queue_is_left_to_one,
            a_run_that_rests_is_woken_by_time_or_signal,
            workers_say_that_they_live;
        secrets:
            secrets_are_kept_by_name,
            only_what_is_as_it_was_is_sealed_anew;
        cache:
            a_result_is_kept_until_it_expires,
            what_has_expired_is_dropped_in_time,
            results_are_cleared_by_task_and_age;
        deployments:
            a_deploy_is_all_or_none,
            a_schedule_keeps_its_cursor_while_its_rule_stays,
            a_person_switches,
            a_slot_is_passed_once,
            a_slot_is_filled_once,
            what_was_read_before_a_change_does_not_fill,
            what_has_changed_since_a_revision_is_told,
            only_the_last_changes_are_remembered;
        backfills:
            a_backfill_goes_on_and_stops,
            a_run_is_begun_only_while_its_backfill_runs,
            what_a_backfill_has_begun_is_counted,
            the_slots_of_a_time_are_told_with_their_last_run_first;
        notices:
            a_notice_is_noted_once,
            notices_are_listed_page_by_page,
            what_is_due_is_taken_until_it_is_settled,
            a_name_is_known_since_it_was_first_seen,
            old_notices_are_forgotten,
            ends_and_late_runs_are_found_in_order;
    }
}
