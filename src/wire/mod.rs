//! The data types of RFC 4251 section 5 on the wire, and the table of messages. Every layer above uses
//! them; they know none of these layers.

pub mod messages;
mod outbox;
mod reader;
mod shown;
mod write_buffer;
mod writer;

pub use outbox::{Outbox, Part};
pub use reader::{NameList, Reader, is_name};
pub use shown::{description, escaped};
pub use write_buffer::WriteBuffer;
pub use writer::Writer;
