//! The Node binding: values in and out, nothing decided here. `server` is the class that the
//! JavaScript facade drives, `program` takes the driver's events and `events` hands them over in
//! batches, for which `loop_wake` wakes JavaScript; `settings`, `config_strings` and `properties` are
//! the documented settings.

#![allow(
    unsafe_code,
    reason = "the napi macros generate it; each block written here has its own reason"
)]
#![allow(unreachable_pub, reason = "the napi macros register nothing less than `pub`")]
#![cfg_attr(test, allow(dead_code, reason = "in tests the napi macros register nothing"))]

mod algorithm_list;
mod alternatives;
mod boundary;
mod certificate;
mod codepage;
mod collections;
mod config_strings;
mod decoder;
mod errors;
mod events;
mod files;
mod flat_array;
mod functions;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod host_certificates;
mod login_texts;
mod loop_sockets;
mod loop_wake;
mod memory;
mod object;
mod program;
mod properties;
mod revocation;
mod server;
mod settings;
mod settings_list;
mod ssh_param;
mod state;
mod user_certificate;
mod x509;
