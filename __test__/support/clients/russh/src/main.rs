//! Runs russh's client for the interop run: reads jobs, one a line, as names and values between
//! tabs, and answers each with a line, `ok` or what went wrong. Every job is one connection that
//! forces the algorithms it names, asks for new keys after `rekeyBytes`, sends one file through the
//! command `exchange` and expects the other.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::io::{BufRead, Write};
use std::sync::Arc;
use std::time::Duration;

use russh::client::{self, AuthResult, Handle, Handler};
use russh::keys::{
    Algorithm, HashAlg, PrivateKeyWithHashAlg, PublicKeyOrCertificate, load_openssh_certificate,
    load_secret_key,
};
use russh::{ChannelMsg, Disconnect, Limits, Preferred, SshId, cipher, compression, kex, mac};

type Result<T> = std::result::Result<T, Box<dyn Error>>;
type Job<'a> = HashMap<&'a str, &'a str>;

struct AnyKey;

impl Handler for AnyKey {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        _: &PublicKeyOrCertificate,
    ) -> std::result::Result<bool, Self::Error> {
        // Which key the server has is not what is tested.
        Ok(true)
    }
}

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let answer = if line == "version" {
            version()
        } else {
            match runtime.block_on(run(&line)) {
                Ok(()) => "ok".to_owned(),
                Err(error) => error.to_string().replace('\n', " "),
            }
        };
        let mut output = std::io::stdout().lock();
        writeln!(output, "{answer}")?;
        output.flush()?;
    }
    Ok(())
}

/// As russh says it to servers.
fn version() -> String {
    match client::Config::default().client_id {
        SshId::Standard(text) => text.rsplit('_').next().unwrap_or_default().to_owned(),
        SshId::Raw(text) => text.into_owned(),
    }
}

fn field<'a>(job: &Job<'a>, name: &str) -> Result<&'a str> {
    job.get(name).copied().ok_or_else(|| format!("no {name} in the job").into())
}

async fn run(line: &str) -> Result<()> {
    let mut job = Job::new();
    let mut fields = line.split('\t');
    while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
        job.insert(name, value);
    }
    let upload = tokio::fs::read(field(&job, "upload")?).await?;
    let download = tokio::fs::read(field(&job, "download")?).await?;
    let port: u16 = field(&job, "port")?.parse()?;
    let config = Arc::new(config(&job)?);
    let mut connection = client::connect(config, ("127.0.0.1", port), AnyKey).await?;
    log_in(&mut connection, &job).await?;
    let result = exchange(&connection, upload, &download).await;
    connection.disconnect(Disconnect::ByApplication, "", "").await?;
    // How the connection ends says nothing about the data.
    let _ = tokio::time::timeout(Duration::from_secs(5), connection).await;
    result
}

fn config(job: &Job<'_>) -> Result<client::Config> {
    let rekey: usize = field(job, "rekeyBytes")?.parse()?;
    Ok(client::Config {
        limits: Limits {
            rekey_write_limit: rekey,
            rekey_read_limit: usize::MAX,
            rekey_time_limit: Duration::from_secs(3600),
        },
        preferred: preferred(job)?,
        nodelay: true,
        ..client::Config::default()
    })
}

/// Only what the job names, of the kinds it names.
fn preferred(job: &Job<'_>) -> Result<Preferred> {
    let unknown = |name: &str| format!("russh has no {name}");
    let mut all = Preferred::DEFAULT;
    all.key = Cow::Owned(vec![field(job, "hostKey")?.parse::<Algorithm>()?]);
    if let Some(&name) = job.get("kex") {
        let kex = kex::Name::try_from(name).map_err(|()| unknown(name))?;
        let strict = kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT;
        all.kex = Cow::Owned(vec![kex, kex::EXTENSION_SUPPORT_AS_CLIENT, strict]);
    }
    if let Some(&name) = job.get("cipher") {
        all.cipher = Cow::Owned(vec![cipher::Name::try_from(name).map_err(|()| unknown(name))?]);
    }
    if let Some(&name) = job.get("mac") {
        all.mac = Cow::Owned(vec![mac::Name::try_from(name).map_err(|()| unknown(name))?]);
    }
    if let Some(&name) = job.get("compression") {
        let known = [compression::NONE, compression::ZLIB, compression::ZLIB_LEGACY];
        let row = known.into_iter().find(|row| row.as_ref() == name);
        all.compression = Cow::Owned(vec![row.ok_or_else(|| unknown(name))?]);
    }
    Ok(all)
}

async fn log_in(connection: &mut Handle<AnyKey>, job: &Job<'_>) -> Result<()> {
    let user = field(job, "user")?;
    let result = if let Some(file) = job.get("keyFile") {
        let key = Arc::new(load_secret_key(file, None)?);
        if let Some(certificate) = job.get("certificate") {
            let certificate = load_openssh_certificate(certificate)?;
            connection.authenticate_openssh_cert(user, key, certificate).await?
        } else {
            let hash = match field(job, "userKey")? {
                "rsa-sha2-256" => Some(HashAlg::Sha256),
                "rsa-sha2-512" => Some(HashAlg::Sha512),
                _ => None,
            };
            let key = PrivateKeyWithHashAlg::new(key, hash);
            connection.authenticate_publickey(user, key).await?
        }
    } else {
        connection.authenticate_password(user, "x").await?
    };
    match result {
        AuthResult::Success => Ok(()),
        AuthResult::Failure { .. } => Err("the login was refused".into()),
    }
}

/// Sends and receives at the same time.
async fn exchange(connection: &Handle<AnyKey>, upload: Vec<u8>, download: &[u8]) -> Result<()> {
    let channel = connection.channel_open_session().await?;
    channel.exec(true, "exchange").await?;
    let (mut reader, writer) = channel.split();
    let send = async {
        writer.data(upload.as_slice()).await?;
        writer.eof().await
    };
    let receive = async {
        let mut received = Vec::with_capacity(download.len());
        let mut status = None;
        while let Some(message) = reader.wait().await {
            match message {
                ChannelMsg::Data { data } => received.extend_from_slice(&data),
                ChannelMsg::ExitStatus { exit_status } => status = Some(exit_status),
                _ => {}
            }
        }
        (received, status)
    };
    let (sent, (received, status)) = tokio::join!(send, receive);
    sent?;
    if status != Some(0) || received != download {
        return Err(format!("status {status:?}, {} bytes came", received.len()).into());
    }
    Ok(())
}
