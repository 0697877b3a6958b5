'use strict';

// Clients that attack: floods, and the server in a process of its own that they are for.

const { setTimeout: sleep } = require('node:timers/promises');
const { startScript } = require('./programs.js');

/** Starts attack_server.js with these settings. */
async function startAttacked(...settings) {
  const program = startScript('attack_server.js', settings, { flags: ['--expose-gc'] });
  const { port } = await program.message();
  const state = () => program.ask('state');
  const memory = async () => (await state()).rss;
  return { port, memory, state, end: program.end };
}

/** A server that has taken nothing for so long is taken for one that reads no more. */
const QUIET_MS = 500;

/**
 * Sends the payloads again and again, up to `rounds` times or until the server reads no more. The clock
 * chooses a moment and decides nothing: what has to hold then has to hold at any other moment too.
 */
async function floodUntilStuck(session, payloads, rounds) {
  for (let round = 0; round < rounds; round++) {
    const sent = session.send(...payloads).then(() => true);
    const waits = new AbortController();
    const quiet = sleep(QUIET_MS, false, waits).catch(() => false);
    const goesOn = await Promise.race([sent, quiet]);
    waits.abort();
    if (!goesOn || session.socket.destroyed) return;
  }
}

module.exports = { floodUntilStuck, startAttacked };
