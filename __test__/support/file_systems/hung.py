"""A file system that never answers, as that of a disk or a network that hangs: it mounts itself on the folder of
its argument, and prints the number of each request (include/uapi/linux/fuse.h of Linux). It ends with its standard
input."""

import ctypes
import os
import struct
import sys
import threading

INIT = 26
# Else the kernel would send one request about a folder at a time.
PARALLEL_DIROPS = 1 << 18
MS_NOSUID_NODEV = 2 | 4


def main():
    folder = sys.argv[1].encode()
    device = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()},allow_other"
    if libc.mount(b"hung", folder, b"fuse", MS_NOSUID_NODEV, options.encode()) != 0:
        sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")
    threading.Thread(target=end, args=(libc, folder), daemon=True).start()
    print("mounted", flush=True)
    while True:
        request = os.read(device, 1 << 20)
        _, number, unique = struct.unpack_from("=IIQ", request)
        if number != INIT:
            print(number, flush=True)
            continue
        major, minor, read_ahead, _ = struct.unpack_from("=IIII", request, 40)
        # fuse_init_out: max_background, congestion_threshold, max_write, time_gran, and what is newer
        body = struct.pack("=IIIIHHII32x", major, minor, read_ahead, PARALLEL_DIROPS, 9, 9, 4096, 1)
        body += bytes(64 - len(body))
        os.write(device, struct.pack("=IiQ", 16 + len(body), 0, unique) + body)


def end(libc, folder):
    """Whoever waits for an answer gets an error then."""
    sys.stdin.buffer.read()
    libc.umount2(folder, 2)
    os._exit(0)


main()
