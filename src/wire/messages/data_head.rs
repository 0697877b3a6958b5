//! The fields before the data in SSH_MSG_CHANNEL_DATA and SSH_MSG_CHANNEL_EXTENDED_DATA, for data that is
//! not to be copied into a message first.

use super::{SSH_MSG_CHANNEL_DATA, SSH_MSG_CHANNEL_EXTENDED_DATA};

/// `byte 94 | uint32 recipient_channel | uint32 length`, or
/// `byte 95 | uint32 recipient_channel | uint32 data_type_code | uint32 length` (RFC 4254 5.2)
#[derive(Debug, Clone, Copy)]
pub struct DataHead {
    bytes: [u8; 13],
    len: usize,
}

impl DataHead {
    /// The head of `len` bytes of data; `data_type` is the code of extended data.
    pub fn new(recipient_channel: u32, data_type: Option<u32>, len: u32) -> Self {
        let [c0, c1, c2, c3] = recipient_channel.to_be_bytes();
        let [l0, l1, l2, l3] = len.to_be_bytes();
        match data_type {
            None => {
                let number = SSH_MSG_CHANNEL_DATA;
                Self { bytes: [number, c0, c1, c2, c3, l0, l1, l2, l3, 0, 0, 0, 0], len: 9 }
            }
            Some(code) => {
                let number = SSH_MSG_CHANNEL_EXTENDED_DATA;
                let [t0, t1, t2, t3] = code.to_be_bytes();
                Self { bytes: [number, c0, c1, c2, c3, t0, t1, t2, t3, l0, l1, l2, l3], len: 13 }
            }
        }
    }

    /// The start of the payload.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::messages::{ChannelData, ChannelExtendedData, Message};

    #[test]
    fn a_head_and_its_data_are_the_message() {
        let data = b"some data";
        let len = u32::try_from(data.len()).unwrap();
        let plain = [DataHead::new(7, None, len).bytes(), data].concat();
        assert_eq!(plain, ChannelData { recipient_channel: 7, data }.encode());
        let extended = [DataHead::new(u32::MAX, Some(1), len).bytes(), data].concat();
        let message = ChannelExtendedData { recipient_channel: u32::MAX, data_type_code: 1, data };
        assert_eq!(extended, message.encode());
    }
}
