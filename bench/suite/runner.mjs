// Runs one scenario: each case in rounds, in each round every server once, so that what disturbs the
// machine disturbs all alike.

import { load } from './load.mjs';
import { METRICS, derive } from './metrics.mjs';
import { startServer } from './servers.mjs';
import { figure } from './stats.mjs';

/** After so many failures a server is left out of the rest of a case. */
const FAILURES = 2;

/**
 * Resolves to `{ title, metrics, cases: [{ name, peers: { [peer]: { rounds, errors, without } } }] }`;
 * `rounds` has undefined for a round that failed.
 */
export async function runScenario(scenario, peers, keys, options) {
  const wanted = scenario
    .cases(options, keys)
    .filter(({ name }) => options.cases?.some((text) => name.includes(text)) ?? true);
  const taking = peers.filter(({ name }) => scenario.peers?.includes(name) ?? true);
  const results = [];
  const versions = {};
  const servers = new Map();
  try {
    for (const one of wanted) {
      console.log(`\n== ${scenario.name}: ${one.name}`);
      results.push(await runCase({ scenario, one, taking, keys, options, servers, versions }));
    }
  } finally {
    for (const server of servers.values()) await server.stop();
  }
  return { title: scenario.title, metrics: scenario.metrics, cases: results, versions };
}

async function runCase(context) {
  const { scenario, one, taking, keys, options, servers, versions } = context;
  const peers = {};
  const running = [];
  for (const peer of taking) {
    const without = one.without?.[peer.name] ?? scenario.without?.[peer.name];
    peers[peer.name] = { rounds: [], errors: [], without };
    if (without === undefined) running.push(peer);
  }
  const attempt = async (peer, action) => {
    const result = peers[peer.name];
    try {
      const server = await serverOf(peer);
      if (one.auth && !server.auth.includes(one.auth)) {
        result.without = `no login by ${one.auth} here`;
        return undefined;
      }
      return await action(server);
    } catch (error) {
      console.log(`${peer.name}: ${error.message}`);
      if (scenario.refusal?.test(error.message)) {
        result.without = 'the server refuses it';
        return undefined;
      }
      result.errors.push(error.message);
      // The server may be in any state after a failure, so it is stopped.
      await drop(peer);
      return undefined;
    } finally {
      if (scenario.fresh) await drop(peer);
    }
  };
  const serverOf = async (peer) => {
    const more = one.serverArgs?.[peer.name] ?? [];
    const key = `${peer.name} ${more.join(' ')}`;
    if (!servers.has(key)) servers.set(key, await startServer(peer, keys, more));
    const server = servers.get(key);
    versions[peer.name] = server.version;
    return server;
  };
  const drop = async (peer) => {
    for (const [key, server] of servers) {
      if (key.split(' ', 1)[0] !== peer.name) continue;
      servers.delete(key);
      await server.stop();
    }
  };
  const once = (peer, args) =>
    attempt(peer, async (server) =>
      derive({ ...one, ...(await measure(scenario, { server, keys, one, args, options })) }),
    );

  const argsFor = (peer) => one.argsOf?.[peer.name] ?? one.args;
  for (const peer of running) {
    if (one.warmUp === 'as measured') await once(peer, argsFor(peer));
    else if (one.warmUp) await once(peer, one.warmUp);
  }
  const rounds = scenario.rounds?.(options.size.rounds, one, options) ?? options.size.rounds;
  for (let round = 0; round < rounds; round++) {
    const line = [];
    for (let turn = 0; turn < running.length; turn++) {
      // Another one is first in each round.
      const peer = running[(turn + round) % running.length];
      const result = peers[peer.name];
      if (result.without || result.errors.length >= FAILURES) continue;
      if (peer.besides && round > 0 && options.kind === 'quick') continue;
      const measured = await once(peer, argsFor(peer));
      result.rounds.push(measured);
      const shown = measured?.[scenario.metrics[0]];
      if (!result.without) line.push(`${peer.name} ${shown === undefined ? '-' : figure(shown)}`);
    }
    const { label } = METRICS[scenario.metrics[0]];
    console.log(`round ${round + 1}, ${label}: ${line.sort().join(', ')}`);
  }
  for (const peer of running) if (peers[peer.name].without) peers[peer.name].rounds = [];
  return { name: one.name, peers };
}

function measure(scenario, context) {
  if (scenario.measure) return scenario.measure(context);
  return load(context.server, context.keys, context.args, { seconds: context.one.seconds });
}
