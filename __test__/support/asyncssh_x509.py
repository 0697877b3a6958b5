"""Logs in with asyncssh, X.509 certificates and the only algorithm that a job names.

Reads jobs, one JSON object a line: port, algorithm of the host, root (whom the host's chain has to lead
to), and of the user keyFile, chain (the certificates, or only the key is offered) and password. Answers
with what `say hello` gave, or `refused`.
"""

import asyncio
import json
import sys

import asyncssh


async def run(job):
    roots = asyncssh.read_certificate_list(job['root'])
    if 'chain' in job:
        keys = {'client_keys': [(job['keyFile'], job['chain'])]}
    else:
        files = [job['keyFile']] if 'keyFile' in job else None
        keys = {'client_keys': files, 'password': job['password']}
    try:
        async with asyncssh.connect(
            '127.0.0.1', job['port'], username='demo', config=None, agent_path=None,
            known_hosts=([], [], [], roots, [], [], []),
            server_host_key_algs=[job['algorithm']], **keys,
        ) as connection:
            return (await connection.run('say hello')).stdout
    except asyncssh.PermissionDenied:
        return 'refused'


for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = asyncssh.__version__ if 'version' in request else asyncio.run(run(request))
    except Exception as error:  # the test says what went wrong
        answer = f'{type(error).__name__}: {error}'
    print(json.dumps({'answer': answer}), flush=True)
