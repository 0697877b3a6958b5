'use strict';

jest.mock('../../lib/native.js', () => require('./fake_native.js'));
const path = require('node:path');
const { execFile } = require('node:child_process');
const { promisify } = require('node:util');
const ts = require('typescript');
const api = require('../../index.js');
const { EVENT_NAMES } = require('../../lib/boundary.js');
const events = require('../../lib/event_objects.js');
const { ROOT, declarationOf, settingNames, statements } = require('../support/public_surface.js');

const classes = statements.filter(ts.isClassDeclaration);
const interfaces = new Map(
  statements.filter(ts.isInterfaceDeclaration).map((node) => [node.name.text, node]),
);

function memberName(member) {
  return ts.isComputedPropertyName(member.name) ? member.name.getText() : member.name.text;
}

function declared(node, wanted) {
  return new Set(
    node.members
      .filter((member) => !ts.isConstructorDeclaration(member) && wanted(member))
      .map(memberName),
  );
}

const isStatic = (member) =>
  member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) ?? false;

test('every setting of the addon is described at config()', () => {
  expect(settingNames.length).toBeGreaterThan(20);
  const config = declarationOf('sshserver').members.find((node) => node.name?.text === 'config');
  const [comment] = config.jsDoc.map((node) => node.getText());
  expect(settingNames.filter((name) => !new RegExp(`\`${name}[\`[]`).test(comment))).toEqual([]);
});

/** Members up to (not with) the classes that are not ours. */
function actual(type) {
  const names = new Set();
  for (
    let p = type.prototype;
    ![Object.prototype, Error.prototype, require('events').prototype].includes(p);
    p = Object.getPrototypeOf(p)
  ) {
    for (const key of Reflect.ownKeys(p))
      names.add(typeof key === 'symbol' ? '[Symbol.iterator]' : key);
  }
  names.delete('constructor');
  return names;
}

describe.each(classes.map((node) => [node.name.text, node]))('class %s', (name, node) => {
  const type = api[name];

  test('has every declared member', () => {
    const instanceFields = name === 'SSHServerError' ? ['code'] : [];
    const missing = [...declared(node, (member) => !isStatic(member))].filter((member) => {
      const key = member === '[Symbol.iterator]' ? Symbol.iterator : member;
      return !(key in type.prototype) && !instanceFields.includes(member);
    });
    expect(missing).toEqual([]);
    expect([...declared(node, isStatic)].filter((member) => !Object.hasOwn(type, member))).toEqual(
      [],
    );
  });

  test('has no member that is not declared', () => {
    const known = declared(node, (member) => !isStatic(member));
    const inherited = name === 'SSHServerError' ? ['name'] : [];
    expect(
      [...actual(type)].filter((member) => !known.has(member) && !inherited.includes(member)),
    ).toEqual([]);
  });

  test('has accessors as declared', () => {
    const kinds = { [ts.SyntaxKind.GetAccessor]: 'get', [ts.SyntaxKind.SetAccessor]: 'set' };
    const declaredKinds = node.members
      .filter((member) => kinds[member.kind])
      .map((m) => `${kinds[m.kind]} ${memberName(m)}`);
    const actualKinds = Object.entries(Object.getOwnPropertyDescriptors(type.prototype)).flatMap(
      ([key, { get, set }]) => [...(get ? [`get ${key}`] : []), ...(set ? [`set ${key}`] : [])],
    );
    expect(declaredKinds.sort()).toEqual(actualKinds.sort());
  });
});

test('everything exported is declared, and the other way round', () => {
  const names = [...classes.map((node) => node.name.text), 'CertStoreTypes', 'SSHServer'];
  expect(Object.keys(api).sort()).toEqual(names.sort());
});

test('the events are those declared', () => {
  expect([...declared(interfaces.get('SSHServerEvents'), () => true)].sort()).toEqual(
    [...EVENT_NAMES].sort(),
  );
});

test('CertStoreTypes is as declared', () => {
  const node = statements.find(ts.isEnumDeclaration);
  const members = Object.fromEntries(
    node.members.map(({ name, initializer }) => [name.text, Number(initializer.text)]),
  );
  expect({ ...api.CertStoreTypes }).toEqual(members);
  expect(api.CertStoreTypes[6]).toBe('cstPEMKeyFile');
});

