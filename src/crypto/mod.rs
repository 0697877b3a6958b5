//! Algorithms as data: one registry table per kind (`cipher::CIPHERS`, `mac::MACS`, `kex::KEXES`,
//! `signature::SIGNATURES`, `compression::COMPRESSIONS`), whose order is the order of preference.
//! Adding an algorithm is its file and its registry row; lists, settings, tests and documentation
//! read the tables. Knows no protocol state.

#[cfg(target_arch = "x86_64")]
mod avx512;
pub(crate) mod aws_lc;
pub mod cipher;
pub mod compression;
pub mod hash;
pub mod kex;
pub mod key_derivation;
pub mod mac;
pub mod random;
pub mod secret;
pub mod signature;
#[cfg(test)]
mod tests;

/// Whether an algorithm belongs into an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// In the default offer and in that of the modern profile.
    Modern,
    /// In the documented default offer only.
    Compatible,
}
