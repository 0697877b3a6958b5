//! SFTP sessions over a file system object of the program: its calls, and its answers to them.

use std::sync::Arc;

use napi::bindgen_prelude::{ClassInstance, Either, Uint8Array};
use napi_derive::napi;

use super::errors::Failure;
use super::files::FilesOptions;
use super::server::{NativeServer, ticket};
use super::state::whole;
use crate::driver::Desk;
use crate::files::Settings;
use crate::files::object::{Answer, Call, Entry, ObjectSession, Told};
use crate::sftp::{Attributes, EXTENSIONS, FileSystem, Owner, Times};

/// Where the calls of one session lie.
#[napi]
pub struct NativeDesk {
    desk: Arc<Desk>,
}

/// One call; see `Call`. A path is text where it is UTF-8.
#[napi(object)]
pub struct ObjectCall {
    pub method: String,
    pub path: Either<String, Uint8Array>,
    pub to: Either<String, Uint8Array>,
    pub handle: f64,
    pub other: f64,
    pub offset: f64,
    pub to_offset: f64,
    pub len: f64,
    pub flags: u32,
    pub attributes: ObjectAttributes,
    pub data: Option<Uint8Array>,
}

/// `ATTRS`, as far as they are there.
#[napi(object)]
pub struct ObjectAttributes {
    pub size: Option<f64>,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    pub mode: Option<u32>,
    pub atime: Option<f64>,
    pub mtime: Option<f64>,
}

/// The answer to one call: an error's code, or one of the others.
#[napi(object)]
pub struct ObjectAnswer {
    pub error: Option<String>,
    /// READ: where in the data of all answers its data lies.
    pub start: Option<u32>,
    pub len: Option<u32>,
    pub name: Option<Either<String, Uint8Array>>,
    pub attributes: Option<ObjectAttributes>,
    pub entries: Option<Vec<ObjectEntry>>,
    /// The fields of `statfs`: bsize, blocks, bfree, bavail, files, ffree.
    pub file_system: Option<Vec<f64>>,
}

/// An entry of a directory.
#[napi(object)]
pub struct ObjectEntry {
    pub name: Either<String, Uint8Array>,
    pub links: u32,
    pub attributes: ObjectAttributes,
}

#[napi]
impl NativeDesk {
    #[napi(constructor)]
    pub fn new() -> Self {
        Self { desk: Arc::default() }
    }

    /// Takes the calls that wait.
    #[napi]
    pub fn take(&self) -> Vec<ObjectCall> {
        self.desk.take().into_iter().map(Into::into).collect()
    }
}

#[napi]
impl NativeServer {
    /// Serves a channel as an SFTP session over an object of the program, without the `lacking` extensions.
    #[napi]
    pub fn serve_object(
        &self,
        op: f64,
        channel: f64,
        options: FilesOptions,
        lacking: Vec<String>,
        desk: ClassInstance<'_, NativeDesk>,
    ) -> napi::Result<(), String> {
        let entry = self.state.channel(channel)?;
        let settings = Arc::new(Settings::try_from(options)?);
        let names = EXTENSIONS.iter().map(|(name, _)| *name);
        let lacks = names.filter(|name| lacking.iter().any(|it| it == name)).collect();
        let session = Box::new(ObjectSession::new(settings, lacks));
        entry.connection.serve_object(entry.local, session, Arc::clone(&desk.desk), ticket(op));
        Ok(())
    }

    /// Waits for calls of a session; the operation has ended when there are some, or there will be none.
    #[napi]
    pub fn await_calls(
        &self,
        op: f64,
        channel: f64,
        desk: ClassInstance<'_, NativeDesk>,
    ) -> napi::Result<(), String> {
        let entry = self.state.channel(channel)?;
        entry.connection.await_calls(entry.local, &desk.desk, ticket(op));
        Ok(())
    }

