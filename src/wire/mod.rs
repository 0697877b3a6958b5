//! The data types of RFC 4251 section 5 on the wire, and the table of messages. Used by every layer
//! above; knows none of them.

pub mod messages;
mod outbox;
mod reader;
mod writer;

pub use outbox::Outbox;
pub use reader::{NameList, Reader, description, is_name};
pub use writer::Writer;
