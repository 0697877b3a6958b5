//! `driver` once more, with streams in memory: clients come through no port.

#![cfg(feature = "driver")]

#[path = "driver/main.rs"]
mod driver;
