// The two ends of the loopback floor: `send MIB` tells its port and waits for `receive PORT`; each
// prints what it took.

import net from 'node:net';

const CHUNK = 256 * 1024;
const [role, ...rest] = process.argv.slice(2);

if (role === 'send') send(Number(rest[0]) * 2 ** 20);
else receive(Number(rest[0]));

function send(size) {
  const chunk = Buffer.alloc(CHUNK, 7);
  const server = net.createServer((socket) => {
    const timer = timing();
    let left = size;
    const more = () => {
      while (left > 0) {
        left -= CHUNK;
        if (!socket.write(chunk)) break;
      }
      if (left > 0) socket.once('drain', more);
      else socket.end(() => print(timer()));
    };
    more();
    server.close();
  });
  server.listen(0, '127.0.0.1', () => print({ port: server.address().port }));
}

/** Reads into one buffer. */
function receive(port) {
  const buffer = Buffer.allocUnsafe(CHUNK);
  const socket = net.connect({ port, host: '127.0.0.1', onread: { buffer, callback: () => true } });
  const timer = timing();
  socket.on('end', () => print(timer()));
}

/** Starts a measurement; the function returned ends it. */
function timing() {
  const started = process.hrtime.bigint();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { seconds: Number(process.hrtime.bigint() - started) / 1e9, cpu: (user + system) / 1e6 };
  };
}

function print(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
