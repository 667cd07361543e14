//! E: lifetime, asynchrony, debugging, resources.

#[path = "side_doors/deputies.rs"]
mod deputies;
#[path = "side_doors/resources.rs"]
mod resources;
#[path = "side_doors/revoking.rs"]
mod revoking;
#[path = "side_doors/staging.rs"]
pub(crate) mod staging;
#[path = "side_doors/telling.rs"]
mod telling;

use crate::catalogue::{Classes, Stand::Staged};
use crate::lab::{Lab, breaks, contained};
use std::panic::{AssertUnwindSafe, catch_unwind};

pub(crate) const CLASSES: Classes = &[
    (
        "E3",
        Staged(&[
            "side_doors::telling::e3_debug_of_a_proxy",
            "side_doors::telling::e3_debug_of_a_lease",
            "side_doors::telling::e3_debug_of_a_dynamic_reference",
        ]),
    ),
    (
        "E4",
        Staged(&[
            "side_doors::telling::e4_path_of_fields",
            "side_doors::telling::e4_path_by_name",
            "side_doors::telling::e4_receiver_in_an_error",
        ]),
    ),
    (
        "E5",
        Staged(&[
            "side_doors::telling::e5_text_of_a_panic",
            "side_doors::telling::e5_reason_of_a_membrane_further_in",
        ]),
    ),
    (
        "E6",
        Staged(&[
            "side_doors::resources::e6_panicking_drop_of_what_is_taken_back",
            "side_doors::resources::e6_panicking_drop_of_what_comes_too_late",
        ]),
    ),
    (
        "E7",
        Staged(&[
            "side_doors::resources::e7_size_of_arguments",
            "side_doors::resources::e7_depth_of_data",
            "side_doors::resources::e7_size_of_messages",
            "side_doors::resources::e7_number_of_proxies",
            "side_doors::resources::e7_number_of_names",
        ]),
    ),
    (
        "E8",
        Staged(&["side_doors::resources::e8_crossing_among_many"]),
    ),
    (
        "E9",
        Staged(&[
            "side_doors::resources::e9_entries_of_dropped_proxies",
            "side_doors::resources::e9_names_that_were_released",
        ]),
    ),
    (
        "E10",
        Staged(&[
            "side_doors::resources::e10_membrane_that_nobody_holds",
            "side_doors::resources::e10_targets_of_a_revoked_membrane",
        ]),
    ),
    (
        "E11",
        Staged(&["side_doors::resources::e11_slice_of_a_pool"]),
    ),
    (
        "E12",
        Staged(&[
            "side_doors::revoking::e12_call_that_revokes",
            "side_doors::revoking::e12_step_and_poll_that_revoke",
            "side_doors::revoking::e12_lease_whose_call_revokes",
            "side_doors::revoking::e12_dynamic_call_that_revokes",
        ]),
    ),
    (
        "E13",
        Staged(&[
            "side_doors::revoking::e13_reference_kept_from_before",
            "side_doors::revoking::e13_pieces_kept_from_before",
            "side_doors::revoking::e13_dynamic_pieces_kept_from_before",
        ]),
    ),
    (
        "E14",
        Staged(&[
            "side_doors::revoking::e14_listener_of_the_other_side",
            "side_doors::revoking::e14_domain_that_is_closed",
        ]),
    ),
    (
        "E15",
        Staged(&["side_doors::revoking::e15_revoker_of_one_cohort"]),
    ),
    (
        "E17",
        Staged(&[
            "side_doors::deputies::e17_deputy_that_is_handed_its_own",
            "side_doors::deputies::e17_method_named_in_an_argument",
        ]),
    ),
    (
        "E18",
        Staged(&[
            "side_doors::deputies::e18_hook_of_an_argument_before_the_decision",
            "side_doors::deputies::e18_body_of_a_future_before_its_poll",
        ]),
    ),
    (
        "E19",
        Staged(&["side_doors::deputies::e19_results_of_an_allowed_method"]),
    ),
    (
        "E20",
        Staged(&[
            "side_doors::deputies::e20_method_reached_by_the_base",
            "side_doors::deputies::e20_list_of_the_base",
        ]),
    ),
    (
        "E21",
        Staged(&["side_doors::deputies::e21_denied_method_called_by_an_allowed_one"]),
    ),
    (
        "E22",
        Staged(&[
            "side_doors::telling::e22_missing_or_not_allowed",
            "side_doors::telling::e22_description",
            "side_doors::telling::e22_name_of_another_domains_object",
        ]),
    ),
    (
        "E24",
        Staged(&["side_doors::deputies::e24_operators_of_what_is_carried"]),
    ),
    (
        "E25",
        Staged(&[
            "side_doors::e25_attack_that_is_never_reached",
            "side_doors::e25_attack_that_nothing_lets_through",
            "side_doors::e25_attack_that_gets_out",
        ]),
    ),
];

/// Whether the lab accepts this attack, of which every fault of `breaks` should let something out.
fn accepted(attack: impl Fn(&Lab)) -> bool {
    let attack = || contained(breaks![membrane::AllowAll], &attack);
    catch_unwind(AssertUnwindSafe(attack)).is_ok()
}

/// E25: "the test never reaches the attack": of the lab itself.
#[test]
fn e25_attack_that_is_never_reached() {
    assert!(!accepted(|_| {}));
    assert!(!accepted(|lab| lab.escaped_if(false, "nothing")));
}

/// E25: an attack that succeeds on no build shows nothing: found out where there are faults.
#[test]
fn e25_attack_that_nothing_lets_through() {
    assert_eq!(accepted(Lab::reached), !cfg!(membrane_faults));
}

/// E25: an assertion that everything meets: the attack that gets out of the library as it is, is seen.
#[test]
fn e25_attack_that_gets_out() {
    assert!(!accepted(|lab| {
        lab.reached();
        lab.escaped("all of it");
    }));
}
