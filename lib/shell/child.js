'use strict';

// A program with three pipes, connected to a session: its data both ways, its signals and its end. It is the leader of
// a process group, so that everything it has started ends with it.

const { spawn } = require('node:child_process');

const isWindows = process.platform === 'win32';

/** The signals of RFC 4254 6.10; others are told, and asked for, with the name of who invented them. */
const SIGNALS = new Set('ABRT ALRM FPE HUP ILL INT KILL PIPE QUIT SEGV TERM USR1 USR2'.split(' '));
/** The exit statuses of a shell for a program that it cannot start, or cannot find. */
const [NOT_STARTED, NOT_FOUND] = [126, 127];

/** What the client gets and gives: with a terminal, its lines and one output. */
function endsOf(session) {
  const { terminal, stream } = session;
  if (terminal === null) return { input: stream, output: stream, errors: session.stderr };
  return { input: terminal.input, output: terminal.output, errors: terminal.output };
}

/** Resolves with the child when it runs; rejects when it cannot be started. */
function started(file, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, options);
    child.once('spawn', () => resolve(child));
    child.once('error', reject);
  });
}

const hasEnded = (child) => child.exitCode !== null || child.signalCode !== null;

/** Sends a signal to the child and all of its process group, unless it has ended: then its number may be another's. */
function kill(child, signal) {
  if (hasEnded(child)) return;
  try {
    if (isWindows) child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // It has ended and Node does not know yet, or it has become another user's: there is nothing to be done.
  }
}

/** Pipes, both ways. What one side does not take, the other one cannot send. */
function connect(child, { input, output, errors }) {
  // A program that no longer reads is no reason to stop its client, whose further data has no reader.
  child.stdin.once('error', () => {
    input.unpipe(child.stdin);
    input.resume();
  });
  input.pipe(child.stdin);
  child.stdout.pipe(output, { end: false });
  child.stderr.pipe(errors, { end: false });
}

/** Calls back when nothing has gone either way for so many seconds. Returns what stops it. */
function watchIdle(child, input, seconds, onIdle) {
  if (seconds === 0) return () => {};
  const timer = setTimeout(onIdle, seconds * 1000);
  const refresh = () => void timer.refresh();
  const sources = [input, child.stdout, child.stderr];
  for (const source of sources) source.on('data', refresh);
  return () => {
    clearTimeout(timer);
    for (const source of sources) source.off('data', refresh);
  };
}

/** Ends the child: asks it to, and after the grace does not ask. Returns what takes the threat back. */
function end(child, { killSignal, grace }) {
  if (hasEnded(child)) return () => {};
  kill(child, killSignal);
  const timer = setTimeout(() => kill(child, 'SIGKILL'), grace * 1000);
  return () => clearTimeout(timer);
}

/** Resolves to `{ code, signal }` when the child has ended and all that it wrote was taken. */
function closed(child) {
  return new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

function tellEnd(session, { code, signal }) {
  if (signal === null) return session.exit(code >>> 0);
  const name = signal.slice('SIG'.length);
  return session.exitSignal(SIGNALS.has(name) ? name : `${name}@sshserver`);
}

/** Tells a client why its program could not be started. A failure that is not the client's is the server's to hear. */
async function tellFailure(session, error) {
  const tooLong = error.code === 'E2BIG';
  session.stderr.write(
    tooLong ? 'The command is too long.\n' : 'The program could not be started.\n',
  );
  await session.exit(error.code === 'ENOENT' ? NOT_FOUND : NOT_STARTED);
  if (!tooLong) throw error;
}

/** Runs a program for a session, to its end or to that of the session. */
async function run(session, { file, args, argv0, env, verbatim = false }, options) {
  const { cwd, uid, gid, idle } = options;
  let child;
  try {
    child = await started(file, args, {
      ...{ argv0, cwd, env, uid, gid },
      stdio: 'pipe',
      detached: !isWindows,
      windowsHide: true,
      windowsVerbatimArguments: verbatim,
    });
  } catch (error) {
    await tellFailure(session, error);
    return;
  }
  const ends = endsOf(session);
  let forgive = () => {};
  const stop = () => {
    forgive();
    forgive = end(child, options);
  };
  const leave = () => {
    stop();
    // Nobody takes what it still writes.
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
  };
  const onSignal = (name) => {
    if (SIGNALS.has(name)) kill(child, `SIG${name}`);
  };
  const isOver = closed(child);
  child.once('exit', () => forgive());
  session.on('signal', onSignal);
  connect(child, ends);
  const watched = watchIdle(child, ends.input, idle, stop);
  if (session.signal.aborted) leave();
  else session.signal.addEventListener('abort', leave, { once: true });
  const result = await isOver;
  watched();
  session.signal.removeEventListener('abort', leave);
  session.off('signal', onSignal);
  await tellEnd(session, result);
}

module.exports = { run };
