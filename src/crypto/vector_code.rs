//! Whether our own code for vector instructions may be used: the one place where that is decided, for
//! `avx2/`, `avx512/`, `sha_ni/` and `vaes/`. What they make takes a [`VectorCode`], so none of it exists
//! without being asked for here. Whether the processor has the instructions is for each of them to ask.
//! The registries fall back on AWS-LC.

use std::ffi::OsStr;
use std::sync::OnceLock;

/// Set to anything but nothing and `0`, ciphers and MACs run on AWS-LC alone.
const PORTABLE: &str = "SSHSERVER_PORTABLE_CRYPTO";

/// That our code for vector instructions may be used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VectorCode(());

impl VectorCode {
    /// `None` if the environment forbids it. It is read once: a process does not change its mind.
    pub(crate) fn allowed() -> Option<Self> {
        static PORTABLE_ONLY: OnceLock<bool> = OnceLock::new();
        let only = PORTABLE_ONLY.get_or_init(|| forbids(std::env::var_os(PORTABLE).as_deref()));
        (!only).then_some(Self(()))
    }

    /// For what compares it with AWS-LC, whatever the environment says.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn under_test() -> Self {
        Self(())
    }
}

/// A value that nobody thought of is rather a wish for AWS-LC than against it.
fn forbids(value: Option<&OsStr>) -> bool {
    value.is_some_and(|value| !value.is_empty() && value != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_but_nothing_and_zero_forbids_it() {
        for (value, expected) in
            [(None, false), (Some(""), false), (Some("0"), false), (Some("1"), true)]
        {
            assert_eq!(forbids(value.map(OsStr::new)), expected, "{value:?}");
        }
        assert!(forbids(Some(OsStr::new("true"))));
    }
}
