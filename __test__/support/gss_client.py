"""The client's side of GSSAPI for tests that send its messages by hand.

Reads one JSON object a line and answers each with one: {"begin": "host@localhost"} begins a context and answers with
its first token, {"step": token} goes on, {"mic": bytes} answers with the MIC of them. Bytes are in base64.
"""

import base64
import json
import sys

import gssapi

CONTEXT = None


def encoded(data):
    return None if data is None else base64.b64encode(data).decode()


def answer(request):
    global CONTEXT
    if 'begin' in request:
        name = gssapi.Name(request['begin'], gssapi.NameType.hostbased_service)
        flags = [gssapi.RequirementFlag.mutual_authentication, gssapi.RequirementFlag.integrity]
        mechanism = gssapi.OID.from_int_seq(request.get('mechanism', '1.2.840.113554.1.2.2'))
        CONTEXT = gssapi.SecurityContext(name=name, flags=flags, mech=mechanism, usage='initiate')
        return encoded(CONTEXT.step())
    if 'step' in request:
        return encoded(CONTEXT.step(base64.b64decode(request['step'])))
    return encoded(CONTEXT.get_signature(base64.b64decode(request['mic'])))


for line in sys.stdin:
    try:
        result = answer(json.loads(line))
    except Exception as error:  # the test says what went wrong
        result = f'{type(error).__name__}: {error}'
    print(json.dumps({'answer': result}), flush=True)
