'use strict';

// The collections of a server with ten thousand clients, which are in processes of their own.
// SSHSERVER_MANY is how many.

const { execFileSync } = require('node:child_process');
const { testUnless } = require('../support/conditions.js');
const { ended, startScript } = require('../support/programs.js');
const { createServer, Recorder } = require('../support/server.js');

const MANY = Number(process.env.SSHSERVER_MANY ?? 10_000);
const PROCESSES = 2;
/** Of each connection one here, and what the process has open besides. */
const NEEDED = MANY + 500;

/** How many files a process may have open. */
function limit() {
  if (process.platform === 'win32') return Infinity;
  const text = execFileSync('/bin/sh', ['-c', 'ulimit -n']).toString().trim();
  return text === 'unlimited' ? Infinity : Number(text);
}

testUnless(
  limit() >= NEEDED ? undefined : `${limit()} open files are allowed, ${NEEDED} needed`,
  `the collections with ${MANY} connections are live, and one is found without the others`,
  async () => {
    const server = createServer();
    const recorder = new Recorder(server, ['Connected']);
    await server.config('MaxConnections=100000');
    server.on('SSHUserAuthRequest', (e) => (e.accept = true));
    await server.startListening();
    const clients = Array.from({ length: PROCESSES }, () =>
      startScript('many_clients.js', [server.getLocalPort(), MANY / PROCESSES]),
    );
    await Promise.all(clients.map(({ message }) => message()));
    const connections = server.getConnections();
    expect(connections.size()).toBe(MANY);
    const ids = recorder.all('Connected').map((e) => e.connectionId);
    expect(new Set(connections.keys())).toEqual(new Set(ids));
    // Each by itself; looking one up must not make objects of the others, which would be 10^8.
    for (const id of ids) {
      const connection = connections.get(id);
      expect(connection.getConnectionId() === id && connection.getRemotePort() > 0).toBe(true);
    }
    expect(connections.get('0')).toBeUndefined();
    // An iteration goes on while connections end.
    let walked = 0;
    for (const [id, connection] of connections) {
      if (walked++ === 0) clients[0].child.send('end');
      if (connection.connectionId !== id)
        throw new Error(`${connection.connectionId} is not ${id}`);
    }
    expect(walked).toBeGreaterThan(0);
    clients[1].child.send('end');
    await server.shutdown();
    expect(connections.size()).toBe(0);
    expect([...connections.keys()]).toEqual([]);
    expect(connections.get(ids[0])).toBeUndefined();
    expect(await Promise.all(clients.map(({ end }) => end()))).toEqual([ended, ended]);
  },
  60_000 + MANY * 60,
);
