// The server of npm's ssh2 for the benchmark, doing what ours.mjs does.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import ssh2 from 'ssh2';
import { serveFiles } from './ssh2_sftp.mjs';
import { CHUNK, PASSWORD, USER, arguments_, commandLines, filledChunk, ready } from './common.mjs';

const options = arguments_({
  'tcp-no-delay': { type: 'string', default: 'True' },
  'sftp-root': { type: 'string' },
});
const { version } = createRequire(import.meta.url)('ssh2/package.json');
const { Server, utils } = ssh2;
const chunk = filledChunk();

const server = new Server({ hostKeys: [readFileSync(options['host-key'])] }, (client) => {
  if (options['tcp-no-delay'] === 'True') client.setNoDelay(true);
  client.on('authentication', authenticate);
  client.on('error', () => {}); // a client that is gone
  client.on('session', (accept) => {
    const session = accept();
    session.on('env', (acceptEnv) => acceptEnv?.());
    if (options['sftp-root']) session.on('sftp', (acceptSftp) => serveFiles(acceptSftp()));
    session.on('exec', (acceptExec, _reject, { command }) => run(command, acceptExec()));
  });
  client.on('tcpip', (accept, reject, { destIP, destPort }) =>
    splice(accept, reject, destIP, destPort),
  );
});

server.listen({ port: Number(options.port), host: '0.0.0.0', backlog: 4096 }, () => {
  commandLines();
  ready({ port: server.address().port, name: 'ssh2', version });
});

function authenticate(context) {
  if (context.username !== USER) return context.reject();
  if (context.method === 'password' && context.password === PASSWORD) return context.accept();
  if (context.method !== 'publickey') return context.reject(['password', 'publickey']);
  if (!context.signature) return context.accept();
  const key = utils.parseKey(context.key.data);
  const good = key.verify(context.blob, context.signature, context.hashAlgo);
  return good === true ? context.accept() : context.reject();
}

function run(command, stream) {
  const [name, size] = command.split(' ');
  stream.on('error', () => {});
  if (name === 'sink') {
    let bytes = 0;
    let last = 0;
    stream.on('data', (data) => {
      bytes += data.length;
      last = data[data.length - 1];
    });
    stream.on('end', () => finish(stream, bytes + last >= 0 ? 0 : 1));
  } else if (name === 'echo') {
    stream.on('data', (data) => {
      if (stream.write(data)) return;
      stream.pause();
      stream.once('drain', () => stream.resume());
    });
    stream.on('end', () => finish(stream, 0));
  } else if (name === 'source') {
    source(stream, Number(size));
  } else {
    finish(stream, name === 'true' ? 0 : 127);
  }
}

function source(stream, left) {
  while (left > 0) {
    const size = Math.min(left, CHUNK);
    left -= size;
    if (!stream.write(size < CHUNK ? chunk.subarray(0, size) : chunk) && left > 0) {
      stream.once('drain', () => source(stream, left));
      return;
    }
  }
  finish(stream, 0);
}

function finish(stream, status) {
  stream.exit(status);
  stream.end();
}

function splice(accept, reject, host, port) {
  const socket = net.connect({ host, port, noDelay: true, allowHalfOpen: true });
  let stream;
  socket.once('connect', () => {
    stream = accept();
    stream.on('error', () => socket.destroy());
    stream.on('close', () => socket.destroy());
    stream.pipe(socket).pipe(stream);
  });
  socket.on('error', () => (stream ? stream.close() : reject()));
}
