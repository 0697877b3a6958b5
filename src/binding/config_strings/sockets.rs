//! Who may connect, where the server listens, and the sockets of connections.

use std::sync::Arc;
use std::time::Duration;

use super::row::Applies::{NewConnections, NextListening};
use super::row::Value::{Boolean, Nearest, Number, Text};
use super::row::{Field, Table, row};
use crate::binding::errors::Failure;
use crate::driver::{ClientList, Families};
use crate::limits::{MAX_KEEP_ALIVE, MAX_SOCKET_BUFFER};

const CLIENTS: &str = "clients, separated by commas";

/// Who may connect.
pub(super) static CLIENTS_TABLE: Table = Table {
    title: "Who may connect",
    intro: "A client that is not in AllowedClients, or is in BlockedClients, starts `ConnectionRequest` with \
            `accept` false; a listener can still let it in. Without a listener it is disconnected before it \
            gets a byte, and the log says why. A change concerns who connects from then on; who is connected \
            stays. Entries are addresses (`10.0.0.1`, `fd00::1`), prefixes (`10.0.0.0/8`, `fd00::/8`), IPv4 \
            wildcards (`10.0.*`), `*` for everybody, host names, and wildcards of host names \
            (`*.example.com`); up to 10000 of them, of which 1000 have a `*` and 64 are host names. An IPv4 \
            client that comes over IPv6 (`::ffff:10.0.0.1`) is an IPv4 client. A host name stands for all of \
            its addresses, which are looked up when a client connects and then believed for a minute. A \
            wildcard of names is compared with the name of the client's address, if that name leads back to \
            the address: a client without such a name matches none, so prefer addresses to block somebody. \
            Only the connection waits for look-ups, 10 seconds at most; a name that is not found matches \
            nobody. While its name servers are out of order, a host name stands for the addresses that were \
            last found.",
    rows: &[
        row(
            "AllowedClients",
            Text {
                form: CLIENTS,
                get: |settings| settings.driver.clients.allowed.as_str().to_owned(),
                set: |settings, value| {
                    settings.driver.clients.allowed = clients(value)?;
                    Ok(())
                },
            },
            NewConnections,
            "who may connect; empty: nobody",
            "",
        ),
        row(
            "BlockedClients",
            Text {
                form: CLIENTS,
                get: |settings| settings.driver.clients.blocked.as_str().to_owned(),
                set: |settings, value| {
                    settings.driver.clients.blocked = clients(value)?;
                    Ok(())
                },
            },
            NewConnections,
            "who may not connect",
            "",
        ),
    ],
};

/// Where the server listens.
pub(super) static LISTENING_TABLE: Table = Table {
    title: "Where the server listens",
    intro: "",
    rows: &[
        row(
            "UseIPv6",
            Number {
                unit: "",
                least: 0,
                most: 2,
                field: Field {
                    get: |settings| settings.listen.families as u64,
                    set: |settings, number| {
                        settings.listen.families = match number {
                            0 => Families::Ipv4,
                            1 => Families::Ipv6,
                            _ => Families::Both,
                        };
                    },
                },
            },
            NextListening,
            "0 IPv4 only, 1 IPv6 only, 2 both on the same port",
            "With 2 on a system without IPv6, IPv4 only. A LocalHost that has no such address makes \
             startListening fail with 10047.",
        ),
        row(
            "BindExclusively",
            Boolean(Field {
                get: |settings| settings.listen.exclusive,
                set: |settings, value| settings.listen.exclusive = value,
            }),
            NextListening,
            "whether nobody else may listen on the port",
            "startListening fails with 10048 if somebody does. False: it is shared with whoever asks for sharing \
             too (SO_REUSEADDR and, on Unix, SO_REUSEPORT), so that several processes can serve one port.",
        ),
    ],
};

/// The sockets of connections.
pub(super) static SOCKETS_TABLE: Table = Table {
    title: "Sockets of connections",
    intro: "A number out of the bounds of a size or a time is taken as the nearest within.",
    rows: &[
        row(
            "InBufferSize",
            Nearest {
                unit: "bytes",
                most: MAX_SOCKET_BUFFER,
                field: Field {
                    get: |settings| settings.driver.socket.receive_buffer,
                    set: |settings, len| settings.driver.socket.receive_buffer = len,
                },
            },
            NewConnections,
            "how much the system holds of what a client has sent (SO_RCVBUF); 0: as the system has it",
            BUFFERS,
        ),
        row(
            "OutBufferSize",
            Nearest {
                unit: "bytes",
                most: MAX_SOCKET_BUFFER,
                field: Field {
                    get: |settings| settings.driver.socket.send_buffer,
                    set: |settings, len| settings.driver.socket.send_buffer = len,
                },
            },
            NewConnections,
            "how much the system holds of what a client has not taken (SO_SNDBUF); 0: as the system has it",
            BUFFERS,
        ),
        row(
            "KeepAliveTime",
            Nearest {
                unit: "milliseconds",
                most: MAX_KEEP_ALIVE,
                field: Field {
                    get: |settings| settings.driver.socket.keep_alive_time.map(milliseconds),
                    set: |settings, time| settings.driver.socket.keep_alive_time = duration(time),
                },
            },
            NewConnections,
            "the time without traffic after which the system asks whether the client is there; 0: as the system \
             has it",
            KEEP_ALIVE,
        ),
        row(
            "KeepAliveInterval",
            Nearest {
                unit: "milliseconds",
                most: MAX_KEEP_ALIVE,
                field: Field {
                    get: |settings| settings.driver.socket.keep_alive_interval.map(milliseconds),
                    set: |settings, time| {
                        settings.driver.socket.keep_alive_interval = duration(time);
                    },
                },
            },
            NewConnections,
            "the time between two such questions; 0: as the system has it",
            KEEP_ALIVE,
        ),
        row(
            "TcpNoDelay",
            Boolean(Field {
                get: |settings| settings.driver.socket.no_delay,
                set: |settings, value| settings.driver.socket.no_delay = value,
            }),
            NewConnections,
            "True: every write leaves as a packet of its own, from the first channel on; False: the system may join \
             small ones (Nagle's algorithm)",
            "The end of what the server has to send leaves at once in either case: no reply waits for the \
             client's acknowledgement. Before the first channel it is always on.",
        ),
    ],
};

const BUFFERS: &str = "What the system does not have, it brings to what it has. A size that is set keeps the \
                       system from adapting it to the path; leave it alone for speed.";
const KEEP_ALIVE: &str = "Rounded up to seconds, which is what systems count in. TCP keep-alive itself is \
                          always on.";

fn clients(value: &str) -> Result<Arc<ClientList>, Failure> {
    ClientList::parse(value).map(Arc::new).map_err(Failure::invalid)
}

fn milliseconds(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

fn duration(milliseconds: Option<u32>) -> Option<Duration> {
    milliseconds.map(|number| Duration::from_millis(number.into()))
}
