//! A directory of this machine as the file system of an SFTP session. Nearly every call may block, so that threads
//! that serve connections make none but those of `prompt.rs`.
//!
//! Nothing outside of the directory can be reached: the kernel resolves each path below it (`root.rs`), or
//! where it can't, `walk.rs` does so step by step. No path is ever checked as text and then used.

#[cfg(target_os = "linux")]
mod attributes;
#[cfg(target_os = "linux")]
mod copy;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod errors;
#[cfg(target_os = "linux")]
mod handles;
#[cfg(target_os = "linux")]
mod listing;
#[cfg(target_os = "linux")]
mod names;
pub mod object;
#[cfg(target_os = "linux")]
mod operations;
#[cfg(target_os = "linux")]
mod paths;
#[cfg(target_os = "linux")]
mod prompt;
#[cfg(target_os = "linux")]
mod root;
#[cfg(target_os = "linux")]
mod session;
mod settings;
#[cfg(target_os = "linux")]
mod storage;
#[cfg(target_os = "linux")]
mod walk;
#[cfg(target_os = "linux")]
mod write;

#[cfg(not(target_os = "linux"))]
pub use elsewhere::Session;
#[cfg(target_os = "linux")]
pub use session::Session;
pub use settings::{Allowed, Settings, Symlinks};

#[cfg(all(test, target_os = "linux"))]
mod tests;
