//! SFTP, version 3 (draft-ietf-secsh-filexfer-02), without I/O: bytes of a channel in, requests out; results
//! in, bytes for the channel out. What a request does to files is the business of `files/`.
//!
//! The extensions are those of OpenSSH's PROTOCOL file and of draft-ietf-secsh-filexfer-extensions.

mod attributes;
mod data;
mod extension;
mod intake;
pub mod longname;
mod packet;
mod replies;
mod request;
mod status;

pub use attributes::{Attributes, Owner, Times};
pub use data::Data;
pub use extension::{EXTENSIONS, Extended};
pub use intake::{Intake, Packet};
pub use packet::{BadPacket, HandleId};
pub use replies::{FileSystem, Limits, Names, Replies};
pub use request::{Open, Operation, Request};
pub use status::Status;

/// The version that is spoken: the one that nearly all clients know.
pub const VERSION: u32 = 3;
