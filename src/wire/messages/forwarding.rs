//! The fields of tunnels, which follow the common part of their global requests and channel opens (RFC 4254
//! section 7, and OpenSSH's PROTOCOL 2.4 for Unix domain sockets).

use crate::error::InvalidMessage;
use crate::wire::{Reader, Writer};

/// Declares a group of fields that is read and written as a whole.
macro_rules! fields {
    ($(
        $(#[$meta:meta])*
        $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ident,)* }
    )*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name<'a> {
            $($(#[$field_meta])* pub $field: fields!(@type $kind),)*
        }

        impl<'a> $name<'a> {
            /// Reads the fields; nothing may follow.
            pub fn decode(bytes: &'a [u8]) -> Result<Self, InvalidMessage> {
                let mut reader = Reader::new(bytes);
                let fields = Self { $($field: reader.$kind()?,)* };
                reader.finish()?;
                Ok(fields)
            }

            /// The fields on the wire.
            pub fn encode(&self) -> Vec<u8> {
                let mut out = Vec::new();
                let mut writer = Writer::new(&mut out);
                $(fields!(@write writer self.$field, $kind);)*
                out
            }
        }
    )*};
    (@type u32) => { u32 };
    (@type text) => { &'a str };
    (@write $writer:ident $value:expr, text) => { $writer.string($value) };
    (@write $writer:ident $value:expr, u32) => { $writer.u32($value) };
}

fields! {
    /// Of `tcpip-forward` and `cancel-tcpip-forward`: `string address | uint32 port`
    /// (RFC 4254 7.1)
    TcpipForward {
        /// The address to listen on.
        address: text,
        /// The port; 0 has the server choose one.
        port: u32,
    }

    /// Of `streamlocal-forward@openssh.com` and its cancel: `string path`
    StreamlocalForward {
        /// The path of the socket.
        path: text,
    }

    /// Of the channels `direct-tcpip` and `forwarded-tcpip`: `string address | uint32 port
    /// | string originator_address | uint32 originator_port` (RFC 4254 7.2)
    Tcpip {
        /// The target to connect to, or the address that was connected to.
        address: text,
        /// Its port.
        port: u32,
        /// The address that the connection comes from.
        originator_address: text,
        /// Its port.
        originator_port: u32,
    }

    /// Of the channel `direct-streamlocal@openssh.com`: `string path | string reserved
    /// | uint32 reserved`
    DirectStreamlocal {
        /// The path of the socket.
        path: text,
        /// Empty.
        reserved: text,
        /// 0.
        reserved_port: u32,
    }

    /// Of the channel `forwarded-streamlocal@openssh.com`: `string path | string reserved`
    ForwardedStreamlocal {
        /// The path of the socket that was connected to.
        path: text,
        /// Empty.
        reserved: text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_survive_the_wire() {
        let fields =
            Tcpip { address: "host", port: 80, originator_address: "::1", originator_port: 4000 };
        let wire = fields.encode();
        assert_eq!(wire, *b"\0\0\0\x04host\0\0\0\x50\0\0\0\x03::1\0\0\x0f\xa0");
        assert_eq!(Tcpip::decode(&wire), Ok(fields));
        assert_eq!(Tcpip::decode(&wire[..20]), Err(InvalidMessage::Truncated));
        let longer = [wire, vec![0]].concat();
        assert_eq!(Tcpip::decode(&longer), Err(InvalidMessage::TrailingBytes));
    }
}
