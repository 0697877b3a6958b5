//! The scenarios, one file each.

pub mod bulk;
pub mod connect;
pub mod echo;
