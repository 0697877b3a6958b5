//! What no safe interface has: reading into memory that was not cleared first, without waiting for the
//! runtime to say that there is something, and SO_RCVLOWAT.
#![allow(unsafe_code, reason = "two system calls")]

use std::io;

use bytes::{BufMut, BytesMut};
use socket2::SockRef;
use tokio::net::TcpStream;

/// Appends what the socket has to `bytes`, as far as there is room.
pub(super) fn receive(socket: &TcpStream, bytes: &mut BytesMut) -> io::Result<usize> {
    let read = SockRef::from(socket).recv(bytes.spare_capacity_mut())?;
    // SAFETY: the system has written that many bytes to the start of the spare capacity.
    unsafe { bytes.advance_mut(read) };
    Ok(read)
}

/// Sets how much has to wait in a socket before the system wakes its reader (SO_RCVLOWAT); `false`
/// where it cannot be set or would not be heeded.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) fn set_low_water(socket: &TcpStream, len: usize) -> bool {
    use std::os::fd::AsRawFd;

    let Ok(len) = libc::c_int::try_from(len) else {
        return false;
    };
    let Ok(size) = libc::socklen_t::try_from(size_of::<libc::c_int>()) else {
        return false;
    };
    // SAFETY: the descriptor is open as long as `socket` is borrowed, and the option is read from
    // `len`, which has the size given and outlives the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVLOWAT,
            (&raw const len).cast(),
            size,
        )
    };
    result == 0
}

/// Elsewhere the readiness of a socket does not depend on it, or is not known to.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) fn set_low_water(_socket: &TcpStream, _len: usize) -> bool {
    false
}
