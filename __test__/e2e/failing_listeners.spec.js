'use strict';

// A listener that fails refuses what it was asked, and nothing else: not the other questions of its
// connection, where the protocol goes on after a refusal, and not those of other connections.

const { createServer, acceptAll, Recorder, runCommands } = require('../support/server.js');
const ssh2 = require('../support/ssh2_client.js');
const { echo, socketPath } = require('../support/tunnels.js');
const { turn } = require('../support/waiting.js');

const refusedChannel = { message: expect.stringContaining('Channel open failure') };

/** The client cannot get in. */
async function shutOut(server) {
  const client = ssh2.start(server);
  await expect(client.ready).rejects.toThrow();
}

/**
 * What is asked: the event, which of its events (all, without one), its field, whether the
 * connection goes on after a no, and what the client of a fresh connection sees of that no.
 */
const QUESTIONS = {
  ConnectionRequest: { name: 'ConnectionRequest', field: 'accept', code: 1202, client: shutOut },
  Connected: { name: 'Connected', code: 1202, client: shutOut },
  'SSHServiceRequest for logging in': {
    name: 'SSHServiceRequest',
    which: (e) => e.service === 'ssh-userauth',
    field: 'accept',
    code: 1300,
    client: shutOut,
  },
  'SSHServiceRequest for connections': {
    name: 'SSHServiceRequest',
    which: (e) => e.service === 'ssh-connection',
    field: 'accept',
    code: 1300,
    client: shutOut,
  },
  SSHUserAuthRequest: {
    name: 'SSHUserAuthRequest',
    which: (e) => e.authMethod !== 'none',
    field: 'accept',
    code: 1300,
    client: shutOut,
  },
  SSHChannelOpenRequest: {
    name: 'SSHChannelOpenRequest',
    field: 'accept',
    code: 1202,
    goesOn: true,
    async client(server) {
      const client = await ssh2.connect(server);
      await expect(ssh2.openSession(client, 'cat')).rejects.toMatchObject(refusedChannel);
      return client;
    },
  },
  SSHChannelRequest: {
    name: 'SSHChannelRequest',
    field: 'success',
    code: 1202,
    goesOn: true,
    async client(server) {
      const client = await ssh2.connect(server);
      await expect(ssh2.openSession(client, 'cat')).rejects.toThrow('Unable to exec');
      return client;
    },
  },
  'SSHTunnelRequested for a forward tunnel': {
    name: 'SSHTunnelRequested',
    field: 'accept',
    code: 1202,
    goesOn: true,
    async client(server, port) {
      const client = await ssh2.connect(server);
      const open = ssh2.call(client, 'forwardOut', '127.0.0.1', 1, '127.0.0.1', port);
      await expect(open).rejects.toMatchObject(refusedChannel);
      return client;
    },
  },
  'SSHTunnelRequested for a reverse tunnel': {
    name: 'SSHTunnelRequested',
    field: 'accept',
    code: 1202,
    goesOn: true,
    async client(server) {
      const client = await ssh2.connect(server);
      const listening = ssh2.call(client, 'forwardIn', '127.0.0.1', 0);
      await expect(listening).rejects.toThrow('Unable to bind');
      return client;
    },
  },
  'SSHTunnelRequested for a forward tunnel to a path': {
    name: 'SSHTunnelRequested',
    field: 'accept',
    code: 1202,
    goesOn: true,
    async client(server) {
      const client = await ssh2.connect(server, { strictVendor: false });
      const open = ssh2.call(client, 'openssh_forwardOutStreamLocal', socketPath());
      await expect(open).rejects.toMatchObject(refusedChannel);
      return client;
    },
  },
  'SSHTunnelRequested for a reverse tunnel on a path': {
    name: 'SSHTunnelRequested',
    field: 'accept',
    code: 1202,
    goesOn: true,
    async client(server) {
      const client = await ssh2.connect(server, { strictVendor: false });
      const listening = ssh2.call(client, 'openssh_forwardInStreamLocal', socketPath());
      await expect(listening).rejects.toThrow('Unable to bind');
      return client;
    },
  },
};

