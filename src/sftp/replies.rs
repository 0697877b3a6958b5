//! Encodes the replies (draft-ietf-secsh-filexfer-02, section 7): one behind the other in a buffer, which the
//! channel sends as it is.

use super::VERSION;
use super::attributes::Attributes;
use super::extension::EXTENSIONS;
use super::packet::{self, HandleId};
use super::status::Status;
use crate::wire::Writer;

/// What stands before the data of an SSH_FXP_DATA: length, number, id, length of the data.
const DATA_HEAD_LEN: usize = 4 + 1 + 4 + 4;

/// Replies that wait to be sent.
#[derive(Debug, Default)]
pub struct Replies {
    /// Never shortened, so that a buffer that is used again is not cleared again before data is read into it.
    bytes: Vec<u8>,
    /// Where the replies end.
    end: usize,
    /// The packet that is being built.
    packet: Vec<u8>,
}

impl Replies {
    /// No replies yet; `buffer` is used for them, whatever is in it.
    pub fn into(buffer: Vec<u8>) -> Self {
        Self { bytes: buffer, ..Self::default() }
    }

    /// The replies so far.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.end).unwrap_or_default()
    }

    /// Their length in bytes.
    pub fn len(&self) -> usize {
        self.end
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.end == 0
    }

    /// Gives the buffer back.
    pub fn into_buffer(self) -> Vec<u8> {
        self.bytes
    }

    /// SSH_FXP_VERSION with those extensions that the files can do.
    pub fn version(&mut self, can: impl Fn(&str) -> bool) {
        self.packet(|writer| {
            writer.u8(packet::VERSION).u32(VERSION);
            for (name, version) in EXTENSIONS.iter().filter(|(name, _)| can(name)) {
                writer.string(name).string(version);
            }
        });
    }

    /// SSH_FXP_STATUS
    pub fn status(&mut self, id: u32, status: Status) {
        self.status_with(id, status, status.text());
    }

    /// SSH_FXP_STATUS with a text of its own.
    pub fn status_with(&mut self, id: u32, status: Status, text: &str) {
        self.packet(|writer| {
            writer.u8(packet::STATUS).u32(id).u32(status.code()).string(text).string("");
        });
    }

    /// SSH_FXP_HANDLE
    pub fn handle(&mut self, id: u32, handle: HandleId) {
        self.packet(|writer| {
            writer.u8(packet::HANDLE).u32(id).string(handle.0.to_be_bytes());
        });
    }

    /// SSH_FXP_ATTRS
    pub fn attributes(&mut self, id: u32, attributes: &Attributes) {
        self.packet(|writer| attributes.write(writer.u8(packet::ATTRS).u32(id)));
    }

    /// SSH_FXP_NAME with one name and no attributes, for REALPATH and READLINK.
    pub fn name(&mut self, id: u32, name: &[u8]) {
        let mut names = self.names(id, 0);
        names.push(name, name, &Attributes::default());
        names.finish();
    }

    /// SSH_FXP_NAME with any number of names, of which so many bytes are expected.
    pub fn names(&mut self, id: u32, expected: usize) -> Names<'_> {
        self.packet.clear();
        self.packet.reserve(expected);
        // The length and the count are written at the end.
        Writer::new(&mut self.packet).u32(0).u8(packet::NAME).u32(id).u32(0);
        Names { replies: self, count: 0 }
    }

    /// SSH_FXP_DATA with at most `most` bytes, which `read` fills in; it returns how many there are. Without
    /// any there is no reply.
    pub fn data<E>(
        &mut self,
        id: u32,
        most: usize,
        read: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let start = self.end.saturating_add(DATA_HEAD_LEN);
        self.make_room(DATA_HEAD_LEN.saturating_add(most));
        let room = self.bytes.get_mut(start..start.saturating_add(most)).unwrap_or_default();
        let len = read(room)?.min(most);
        if len > 0 {
            self.packet.clear();
            Writer::new(&mut self.packet).u32(0).u8(packet::DATA).u32(id).u32(0);
            put_len(&mut self.packet, 0, len.saturating_add(DATA_HEAD_LEN - 4));
            put_len(&mut self.packet, 9, len);
            self.put();
            self.end = self.end.saturating_add(len);
        }
        Ok(len)
    }

    /// The reply to `statvfs@openssh.com` and `fstatvfs@openssh.com`.
    pub fn file_system(&mut self, id: u32, of: &FileSystem) {
        self.packet(|writer| {
            writer.u8(packet::EXTENDED_REPLY).u32(id);
            for field in of.fields() {
                writer.u64(field);
            }
        });
    }

    /// The reply to `limits@openssh.com`.
    pub fn limits(&mut self, id: u32, limits: &Limits) {
        self.packet(|writer| {
            writer.u8(packet::EXTENDED_REPLY).u32(id);
            writer.u64(limits.packet_len).u64(limits.read_len).u64(limits.write_len);
            writer.u64(limits.handles);
        });
    }

    /// The reply to `users-groups-by-id@openssh.com`: a name for each number, empty if there is none.
    pub fn users_and_groups(&mut self, id: u32, users: &[String], groups: &[String]) {
        self.packet(|writer| {
            writer.u8(packet::EXTENDED_REPLY).u32(id);
            for names in [users, groups] {
                let mut list = Vec::new();
                let mut strings = Writer::new(&mut list);
                names.iter().for_each(|name| {
                    strings.string(name);
                });
                writer.string(&list);
            }
        });
    }

    fn packet(&mut self, fill: impl FnOnce(&mut Writer<'_>)) {
        self.packet.clear();
        fill(Writer::new(&mut self.packet).u32(0));
        self.put_whole();
    }

    /// Appends the packet that was built, with its length.
    fn put_whole(&mut self) {
        let len = self.packet.len().saturating_sub(4);
        put_len(&mut self.packet, 0, len);
        self.put();
    }

    fn put(&mut self) {
        self.make_room(self.packet.len());
        let room = self.bytes.get_mut(self.end..).unwrap_or_default();
        if let Some(room) = room.get_mut(..self.packet.len()) {
            room.copy_from_slice(&self.packet);
            self.end = self.end.saturating_add(self.packet.len());
        }
    }

    fn make_room(&mut self, len: usize) {
        let end = self.end.saturating_add(len);
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
    }
}

