//! The functions of the addon.

use napi::bindgen_prelude::{Either, Null, Uint8Array};
use napi_derive::napi;

use super::codepage::CodePage;
use super::errors;
use super::ssh_param;
use crate::crypto;
use crate::limits::{MAX_WAITING_BYTES, QUEUED_EVENT_COST};

/// Reads a field of a payload as text.
#[napi]
pub fn get_ssh_param(payload: &[u8], field: String) -> napi::Result<String, String> {
    Ok(ssh_param::read_text(payload, &field)?)
}

/// Reads a field of a payload as bytes.
#[napi]
pub fn get_ssh_param_bytes(payload: &[u8], field: String) -> napi::Result<Uint8Array, String> {
    Ok(Uint8Array::new(ssh_param::read_bytes(payload, &field)?))
}

/// The payload with one more field at its end.
#[napi]
pub fn set_ssh_param(
    payload: Either<&[u8], Null>,
    field_type: String,
    field_value: String,
) -> napi::Result<Uint8Array, String> {
    let payload = match payload {
        Either::A(payload) => payload,
        Either::B(Null) => &[],
    };
    let longer = ssh_param::append(payload, &field_type, &field_value)?;
    Ok(Uint8Array::new(longer))
}

/// The documented text of an error number.
#[napi]
pub fn error_text(code: u32) -> String {
    errors::text(code)
}

/// How much of one connection may wait behind slow listeners.
#[napi(object)]
pub struct BacklogLimits {
    /// In bytes.
    pub most: u32,
    /// What an event counts for besides what it carries, in bytes.
    pub event_cost: u32,
}

/// The bounds for what waits behind slow listeners.
#[napi]
pub fn backlog_limits() -> BacklogLimits {
    let number = |limit| u32::try_from(limit).unwrap_or(u32::MAX);
    BacklogLimits { most: number(MAX_WAITING_BYTES), event_cost: number(QUEUED_EVENT_COST) }
}

/// A documented code page.
#[napi(object)]
pub struct CodePageRow {
    pub id: u32,
    pub name: String,
    pub is_supported: bool,
}

/// Every documented code page.
#[napi]
pub fn code_pages() -> Vec<CodePageRow> {
    let row = |page: &CodePage| CodePageRow {
        id: page.id,
        name: page.name.to_owned(),
        is_supported: page.is_supported(),
    };
    CodePage::all().iter().map(row).collect()
}

/// An algorithm that is there.
#[napi(object, object_from_js = false)]
pub struct AlgorithmRow {
    /// `kex`, `signature`, `cipher`, `mac` or `compression`.
    pub kind: &'static str,
    pub name: &'static str,
    /// `modern` (in the default lists and in both profiles), `profiles-only`, `intermediate` (in the
    /// default lists and in the intermediate profile), `compatible` (in the default lists only) or
    /// `on-request`.
    pub lists: &'static str,
}

/// Every algorithm there is.
#[napi]
pub fn algorithms() -> Vec<AlgorithmRow> {
    let rows = crypto::algorithms().into_iter();
    rows.map(|(kind, name, security)| AlgorithmRow { kind, name, lists: security.name() }).collect()
}

/// A cipher or MAC that runs on our own code for vector instructions.
#[napi(object, object_from_js = false)]
pub struct VectorCodeRow {
    pub kind: &'static str,
    pub name: &'static str,
    /// The folder of `src/crypto/` that the code is in.
    pub folder: &'static str,
}

/// The ciphers and MACs that run on our own code for vector instructions in this process.
#[napi]
pub fn on_vector_code() -> Vec<VectorCodeRow> {
    let rows = crypto::on_vector_code().into_iter();
    rows.map(|(kind, name, folder)| VectorCodeRow { kind, name, folder }).collect()
}
