//! Mistakes of the builder.

use super::*;

#[test]
fn builder_reports_every_mistake_at_once() {
    let error = Policy::builder()
        .inbound(allow!(dyn Account: balance))
        .inbound(allow!(dyn Account: balance))
        .outbound(allow!(dyn Account: balance))
        .outbound(allow!(dyn Account))
        .inbound(allow!(dyn Account: deposit))
        .depth_limit(0)
        .build()
        .unwrap_err();
    let twice = |direction| PolicyProblem::DuplicateInterface {
        direction,
        interface: "Account".into(),
    };
    assert_eq!(
        error.problems(),
        [
            twice(Direction::Inbound),
            twice(Direction::Outbound),
            twice(Direction::Inbound),
            PolicyProblem::ZeroDepth
        ]
    );
    assert_eq!(
        error.to_string(),
        "inbound `Account` is listed twice: write one list of its methods\n\
         outbound `Account` is listed twice: write one list of its methods\n\
         inbound `Account` is listed twice: write one list of its methods\n\
         a depth limit of 0 refuses every call: use 1 or more"
    );
}

/// A mistake is not mended by a later word.
#[test]
fn depth_limit_of_zero_stays_a_mistake() {
    let error = Policy::builder()
        .depth_limit(0)
        .depth_limit(5)
        .build()
        .unwrap_err();
    assert_eq!(error.problems(), [PolicyProblem::ZeroDepth]);
    assert_eq!(
        Policy::builder()
            .depth_limit(5)
            .depth_limit(6)
            .build()
            .unwrap()
            .depth_limit(),
        6
    );
}

#[test]
fn policy_error_is_a_plain_error() {
    fn is_error<T: std::error::Error + Send + Sync + Clone + PartialEq + 'static>(_: &T) {}
    let error = Policy::builder().depth_limit(0).build().unwrap_err();
    is_error(&error);
    assert_eq!(format!("{error:?}"), "PolicyError([ZeroDepth])");
    assert!(std::error::Error::source(&error).is_none());
    assert_eq!(
        PolicyProblem::Revoked.to_string(),
        "the membrane is revoked: nothing can be derived from it"
    );
    assert_eq!(
        PolicyProblem::TooManyGenerations.to_string(),
        "membranes are derived from each other too deeply"
    );
}
