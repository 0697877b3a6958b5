//! System calls without a safe interface: reading into memory that was not cleared first, reading and
//! writing descriptors that are no sockets, polling a descriptor, registering one with a runtime,
//! SO_RCVLOWAT, SO_EXCLUSIVEADDRUSE, and the length of the send queue.
#![allow(unsafe_code, reason = "system calls, and a promise to the runtime")]

use std::io;
#[cfg(unix)]
use std::net::TcpListener;
#[cfg(unix)]
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
#[cfg(unix)]
use std::sync::Arc;

use bytes::{BufMut, BytesMut};
use socket2::Socket;
#[cfg(unix)]
use tokio::io::Interest;
#[cfg(unix)]
use tokio::io::unix::AsyncFd;

/// Appends the socket's data to `bytes`, as far as there is room.
pub(in crate::driver) fn receive(socket: &Socket, bytes: &mut BytesMut) -> io::Result<usize> {
    let read = socket.recv(bytes.spare_capacity_mut())?;
    // SAFETY: the system has written that many bytes to the start of the spare capacity.
    unsafe { bytes.advance_mut(read) };
    Ok(read)
}

/// Appends the data of a descriptor of any kind to `bytes`, as far as there is room.
#[cfg(unix)]
pub(in crate::driver) fn read(descriptor: &OwnedFd, bytes: &mut BytesMut) -> io::Result<usize> {
    let room = bytes.spare_capacity_mut();
    // SAFETY: the descriptor is open as long as it is borrowed, and the system writes to the spare
    // capacity, no more than there is.
    let read = unsafe { libc::read(descriptor.as_raw_fd(), room.as_mut_ptr().cast(), room.len()) };
    let read = usize::try_from(read).map_err(|_| io::Error::last_os_error())?;
    // SAFETY: the system has written that many bytes to the start of the spare capacity.
    unsafe { bytes.advance_mut(read) };
    Ok(read)
}

/// Writes to a descriptor of any kind.
#[cfg(unix)]
pub(in crate::driver) fn write(descriptor: &OwnedFd, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: the descriptor is open as long as it is borrowed, and the system reads the bytes that are
    // borrowed, no more.
    let written =
        unsafe { libc::write(descriptor.as_raw_fd(), bytes.as_ptr().cast(), bytes.len()) };
    usize::try_from(written).map_err(|_| io::Error::last_os_error())
}

/// Duplicates a descriptor.
#[cfg(unix)]
pub(in crate::driver) fn duplicate(descriptor: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: it is only borrowed for this call, which fails if it is not open.
    unsafe { BorrowedFd::borrow_raw(descriptor) }.try_clone_to_owned()
}

/// Whether a descriptor is readable now.
#[cfg(unix)]
pub(in crate::driver) fn can_be_read(descriptor: &OwnedFd) -> bool {
    let mut asked = libc::pollfd { fd: descriptor.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: `asked` is one entry, which outlives the call; it does not wait.
    let ready = unsafe { libc::poll(&raw mut asked, 1, 0) };
    ready > 0
}

/// Registers a descriptor with the runtime of the caller.
#[cfg(unix)]
pub(in crate::driver) fn watch(descriptor: &Arc<OwnedFd>) -> io::Result<AsyncFd<Arc<OwnedFd>>> {
    // SAFETY: the descriptor stays open as long as the clone is owned by the result, and is never
    // exchanged.
    Ok(unsafe { AsyncFd::register(Arc::clone(descriptor)) }?)
}

/// Registers a listening socket with the runtime of the caller.
#[cfg(unix)]
pub(in crate::driver) fn watch_port(port: TcpListener) -> io::Result<AsyncFd<TcpListener>> {
    // SAFETY: the descriptor stays open as long as the listener is owned by the result, and is never
    // exchanged.
    Ok(unsafe { AsyncFd::register_with_interest(port, Interest::READABLE) }?)
}

/// Sets the low watermark of a socket, the bytes that have to wait before the system wakes its reader
/// (SO_RCVLOWAT); `false` where it cannot be set or would be ignored.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(in crate::driver) fn set_low_water(socket: &Socket, len: usize) -> bool {
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

/// On other systems the readiness of a socket does not depend on SO_RCVLOWAT, or is not known to.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(in crate::driver) fn set_low_water(_socket: &Socket, _len: usize) -> bool {
    false
}

/// Bytes that the system has taken and not sent yet, because it waits for something (SIOCOUTQNSD); `None`
/// where it does not say.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(in crate::driver) fn unsent(socket: &Socket) -> Option<usize> {
    // Of linux/sockios.h.
    const SIOCOUTQNSD: libc::Ioctl = 0x894b;
    let mut len: libc::c_int = 0;
    // SAFETY: the descriptor is open as long as `socket` is borrowed, and this request writes an int,
    // which `len` is.
    let result = unsafe { libc::ioctl(socket.as_raw_fd(), SIOCOUTQNSD, &raw mut len) };
    usize::try_from(len).ok().filter(|_| result == 0)
}

/// Other systems have other names for this, or none.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(in crate::driver) fn unsent(_socket: &Socket) -> Option<usize> {
    None
}

/// Binds the address exclusively: no other socket can listen on it, whatever its options
/// (SO_EXCLUSIVEADDRUSE).
#[cfg(windows)]
pub(in crate::driver) fn set_exclusive(socket: &Socket) -> io::Result<()> {
    use std::os::windows::io::AsRawSocket;

    // Of winsock2.h: SOL_SOCKET, and ~SO_REUSEADDR.
    const SOL_SOCKET: libc::c_int = 0xffff;
    const SO_EXCLUSIVEADDRUSE: libc::c_int = !4;
    let invalid = |_| io::Error::from(io::ErrorKind::InvalidInput);
    let on: libc::c_int = 1;
    let size = libc::c_int::try_from(size_of::<libc::c_int>()).map_err(invalid)?;
    let raw = libc::SOCKET::try_from(socket.as_raw_socket()).map_err(invalid)?;
    // SAFETY: the socket is open as long as it is borrowed, and the option is read from `on`, which has
    // the size given and outlives the call.
    let result = unsafe {
        libc::setsockopt(raw, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (&raw const on).cast(), size)
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
