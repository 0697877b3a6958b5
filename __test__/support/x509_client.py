"""An SSH client for x509v3-sign-rsa and x509v3-sign-dss, which no packaged client has.

Made of paramiko's classes, and written after the table of what PKIX-SSH sends: the key blob is one
certificate in DER without a name before it; the signature blob is the name and PKCS #1 with SHA-1,
or Dss-Sig-Value (RFC 3279) of DSA with SHA-1.

Reads jobs, one JSON object a line: port, hostKey (the only algorithm that is offered), and of a user
userKey, keyFile and certificate (PEM). Answers with what happened; the host's certificate is in it,
in base64, once its signature has been verified.
"""

import base64
import json
import sys

import paramiko
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from paramiko import Message, PKey, Transport

DER = serialization.Encoding.DER


def strict_der(signature):
    """Whether it is Dss-Sig-Value and nothing else."""
    return signature[:1] == b'\x30' and signature[1] == len(signature) - 2


class InCertificate(PKey):
    """A key in a certificate: of a host from its blob, of a user from files."""

    def __init__(self, msg=None, data=None, key=None, certificate=None):
        self.key = key
        self.public_blob = None
        blob = data if data is not None else msg.asbytes() if msg is not None else None
        self.certificate = certificate or x509.load_der_x509_certificate(blob)

    def asbytes(self):
        return self.certificate.public_bytes(DER)

    def get_name(self):
        return self.NAME

    def get_bits(self):
        return self.certificate.public_key().key_size

    def can_sign(self):
        return self.key is not None

    def sign_ssh_data(self, data, algorithm=None):
        message = Message()
        message.add_string(self.NAME)
        message.add_string(self.sign(data))
        return message

    def verify_ssh_sig(self, data, msg):
        if msg.get_text() != self.NAME:
            return False
        signature = msg.get_binary()
        if msg.get_remainder():
            return False
        try:
            return self.verify(signature, data)
        except InvalidSignature:
            return False


class SignRsa(InCertificate):
    NAME = 'x509v3-sign-rsa'

    def sign(self, data):
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA1())

    def verify(self, signature, data):
        key = self.certificate.public_key()
        key.verify(signature, data, padding.PKCS1v15(), hashes.SHA1())
        return True


class SignDss(InCertificate):
    NAME = 'x509v3-sign-dss'

    def sign(self, data):
        return self.key.sign(data, hashes.SHA1())

    def verify(self, signature, data):
        self.certificate.public_key().verify(signature, data, hashes.SHA1())
        return strict_der(signature)


KINDS = {kind.NAME: kind for kind in (SignRsa, SignDss)}
Transport._key_info = {**Transport._key_info, **KINDS}
Transport._preferred_pubkeys = tuple(KINDS) + Transport._preferred_pubkeys


def content(name):
    with open(name, 'rb') as file:
        return file.read()


def run(job):
    transport = Transport(('127.0.0.1', job['port']))
    try:
        transport._preferred_keys = (job['hostKey'],)
        transport.start_client(timeout=60)
        host = base64.b64encode(transport.get_remote_server_key().asbytes()).decode()
        if 'userKey' not in job:
            return {'host': host}
        key = KINDS[job['userKey']](
            key=serialization.load_pem_private_key(content(job['keyFile']), None),
            certificate=x509.load_pem_x509_certificate(content(job['certificate'])),
        )
        try:
            transport.auth_publickey('demo', key)
        except paramiko.AuthenticationException:
            return {'host': host, 'refused': True}
        channel = transport.open_session()
        channel.exec_command('say hello')
        return {'host': host, 'said': channel.makefile().read().decode()}
    finally:
        transport.close()


for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = paramiko.__version__ if 'version' in request else run(request)
    except Exception as error:  # the test says what went wrong
        answer = {'error': f'{type(error).__name__}: {error}'}
    print(json.dumps({'answer': answer}), flush=True)
