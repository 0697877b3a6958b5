//! A file system object of the program as the file system of an SFTP session: requests become calls, and what the
//! program answers becomes replies. Handles, permissions, lengths and paths are seen to here.

mod answer;
mod call;
mod code;
mod session;

pub use answer::{Answer, Entry, Told};
pub use call::{Call, Method};
pub use session::ObjectSession;

#[cfg(test)]
mod tests;
