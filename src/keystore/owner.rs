//! Whose certificate stores of Windows a store type means: on every system, unlike the stores.

/// Whose certificate stores of Windows are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Those of the user that the process runs as.
    User,
    /// Those of the machine.
    Machine,
}
