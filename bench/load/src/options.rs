//! The options that every scenario knows, and the reading of its own ones.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use pico_args::Arguments;
use russh::keys::PrivateKey;

use crate::failure::{Context, Failure, Result};

/// How to log in.
#[derive(Debug, Clone)]
pub enum Login {
    /// With `--password`.
    Password(String),
    /// With the key of `--key`.
    PublicKey(Arc<PrivateKey>),
}

/// The options of all scenarios.
#[derive(Debug, Clone)]
pub struct Common {
    /// The server's port.
    pub port: u16,
    /// Its processes, whose CPU time and memory are measured.
    pub pids: Vec<i32>,
    /// Whether their descendants are measured too, those that ended included.
    pub tree: bool,
    /// The user who logs in.
    pub user: String,
    /// How.
    pub login: Login,
    /// The one cipher to offer.
    pub cipher: String,
    /// The one MAC to offer, for a cipher that needs one.
    pub mac: String,
    /// The one key exchange to offer.
    pub kex: String,
    /// How many addresses from 127.0.0.1 on the connections are spread over.
    pub addresses: u8,
    /// Threads of the client; one has the least to wait for.
    pub threads: usize,
    /// After this the scenario has failed.
    pub timeout: Duration,
}

impl Common {
    /// Takes the common options out of the arguments; `addresses` where `--addresses` is not given.
    pub fn take(args: &mut Arguments, addresses: u8) -> Result<Self> {
        let login = login(args)?;
        let pids: String = args.opt_value_from_str("--pid")?.unwrap_or_default();
        let pids = pids
            .split(',')
            .filter(|pid| !pid.is_empty())
            .map(|pid| pid.parse().map_err(|_| Failure::new(format!("--pid {pid}: no number"))))
            .collect::<Result<_>>()?;
        Ok(Self {
            port: args.value_from_str("--port")?,
            pids,
            tree: args.contains("--tree"),
            user: option(args, "--user", "bench".to_owned())?,
            login,
            cipher: option(args, "--cipher", "aes128-gcm@openssh.com".to_owned())?,
            mac: option(args, "--mac", "hmac-sha2-256-etm@openssh.com".to_owned())?,
            kex: option(args, "--kex", "curve25519-sha256".to_owned())?,
            addresses: option(args, "--addresses", addresses)?.clamp(1, 250),
            threads: option(args, "--threads", 1)?,
            timeout: Duration::from_secs(option(args, "--timeout", 900)?),
        })
    }
}

/// `--name VALUE`, or the default.
pub fn option<T>(args: &mut Arguments, name: &'static str, default: T) -> Result<T>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    Ok(args.opt_value_from_str(name)?.unwrap_or(default))
}

/// Refuses what nobody took: a misspelt option would measure something else.
pub fn finish(args: Arguments) -> Result<()> {
    match args.finish().first() {
        None => Ok(()),
        Some(unknown) => {
            Err(Failure::new(format!("unknown argument {}", unknown.to_string_lossy())))
        }
    }
}

fn login(args: &mut Arguments) -> Result<Login> {
    let password = option(args, "--password", "bench".to_owned())?;
    let key: Option<PathBuf> = args.opt_value_from_str("--key")?;
    let auth = option(args, "--auth", "password".to_owned())?;
    match (auth.as_str(), key) {
        ("password", _) => Ok(Login::Password(password)),
        ("publickey", Some(path)) => {
            let key = russh::keys::load_secret_key(&path, None)
                .map_err(|error| Failure::new(error.to_string()))
                .context(format!("--key {}", path.display()))?;
            Ok(Login::PublicKey(Arc::new(key)))
        }
        ("publickey", None) => Err(Failure::new("--auth publickey needs --key FILE")),
        (other, _) => Err(Failure::new(format!("--auth {other}: password or publickey"))),
    }
}
