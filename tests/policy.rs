//! Default deny, and clear errors for every mistake in a policy.