test.each(Object.keys(events).filter((name) => name !== 'idText'))(
  '%s has the declared fields',
  (name) => {
    const event = new events[name](
      '1',
      name === 'UserAuthRequestEvent' ? [] : '2',
      new Uint8Array(),
      new Uint8Array(),
    );
    const fields = new Set(Object.keys(event));
    for (
      let p = Object.getPrototypeOf(event);
      p !== Object.prototype;
      p = Object.getPrototypeOf(p)
    ) {
      for (const key of Object.getOwnPropertyNames(p)) if (key !== 'constructor') fields.add(key);
    }
    const collect = (node) => [
      ...declared(node, () => true),
      ...(node.heritageClauses ?? []).flatMap(({ types }) =>
        types.flatMap((t) => collect(interfaces.get(t.expression.text))),
      ),
    ];
    expect([...fields].sort()).toEqual(collect(interfaces.get(`SSHServer${name}`)).sort());
  },
);

describe('in a process of its own', () => {
  const run = async (flags, source) => {
    const args = ['--require', path.join(__dirname, 'use_fake.js'), ...flags, '-e', source];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
    return stdout.trim();
  };

  test('the ECMAScript module has the same names, and all as its default', async () => {
    const source = `import('./index.mjs').then((m) => {
      const { default: api, ...named } = m;
      const same = Object.keys(api).every((name) => api[name] === named[name]);
      console.log(same, Object.keys(named).sort().join());
    })`;
    expect(await run([], source)).toBe(`true ${Object.keys(api).sort().join()}`);
  });

  const start = `const { sshserver } = require('./index.js'); const server = new sshserver();
    process.on('exit', (code) => console.log('exit', code, server.listening));`;

  test('a listening server keeps it alive, and after shutdown() it ends by itself', async () => {
    const source = `${start} server.startListening().then(() => {
      setTimeout(() => { console.log('alive'); server.shutdown(); }, 10).unref();
    });`;
    expect(await run([], source)).toBe('alive\nexit 0 false');
  });

  test('an unreferenced one does not keep it', async () => {
    expect(await run([], `${start} server.unref().startListening();`)).toBe('exit 0 true');
  });

  test('an open connection keeps it alive', async () => {
    const source = `${start} const native = require('./lib/native.js').NativeServer.last;
      const told = require('./__test__/facade/told.js');
      native.events(told.ACTIVITY({ active: true }));
      setTimeout(() => { console.log('alive'); native.events(told.ACTIVITY({ active: false })); }, 10).unref();`;
    expect(await run([], source)).toBe('alive\nexit 0 false');
  });

  test('a forgotten server is collected, one that listens is not', async () => {
    const source = `const { sshserver } = require('./index.js'); const { NativeServer } = require('./lib/native.js');
      const idle = new WeakRef(new sshserver());
      let listening;
      const begin = async () => { const server = new sshserver(); listening = new WeakRef(server); await server.startListening(); };
      begin().then(() => { NativeServer.last = null; }).then(() => new Promise(setImmediate)).then(() => {
        gc();
        console.log(idle.deref() === undefined, listening.deref() !== undefined);
        return listening.deref().shutdown();
      });`;
    expect(await run(['--expose-gc'], source)).toBe('true true');
  });

  test('a stream that nobody reads and nobody has any more owes nothing', async () => {
    const source = `const { sshserver } = require('./index.js'); const { NativeServer } = require('./lib/native.js');
      const server = new sshserver();
      const told = require('./__test__/facade/told.js');
      const { connectionInfo, channelInfo } = require('./__test__/facade/infos.js');
      const native = NativeServer.last;
      const length = 1 << 20;
      const begin = (channel) => {
        native.connections.set(1, connectionInfo());
        native.channels.set(channel, channelInfo());
        const stream = server.getChannelStream(String(channel));
        native.events(
          told.CHANNEL_DATA({ connection: 1, channel, bytes: new Uint8Array(length), dataType: 0 }),
          told.CHANNEL_EOF({ connection: 1, channel }),
          told.CHANNEL_CLOSED({ connection: 1, channel, connectionOver: false }),
        );
        return stream;
      };
      const turn = () => new Promise(setImmediate);
      const kept = begin(2);
      void begin(3);
      const main = async () => {
        for (let i = 0; i < 100 && native.totalConsumed(3) < length; i++) { await turn(); gc(); }
        console.log(native.totalConsumed(2), native.totalConsumed(3) === length);
        kept.destroy();
        await turn();
        console.log(native.totalConsumed(2) === length);
      };
      main();`;
    expect(await run(['--expose-gc'], source)).toBe('0 true\ntrue');
  });
});
