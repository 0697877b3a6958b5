'use strict';

// A Kerberos realm of the spec's own on the loopback: MIT's KDC on a free port, users with tickets, and key tables
// for servers. Nothing of the system's own configuration is read, and no other user is needed.

const { spawn, spawnSync } = require('node:child_process');
const dgram = require('node:dgram');
const { once } = require('node:events');
const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { afterTest } = require('./cleanup.js');
const { testUnless } = require('./conditions.js');
const { folder } = require('./folder.js');
const { environment } = require('./processes.js');
const { until } = require('./waiting.js');

const PROGRAMS = ['kdb5_util', 'kadmin.local', 'krb5kdc', 'kinit', 'kvno'];
/** MIT's library and Heimdal's, as the setting GSSLibrary takes them. */
const LIBRARIES = { MIT: 'libgssapi_krb5.so.2', Heimdal: 'libgssapi.so.3' };
const LIBRARY_FOLDERS = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib64',
  '/usr/lib',
];
const PASSWORD = 'secret';

/** Where a program is; the KDC's are not in everybody's PATH. */
function programFile(name) {
  const folders = [...process.env.PATH.split(':'), '/usr/sbin', '/sbin'];
  return folders.map((each) => path.join(each, name)).find((file) => fs.existsSync(file));
}

function missing(...libraries) {
  const program = PROGRAMS.find((name) => programFile(name) === undefined);
  if (program !== undefined) return `there is no ${program}`;
  const found = (name) => LIBRARY_FOLDERS.some((each) => fs.existsSync(path.join(each, name)));
  const library = libraries.find((each) => !found(LIBRARIES[each]));
  return library && `there is no GSSAPI library of ${library}`;
}

/** A test that needs a KDC, and these libraries. */
function testWithKerberos(name, body, { libraries = ['MIT'], lacks, timeout } = {}) {
  testUnless(missing(...libraries) ?? lacks, name, body, timeout);
}

/** A port that is free for TCP and UDP. */
async function freePort() {
  for (;;) {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    const socket = dgram.createSocket('udp4');
    const isFree = await new Promise((resolve) => {
      socket.once('error', () => resolve(false));
      socket.bind(port, '127.0.0.1', () => resolve(true));
    });
    if (isFree) socket.close();
    await new Promise((done) => server.close(done));
    if (isFree) return port;
  }
}

let count = 0;

class Realm {
  #port;

  constructor(name, port) {
    this.name = name;
    this.#port = port;
    this.folder = path.join(folder, `realm-${count++}`);
    fs.mkdirSync(this.folder);
  }

  /** A realm with these users, whose password is PASSWORD, and the key of `host/localhost`. */
  static async start({ name = 'TEST.LOCAL', users = ['bob', 'alice'] } = {}) {
    const realm = new Realm(name, await freePort());
    realm.configure();
    realm.#run('kdb5_util', ['create', '-s', '-r', name, '-P', 'master']);
    realm.admin(
      'addprinc -randkey host/localhost',
      ...users.map((user) => `addprinc -pw ${PASSWORD} ${user}`),
    );
    await realm.#serve();
    return realm;
  }

  #file(name) {
    return path.join(this.folder, name);
  }

  /** Writes krb5.conf: for this realm and those that it is to know. */
  configure({ others = [], defaults = [] } = {}) {
    const realms = [this, ...others].map(
      (it) => `${it.name} = {\nkdc = 127.0.0.1:${it.#port}\n}\n`,
    );
    const lines = [
      '[libdefaults]',
      `default_realm = ${this.name}`,
      ...['dns_lookup_kdc', 'dns_lookup_realm', 'rdns', 'dns_canonicalize_hostname'].map(
        (it) => `${it} = false`,
      ),
      'qualify_shortname = ""',
      'forwardable = true',
      'udp_preference_limit = 1',
      ...defaults,
      '[realms]',
      ...realms,
      '[domain_realm]',
      `localhost = ${(others[0] ?? this).name}`,
      '[logging]',
      `kdc = FILE:${this.#file('kdc.log')}`,
    ];
    fs.writeFileSync(this.#file('krb5.conf'), `${lines.join('\n')}\n`);
    const kdc = [
      '[kdcdefaults]',
      `kdc_listen = 127.0.0.1:${this.#port}`,
      `kdc_tcp_listen = 127.0.0.1:${this.#port}`,
      '[realms]',
      `${this.name} = {`,
      `database_name = ${this.#file('principal')}`,
      `key_stash_file = ${this.#file('stash')}`,
      `acl_file = ${this.#file('acl')}`,
      'supported_enctypes = aes256-cts-hmac-sha1-96:normal',
      '}',
    ];
    fs.writeFileSync(this.#file('kdc.conf'), `${kdc.join('\n')}\n`);
  }

  /** What a server of the realm, or a client with the ticket of `user`, has in its environment. */
  env(user = 'nobody') {
    return {
      KRB5_CONFIG: this.#file('krb5.conf'),
      KRB5_KDC_PROFILE: this.#file('kdc.conf'),
      KRB5CCNAME: `FILE:${this.#file(`tickets-${user}`)}`,
      // file2 is MIT's kind of cache for replays.
      KRB5RCACHENAME: `file2:${this.#file('replays')}`,
    };
  }

  #run(program, args, { user, input = '' } = {}) {
    const env = { ...environment, ...this.env(user) };
    const done = spawnSync(programFile(program), args, { env, input, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`${program} ${args}: ${done.stdout}${done.stderr}`);
    return done.stdout;
  }

  /** Commands for the KDC's database. */
  admin(...commands) {
    this.#run('kadmin.local', ['-r', this.name], { input: `${commands.join('\n')}\n` });
  }

  async #serve() {
    const args = ['-n', '-r', this.name, '-P', this.#file('pid')];
    const env = { ...environment, ...this.env() };
    const child = spawn(programFile('krb5kdc'), args, { env, stdio: 'ignore' });
    const ended = once(child, 'close');
    afterTest('end of the spec', async () => {
      child.kill('SIGKILL');
      await ended;
    });
    const answers = () =>
      new Promise((resolve) => {
        const socket = net.connect(this.#port, '127.0.0.1', () => resolve(true));
        socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
      });
    await until(answers);
  }

  /** A ticket of a user, and with it those that its client will need for a server here. */
  ticket(user, { lifetime = '1h', service = 'host/localhost' } = {}) {
    this.#run('kinit', ['-l', lifetime, `${user}@${this.name}`], { user, input: `${PASSWORD}\n` });
    this.#run('kvno', [service], { user });
  }

  /** A key table with the key of a server, which the KDC does not change. */
  keytab(principal = 'host/localhost') {
    const file = this.#file(`keytab-${count++}`);
    this.admin(`ktadd -norandkey -k ${file} ${principal}`);
    return file;
  }
}

module.exports = { LIBRARIES, PASSWORD, Realm, missing, testWithKerberos };
