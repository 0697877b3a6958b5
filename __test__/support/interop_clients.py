"""Runs paramiko and asyncssh for the interop tests.

Reads jobs, one JSON object a line, and answers each with one; `{"supports": true}` asks for what
the client has. Every job is one connection that forces the algorithms it names, says something
through `say` and sends bytes through `cat`.
"""

import asyncio
import json
import os
import sys

NAME = sys.argv[1]


def paramiko_client():
    import paramiko
    from paramiko import Transport

    def supports():
        return {
            'kex': list(Transport._kex_info),
            'cipher': list(Transport._cipher_info),
            'mac': list(Transport._mac_info),
            'hostKey': list(Transport._key_info),
            'compression': list(Transport._compression_info),
            'userKey': list(Transport._key_info),
        }

    def command(transport, text, data):
        channel = transport.open_session()
        channel.settimeout(60)
        channel.exec_command(text)
        received = bytearray()
        sent = 0
        while True:
            while sent < len(data) and channel.send_ready():
                sent += channel.send(data[sent:sent + 30000])
            if sent == len(data) and data is not None:
                channel.shutdown_write()
                data, sent = b'', 1
            part = channel.recv(65536)
            if not part:
                break
            received += part
        return bytes(received), channel.recv_exit_status()

    def run(job):
        disabled = {}
        if 'userKey' in job:
            # Of a certificate it wants the name of the plain algorithm too.
            wanted = (job['userKey'], job['userKey'].replace('-cert-v01@openssh.com', ''))
            disabled['pubkeys'] = [n for n in Transport._key_info if n not in wanted]
        transport = Transport(('127.0.0.1', job['port']), disabled_algorithms=disabled)
        try:
            options = transport.get_security_options()
            if 'kex' in job:
                options.kex = [job['kex']]
            if 'cipher' in job:
                options.ciphers = [job['cipher']]
            if 'mac' in job:
                options.digests = [job['mac']]
            if 'compression' in job:
                options.compression = [job['compression']]
            # Not through the options: `pubkeys` above would take the host key's names away too.
            transport._preferred_keys = (job['hostKey'],)
            transport.start_client(timeout=60)
            if 'userKey' in job:
                key = paramiko.PKey.from_path(job['keyFile'])
                if 'certificate' in job and key.public_blob is None:
                    key.load_certificate(job['certificate'])
                transport.auth_publickey(job['user'], key)
            else:
                transport.auth_password(job['user'], 'x')
            said = command(transport, 'say hello', b'')
            data = os.urandom(job['bytes'])
            copied = command(transport, 'cat', data)
            return said == (b'hello', 0) and copied == (data, 0)
        finally:
            transport.close()

    return supports, run


def asyncssh_client():
    import asyncssh
    from asyncssh import compression, encryption, kex, mac, public_key

    def text(names):
        return [name.decode() for name in names]

    def supports():
        keys = text(public_key.get_public_key_algs())
        return {
            'kex': text(kex.get_kex_algs()),
            'cipher': text(encryption.get_encryption_algs()),
            'mac': text(mac.get_mac_algs()),
            'hostKey': keys,
            'compression': text(compression.get_compression_algs()),
            'userKey': keys + text(public_key.get_certificate_algs()),
        }

    async def connect(job):
        forced = {
            'kex_algs': 'kex',
            'encryption_algs': 'cipher',
            'mac_algs': 'mac',
            'compression_algs': 'compression',
            'server_host_key_algs': 'hostKey',
            'signature_algs': 'userKey',
        }
        options = {name: [job[field]] for name, field in forced.items() if field in job}
        if 'userKey' in job:
            certificate = job.get('certificate')
            options['client_keys'] = [(job['keyFile'], certificate) if certificate else job['keyFile']]
            # The key in a certificate signs as the key alone does.
            names = [name.replace('-cert-v01@openssh.com', '') for name in options['signature_algs']]
            options['signature_algs'] = names
        else:
            options['password'] = 'x'
            options['client_keys'] = None
        async with asyncssh.connect(
            '127.0.0.1', job['port'], username=job['user'], known_hosts=None, config=None,
            agent_path=None, **options,
        ) as connection:
            said = await connection.run('say hello', encoding=None)
            data = os.urandom(job['bytes'])
            copied = await connection.run('cat', input=data, encoding=None)
            return (said.stdout, said.exit_status) == (b'hello', 0) and (
                copied.stdout, copied.exit_status) == (data, 0)

    return supports, lambda job: asyncio.run(connect(job))


SUPPORTS, RUN = {'paramiko': paramiko_client, 'asyncssh': asyncssh_client}[NAME]()
for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {'supports': SUPPORTS()} if 'supports' in request else {'ok': RUN(request)}
    except Exception as error:  # the test says what went wrong
        answer = {'ok': False, 'error': f'{type(error).__name__}: {error}'}
    print(json.dumps(answer), flush=True)
