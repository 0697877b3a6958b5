//! Algorithms as data: one registry table per kind (`cipher::CIPHERS`, `mac::MACS`, `kex::KEXES`,
//! `signature::SIGNATURES`, `compression::COMPRESSIONS`), whose order is the order of preference.
//! Adding an algorithm is its file and its registry row; lists, settings, tests and documentation
//! read the tables. Knows no protocol state.

mod apart;
#[cfg(vector_code)]
mod avx2;
#[cfg(vector_code)]
mod avx512;
pub(crate) mod aws_lc;
#[cfg(vector_code)]
mod block;
pub mod cipher;
pub mod compression;
#[cfg(all(vector_code, any(test, fuzzing)))]
#[cfg_attr(fuzzing, doc(hidden))]
pub mod differential;
pub mod gss;
pub mod hash;
pub mod kex;
pub mod key_derivation;
pub mod mac;
#[cfg(vector_code)]
mod poly1305;
pub mod random;
pub mod secret;
#[cfg(vector_code)]
mod sha_ni;
pub mod signature;
#[cfg(test)]
mod tests;
#[cfg(vector_code)]
mod vaes;
#[cfg(vector_code)]
mod vector_code;

/// The offers that an algorithm belongs to. The registries have it in any case, so that a setting may name
/// it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// In the default offer and in those of both profiles.
    Modern,
    /// In both profiles only: the documented defaults leave it out.
    ProfilesOnly,
    /// In the default offer and in that of the intermediate profile: sound, but audits warn of it.
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

/// The ciphers and MACs that run on our own code for vector instructions in this process: kind, name, and
/// the folder of `crypto/` that it is in. Everything else runs on AWS-LC, or on the library of its file.
pub fn on_vector_code() -> Vec<(&'static str, &'static str, &'static str)> {
    let folder_of_cipher = |row: &cipher::CipherAlgorithm| {
        let (key, iv) = (vec![0; row.key_len], vec![0; row.iv_len]);
        match row.mode {
            cipher::Mode::Aead { sealer, .. } => sealer(&key, &iv).ok()?.vector_code(),
            cipher::Mode::WithMac { encryptor, .. } => encryptor(&key, &iv).ok()?.vector_code(),
        }
    };
    let folder_of_mac =
        |row: &mac::MacAlgorithm| (row.new)(&vec![0; row.key_len]).ok()?.vector_code();
    let ciphers = cipher::CIPHERS.iter();
    let ciphers = ciphers.filter_map(|row| Some(("cipher", row.name, folder_of_cipher(row)?)));
    let macs = mac::MACS.iter();
    ciphers.chain(macs.filter_map(|row| Some(("mac", row.name, folder_of_mac(row)?)))).collect()
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
