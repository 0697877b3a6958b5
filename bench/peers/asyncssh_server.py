"""The server of asyncssh for the benchmark, doing what ours.mjs does."""

import argparse
import asyncio
import json
import resource
import signal
import sys

import asyncssh

USER = PASSWORD = "bench"
CHUNK = bytes(i % 251 for i in range(256 * 1024))


class Server(asyncssh.SSHServer):
    """Who may log in, and what it may open."""

    def begin_auth(self, username):
        return True

    def password_auth_supported(self):
        return True

    def validate_password(self, username, password):
        return username == USER and password == PASSWORD

    def public_key_auth_supported(self):
        return True

    def validate_public_key(self, username, key):
        # The signature is checked by the library; any key may log in.
        return username == USER

    def session_requested(self):
        return Session()

    def connection_requested(self, dest_host, dest_port, orig_host, orig_port):
        return True


class Session(asyncssh.SSHServerSession):
    """One command."""

    def __init__(self):
        self.loop = asyncio.get_running_loop()
        self.channel = None
        self.command = ""
        self.left = 0
        self.bytes = 0
        self.last = 0
        self.status = None
        # Whether nothing waits for the client's window.
        self.writing = True
        self.due = False

    def connection_made(self, chan):
        self.channel = chan
        chan.set_write_buffer_limits(0)

    def exec_requested(self, command):
        self.command, _, size = command.partition(" ")
        self.left = int(size or 0)
        return True

    def session_started(self):
        if self.command == "source":
            self.soon()
        elif self.command not in ("sink", "echo"):
            self.finish(0 if self.command == "true" else 127)

    def data_received(self, data, datatype):
        if self.command == "sink":
            self.bytes += len(data)
            self.last = data[-1]
        elif self.command == "echo":
            self.channel.write(data)

    def eof_received(self):
        if self.command in ("sink", "echo"):
            self.finish(0)
        return True

    def pause_writing(self):
        self.writing = False
        if self.command == "echo":
            self.channel.pause_reading()

    def resume_writing(self):
        self.writing = True
        if self.status is not None:
            self.finish(self.status)
        elif self.command == "echo":
            self.channel.resume_reading()
        elif self.command == "source":
            self.soon()

    def soon(self):
        if not self.due:
            self.due = True
            self.loop.call_soon(self.source)

    def source(self):
        # A piece in each turn of the loop: the library waits for the client's window, not for the
        # socket, and would take all of it into memory.
        self.due = False
        if self.status is not None:
            return
        part = CHUNK[: self.left]
        self.left -= len(part)
        self.channel.write(part)
        if self.left == 0:
            self.finish(0)
        elif self.writing:
            self.soon()

    def finish(self, status):
        self.status = status
        if self.writing:
            self.channel.write_eof()
            self.channel.exit(status)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--host-key")
    parser.add_argument("--threads")
    parser.add_argument("--sftp-root")
    options = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    server = await asyncssh.create_server(
        Server,
        "0.0.0.0",
        options.port,
        server_host_keys=[options.host_key],
        encoding=None,
        backlog=4096,
        line_editor=False,
        allow_scp=False,
        sftp_factory=bool(options.sftp_root),
        login_timeout=300,
    )
    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, end.set)
    await loop.connect_read_pipe(lambda: UntilClosed(end), sys.stdin)
    about = {"name": "asyncssh", "version": asyncssh.__version__, "port": server.get_port()}
    print(json.dumps({"ready": True, **about}), flush=True)
    await end.wait()


class UntilClosed(asyncio.Protocol):
    """Ends the server with its standard input."""

    def __init__(self, end):
        self.end = end

    def connection_lost(self, exc):
        self.end.set()


asyncio.run(main())
