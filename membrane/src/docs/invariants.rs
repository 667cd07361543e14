//! The numbered promises, each with what breaks when it is false.
//!
//! # How to read the names
//!
//! | a name that begins with | is |
//! |---|---|
//! | `tests::` | a test of the package `tests`; what stands between is its file, so that `lease::depth` is `tests/lease/depth.rs` |
//! | `guests::` | a test of the package in `tests/guests` |
//! | `loom::` | a model under loom, in `src/tests` of `gate` (`membrane/gate`) or of `membrane`; those that are named for a step that *is needed*, *must* be taken, or *breaks* the model leave that step out, and must fail |
//! | `unit::` | a unit test of `gate`, `membrane` or `runtime`, by its file below `src` |
//! | `stress::` | a stress test of `gate`; it has a negative control |
//! | `ui::` | a program in `tests/ui/fail` that must not compile, and its twin in `tests/ui/pass` that must |
//! | `fuzz::` | a fuzz target; what it looks at stands at the head of the module of its name in `fuzz/src` |
//!
//! Those in `tests/escapes`, and those in `tests/guests/escapes.rs`, which stage the same classes by a WebAssembly guest, have
//! a positive control: in a build with `--cfg membrane_faults`, which leaves out one defence at a time, the same attack gets
//! out (`.ci/escapes`).
//!
//! `tests/documentation.rs` fails if a name here, in [`proposal`](super::proposal) or in its parts is nobody's.
//!
//! The lock-free part has invariants of its own, I1 to I8, in the documentation of `object-membrane-gate`; the runtime has
//! R1 to R10 and D1 to D7, in `runtime::docs`.
//!
//! # The promises
//!
//! **K1** A value of a type that is not [`Passable`](crate::Passable) does not cross: it does not compile.
//!
//! - `tests::compile::refused_cases_do_not_compile_and_say_why`
//! - `tests::compile::twins_of_refused_cases_compile`
//! - `ui::argument_object_without_interface`
//! - `ui::argument_mutex`
//! - `ui::argument_arc_of_data`
//! - `ui::argument_borrowed_list_of_arcs`
//! - `ui::derive_field_boxed_object`
//! - `ui::result_not_passable`
//! - `ui::supertrait_not_interface`
//! - `ui::pass_mutex`
//!
//! **K2** Every reference that crosses is a proxy on the side of arrival, or an object of that side: in arguments,
//! results, errors, callbacks, containers, iterators, futures and streams.
//!
//! - `tests::containers::reference_in_any_shape_is_wrapped_on_every_way`
//! - `tests::containers::reference_in_any_shape_is_the_raw_object_without_a_membrane`
//! - `tests::confinement::reachable::whatever_is_reached_from_a_lent_object_is_lent_too_and_dies_with_it`
//! - `tests::callbacks::closure_wraps_what_it_takes_and_gives_in_both_directions`
//! - `tests::iterators::iterator_wraps_each_item_and_each_error`
//! - `tests::errors::payloads::reference_in_an_error_is_wrapped`
//! - `tests::asynchronous::values::what_a_future_ends_with_is_wrapped`
//! - `tests::asynchronous::streams::items_of_a_stream_are_wrapped`
//! - `tests::two_hops::wrapping::reference_in_any_shape_is_wrapped_at_each_of_two_hops`
//! - `fuzz::calls`
//! - `fuzz::values`
//! - `tests::escapes::crossing::containers::a12_elements_of_every_container`
//! - `tests::escapes::crossing::errors::a2_error_by_every_way`
//! - `tests::escapes::crossing::later::a8_what_a_future_ends_with`
//! - `tests::escapes::crossing::later::a10_item_of_an_iterator`
//! - `tests::escapes::crossing::chains::a21_argument_of_a_callback`
//!
//! **K3** A method runs only if the policy of the proxy's membrane lists it for that interface and direction.
//!
//! - `tests::policy::allowed::nothing_is_allowed_unless_listed`
//! - `tests::policy::allowed::listed_methods_are_allowed_in_their_direction_only`
//! - `tests::confinement::listed::method_is_callable_in_any_view_exactly_when_listed_under_the_interface_that_crossed`
//! - `tests::confinement::defaults::default_method_that_is_not_listed_is_not_put_together_from_the_listed_ones`
//! - `tests::confinement::upcasts::upcast_proxy_gains_no_right_however_it_is_passed_on`
//! - `tests::lease::answers::method_that_is_not_listed_is_refused_through_a_lease`
//! - `tests::asynchronous::calling::async_method_that_is_not_listed_is_refused_when_it_is_polled`
//! - `fuzz::calls`
//! - `fuzz::policy`
//! - `tests::escapes::crossing::hooks::a20_coercion_to_a_supertrait`
//!
//! **K4** A derived membrane allows no more than its parent, and dies with it.
//!
//! - `tests::policy::deriving::derived_policy_asks_for_no_more`
//! - `tests::attenuation::narrower::grant_that_asks_for_more_is_an_error_and_lends_nothing`
//! - `tests::attenuation::chains::each_generation_has_the_rights_of_its_own_grant_only`
//! - `tests::attenuation::owners_object::nothing_that_a_holder_can_do_with_its_handles_yields_the_owners_object`
//! - `tests::attenuation::upcasts::upcast_before_deriving_widens_nothing_on_the_way_out_or_back`
//! - `tests::revocation::subtree::revocation_cuts_the_subtree_and_nothing_else`
//! - `loom::membrane::loom_tree::nothing_of_the_subtree_is_live_when_either_revoker_returns`
//! - `loom::membrane::loom_tree::grant_made_while_revoking_is_revoked_or_refused`
//! - `fuzz::calls`
//! - `fuzz::policy`
//!
//! **K5** While it lives, an object has one proxy for each membrane, direction, side and interface.
//!
//! - `tests::identity::one_proxy::object_has_one_proxy_whichever_way_it_crosses`
//! - `tests::identity::one_proxy::proxies_are_the_same_exactly_when_their_objects_are`
//! - `tests::identity::one_proxy::object_has_one_proxy_when_it_is_passed_from_several_threads_at_once`
//! - `tests::threads::object_has_one_proxy_whoever_wraps_it`
//! - `loom::membrane::loom_identity::first_wraps_of_one_object_give_one_proxy`
//! - `loom::membrane::loom_identity::last_drop_and_new_wrap_keep_identity`
//! - `loom::membrane::loom_identity::dying_proxy_must_not_forget_another`
//! - `unit::membrane::table::table_agrees_with_a_map_whatever_is_listed_and_forgotten`
//! - `fuzz::calls`
//! - `tests::escapes::unwrapping::names::b18_identity_by_every_way`
//!
//! **K6** A reference that comes home is the object itself, or what the policy says; a proxy of another tree is wrapped
//! and never stripped; only the proxy that is asked is believed about whose it is.
//!
//! - `tests::identity::coming_home::object_comes_home_as_itself_by_every_way_there_and_back`
//! - `tests::identity::coming_home::object_stays_wrapped_for_its_owner_when_the_policy_keeps_it_so`
//! - `tests::identity::coming_home::object_is_rejected_at_home_when_the_policy_refuses_it`
//! - `tests::identity::foreign::proxy_of_a_foreign_membrane_is_never_stripped`
//! - `tests::identity::foreign::owners_proxy_of_another_grant_is_wrapped_as_it_comes_in`
//! - `tests::callbacks::closure_of_a_foreign_membrane_is_never_stripped`
//! - `tests::two_hops::identity::object_comes_back_through_both_hops_as_itself_and_one_layer_at_a_time`
//! - `tests::hostile::forwarding::object_that_forwards_the_question_to_a_stolen_proxy_is_not_believed`
//! - `tests::hostile::answering::object_that_holds_a_proxy_of_its_makers_at_its_own_address_stays_the_holders`
//! - `tests::hostile::answering::query_takes_no_answer_from_an_object_and_tells_it_nothing`
//! - `tests::hostile::leases::holder_of_a_lease_gets_no_target_by_an_interface_of_its_own`
//! - `ui::hostile_query_made`
//! - `ui::hostile_query_kept`
//! - `ui::lease_key`
//! - `fuzz::calls`
//! - `tests::escapes::unwrapping::origins::b3_object_that_has_a_stolen_proxy_answer_for_it`
//! - `tests::escapes::unwrapping::layers::b8_foreign_proxy_for_a_target`
//!
//! **K7** When `revoke` returns, no call passes the switch and nothing is delivered through the subtree, either way;
//! what passed before counts as running, and `revoke_and_wait` waits for it.
//!
//! - `tests::revocation::access::new_call_ends_when_revoked`
//! - `tests::revocation::in_flight::in_flight_call_ends_when_revoked`
//! - `tests::revocation::access::both_directions_are_cut`
//! - `tests::revocation::access::what_was_got_before_is_dead`
//! - `tests::revocation::access::every_way_in_is_closed_when_revoked`
//! - `tests::revocation::entering::target_is_not_entered_when_revoked_in_the_drop_of_an_observer`
//! - `tests::threads::nothing_begins_or_is_delivered_after_revoke_returned`
//! - `tests::threads::nothing_runs_after_a_wait_returned`
//! - `tests::lease::revoking::result_of_a_leased_call_that_revokes_is_withheld`
//! - `loom::gate::loom_revoke::result_is_withheld_after_the_revocation_returned`
//! - `loom::gate::loom_revoke::exit_check_is_needed`
//! - `loom::membrane::loom_calls::result_is_withheld_once_the_revocation_returned`
//! - `fuzz::calls`
//! - `tests::escapes::unwrapping::layers::b7_revocation_of_either_hop`
//!
//! **K8** A target is dropped once, never in use, as soon as it is idle after a revocation.
//!
//! - `tests::revocation::freeing::idle_target_is_dropped_before_revoke_returns`
//! - `tests::revocation::freeing::busy_target_is_dropped_by_the_last_caller`
//! - `tests::lease::revoking::leased_call_after_the_revocation_is_refused_and_the_target_goes_with_the_lease`
//! - `fuzz::calls`
//! - `loom::gate::loom_revoke::target_is_dropped_once_and_idle_when_a_call_races`
//! - `loom::gate::loom_revoke::heavy_barrier_is_needed`
//! - `loom::gate::loom_leases::held_target_is_dropped_once_and_after_the_hold`
//! - `stress::gate::target_is_never_taken_while_a_call_is_inside`
//! - `unit::gate::tests::refused_barrier::target_in_use_stays_with_its_cell_when_the_call_has_left`
//!
//! **K9** No foreign code runs under a lock of ours.
//!
//! - `tests::reentrancy::inside::call_may_do_everything_with_its_own_membrane`
//! - `tests::reentrancy::inside::targets_drop_may_do_everything_with_its_membrane`
//! - `tests::reentrancy::inside::targets_drop_on_revocation_may_come_back`
//! - `tests::revocation::observers::observer_may_use_the_membrane`
//! - `tests::conditions::expiry::clock_may_use_the_membrane`
//! - `tests::rules::closures::closure_may_call_wrap_and_derive`
//! - `tests::asynchronous::waking::waker_may_come_back_from_wherever_it_runs`
//! - `tests::authority::audit::hooks::hook_may_call_revoke_replace_itself_and_panic`
//! - `loom::membrane::loom_identity::object_that_comes_too_late_is_dropped_under_no_lock`
//! - `loom::membrane::loom_identity::object_that_comes_too_late_must_not_be_dropped_under_the_lock`
//! - `loom::membrane::loom_calls::drop_of_a_target_may_wrap`
//!
//! **K10** What the dry side is told of a refusal is its kind; for a revocation and a suspension the reason; for a
//! condition its name, and when to try again. An unlisted and a missing method are one.
//!
//! - `tests::errors::refusals::every_refusal_is_the_same`
//! - `tests::errors::reasons::revoked_says_why_and_nothing_else`
//! - `tests::errors::payloads::error_as_payload_loses_its_reason`
//! - `tests::errors::untold::no_text_tells_of_the_other_side`
//! - `tests::conditions::condition_is_lost_when_the_error_crosses_as_data`
//! - `tests::two_hops::errors::reason_of_a_revocation_is_told_one_hop_and_not_two`
//! - `tests::hostile::looking::refusal_is_the_same_whatever_is_behind_the_proxy`
//! - `tests::hiding::answers::hash_of_an_error_is_that_of_what_it_tells`
//! - `unit::membrane::error::condition_and_time_survive_the_word`
//!
//! **K11** A panic goes no further than the call that it happened in, unless the owner's policy says
//! `OnPanic::Propagate`; then a panic without its payload does.
//!
//! - `tests::panics::calls::panic_of_a_target_is_an_error`
//! - `tests::panics::calls::panic_of_a_callback_is_an_error_for_its_caller`
//! - `tests::panics::conversions::panic_in_a_conversion_is_an_error`
//! - `tests::panics::drops::panic_in_the_drop_of_a_target_does_not_reach_its_holder`
//! - `tests::panics::propagating::propagated_panic_has_no_payload_of_the_first`
//! - `tests::errors::untold::every_panic_is_told_alike`
//! - `tests::asynchronous::calling::panic_in_a_poll_is_an_error_and_its_payload_is_dropped`
//! - `unit::gate::tests::panics::payload_that_panics_when_dropped_gets_no_further`
//!
//! **K12** `Debug` of a proxy shows its interface and allowed methods, and asks the target nothing.
//!
//! - `tests::hiding::formatting_shows_the_interface_and_the_list_and_asks_no_target`
//! - `tests::errors::untold::debug_of_a_proxy_shows_its_interface_and_allowed_methods`
//! - `tests::hostile::looking::debug_of_a_proxy_shows_the_listed_methods_and_never_asks_the_target`
//! - `unit::gate::tests::calls::cell_tells_its_scope_and_address_and_shows_nothing_of_its_target`
//!
//! **K13** Calls inside calls are bounded, with an error and not an overflow; so is the stack on which proxies behind
//! proxies are dropped.
//!
//! - `tests::reentrancy::depth::depth_is_exactly_what_the_policy_says`
//! - `tests::reentrancy::depth::endless_callbacks_are_too_deep`
//! - `tests::reentrancy::lines::long_line_of_membranes_is_dropped_and_revoked`
//! - `tests::iterators::iterator_of_many_layers_is_dropped_on_a_bounded_stack`
//! - `tests::lease::depth::recursion_through_one_lease_ends_with_an_error`
//! - `tests::containers::data_nested_without_end_is_refused_rather_than_overflowing`
//! - `fuzz::values`
//!
//! **K14** A rule on arguments is asked about the very values that the target is given, and refuses before the target
//! is entered; what is derived has the rules of all its ancestors.
//!
//! - `tests::rules::closures::closure_is_given_the_very_values_that_the_target_gets`
//! - `tests::rules::closures::refusal_tells_its_kind_and_leaves_the_target_unentered`
//! - `tests::rules::closures::target_is_not_entered_if_its_scope_was_revoked_while_a_closure_ran`
//! - `tests::rules::inheritance::every_ancestors_rule_is_asked_once_at_any_depth`
//! - `tests::rules::inheritance::child_cannot_widen_a_rule`
//! - `tests::rules::checks::checks_agree_with_a_model`
//! - `fuzz::policy`
//!
//! **K15** Conditions hold exactly, whatever the threads: a call is let in, entered and delivered only as every
//! membrane of the line has left, and charged to all of them or to none.
//!
//! - `tests::conditions::budgets::no_call_above_the_budget_whatever_the_threads`
//! - `tests::conditions::concurrency::never_more_at_once_whatever_the_threads`
//! - `tests::conditions::rate::rate_holds_over_every_stretch_of_time`
//! - `tests::conditions::bytes::never_more_bytes_whatever_the_threads`
//! - `tests::conditions::proxies::count_is_exact_whatever_the_threads`
//! - `tests::conditions::children::every_level_is_charged_or_none`
//! - `tests::grant_model::grants_do_what_the_model_says`
//! - `loom::membrane::loom_conditions::no_call_above_the_budget`
//! - `loom::membrane::loom_conditions::account_must_stay_locked_until_it_is_charged`
//! - `fuzz::grants`
//!
//! **K16** When `suspend` returns, no call starts in the subtree until every suspension of its line is resumed; then
//! calls are as fast as before.
//!
//! - `tests::conditions::suspension::calls_are_refused_until_resumed_both_ways`
//! - `tests::conditions::suspension::no_call_starts_after_suspend_returned`
//! - `tests::lease::ordinary::suspension_refuses_the_next_leased_call_and_its_end_gives_the_short_way_back`
//! - `loom::membrane::loom_suspension::no_call_starts_once_the_suspension_returned`
//! - `loom::membrane::loom_suspension::look_under_the_lock_is_needed_to_be_born`
//! - `unit::membrane::conditions::suspension::calls_are_fast_again_once_every_suspension_is_over`
//! - `fuzz::grants`
//!
//! **K17** A caller that waits for an async call, a future or a stream is woken when the revocation has cut, before
//! anything that may block; the target's future is dropped by the revoker, or at the end of the poll that it is in.
//!
//! - `tests::asynchronous::revoking::waiting_caller_is_woken_by_a_revocation`
//! - `tests::asynchronous::revoking::waiting_caller_is_woken_whatever_a_drop_waits_for`
//! - `tests::asynchronous::revoking::idle_futures_are_dropped_by_the_revoker`
//! - `tests::asynchronous::revoking::no_wake_up_is_lost_in_a_race`
//! - `loom::membrane::loom_wakes::waiting_caller_is_woken_by_a_revocation`
//! - `loom::membrane::loom_wakes::model_breaks_when_callers_are_woken_before_the_cut`
//!
//! **K18** The target's side never sees a caller's waker, and wakes nobody once the call is over, given up or revoked.
//!
//! - `tests::asynchronous::waking::target_never_sees_the_callers_waker`
//! - `tests::asynchronous::cancelling::target_cannot_wake_a_caller_that_is_gone`
//! - `tests::asynchronous::revoking::target_cannot_wake_a_caller_after_the_revocation`
//!
//! **K19** A snapshot counts every refusal that was told before it, shows of what is further up than its
//! handle only what binds that one (conditions and rate, suspension, epoch), keeps
//! nothing alive, and no label leaves its box in a picture; what is counted is freed with its grant.
//!
//! - `tests::authority::refusals::no_refusal_is_lost_between_threads`
//! - `tests::authority::snapshots::grants_are_listed_after_their_parents_with_how_they_derive`
//! - `tests::authority::snapshots::snapshot_shows_of_those_further_up_what_binds_and_nothing_else`
//! - `tests::authority::snapshots::snapshot_keeps_nothing_alive`
//! - `tests::memory::counted_refusals_take_no_memory_once_their_grant_or_their_thread_is_gone`
//! - `unit::membrane::authority::graph::hostile_label_stays_in_its_node_in_mermaid`
//! - `unit::membrane::authority::graph::hostile_label_stays_in_its_node_in_dot`
//!
//! **K20** An audit hook hears of every call that its subtree lets in or refuses, once, when it is over and how it
//! ended, as the caller is told, whatever hooks further down do; of one that waits also that it was let in, by the same
//! number; it is called under no lock.
//!
//! - `tests::authority::audit::events::each_way_a_call_can_end_is_told`
//! - `tests::authority::audit::overtaken::condition_that_a_revocation_overtakes_is_told_and_counted_as_the_revocation`
//! - `tests::authority::audit::overtaken::calls_that_race_with_a_revocation_are_told_as_their_callers`
//! - `tests::asynchronous::audit::expiry_that_a_revocation_overtakes_is_told_and_counted_as_the_revocation`
//! - `tests::authority::audit::counting::every_call_of_every_thread_is_told_and_counted_once`
//! - `tests::authority::audit::hooks::hooks_further_up_hear_what_is_heard_below`
//! - `tests::domains::refusals::refused_call_is_counted_and_told_as_if_the_proxy_had_refused_it`
//! - `tests::authority::refusals::call_that_fails_to_cross_as_it_is_revoked_is_one_refusal`
//! - `tests::authority::audit::hooks::hook_may_call_revoke_replace_itself_and_panic`
//! - `tests::asynchronous::audit::hooks::racing_ends_of_a_call_are_told_as_one`
//! - `tests::asynchronous::joining::calls_of_many_threads_are_joined_by_their_numbers`
//! - `loom::membrane::loom_outcomes::outcome_is_told_once_when_a_revocation_races_with_polls`
//! - `loom::membrane::loom_outcomes::what_is_left_after_an_end_is_gone_must_be_over`
//!
//! **K21** The order of checks is fixed: method listed, revoked, nesting, suspension, conditions, conversion of
//! arguments, rules, spending; then the target. What is refused early has run nothing that comes later.
//!
//! - `tests::errors::refusals::arguments_of_a_call_that_is_not_made_are_not_converted`
//! - `tests::errors::refusals::revoked_is_told_before_too_deep`
//! - `tests::errors::refusals::arguments_of_a_call_that_is_too_deep_are_not_converted`
//! - `tests::conditions::suspension::refused_is_told_before_suspended`
//! - `tests::conditions::suspension::revoked_is_told_before_suspended_and_stays`
//! - `tests::rules::closures::closure_is_not_asked_about_an_argument_that_may_not_cross`
//! - `tests::conditions::budgets::only_calls_that_enter_are_spent`
//! - `tests::conditions::budgets::call_that_a_rule_refuses_is_not_spent`
//!
//! **K22** What is refused in part is refused whole: no half of a container arrives, no half of a policy is built, and
//! what was converted so far is gone.
//!
//! - `tests::containers::container_is_refused_as_a_whole_when_one_reference_in_it_is`
//! - `tests::policy::mistakes::builder_reports_every_mistake_at_once`
//! - `tests::policy::names::every_mistake_in_names_is_reported_at_once`
//! - `tests::policy::names::no_wildcard_is_understood`
//! - `tests::rules::data::what_is_no_sound_check_is_an_error`
//! - `fuzz::policy`
//! - `fuzz::values`
//!
//! **K23** What a holder can see of a proxy without calling it does not depend on the target. Primitive by primitive:
//! [`proposal::hiding`](super::proposal::hiding).
//!
//! - `tests::hiding::proxies_of_targets_that_differ_in_everything_look_the_same`
//! - `tests::hiding::proxy_is_told_from_a_plain_object_by_what_says_nothing_of_its_target`
//! - `tests::hiding::counts_of_a_proxy_are_those_of_the_references_to_it`
//! - `tests::hiding::answers::what_a_call_returns_looks_the_same_whatever_its_target_made`
//! - `tests::hostile::looking::proxies_look_alike_whatever_they_stand_for`
//! - `tests::lease::answers::lease_does_not_tell_a_proxy_from_a_target`
//!
//! **K24** A table holds no more than what lives: a proxy that nobody holds is freed with its entry, whatever was
//! thrown at the membrane before.
//!
//! - `tests::identity::letting_go::proxy_that_nobody_holds_is_freed_with_its_entry_and_its_hold_on_the_object`
//! - `tests::identity::letting_go::tables_hold_no_more_than_what_lives_whatever_was_lent_before`
//! - `tests::threads::counts_return_to_zero`
//! - `tests::revocation::freeing::nothing_is_left_of_what_was_lent`
//! - `tests::hostile::wearing_down::many_hostile_objects_leave_nothing_behind`
//! - `unit::membrane::table::emptied_table_takes_no_room`
//! - `unit::membrane::tree::dead_children_take_no_memory`
//! - `fuzz::calls`
//! - `tests::escapes::unwrapping::endings::b17_table_that_lists_what_nobody_holds`
//!
//! **K25** Every short way does what the plain way does: a lease, one hop of a chain of grants, a guarded membrane, a closure, a
//! dynamic call by number or by name.
//!
//! - `tests::differential::every_route_does_what_the_plain_one_does`
//! - `tests::attenuation::chains::chain_of_grants_is_one_hop_at_any_depth`
//! - `tests::dynamic::methods::call_by_name_and_call_by_number_agree_on_every_method`
//!
//! **K26** What a rule on arguments is shown is its author's to see: a closure is shown references only as its author's side has
//! them, and nothing that passes that side by; nobody but its membrane can have it run.
//!
//! - `tests::rules::inheritance::closure_is_asked_where_calls_pass_its_author`
//! - `tests::rules::closures::closure_that_would_be_shown_references_is_an_error_but_at_the_root`
//! - `tests::escapes::beyond::closures::n16_rule_that_a_holder_adds`
//! - `tests::escapes::beyond::closures::n16_rule_about_calls_that_pass_its_owner_by`
//! - `tests::escapes::beyond::closures::n16_rule_about_calls_of_the_holders_objects`
//! - `tests::escapes::beyond::closures::n17_closure_taken_out_of_a_policy`
