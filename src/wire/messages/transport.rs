//! Messages 1 to 21: transport layer (RFC 4253) and extension negotiation (RFC 8308).

use super::{Message, messages};
use crate::error::InvalidMessage;
use crate::wire::{NameList, Reader, Writer};

messages! {
    /// `byte 1 | uint32 reason_code | string description | string language_tag` (RFC 4253 11.1)
    Disconnect<'a> = SSH_MSG_DISCONNECT {
        /// One of the numbers of RFC 4253 section 11.1.
        reason_code: u32,
        /// For people; UTF-8, but senders get it wrong, so bytes.
        description: string,
        /// RFC 3066 tag; may be left out.
        language_tag: language_tag,
    }

    /// `byte 2 | string data` (RFC 4253 11.2)
    Ignore<'a> = SSH_MSG_IGNORE {
        /// Anything.
        data: rest,
    }

    /// `byte 3 | uint32 packet_sequence_number` (RFC 4253 11.4)
    Unimplemented = SSH_MSG_UNIMPLEMENTED {
        /// Sequence number of the packet that was not understood.
        packet_sequence_number: u32,
    }

    /// `byte 4 | boolean always_display | string message | string language_tag` (RFC 4253 11.3)
    Debug<'a> = SSH_MSG_DEBUG {
        /// Whether the receiver should show it.
        always_display: boolean,
        /// For people.
        message: string,
        /// RFC 3066 tag; may be left out.
        language_tag: language_tag,
    }

    /// `byte 5 | string service_name` (RFC 4253 10)
    ServiceRequest<'a> = SSH_MSG_SERVICE_REQUEST {
        /// `ssh-userauth` or `ssh-connection`.
        service_name: name,
    }

    /// `byte 6 | string service_name` (RFC 4253 10)
    ServiceAccept<'a> = SSH_MSG_SERVICE_ACCEPT {
        /// The service that starts.
        service_name: name,
    }

    /// `byte 7 | uint32 nr_extensions | (string name | string value)*` (RFC 8308 2.3)
    ExtInfo<'a> = SSH_MSG_EXT_INFO {
        /// How many pairs follow.
        nr_extensions: u32,
        /// The pairs, still encoded.
        extensions: rest,
    }

    /// `byte 21` (RFC 4253 7.3)
    NewKeys = SSH_MSG_NEWKEYS {}
}

/// `byte 20 | byte[16] cookie | name-list * 10 | boolean first_kex_packet_follows | uint32 0`
/// (RFC 4253 7.1)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KexInit<'a> {
    /// Random bytes, so that neither side alone decides the session identifier.
    pub cookie: [u8; 16],
    /// Key exchange algorithms, the pseudo-algorithms of RFC 8308 and strict kex included.
    pub kex_algorithms: NameList<'a>,
    /// Host key algorithms.
    pub server_host_key_algorithms: NameList<'a>,
    /// Ciphers, client to server.
    pub encryption_client_to_server: NameList<'a>,
    /// Ciphers, server to client.
    pub encryption_server_to_client: NameList<'a>,
    /// MACs, client to server.
    pub mac_client_to_server: NameList<'a>,
    /// MACs, server to client.
    pub mac_server_to_client: NameList<'a>,
    /// Compression, client to server.
    pub compression_client_to_server: NameList<'a>,
    /// Compression, server to client.
    pub compression_server_to_client: NameList<'a>,
    /// Languages, client to server.
    pub languages_client_to_server: NameList<'a>,
    /// Languages, server to client.
    pub languages_server_to_client: NameList<'a>,
    /// Whether a guessed key exchange packet follows.
    pub first_kex_packet_follows: bool,
}

impl<'a> Message<'a> for KexInit<'a> {
    const NUMBER: u8 = super::SSH_MSG_KEXINIT;

    fn read(reader: &mut Reader<'a>) -> Result<Self, InvalidMessage> {
        let cookie: [u8; 16] =
            reader.bytes(16)?.try_into().map_err(|_| InvalidMessage::Truncated)?;
        let message = Self {
            cookie,
            kex_algorithms: reader.name_list()?,
            server_host_key_algorithms: reader.name_list()?,
            encryption_client_to_server: reader.name_list()?,
            encryption_server_to_client: reader.name_list()?,
            mac_client_to_server: reader.name_list()?,
            mac_server_to_client: reader.name_list()?,
            compression_client_to_server: reader.name_list()?,
            compression_server_to_client: reader.name_list()?,
            languages_client_to_server: reader.name_list()?,
            languages_server_to_client: reader.name_list()?,
            first_kex_packet_follows: reader.boolean()?,
        };
        reader.u32()?; // reserved for future extension
        Ok(message)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.raw(&self.cookie);
        for list in [
            self.kex_algorithms,
            self.server_host_key_algorithms,
            self.encryption_client_to_server,
            self.encryption_server_to_client,
            self.mac_client_to_server,
            self.mac_server_to_client,
            self.compression_client_to_server,
            self.compression_server_to_client,
            self.languages_client_to_server,
            self.languages_server_to_client,
        ] {
            writer.string(list.as_str());
        }
        writer.boolean(self.first_kex_packet_follows).u32(0);
    }
}
