"""Runs paramiko and asyncssh for the interop tests.

Reads jobs, one JSON object a line, and answers each with one; `{"supports": true}` asks for what
the client has, `{"version": true}` for its version. Every job is one connection that forces the
algorithms it names, asks for new keys after `rekeyBytes`, sends one file through the command
`exchange` and expects the other.
"""

import asyncio
import hashlib
import json
import os
import sys

NAME = sys.argv[1]
GSS_SUFFIX = '-toWM5Slw5Ew8Mqkay+al2g=='


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

    def exchange(transport, job, upload):
        channel = transport.open_session()
        channel.settimeout(None)
        channel.exec_command('exchange')
        at = job['rekeyBytes']
        channel.sendall(upload[:at])
        if at < len(upload):
            transport.renegotiate_keys()
            channel.sendall(upload[at:])
        channel.shutdown_write()
        received = bytearray()
        while part := channel.recv(1 << 20):
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
            return verdict(job, *exchange(transport, job, content(job['upload'])))
        finally:
            transport.close()

    return paramiko.__version__, supports, run


def paramiko3_client():
    import paramiko

    # Its other exchanges by GSSAPI end with a TypeError of its own.
    def supports():
        return {'kex': [f'gss-gex-sha1{GSS_SUFFIX}'], 'method': ['gssapi-with-mic']}

    def run(job):
        address = ('127.0.0.1', job['port'])
        transport = paramiko.Transport(address, gss_kex='kex' in job, gss_deleg_creds=False)
        try:
            transport.set_gss_host(job['host'], trust_dns=False)
            if 'kex' in job:
                transport.get_security_options().kex = [job['kex']]
            transport._preferred_keys = (job['hostKey'],)
            transport.start_client(timeout=60)
            if 'kex' in job:
                transport.auth_gssapi_keyex(job['user'])
            else:
                transport.auth_gssapi_with_mic(job['user'], job['host'], False)
            channel = transport.open_session()
            channel.settimeout(None)
            channel.exec_command('exchange')
            upload, at = content(job['upload']), job['rekeyBytes']
            channel.sendall(upload[:at])
            transport.renegotiate_keys()
            channel.sendall(upload[at:])
            channel.shutdown_write()
            received = bytearray()
            while part := channel.recv(1 << 20):
                received += part
            return verdict(job, bytes(received), channel.recv_exit_status())
        finally:
            transport.close()

    return paramiko.__version__, supports, run


def asyncssh_client():
    import asyncssh
    from asyncssh import compression, encryption, kex, mac, public_key

    # No client has hmac-ripemd160-96; asyncssh has a way to add a MAC, with OpenSSL's hash.
    def ripemd160(data=b''):
        return hashlib.new('ripemd160', data)

    try:
        ripemd160()
        for name, length in [(b'hmac-ripemd160', 20), (b'hmac-ripemd160-96', 12)]:
            mac.register_mac_alg(name, 20, length, False, mac._HMAC, (ripemd160,), False)
    except ValueError:
        pass  # an OpenSSL without it

    def text(names):
        return [name.decode() for name in names]

    def supports():
        keys = text(public_key.get_public_key_algs())
        x509 = text(public_key.get_x509_certificate_algs())
        return {
            # Those of GSSAPI without their mechanism.
            'kex': [n + GSS_SUFFIX if n.startswith('gss-') else n for n in text(kex.get_kex_algs())],
            'cipher': text(encryption.get_encryption_algs()),
            'mac': text(mac.get_mac_algs()),
            'hostKey': keys + x509,
            'compression': text(compression.get_compression_algs()),
            'userKey': keys + text(public_key.get_certificate_algs()) + x509,
            'method': ['gssapi-with-mic'],
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
        known_hosts = None
        if 'root' in job:
            # The chain has to lead to this authority, and the certificate to name the host.
            roots = asyncssh.read_certificate_list(job['root'])
            known_hosts = ([], [], [], roots, [], [], [])
        if 'gss' in job:
            options['gss_host'] = job['host']
            options['gss_kex'] = 'kex' in job
            if 'kex' in job:
                options['kex_algs'] = [job['kex'].replace(GSS_SUFFIX, '')]
        async with asyncssh.connect(
            '127.0.0.1', job['port'], username=job['user'], known_hosts=known_hosts, config=None,
            agent_path=None, rekey_bytes=job['rekeyBytes'], **options,
        ) as connection:
            upload = content(job['upload'])
            done = await connection.run('exchange', input=upload, encoding=None)
            return verdict(job, done.stdout, done.exit_status)

    return asyncssh.__version__, supports, lambda job: asyncio.run(connect(job))


def content(name):
    with open(name, 'rb') as file:
        return file.read()


def verdict(job, received, status):
    if status == 0 and received == content(job['download']):
        return 'ok'
    return f'status {status}, {len(received)} bytes came'


CLIENTS = {'paramiko': paramiko_client, 'paramiko3': paramiko3_client, 'asyncssh': asyncssh_client}
VERSION, SUPPORTS, RUN = CLIENTS[NAME]()
for line in sys.stdin:
    request = json.loads(line)
    try:
        if 'version' in request:
            answer = VERSION
        elif 'supports' in request:
            answer = SUPPORTS()
        else:
            os.environ.update(request.get('gss', {}))
            answer = RUN(request)
    except Exception as error:  # the test says what went wrong
        answer = f'{type(error).__name__}: {error}'
    print(json.dumps({'answer': answer}), flush=True)
