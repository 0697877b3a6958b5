'use strict';

// The sockets of this process as the system has them, which is what settings about sockets are judged
// by: a child inherits the descriptor and asks.

const { readdirSync, readFileSync, readlinkSync } = require('node:fs');
const path = require('node:path');
const { python, testWith } = require('./clients.js');
const { onLinux } = require('./conditions.js');
const { run } = require('./processes.js');
const { tcpClient } = require('./tcp_client.js');

const SCRIPT = path.join(__dirname, 'socket_options.py');
const LISTENS = '0A';

/** The sockets of /proc/net/tcp that this process has: port, port of the other side, state, descriptor. */
function sockets() {
  const inodes = new Map();
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`)) ?? [];
      if (inode) inodes.set(inode, Number(fd));
    } catch {
      // It was closed meanwhile.
    }
  }
  const port = (address) => parseInt(address.split(':')[1], 16);
  return ['tcp', 'tcp6'].flatMap((file) => {
    let lines;
    try {
      lines = readFileSync(`/proc/net/${file}`, 'latin1').trim().split('\n').slice(1);
    } catch {
      return []; // no IPv6
    }
    return lines
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => inodes.has(fields[9]))
      .map(([, local, remote, state, , , , , , inode]) => ({
        port: port(local),
        peerPort: port(remote),
        state,
        fd: inodes.get(inode),
      }));
  });
}

async function optionsOf({ fd }) {
  const child = await run(python, [SCRIPT], { stdio: ['pipe', 'pipe', 'pipe', fd] });
  if (child.status !== 0) throw new Error(child.stderr);
  return JSON.parse(child.stdout.toString());
}

/** The options of every socket that listens on this port. */
async function listeningOptions(port) {
  const found = sockets().filter((it) => it.port === port && it.state === LISTENS);
  return Promise.all(found.map(optionsOf));
}

/** The options of the server's end of a connection, by its port and the client's. */
async function acceptedOptions(port, clientPort) {
  const found = sockets().filter((it) => it.port === port && it.peerPort === clientPort);
  if (found.length !== 1) throw new Error(`${found.length} sockets of ${port} and ${clientPort}`);
  return optionsOf(found[0]);
}

/** A test that asks the system, which only Linux answers this way. */
function testOnLinux(name, body) {
  // Each question is a process, which takes its time on a busy machine.
  if (process.platform === 'linux') testWith(python, name, body, 120_000);
  else onLinux(name, body);
}

/** Whether a client that connects to a port gets an SSH identification string, or is closed without one. */
async function isServed(port, host) {
  const socket = await tcpClient(port, { host });
  const said = await socket.said;
  socket.destroy();
  expect(said.slice(0, 4)).toBe(said === '' ? '' : 'SSH-');
  return said !== '';
}

module.exports = {
  listeningOptions,
  acceptedOptions,
  testOnLinux,
  isServed,
};
