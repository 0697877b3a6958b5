// Compiled, never run: sessions as a program in TypeScript writes them.
import { sshserver } from 'sshserver';
import {
  authorizedKeys,
  command,
  parseAuthorizedKeys,
  serveSessions,
  shell,
} from 'sshserver/sessions';
import type { AuthorizedKey } from 'sshserver/keys';
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

server.on('SSHUserAuthRequest', authorizedKeys('%h/.ssh/authorized_keys'));
const keys = authorizedKeys(async (user, event) => (event.signed ? { text: user } : null), {
  principals: (user) => [user, 'admin'],
  userCAs: ['/etc/ca.pub'],
  revoked: { text: new Uint8Array() },
  environment: ['LC_*'],
  onRefused: ({ line, reason }) => void (line + reason),
});
server.on('SSHUserAuthRequest', async (event) => {
  await keys.call(server, event);
  if (event.accept && event.userVerified) event.partialSuccess = true;
});
const [entry] = parseAuthorizedKeys('', (line: number, reason: string) => void (line + reason));
export const key: AuthorizedKey | undefined = entry;
export const port: number | undefined = key?.options.permitOpen?.[0]?.port;
// @ts-expect-error an entry cannot be changed
if (key) key.options.pty = true;
