//! The scenarios, one file each.

pub mod bulk;
pub mod channels;
pub mod connect;
pub mod echo;
pub mod idle;
pub mod idle_worker;
pub mod key_exchanges;
pub mod requests;
pub mod spread;
pub mod tunnel;
