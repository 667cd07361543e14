//! B: what was wrapped is unwrapped wrongly: identity and direction.

#[path = "unwrapping/endings.rs"]
mod endings;
#[path = "unwrapping/layers.rs"]
mod layers;
#[path = "unwrapping/names.rs"]
mod names;
#[path = "unwrapping/origins.rs"]
mod origins;

use crate::catalogue::{Classes, Stand::Staged};

pub(crate) const CLASSES: Classes = &[
    (
        "B1",
        Staged(&[
            "unwrapping::origins::b1_own_object_wrapped_as_anothers",
            "unwrapping::origins::b1_own_object_that_comes_back",
            "unwrapping::origins::b1_held_object_called_ones_own",
        ]),
    ),
    (
        "B3",
        Staged(&[
            "unwrapping::origins::b3_object_that_has_a_stolen_proxy_answer_for_it",
            "unwrapping::origins::b3_lease_of_an_object_that_has_another_answer",
            "unwrapping::origins::b3_closure_in_the_place_of_another",
        ]),
    ),
    (
        "B4",
        Staged(&[
            "unwrapping::layers::b4_wrap_of_a_wrap",
            "unwrapping::layers::b4_lists_of_two_layers",
            "unwrapping::layers::b4_one_step_back_of_several",
            "unwrapping::layers::b4_layers_that_stay",
        ]),
    ),
    (
        "B7",
        Staged(&[
            "unwrapping::layers::b7_reference_over_two_hops",
            "unwrapping::layers::b7_proxy_that_is_handed_to_another_owner",
            "unwrapping::layers::b7_rights_over_two_hops",
            "unwrapping::layers::b7_revocation_of_either_hop",
            "unwrapping::layers::b7_what_comes_later_over_two_hops",
            "unwrapping::layers::b7_panic_over_two_hops",
            "unwrapping::layers::b7_chest_of_one_guest_with_another",
        ]),
    ),
    (
        "B8",
        Staged(&["unwrapping::layers::b8_foreign_proxy_for_a_target"]),
    ),
    (
        "B10",
        Staged(&["unwrapping::origins::b10_proxy_of_a_holders_own_making"]),
    ),
    (
        "B11",
        Staged(&[
            "unwrapping::origins::b11_proxy_that_is_sent_where_it_belongs",
            "unwrapping::origins::b11_object_that_both_sides_lend",
        ]),
    ),
    (
        "B12",
        Staged(&[
            "unwrapping::names::b12_name_of_what_had_the_place_before",
            "unwrapping::names::b12_name_of_another_domain",
            "unwrapping::names::b12_name_of_a_domain_that_ended",
        ]),
    ),
    (
        "B14",
        Staged(&[
            "unwrapping::names::b14_release_of_another_domains_name",
            "unwrapping::names::b14_account_of_whom_a_grant_is_from",
            "unwrapping::names::b14_place_of_a_call_that_goes_on",
        ]),
    ),
    (
        "B15",
        Staged(&[
            "unwrapping::endings::b15_target_that_goes_on_in_its_drop",
            "unwrapping::endings::b15_target_that_is_let_go_while_it_runs",
        ]),
    ),
    (
        "B17",
        Staged(&[
            "unwrapping::endings::b17_handle_inside_of_a_target",
            "unwrapping::endings::b17_table_that_lists_what_nobody_holds",
            "unwrapping::endings::b17_cycle_over_both_sides",
        ]),
    ),
    (
        "B18",
        Staged(&[
            "unwrapping::names::b18_identity_by_every_way",
            "unwrapping::names::b18_identity_of_closures_and_over_two_hops",
            "unwrapping::names::b18_identity_of_a_dynamic_object",
        ]),
    ),
];
