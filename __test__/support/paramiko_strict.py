"""One command through paramiko, with or without its side of strict key exchange.

Arguments: port, `strict` or `plain`, cipher, MAC. Prints what the command said, or why there was none.
"""

import sys

from paramiko import Transport

port, strict, cipher, mac = sys.argv[1:]
transport = Transport(('127.0.0.1', int(port)), strict_kex=strict == 'strict')
transport.get_security_options().ciphers = [cipher]
transport.get_security_options().digests = [mac]
try:
    transport.start_client(timeout=60)
    transport.auth_password('demo', 'x')
    channel = transport.open_session()
    channel.settimeout(60)
    channel.exec_command('exchange')
    channel.shutdown_write()
    print('hello' if channel.recv(100) else 'nothing came')
    channel.recv_exit_status()
except Exception as error:
    sys.exit(f'{type(error).__name__}: {error}')
finally:
    transport.close()