    /// Answers all calls that were taken; `data` is what the READs among them have read.
    #[napi]
    pub fn answer_calls(
        &self,
        channel: f64,
        desk: ClassInstance<'_, NativeDesk>,
        answers: Vec<ObjectAnswer>,
        data: &[u8],
    ) -> napi::Result<(), String> {
        let entry = self.state.channel(channel)?;
        let answers = answers.into_iter().map(|answer| answer.told(data));
        let answers = answers.collect::<Result<_, Failure>>()?;
        entry.connection.answer_calls(entry.local, &desk.desk, answers);
        Ok(())
    }
}

impl From<Call> for ObjectCall {
    fn from(call: Call) -> Self {
        let data = (!call.data.is_empty()).then(|| {
            let mut whole = Vec::with_capacity(call.data.len());
            call.data.pieces().iter().for_each(|piece| whole.extend_from_slice(piece));
            whole.into()
        });
        Self {
            method: call.method.name().to_owned(),
            path: text(call.path),
            to: text(call.to),
            handle: call.handle.0 as f64,
            other: call.other.0 as f64,
            offset: call.offset as f64,
            to_offset: call.to_offset as f64,
            len: call.len as f64,
            flags: call.flags,
            attributes: call.attributes.into(),
            data,
        }
    }
}

fn text(bytes: Vec<u8>) -> Either<String, Uint8Array> {
    String::from_utf8(bytes).map_or_else(|not| Either::B(not.into_bytes().into()), Either::A)
}

fn bytes(name: Either<String, Uint8Array>) -> Vec<u8> {
    match name {
        Either::A(text) => text.into_bytes(),
        Either::B(bytes) => bytes.to_vec(),
    }
}

impl From<Attributes> for ObjectAttributes {
    fn from(of: Attributes) -> Self {
        Self {
            size: of.size.map(|size| size as f64),
            uid: of.owner.map(|owner| owner.uid),
            gid: of.owner.map(|owner| owner.gid),
            mode: of.permissions,
            atime: of.times.map(|times| times.accessed.into()),
            mtime: of.times.map(|times| times.modified.into()),
        }
    }
}

impl From<ObjectAttributes> for Attributes {
    fn from(of: ObjectAttributes) -> Self {
        let seconds = |time| u32::try_from(rounded(time)).unwrap_or(u32::MAX);
        Self {
            size: of.size.map(|size| rounded(Some(size))),
            owner: of.uid.zip(of.gid).map(|(uid, gid)| Owner { uid, gid }),
            permissions: of.mode,
            times: of
                .mtime
                .map(|_| Times { accessed: seconds(of.atime), modified: seconds(of.mtime) }),
        }
    }
}

impl ObjectAnswer {
    fn told(self, data: &[u8]) -> Result<Answer<'_>, Failure> {
        let told = if let Some(len) = self.len {
            let start = self.start.unwrap_or(0) as usize;
            let read = data.get(start..start.saturating_add(len as usize));
            Told::Read(read.ok_or_else(|| Failure::invalid("More was read than is there."))?)
        } else if let Some(name) = self.name {
            Told::Name(bytes(name))
        } else if let Some(attributes) = self.attributes {
            Told::Attributes(attributes.into())
        } else if let Some(entries) = self.entries {
            let entry = |it: ObjectEntry| Entry {
                name: bytes(it.name),
                links: it.links.into(),
                attributes: it.attributes.into(),
            };
            Told::Entries(entries.into_iter().map(entry).collect())
        } else if let Some(fields) = self.file_system {
            Told::FileSystem(file_system(&fields))
        } else {
            Told::Nothing
        };
        Ok(Answer { error: self.error, told })
    }
}

/// A number of the program's object, which may be anything.
fn rounded(number: Option<f64>) -> u64 {
    number.and_then(|number| whole(number.floor())).unwrap_or(0)
}

fn file_system(fields: &[f64]) -> FileSystem {
    let field = |at: usize| rounded(fields.get(at).copied());
    FileSystem {
        block_len: field(0),
        fragment_len: field(0),
        blocks: field(1),
        blocks_free: field(2),
        blocks_available: field(3),
        files: field(4),
        files_free: field(5),
        files_available: field(5),
        max_name_len: 255,
        ..FileSystem::default()
    }
}
