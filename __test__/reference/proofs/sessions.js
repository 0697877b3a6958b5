'use strict';

// The modules sshserver/sessions and sshserver/shell.

const { e2e, each } = require('./tests.js');

const router = e2e('sessions_router');
const terminal = e2e('sessions_terminal');
const bad = e2e('sessions_bad_input');
const programs = e2e('shell');

const of = (type, names, proof) =>
  each(
    names.map((name) => `${type}.${name}`),
    proof,
  );

const chosen = router('a session > goes to the handler for what is asked');
const known = router('a session > knows who and where its client is');
const begins = 'the requests before the start >';
const variables = [
  ...router(
    `${begins} set the variables of the default list, and no others`,
    `${begins} set those that the program names, by pattern or by function`,
  ),
  ...bad('floods > 10,000 variables: 128 are kept, and 64 KiB of them'),
];
const given = [
  ...router(`${begins} have a terminal given, with its modes, unless the program says no`),
  ...programs('a shell > has no terminal: it is refused, and given only if the program insists'),
];
const matching = router('a session > of exec goes to the first handler that matches');
const running = router(
  'the requests of a running session > resize its terminal, send it signals and breaks',
);
const tty = terminal('is a TTY of the size and the colors of the client');
const cursor = terminal('moves its cursor and clears as process.stdout does');
const ended = 'the end of a session >';
const tells = router('the service > tells of the start and the end of each session');

const sessions = {
  serveSessions: [
    ...chosen,
    ...router(
      `${begins} are the program’s where it accepts them, before or after the router in the order`,
      'the service > is one for each server',
    ),
  ],
  'ExecHandler.matches': matching,
  ...of('SessionHandlers', ['sftp', 'subsystems', 'shell'], chosen),
  'SessionHandlers.exec': [...chosen, ...matching],
  'SessionHandlers.pty': given,
  'SessionHandlers.env': variables,
  'SessionHandlers.maxSessions': router(
    'the bound of sessions > is ten for a connection by default, and room comes back',
    'the bound of sessions > is what the program says',
  ),
  'SessionService.sessions': known,
  'SessionService.close': router(
    'the service > ends with close(): its sessions are closed, and the program has its events alone',
  ),
  'SessionServiceEvents.start': tells,
  'SessionServiceEvents.end': tells,
  ...of(
    'Session',
    ['server', 'service', 'connectionId', 'channelId', 'user', 'remoteHost', 'remotePort'],
    known,
  ),
  'Session.kind': chosen,
  'Session.command': chosen,
  'Session.originalCommand': [
    ...known,
    ...e2e('keys')('a forced command > takes the place of shell, command and subsystem'),
  ],
  'Session.key': [
    ...known,
    ...e2e('keys')(
      'who gets in > by the first entry that lets the client in, and the session has that entry',
    ),
  ],
  'Session.env': variables,
  'Session.pty': given,
  ...of(
    'Session',
    ['stream', 'stderr'],
    router(
      'a session > carries data both ways, errors apart',
      'a session > gets what came before its handler asks for the stream, whoever else listens to data',
    ),
  ),
  'Session.terminal': tty,
  'Session.signal': router(
    `${ended} aborts the signal, and a handler that fails for that is not reported`,
  ),
  'Session.exit': router(
    `${ended} comes after everything that was written, and the first one counts`,
    `${ended} may follow the end of the stream`,
  ),
  'Session.exitSignal': router(`${ended} can be a signal`),
  ...of('SessionEvents', ['resize', 'signal', 'break'], running),
  ...of('Pty', ['term', 'columns', 'rows', 'widthPixels', 'heightPixels', 'modes'], given),
  ...of(
    'Terminal',
    ['input', 'output'],
    [...tty, ...terminal('readline takes the keys raw on it', 'the REPL of Node runs on it')],
  ),
  ...of('TerminalInput', ['isTTY'], tty),
  ...of(
    'TerminalInput',
    ['isRaw', 'setRawMode'],
    terminal('edits lines and shows them, until a program takes the keys raw'),
  ),
  ...of('TerminalInput', ['ref', 'unref'], cursor),
  ...of('TerminalOutput', ['isTTY', 'getWindowSize', 'getColorDepth', 'hasColors'], tty),
  ...of('TerminalOutput', ['columns', 'rows'], [...tty, ...terminal('tells of a new size')]),
  ...of('TerminalOutput', ['cursorTo', 'moveCursor', 'clearLine', 'clearScreenDown'], cursor),
};

const perSession = programs('a shell > can have options for each session');
const hasEnv = programs('a shell > has the variables of its session, and none of the server’s');
const login = programs(
  'a shell > reads its commands from the client, as a login shell',
  'a shell > is no login shell where that is not wanted, nor for a command',
);

const shell = {
  'ChildOptions.cwd': perSession,
  'ChildOptions.env': hasEnv,
  ...of('ChildOptions', ['uid', 'gid'], programs('a shell > runs as another user')),
  'ChildOptions.idle': programs(
    'the end > comes when nothing has gone either way for the idle time',
  ),
  'ChildOptions.kill': programs('the end > can be asked for with SIGTERM'),
  'ChildOptions.grace': programs(
    'the end > of a program that does not hear SIGHUP comes after the grace',
  ),
  'ShellOptions.file': login,
  'ShellOptions.args': login,
  'ShellOptions.login': login,
  'CommandOptions.matches': programs(
    'command() > runs one program, whatever the client writes, without a shell',
  ),
  shell: programs(
    'data > goes through a program whole, both ways, before its end',
    'the end > is the exit status, or the signal',
    'the end > of the client that leaves is that of the process group',
  ),
  command: programs('command() > runs one program, whatever the client writes, without a shell'),
};

module.exports = { sessions, shell };