/** How a listener fails, and what the Error event says of it; `e` has been answered with yes. */
const FAILURES = {
  throws: {
    listener() {
      throw new Error('no good');
    },
    text: /no good/,
  },
  'throws what is no error': {
    listener() {
      throw undefined;
    },
    text: /undefined/,
  },
  rejects: { listener: () => Promise.reject(new Error('no good')), text: /no good/ },
  'rejects later': {
    async listener() {
      await turn();
      throw new Error('no good');
    },
    text: /no good/,
  },
  'rejects without a reason': { listener: () => Promise.reject(), text: /undefined/ },
  'rejects by a promise of its own making': {
    listener: () => ({ then: (_, reject) => reject(new Error('no good')) }),
    text: /no good/,
  },
  'answers with a promise': {
    listener(e, field) {
      e[field] = Promise.resolve(true);
    },
    text: /must be/,
    needsField: true,
  },
};

const CASES = Object.keys(QUESTIONS).flatMap((question) =>
  Object.keys(FAILURES)
    .filter((failure) => !FAILURES[failure].needsField || QUESTIONS[question].field)
    .map((failure) => [question, failure]),
);

test.each(CASES)(
  'a listener of %s that %s refuses that and nothing else',
  async (asked, failure) => {
    const { name, which = () => true, field, code, goesOn = false, client: ask } = QUESTIONS[asked];
    const { listener, text } = FAILURES[failure];
    const server = createServer();
    acceptAll(server);
    runCommands(server);
    server.on('SSHTunnelRequested', (e) => (e.accept = true));
    const recorder = new Recorder(server, ['Error', 'Disconnected']);
    let armed = false;
    let failures = 0;
    let later = 0;
    server.on(name, (e) => {
      if (!armed || !which(e)) return undefined;
      failures++;
      if (field) e[field] = true;
      return listener(e, field);
    });
    // The listeners after it are still asked, and cannot turn its no into a yes.
    server.on(name, (e) => {
      if (!armed || !which(e)) return;
      later++;
      if (field && failure !== 'answers with a promise') e[field] = true;
    });
    await server.startListening();
    const target = await echo();
    const other = await ssh2.connect(server);
    const stream = await ssh2.openSession(other, 'cat');
    armed = true;
    const client = await ask(server, target.port);
    armed = false;
    expect(failures).toBeGreaterThan(0);
    expect(later).toBe(failures);
    await recorder.count('Error', failures);
    const errors = recorder.all('Error');
    for (const { connectionId, errorCode, description } of errors) {
      expect(errorCode).toBe(code);
      expect(description).toMatch(text);
      expect(description).toContain(name);
      expect(connectionId === '').toBe(name === 'ConnectionRequest');
    }
    expect(errors).toHaveLength(failures);
    // The connection that was asked about, where it goes on, and the one that was there before.
    if (goesOn) expect((await ssh2.exec(client, 'say on')).stdout.toString()).toBe('on');
    const rest = ssh2.drain(stream);
    stream.end('still here');
    expect((await rest).stdout.toString()).toBe('still here');
    const another = await ssh2.connect(server);
    expect((await ssh2.exec(another, 'say new')).stdout.toString()).toBe('new');
  },
);

/** Events that ask nothing: a listener that fails changes nothing at all. */
test.each([
  'SSHStatus',
  'SSHChannelOpened',
  'SSHChannelReadyToSend',
  'SSHChannelRequested',
  'SSHChannelDataIn',
  'SSHChannelEOF',
  'SSHChannelClosed',
  'Disconnected',
  'Log',
  'Error',
])('a listener of %s that fails changes nothing', async (name) => {
  const server = createServer();
  acceptAll(server);
  runCommands(server);
  await server.config('LogLevel=1');
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  try {
    const [throws, rejects] = [{ count: 0 }, { count: 0 }];
    server.on(name, () => {
      throws.count++;
      throw new Error('no good');
    });
    server.on(name, async () => {
      rejects.count++;
      throw new Error('no good');
    });
    // Something that is told by an Error event.
    if (name === 'Error') {
      server.once('SSHStatus', () => {
        throw new Error('no good');
      });
    }
    await server.startListening();
    const client = await ssh2.connect(server);
    expect((await ssh2.exec(client, 'cat', 'hello')).stdout.toString()).toBe('hello');
    await ssh2.end(client);
    await server.shutdown();
    expect(throws.count).toBeGreaterThan(0);
    expect(rejects.count).toBe(throws.count);
    // Without a listener of Error the failure is a process warning.
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('no good'), 'SSHServerWarning');
  } finally {
    warn.mockRestore();
  }
});
