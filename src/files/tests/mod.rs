//! The session over real directories, both ways of resolving paths.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper that fails has to fail the test"
)]
#![allow(clippy::wildcard_enum_match_arm, reason = "a reply that is not wanted is shown")]

mod escape;
mod files;
mod fixture;
mod prompt;
