"""What the system says of a socket that is this process's descriptor 3, as JSON."""

import json
import socket
import struct

sock = socket.socket(fileno=3)


def option(level, name):
    return sock.getsockopt(level, name)


SOL, TCP = socket.SOL_SOCKET, socket.IPPROTO_TCP
# struct tcp_info of linux/tcp.h; of a socket that listens, the fields after rcv_mss are the length of
# the queue and its bound.
info = sock.getsockopt(TCP, socket.TCP_INFO, 104)
result = {
    'address': sock.getsockname()[0],
    'family': socket.AddressFamily(sock.family).name,
    'listens': bool(option(SOL, socket.SO_ACCEPTCONN)),
    'backlog': struct.unpack_from('I', info, 28)[0],
    'reuseAddress': bool(option(SOL, socket.SO_REUSEADDR)),
    'reusePort': bool(option(SOL, socket.SO_REUSEPORT)),
    'receiveBuffer': option(SOL, socket.SO_RCVBUF),
    'sendBuffer': option(SOL, socket.SO_SNDBUF),
    'keepAlive': bool(option(SOL, socket.SO_KEEPALIVE)),
    'keepAliveTime': option(TCP, socket.TCP_KEEPIDLE),
    'keepAliveInterval': option(TCP, socket.TCP_KEEPINTVL),
    'noDelay': bool(option(TCP, socket.TCP_NODELAY)),
}
if sock.family == socket.AF_INET6:
    result['onlyIPv6'] = bool(option(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY))
print(json.dumps(result))
