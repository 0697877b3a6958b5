// Our server for the benchmark: the documented class, driven from JavaScript as any program would.
//
// Every event has a listener that is really called. `sink` reads each piece of data in its listener,
// `source` makes its data here, `echo` sends back what came. Lines on the standard input are answered
// with one line of JSON each: `delay start`, `delay stop`, `counts`.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import sessions from '../../lib/sessions/index.js';
import { Certificate, CertStoreTypes, sshserver } from '../../index.mjs';
import { CHUNK, PASSWORD, USER, arguments_, commandLines, filledChunk, ready } from './common.mjs';

const options = arguments_({
  'tcp-no-delay': { type: 'string', default: 'True' },
  'sftp-root': { type: 'string' },
  compression: { type: 'string' },
  setting: { type: 'string', multiple: true, default: [] },
});
const { version } = createRequire(import.meta.url)('../../package.json');

/** How many sends of `source` may be outstanding. */
const OUTSTANDING = 4;
const chunk = filledChunk();
const server = new sshserver();
const sinks = new Map(); // channel id -> { bytes, last }
const echoes = new Set(); // channel ids
const counts = {};

await server.config('MaxConnections=100000');
// Not in every release; without them there is no limit, and TCP_NODELAY is always on.
for (const setting of ['MaxUnauthenticated=0', `TcpNoDelay=${options['tcp-no-delay']}`]) {
  await server.config(setting).catch(() => {});
}
for (const setting of options.setting) await server.config(setting);
if (options.compression) server.setSSHCompressionAlgorithms(options.compression);
server.setSSHCert(
  new Certificate(CertStoreTypes.cstAuto, readFileSync(options['host-key']), '', '*'),
);
server.setConnectionBacklog(4096);
server.setLocalHost('0.0.0.0');
server.setLocalPort(Number(options.port));

listen('SSHUserAuthRequest', (e) => {
  if (e.user !== USER) return;
  // The engine has checked the signature; any key may log in.
  e.accept =
    e.authMethod === 'publickey' || (e.authMethod === 'password' && e.authParam === PASSWORD);
});
listen('SSHTunnelRequested', (e) => {
  e.accept = e.direction === 0;
});
listen('SSHChannelOpenRequest', (e) => {
  e.accept = e.service === 'session';
});
listen('SSHChannelRequest', (e) => {
  e.success = e.requestType === 'exec' || e.requestType === 'env';
});
listen('SSHChannelRequested', (e) => {
  if (e.requestType !== 'exec') return;
  const [name, size] = server.getSSHParam(e.packetB, 'command').split(' ');
  if (name === 'sink') sinks.set(e.channelId, { bytes: 0, last: 0 });
  else if (name === 'echo') echoes.add(e.channelId);
  else if (name === 'source') void source(e.channelId, Number(size));
  else finish(e.channelId, name === 'true' ? 0 : 127);
});
listen('SSHChannelDataIn', (e) => {
  const sink = sinks.get(e.channelId);
  const data = e.dataB;
  if (sink) {
    sink.bytes += data.length;
    sink.last = data[data.length - 1];
  } else if (echoes.has(e.channelId)) {
    // The client's window opens again when this data has been sent.
    return server.sendBytes(e.channelId, data);
  }
});
listen('SSHChannelEOF', (e) => {
  if (sinks.has(e.channelId) || echoes.has(e.channelId)) finish(e.channelId, 0);
});
listen('SSHChannelClosed', (e) => {
  sinks.delete(e.channelId);
  echoes.delete(e.channelId);
});
listen('Error', (e) => {
  if (e.cause) process.stderr.write(`${e.description}\n`);
});
for (const event of [
  'Connected',
  'ConnectionRequest',
  'Disconnected',
  'Log',
  'SSHChannelOpened',
  'SSHChannelReadyToSend',
  'SSHServiceRequest',
  'SSHStatus',
  'SSHTunnelClosed',
]) {
  listen(event, () => {});
}

if (options['sftp-root']) {
  const { serveSessions, sftp } = sessions;
  serveSessions(server, { sftp: sftp({ root: options['sftp-root'] }) });
}
await server.startListening();
let delay;
commandLines({
  'delay start': () => {
    delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    return {};
  },
  'delay stop': () => {
    delay.disable();
    // The timer itself is the first of these milliseconds.
    const ms = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - 1);
    return {
      p50_ms: ms(delay.percentile(50)),
      p99_ms: ms(delay.percentile(99)),
      max_ms: ms(delay.max),
    };
  },
  counts: () => counts,
});
ready({ port: server.getLocalPort(), name: 'ours', version });

/** Attaches a listener that is counted. */
function listen(event, listener) {
  counts[event] = 0;
  server.on(event, (e) => {
    counts[event] += 1;
    return listener(e);
  });
}

/** Sends so many bytes, with a few sends on their way at a time. */
async function source(channelId, size) {
  const sends = [];
  try {
    for (let left = size; left > 0; left -= CHUNK) {
      const sent = server.sendBytes(channelId, left < CHUNK ? chunk.subarray(0, left) : chunk);
      sent.catch(() => {}); // awaited below, unless an earlier one fails
      if (sends.push(sent) >= OUTSTANDING) await sends.shift();
    }
    await Promise.all(sends);
    finish(channelId, 0);
  } catch {
    // The client is gone.
  }
}

/** What is queued goes first; a client may be gone already. */
function finish(channelId, status) {
  server.sendExitStatus(channelId, status).catch(() => {});
  server.closeChannel(channelId).catch(() => {});
}
