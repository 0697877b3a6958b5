//! An SSH server: a sans-I/O protocol engine in pure Rust, a tokio driver around it and a thin Node
//! binding around that. ARCHITECTURE.md draws the layers; CONTRIBUTING.md says how to work on them.

pub mod crypto;
pub mod error;
pub mod keystore;
pub mod wire;
