'use strict';

// A client that is a program of ours around a library: one process for all jobs of a spec. It is
// asked by a line and answers with a line.

const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const readline = require('node:readline');
const { environment, start } = require('./processes.js');

/** Requests as names and values between tabs: for languages without JSON at hand. */
const fields = {
  version: 'version',
  job: (job) => Object.entries(job).flat().join('\t'),
  answer: (text) => text,
};

const json = {
  version: JSON.stringify({ version: true }),
  job: (job) => JSON.stringify(job),
  answer: (text) => JSON.parse(text).answer,
};

class LineClient {
  #command;
  #env;
  #protocol;
  #process;
  #lines;
  #errors = '';

  constructor([...command], { env = {}, protocol = fields } = {}) {
    this.#command = command;
    this.#env = env;
    this.#protocol = protocol;
  }

  /** The answer to one request, in a process of its own. */
  askOnce(request) {
    const [program, ...args] = this.#command;
    const env = { ...environment, ...this.#env };
    const { error, stdout } = spawnSync(program, args, { env, input: `${request}\n` });
    const [line] = error ? [''] : stdout.toString().split('\n');
    return line === '' ? undefined : this.#protocol.answer(line);
  }

  /** The version of the library, or undefined when the program does not run. */
  version() {
    return this.askOnce(this.#protocol.version);
  }

  /** What the process answers; throws when it ends instead. */
  async ask(job) {
    this.#begin();
    const { stdin, result } = this.#process;
    const answer = once(this.#lines, 'line');
    const ended = result.then(({ status, signal }) => {
      throw new Error(`the client ended (${status ?? signal}): ${this.#errors}`);
    });
    ended.catch(() => {});
    stdin.write(`${this.#protocol.job(job)}\n`);
    const [line] = await Promise.race([answer, ended]);
    return this.#protocol.answer(line);
  }

  /** The next job starts a process that has this in its environment, too. */
  restart(env) {
    this.kill();
    this.#env = { ...this.#env, ...env };
  }

  /** Ends the process, whose next job starts another. */
  kill() {
    this.#process?.kill('SIGKILL');
    this.#process = undefined;
  }

  #begin() {
    const running = this.#process;
    if (running && running.exitCode === null && running.signalCode === null) return;
    const [program, ...args] = this.#command;
    this.#process = start(program, args, { env: this.#env, until: 'end of the spec' });
    this.#errors = '';
    this.#process.stdin.on('error', () => {});
    this.#process.stderr.setEncoding('utf8').on('data', (text) => {
      this.#errors = (this.#errors + text).slice(-2000);
    });
    this.#lines = readline.createInterface({ input: this.#process.stdout });
  }
}

module.exports = { LineClient, json };