/// Writes a length into its place.
fn put_len(bytes: &mut [u8], at: usize, len: usize) {
    let len = u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes();
    if let Some(field) = bytes.get_mut(at..at.saturating_add(4)) {
        field.copy_from_slice(&len);
    }
}

/// An SSH_FXP_NAME that is being built; dropped without [`Self::finish`], there is none.
#[derive(Debug)]
pub struct Names<'r> {
    replies: &'r mut Replies,
    count: usize,
}

impl Names<'_> {
    /// Appends a name, the line that `ls -l` would show of it, and its attributes.
    pub fn push(&mut self, name: &[u8], line: &[u8], attributes: &Attributes) {
        self.count = self.count.saturating_add(1);
        let mut writer = Writer::new(&mut self.replies.packet);
        attributes.write(writer.string(name).string(line));
    }

    /// The length of the packet so far.
    pub fn len(&self) -> usize {
        self.replies.packet.len()
    }

    /// Whether it has no name.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Completes the packet.
    pub fn finish(self) {
        put_len(&mut self.replies.packet, 9, self.count);
        self.replies.put_whole();
    }
}

/// A file system, as POSIX `statvfs` has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileSystem {
    /// `f_bsize`
    pub block_len: u64,
    /// `f_frsize`
    pub fragment_len: u64,
    /// `f_blocks`, in units of `fragment_len`
    pub blocks: u64,
    /// `f_bfree`
    pub blocks_free: u64,
    /// `f_bavail`
    pub blocks_available: u64,
    /// `f_files`
    pub files: u64,
    /// `f_ffree`
    pub files_free: u64,
    /// `f_favail`
    pub files_available: u64,
    /// `f_fsid`
    pub id: u64,
    /// Whether nothing can be written.
    pub is_read_only: bool,
    /// Whether set-user-ID bits mean nothing.
    pub is_nosuid: bool,
    /// `f_namemax`
    pub max_name_len: u64,
}

impl FileSystem {
    fn fields(&self) -> [u64; 11] {
        // OpenSSH's PROTOCOL, section 4.4: SSH2_FXE_STATVFS_ST_RDONLY, SSH2_FXE_STATVFS_ST_NOSUID
        let flags = u64::from(self.is_read_only) | (u64::from(self.is_nosuid) << 1);
        [
            self.block_len,
            self.fragment_len,
            self.blocks,
            self.blocks_free,
            self.blocks_available,
            self.files,
            self.files_free,
            self.files_available,
            self.id,
            flags,
            self.max_name_len,
        ]
    }
}

/// What `limits@openssh.com` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest packet.
    pub packet_len: u64,
    /// The longest READ.
    pub read_len: u64,
    /// The longest WRITE.
    pub write_len: u64,
    /// Handles that may be open at once.
    pub handles: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_have_their_lengths_and_counts() {
        let mut replies = Replies::default();
        replies.status(7, Status::Eof);
        let text = b"End of file";
        let status = [&[0, 0, 0, 28, 101, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 11][..], text, &[0; 4]];
        assert_eq!(replies.bytes(), status.concat());
        let mut replies = Replies::into(b"what was there before".to_vec());
        replies.name(1, b"/a");
        let name = [0, 0, 0, 25, 104, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, b'/', b'a', 0, 0, 0, 2];
        assert_eq!(replies.bytes(), [&name[..], b"/a", &[0; 4]].concat());
        let mut replies = Replies::into(vec![7; 40]);
        let read = replies.data(9, 10, |room| {
            assert_eq!(room.len(), 10);
            room[..3].copy_from_slice(b"xyz");
            Ok::<_, ()>(3)
        });
        assert_eq!(read, Ok(3));
        assert_eq!(replies.bytes(), b"\0\0\0\x0c\x67\0\0\0\x09\0\0\0\x03xyz");
        assert_eq!(replies.data(1, 10, |_| Ok::<_, ()>(0)), Ok(0));
        assert_eq!(replies.data(1, 10, |_| Err("broken")), Err("broken"));
        let mut names = replies.names(1, 0);
        names.push(b"n", b"line", &Attributes::default());
        assert!(!names.is_empty() && names.len() > 13);
        assert_eq!((replies.len(), replies.is_empty()), (16, false));
    }

    #[test]
    fn version_names_every_extension() {
        let mut replies = Replies::default();
        replies.version(|_| true);
        let bytes = replies.bytes();
        assert_eq!(bytes[4..9], [2, 0, 0, 0, 3]);
        for (name, _) in EXTENSIONS {
            assert!(bytes.windows(name.len()).any(|part| part == name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn users_and_groups_are_two_lists() {
        let mut replies = Replies::default();
        replies.users_and_groups(3, &["root".to_owned(), String::new()], &[]);
        let list = b"\0\0\0\x0c\0\0\0\x04root\0\0\0\0";
        let head = [0, 0, 0, 25, 201, 0, 0, 0, 3];
        assert_eq!(replies.bytes(), [&head[..], list, &[0; 4]].concat());
    }
}
