//! The proposal: revocable proxies for Rust objects, in the manner of an enhancement proposal.
//!
//! # Abstract
//!
//! A program hands live objects to code that it does not trust. Each object that crosses, either way, is wrapped in a proxy
//! that implements the same trait. A method is refused unless it is listed. One call takes everything back, in both
//! directions, and when it has returned nothing more goes through. All of it is one small type, the proxy, in front of one
//! revocable cell: there is no other gate, and no flag to forget.
//!
//! # Motivation
//!
//! A Rust program that takes in a plugin, a script's runtime, a peer's stub or another team's module hands it objects, as
//! `Arc<dyn Trait>` or by a handle. From then on:
//!
//! - whoever has the `Arc` has every method of the trait, and whatever these methods return, for ever;
//! - the owner cannot take it back: `Weak` does not (it succeeds while any call runs), and an `Option` behind a lock takes back
//!   one object, not those that were reached through it;
//! - what the other side passes in, a callback say, is held by the owner just as firmly.
//!
//! What users of neighbouring systems ask for is the same list each time: revocation at once that cannot crash
//! (capnproto/capnproto#1667), revocation in both directions (tc39/proposal-shadowrealm#299), tables that do not pin what is
//! gone, and proxies that are fast enough to be left on.
//!
//! # The parts
//!
//! | | |
//! |---|---|
//! | [`rationale`] | restricted execution against proxies, and what twenty years of escapes teach |
//! | [`specification`] | words, what a reference becomes, the order of checks, revocation, what each refusal tells |
//! | [`threats`] | boundary by boundary: who is hostile, what they hold, what is promised and what is not |
//! | [`hiding`] | the argument that a proxy hides its target, primitive by primitive |
//! | [`comparison`] | row by row with others, and where they are better |
//! | [`invariants`](super::invariants) | the numbered promises, each with what breaks when it is false |
//! | [`limits`](super::limits) | what it does not do |

pub mod comparison;
pub mod hiding;
pub mod rationale;
pub mod specification;
#[doc = include_str!("threats.md")]
pub mod threats {}
