//! The functions of the binding that the fuzz targets call; see `fuzz/targets/`. Built with the tests, too,
//! so that it keeps compiling.
#![allow(missing_docs, reason = "fuzz targets are its only readers")]

use std::sync::Arc;

use super::config_strings;
use super::errors::Failure;
use super::program::Program;
use super::settings::Settings;
use super::ssh_param;
use super::state::State;
pub use super::user_certificate::NativeUserCertificate;
use crate::driver::{Handler, Server};

/// The documented number of an error and its message.
pub type Refused = (u32, String);

fn refused(failure: Failure) -> Refused {
    (failure.code, failure.message)
}

/// A server that does not listen.
pub struct Configured(State);

impl std::fmt::Debug for Configured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Configured")
    }
}

impl Default for Configured {
    fn default() -> Self {
        let program = Arc::new(Program::new());
        let settings = Settings::default();
        let handler: Arc<dyn Handler> = Arc::<Program>::clone(&program);
        let server = Server::new(handler, settings.for_driver());
        Self(State { settings, server, program })
    }
}

impl Configured {
    pub fn config(&mut self, text: &str) -> Result<String, Refused> {
        config_strings::config(&mut self.0, text).map_err(refused)
    }
}

/// The names of all settings.
pub fn setting_names() -> Vec<&'static str> {
    config_strings::names().collect()
}

pub fn read_text(payload: &[u8], field: &str) -> Result<String, Refused> {
    ssh_param::read_text(payload, field).map_err(refused)
}

pub fn read_bytes(payload: &[u8], field: &str) -> Result<Vec<u8>, Refused> {
    ssh_param::read_bytes(payload, field).map_err(refused)
}

pub fn append(payload: &[u8], field_type: &str, value: &str) -> Result<Vec<u8>, Refused> {
    ssh_param::append(payload, field_type, value).map_err(refused)
}

pub fn user_certificate(blob: &[u8]) -> Result<NativeUserCertificate, String> {
    super::user_certificate::user_certificate(blob).map_err(|error| error.reason.clone())
}

/// The certificates of a login in DER, if the facade can show them.
pub fn user_x509(algorithm: &str, blob: &[u8]) -> Result<Vec<Vec<u8>>, Refused> {
    super::x509::certificates(algorithm, blob).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_targets_call_is_what_the_program_calls() {
        let mut server = Configured::default();
        assert!(setting_names().contains(&"LogLevel"));
        assert_eq!(server.config("LogLevel=2"), Ok(String::new()));
        assert_eq!(server.config("LogLevel"), Ok("2".to_owned()));
        assert_eq!(server.config("LogLevel=4").map_err(|error| error.0), Err(10022));
        let payload = append(&[], "s", "ls").unwrap();
        assert_eq!(read_text(&payload, "%s"), Ok("ls".to_owned()));
        assert_eq!(read_bytes(&payload, "%s"), Ok(b"ls".to_vec()));
        assert!(user_certificate(b"").is_err());
        assert!(user_x509("x509v3-sign-rsa", b"").is_err());
    }
}
