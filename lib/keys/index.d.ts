import { SSHServerUserAuthRequestEvent, sshserver } from '../../index.js';

/**
 * A listener of SSHUserAuthRequest that lets clients in by their public keys, as sshd does with its files
 * authorized_keys: `server.on('SSHUserAuthRequest', authorizedKeys('%h/.ssh/authorized_keys'))`. It accepts, and never
 * refuses what another listener accepts.
 *
 * `source` says where the keys of a user are: paths, texts, or a function that gives them, or null for nobody. In
 * paths `%h` is the user's home, `%u` the user's name, `%U` the number and `%%` a `%`; one that is not absolute begins
 * at the home. Files are read at each login. The name that a client gives is anything before the login: one with `/`,
 * `\`, `:` or NUL in it, one that begins with `-`, and `.` and `..` are refused, and the function is not called.
 *
 * Every option of sshd(8), AUTHORIZED_KEYS FILE FORMAT, is kept to, and an entry with an option that is not known
 * is not used:
 * - at the login: `from`, `expiry-time`, `principals`, `cert-authority`, `verify-required`;
 * - by serveSessions: `command`, `environment` (see options.environment). Without serveSessions for the server an entry
 *   with `command` lets nobody in, as nobody would keep to it;
 * - for whatever listeners there are: `permitopen`, `permitlisten`, `tunnel`, `restrict`, and `pty`,
 *   `port-forwarding`, `agent-forwarding`, `X11-forwarding` with and without `no-`. What is refused by them stays
 *   refused, whatever a listener answers.
 * - `user-rc` is read and has no effect: there is no such file. So is `no-touch-required`: a touch is asked of
 *   every device.
 *
 * It is stricter than sshd in this: with `permitopen` or `permitlisten` there are no tunnels to Unix domain sockets,
 * and without port forwarding no tun devices; names of services are no ports; names of hosts are not looked up for
 * `from`, which sshd does only with UseDNS.
 *
 * Certificates of OpenSSH get in by an entry with `cert-authority`, or by options.userCAs. What a certificate does not
 * permit is not permitted. Those with `force-command` and `source-address`, which are kept to, reach this listener
 * only after `server.config('UserCertCriticalOptions=force-command,source-address')`.
 *
 * It can be a part of another listener: `await keys.call(server, event)`, then `event.accept`. With a second factor its
 * restrictions stay, and of two keys both count.
 *
 * @throws TypeError for a wrong argument, with its name.
 */
export function authorizedKeys(
  source:
    | KeySource
    | readonly KeySource[]
    | ((
        user: string,
        event: SSHServerUserAuthRequestEvent,
      ) => MaybePromise<KeySource | readonly KeySource[] | null>),
  options?: AuthorizedKeysOptions,
): (this: sshserver, event: SSHServerUserAuthRequestEvent) => Promise<void>;

/**
 * The entries of a text in the format of authorized_keys that can be used. `onRefused` is told of the others, by their
 * line from 1 on.
 */
export function parseAuthorizedKeys(
  text: string,
  onRefused?: (line: number, reason: string) => void,
): AuthorizedKey[];

type MaybePromise<T> = T | Promise<T>;

/** A path, or the content that a file there would have. */
export type KeySource = string | { text: string | Uint8Array };

export interface AuthorizedKeysOptions {
  /**
   * The principals of certificates by `userCAs` that may log in as a user, of whom one is enough. Default: the user's
   * name. Certificates without principals do not get in.
   */
  principals?:
    | readonly string[]
    | ((user: string, event: SSHServerUserAuthRequestEvent) => MaybePromise<readonly string[]>);
  /** Files with the keys of authorities that are trusted for all users (TrustedUserCAKeys). Default none. */
  userCAs?: KeySource | readonly KeySource[];
  /**
   * Files with keys that let nobody in: revocation lists as `ssh-keygen -k` writes them, or keys, one a line
   * (RevokedKeys). A key revokes its certificates and those that it has signed, too. With a file that is missing or
   * damaged nobody gets in, and `Error` tells (1300).
   */
  revoked?: KeySource | readonly KeySource[];
  /**
   * Whether a file is refused if it or a folder above it, up to the user's home, can be written by others than root,
   * the user and the user of the server (StrictModes). Default true. It has no effect on Windows.
   */
  strictModes?: boolean;
  /**
   * Which variables `environment=` may set, by patterns; true for all. Default none, as PermitUserEnvironment of sshd: a
   * user who can write the file gets past a restricted shell with variables such as LD_PRELOAD.
   */
  environment?: boolean | readonly string[];
  /** Is told why a file or an entry was not used. What it is told is for the log, not for the client. */
  onRefused?: (refusal: KeyRefusal) => void;
}

export interface KeyRefusal {
  readonly connectionId: string;
  readonly user: string;
  /** The file, or `""`. */
  readonly file: string;
  /** The line of the entry from 1 on, or 0. */
  readonly line: number;
  readonly reason: string;
}

/** An entry of authorized_keys. */
export interface AuthorizedKey {
  /** The type of the key, such as `"ssh-ed25519"`. */
  readonly type: string;
  /** The key as authParamB of SSHUserAuthRequest has it; of an authority that key. */
  readonly blob: Buffer;
  /** `"SHA256:…"` as `ssh-keygen -l` shows it. */
  readonly fingerprint: string;
  readonly comment: string;
  /** The line of its file, from 1 on. */
  readonly line: number;
  readonly options: AuthorizedKeyOptions;
}

/** The options of an entry. The later one of two that contradict each other counts. */
export interface AuthorizedKeyOptions {
  /** `command=`: what is run in place of what the client asks for. */
  readonly command?: string;
  /** `from=`: patterns and networks of clients, separated by commas. */
  readonly from?: string;
  /** `environment=`: variables; of two with one name the first counts. */
  readonly environment?: Readonly<Record<string, string>>;
  /** `expiry-time=`: when it is over, in seconds since 1970; the earliest of several. */
  readonly expiryTime?: number;
  /** `permitopen=`: where tunnels may lead; port 0 is any. */
  readonly permitOpen?: readonly KeyPlace[];
  /** `permitlisten=`: where reverse tunnels may listen; the host is a pattern, port 0 is any. */
  readonly permitListen?: readonly KeyPlace[];
  /** `principals=`: those of certificates of this authority. */
  readonly principals?: readonly string[];
  /** `tunnel=`: the number of a tun device. */
  readonly tunnel?: number | 'any';
  /** `cert-authority` */
  readonly certAuthority: boolean;
  /** `restrict`, of which later options may have taken something back. */
  readonly restrict: boolean;
  readonly pty: boolean;
  readonly portForwarding: boolean;
  readonly agentForwarding: boolean;
  readonly x11Forwarding: boolean;
  readonly userRc: boolean;
  /** `no-touch-required` */
  readonly noTouchRequired: boolean;
  /** `verify-required`: a FIDO device has to have verified its user. */
  readonly verifyRequired: boolean;
}

export interface KeyPlace {
  readonly host: string;
  readonly port: number;
}
