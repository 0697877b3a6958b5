'use strict';

// Programs that await no call and have no listener of a stream's errors, as a first version often does: node
// careless_server.js MODE. They tell their port and, when they are asked, the numbers of the Error events.

const { Readable, Writable } = require('node:stream');
const { createOwnServer } = require('./own_server.js');

const mode = process.argv[2];
const server = createOwnServer();
const told = [];
/** Whether a request waits until there is something to tell. */
let asked = false;

function answer() {
  if (!asked || (told.length === 0 && mode === 'ticks')) return;
  asked = false;
  process.send({ told });
}

/** What a command is: without any, a greeting and the end. */
const COMMANDS = {
  /** Goes on and on, whoever still listens. */
  ticks: (id) => {
    const timer = setInterval(() => {
      server.sendBytes(id, Buffer.from('tick\n'));
      if (told.length > 0) clearInterval(timer);
    }, 1);
  },
  /** Output and input through the stream. */
  stream: (id) => {
    const stream = server.getChannelStream(id);
    stream.pipe(new Writable({ write: (chunk, encoding, done) => done() }));
    const endless = new Readable({
      read() {
        this.push('tick\n');
      },
    });
    endless.pipe(stream);
    stream.on('close', () => endless.destroy());
  },
};

function greet(id) {
  server.sendText(id, 'hello');
  let packet = server.setSSHParam(null, 's', 'exit-status');
  packet = server.setSSHParam(packet, 'f', 'false');
  packet = server.setSSHParam(packet, 'i', '0');
  server.sendSSHPacket(id, 98, packet);
  server.sendEOF(id);
  server.closeChannel(id);
}

async function main() {
  server.on('SSHUserAuthRequest', (e) => {
    if (mode !== 'config' || e.authMethod !== 'none') return;
    server.config(`UserAuthBanner[${e.connectionId}]=Hello`);
    server.config(`KeyboardInteractivePrompts[${e.connectionId}]=Code,echo=false`);
    server.config('NoSuchSetting=1');
  });
  server.on('SSHChannelOpenRequest', (e) => (e.accept = true));
  server.on('SSHChannelRequest', (e) => (e.success = true));
  server.on('SSHChannelRequested', (e) => {
    const command = server.getSSHParam(e.packetB, 'command');
    if (command !== 'echo') (COMMANDS[command] ?? greet)(e.channelId);
  });
  server.on('SSHChannelDataIn', (e) => {
    server.sendBytes(e.channelId, e.dataB);
  });
  server.on('Error', (e) => {
    told.push(e.errorCode);
    answer();
  });
  process.on('message', () => {
    asked = true;
    answer();
  });
  process.on('disconnect', () => process.exit());
  await server.startListening();
  process.send({ port: server.getLocalPort() });
  // The main loop of programs that are ported from other languages.
  if (mode === 'doEvents')
    for (;;) await server.doEvents((error) => error && process.send(String(error)));
}

void main();
