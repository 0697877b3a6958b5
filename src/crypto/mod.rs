//! Algorithms as data: one registry table per kind (`cipher::CIPHERS`, `mac::MACS`, `kex::KEXES`,
//! `signature::SIGNATURES`, `compression::COMPRESSIONS`), whose order is the order of preference.
//! Adding an algorithm is its file and its registry row; lists, settings, tests and documentation
//! read the tables. Knows no protocol state.

mod apart;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub(crate) mod aws_lc;
#[cfg(target_arch = "x86_64")]
mod block;
pub mod cipher;
pub mod compression;
pub mod hash;
pub mod kex;
pub mod key_derivation;
pub mod mac;
#[cfg(target_arch = "x86_64")]
mod poly1305;
pub mod random;
pub mod secret;
#[cfg(target_arch = "x86_64")]
mod sha_ni;
pub mod signature;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod vaes;

/// Which offers an algorithm belongs into. The registries have it in any case, so that a setting may
/// name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// In the default offer and in those of both profiles.
    Modern,
    /// In both profiles only: the documented defaults leave it out.
    ProfilesOnly,
    /// In the default offer and in that of the intermediate profile: sound, and audits warn of it.
    Intermediate,
    /// In the documented default offer only.
    Compatible,
    /// In none of them: weak, and no documented default has it.
    OnRequest,
}

impl Security {
    /// Whether the documented default offer has it.
    pub fn in_defaults(self) -> bool {
        matches!(self, Self::Modern | Self::Intermediate | Self::Compatible)
    }

    /// The word for it: `modern`, `profiles-only`, `intermediate`, `compatible` or `on-request`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::ProfilesOnly => "profiles-only",
            Self::Intermediate => "intermediate",
            Self::Compatible => "compatible",
            Self::OnRequest => "on-request",
        }
    }

    /// Whether the modern profile has it.
    pub fn in_modern_profile(self) -> bool {
        matches!(self, Self::Modern | Self::ProfilesOnly)
    }

    /// Whether the intermediate profile has it.
    pub fn in_intermediate_profile(self) -> bool {
        self.in_modern_profile() || self == Self::Intermediate
    }
}

/// Every algorithm of every registry: its kind, its name and where it belongs; the kinds one after
/// the other, each in the order of its registry.
pub fn algorithms() -> Vec<(&'static str, &'static str, Security)> {
    let mut all = Vec::new();
    all.extend(kex::KEXES.iter().map(|row| ("kex", row.name, row.security)));
    all.extend(signature::SIGNATURES.iter().map(|row| ("signature", row.name, row.security)));
    all.extend(cipher::CIPHERS.iter().map(|row| ("cipher", row.name, row.security)));
    all.extend(mac::MACS.iter().map(|row| ("mac", row.name, row.security)));
    let compressions = compression::COMPRESSIONS.iter();
    all.extend(compressions.map(|row| ("compression", row.name, row.security)));
    all
}
