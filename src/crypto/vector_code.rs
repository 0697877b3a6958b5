//! Decides whether our own code for vector instructions may be used, for `avx2/`, `avx512/`, `sha_ni/` and
//! `vaes/`. Their constructors need a [`VectorCode`], so none of them can be used without asking here. Each
//! of them checks itself whether the processor has its instructions. Otherwise the registries use AWS-LC.

use std::ffi::OsStr;
use std::sync::OnceLock;

/// With any value but the empty one and `0`, ciphers and MACs run on AWS-LC alone.
const PORTABLE: &str = "SSHSERVER_PORTABLE_CRYPTO";

/// The proof that our code for vector instructions may be used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VectorCode(());

impl VectorCode {
    /// `None` if the environment forbids it. The variable is read once for the whole process.
    pub(crate) fn allowed() -> Option<Self> {
        static PORTABLE_ONLY: OnceLock<bool> = OnceLock::new();
        let only = PORTABLE_ONLY.get_or_init(|| forbids(std::env::var_os(PORTABLE).as_deref()));
        (!only).then_some(Self(()))
    }

    /// For tests that compare it with AWS-LC, whatever the environment says.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn under_test() -> Self {
        Self(())
    }
}

/// An unknown value is taken as a wish for AWS-LC.
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
