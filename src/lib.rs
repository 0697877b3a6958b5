//! An SSH server: a sans-I/O protocol engine in pure Rust, a tokio driver around it and a thin Node
//! binding around that. ARCHITECTURE.md draws the layers; CONTRIBUTING.md says how to work on them.

#[cfg(feature = "node")]
mod binding;
#[cfg(all(feature = "node", any(test, fuzzing)))]
#[doc(hidden)]
pub use binding::fuzzing as binding_under_test;
pub mod blocks;
pub mod channels;
pub mod crypto;
#[cfg(feature = "driver")]
pub mod driver;
pub mod engine;
pub mod error;
#[cfg(feature = "driver")]
pub mod files;
pub mod keystore;
pub mod limits;
pub mod number_map;
pub mod sftp;
pub mod transport;
pub mod userauth;
pub mod wire;
