//! C: the check and the act differ.

#[path = "checking/entries.rs"]
mod entries;
#[path = "checking/layers.rs"]
mod layers;
#[path = "checking/lists.rs"]
mod lists;
#[path = "checking/names.rs"]
mod names;
#[path = "checking/policies.rs"]
mod policies;
#[path = "checking/preparing.rs"]
mod preparing;
#[path = "checking/references.rs"]
mod references;
#[path = "checking/types.rs"]
mod types;

use crate::catalogue::{Classes, Stand::Staged};

pub(crate) const CLASSES: Classes = &[
    (
        "C1",
        Staged(&[
            "checking::names::c1_name_that_is_looked_up",
            "checking::names::c1_key_that_is_checked_and_used",
        ]),
    ),
    (
        "C3",
        Staged(&[
            "checking::types::c3_object_that_answers_differently_each_time",
            "checking::types::c3_object_asked_as_its_super_interface",
            "checking::types::c3_import_as_another_interface",
        ]),
    ),
    (
        "C5",
        Staged(&[
            "checking::references::c5_handle_of_what_is_gone",
            "checking::names::c5_path_by_another_name",
        ]),
    ),
    (
        "C6",
        Staged(&[
            "checking::lists::c6_list_of_another_interface_of_the_same_name",
            "checking::lists::c6_list_of_the_other_direction",
            "checking::lists::c6_arguments_beyond_the_last",
        ]),
    ),
    (
        "C8",
        Staged(&[
            "checking::lists::c8_short_and_long_way_of_a_super_interface",
            "checking::references::c8_reference_that_another_domain_holds",
        ]),
    ),
    (
        "C9",
        Staged(&[
            "checking::layers::c9_layers_of_siblings",
            "checking::layers::c9_closures_in_closures",
        ]),
    ),
    (
        "C10",
        Staged(&[
            "checking::layers::c10_method_taken_and_called_later",
            "checking::layers::c10_future_of_an_unlisted_method",
        ]),
    ),
    (
        "C11",
        Staged(&[
            "checking::entries::c11_every_way_to_one_operation",
            "checking::entries::c11_every_form_of_text",
        ]),
    ),
    (
        "C12",
        Staged(&["checking::types::c12_argument_of_another_kind"]),
    ),
    (
        "C13",
        Staged(&[
            "checking::preparing::c13_arguments_of_a_refused_call",
            "checking::preparing::c13_iterator_of_a_refused_call",
        ]),
    ),
    (
        "C15",
        Staged(&["checking::names::c15_hidden_method_by_its_name"]),
    ),
    (
        "C16",
        Staged(&[
            "checking::policies::c16_names_and_lists_with_mistakes",
            "checking::policies::c16_rules_with_mistakes",
            "checking::policies::c16_policy_that_is_wider_than_its_parents",
        ]),
    ),
    (
        "C17",
        Staged(&["checking::policies::c17_star_and_a_method_added_later"]),
    ),
    (
        "C18",
        Staged(&[
            "checking::preparing::c18_buffer_of_a_foreign_owner",
            "checking::preparing::c18_key_that_occurs_twice",
            "checking::preparing::c18_iterator_that_says_how_long_it_is",
        ]),
    ),
];
