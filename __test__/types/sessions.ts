// Compiled, never run: sessions as a program in TypeScript writes them.
import { sshserver } from 'sshserver';
import { command, serveSessions, shell } from 'sshserver/sessions';
import type { Pty, Session, SessionService } from 'sshserver/sessions';
import type { ShellOptions } from 'sshserver/shell';

const server = new sshserver();

const service: SessionService = serveSessions(server, {
  shell: shell(),
  exec: [
    command(['/usr/bin/git-shell', '-c'], { matches: /^git-/ }),
    command((session) => ['/bin/echo', session.command], { kill: 'term', idle: 60 }),
    shell(async (session): Promise<ShellOptions> => ({ cwd: `/home/${session.user}` })),
  ],
  sftp: async (session) => {
    for await (const chunk of session.stream) session.stream.write(chunk);
    return 0;
  },
  subsystems: {
    netconf(session: Session) {
      session.on('signal', (name: string) => void session.exitSignal(name, { core: false }));
    },
  },
  pty: (session) => session.user !== 'guest',
  env: (name, value) => name === 'LANG' && value.length < 10,
  maxSessions: 3,
});

service.on('start', (session) => {
  const pty: Pty | null = session.pty;
  session.terminal?.input.setRawMode(pty !== null);
  session.terminal?.output.write(`${session.terminal.output.columns}`);
  session.signal.addEventListener('abort', () => service.sessions.get(session.channelId));
  void session.exit(0).then(() => service.close());
  // @ts-expect-error what a session is cannot be changed
  session.command = 'another';
  // @ts-expect-error a status is a number
  void session.exit('0');
});

// @ts-expect-error handlers are functions
serveSessions(server, { shell: 'bash' });
// @ts-expect-error there are two ways to ask
shell({ kill: 'nicely' });
