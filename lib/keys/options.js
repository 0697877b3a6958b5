'use strict';

// The options before a key of authorized_keys: sshd(8), AUTHORIZED_KEYS FILE FORMAT. They are read one after the
// other, so that `restrict,pty` and `pty,restrict` differ.

/** An entry that cannot be used, and why. */
class BadEntry extends Error {}

/** OpenSSH's last number of a tun(4) device, and the length of a host's name that it takes. */
const MAX_TUNNEL = 0x7ffffffd;
const MAX_HOST = 1024;

/** Options without a value, and what each one sets; `no` is what it sets behind `no-`, if it can be there. */
const FLAGS = {
  restrict: {
    yes: {
      restrict: true,
      portForwarding: false,
      agentForwarding: false,
      x11Forwarding: false,
      pty: false,
      userRc: false,
    },
  },
  'cert-authority': { yes: { certAuthority: true } },
  'port-forwarding': { yes: { portForwarding: true }, no: { portForwarding: false } },
  'agent-forwarding': { yes: { agentForwarding: true }, no: { agentForwarding: false } },
  'x11-forwarding': { yes: { x11Forwarding: true }, no: { x11Forwarding: false } },
  pty: { yes: { pty: true }, no: { pty: false } },
  'user-rc': { yes: { userRc: true }, no: { userRc: false } },
  'touch-required': { yes: { noTouchRequired: false }, no: { noTouchRequired: true } },
  'verify-required': { yes: { verifyRequired: true }, no: { verifyRequired: false } },
};

/** Options with a value: `(options, value)` puts it in. */
const VALUES = {
  command: once('command'),
  principals: once('principals', (text) => text.split(',')),
  from: once('from'),
  'expiry-time': (options, value) => {
    // The earliest one counts.
    options.expiryTime = Math.min(parseTime(value), options.expiryTime ?? Infinity);
  },
  environment: (options, value) => {
    const [, name, text] = /^(\w+)=(.*)$/s.exec(value) ?? [];
    if (name === undefined) throw new BadEntry('environment= is not NAME=value');
    options.environment ??= Object.create(null);
    // The first one counts.
    if (!(name in options.environment)) options.environment[name] = text;
  },
  permitopen: permit('permitOpen', 'permitopen', false),
  permitlisten: permit('permitListen', 'permitlisten', true),
  tunnel: (options, value) => {
    const isAny = value.toLowerCase() === 'any';
    if (!isAny && !(/^\d{1,10}$/.test(value) && Number(value) <= MAX_TUNNEL))
      throw new BadEntry('tunnel= is no number of a device');
    options.tunnel = isAny ? 'any' : Number(value);
  },
};

function once(field, read = (text) => text) {
  return (options, value) => {
    if (options[field] !== undefined) throw new BadEntry(`there are two ${field}= options`);
    options[field] = read(value);
  };
}

/** `host:port` with a host in brackets if it has colons; `[host:]port` where a port alone is enough. */
function permit(field, name, portAlone) {
  return (options, value) => {
    // OpenSSH takes a slash for the colon, too, and so has no host with one.
    const parts = /^(?:\[([^\]]*)\]|([^:/]*))[:/]([^:]*)$/.exec(value);
    const bare = portAlone && !value.includes(':');
    if (parts === null && !bare) throw new BadEntry(`${name}= is not host:port`);
    const host = bare ? '*' : (parts[1] ?? parts[2]);
    const port = bare ? value : parts[3];
    if (host.length > MAX_HOST) throw new BadEntry(`${name}= has a host that is too long`);
    const isPort = /^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535;
    if (port !== '*' && !isPort) throw new BadEntry(`${name}= has no port`);
    options[field] ??= [];
    options[field].push({ host, port: port === '*' ? 0 : Number(port) });
  };
}

/** YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, of this system or with Z of UTC, as seconds since 1970. */
function parseTime(text) {
  const match = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)$/i.exec(text);
  if (match === null) throw new BadEntry('expiry-time= is no time');
  const [year, month, day, hour, minute, second] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const fits =
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= 31 &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 60;
  // The years before 100 would be those of the last century.
  if (!fits || year < 100) throw new BadEntry('expiry-time= is no time');
  const fields = [year, month - 1, day, hour, minute, second];
  const time = match[7] === '' ? new Date(...fields).getTime() : Date.UTC(...fields);
  if (!(time >= 0)) throw new BadEntry('expiry-time= is before 1970');
  return time / 1000;
}

/** The text between the quotes at the beginning, and what follows them. A backslash only quotes a quote. */
function dequote(text) {
  if (text[0] !== '"') throw new BadEntry('an option has a value without quotes');
  let value = '';
  for (let at = 1; at < text.length; at++) {
    if (text[at] === '"') return { value, rest: text.slice(at + 1) };
    if (text[at] === '\\' && text[at + 1] === '"') at++;
    value += text[at];
  }
  throw new BadEntry('a quote has no end');
}

/** Reads one option at the beginning of the text into `options`; returns what follows it. */
function readOption(options, text) {
  const lower = text.toLowerCase();
  for (const [name, { yes, no }] of Object.entries(FLAGS)) {
    if (no !== undefined && lower.startsWith(`no-${name}`)) {
      Object.assign(options, no);
      return text.slice(name.length + 'no-'.length);
    }
    if (lower.startsWith(name)) {
      Object.assign(options, yes);
      return text.slice(name.length);
    }
  }
  for (const [name, read] of Object.entries(VALUES)) {
    if (!lower.startsWith(`${name}=`)) continue;
    const { value, rest } = dequote(text.slice(name.length + 1));
    read(options, value);
    return rest;
  }
  throw new BadEntry('an option is not known');
}

/** The options of an entry, from the beginning of a text up to the first space outside of quotes. */
function parseOptions(text) {
  const options = {
    restrict: false,
    certAuthority: false,
    pty: true,
    portForwarding: true,
    agentForwarding: true,
    x11Forwarding: true,
    userRc: true,
    noTouchRequired: false,
    verifyRequired: false,
  };
  let rest = text;
  while (rest !== '') {
    // There may be nothing between two commas, before the first or after the last.
    if (rest[0] !== ',') rest = readOption(options, rest);
    if (rest !== '' && rest[0] !== ',') throw new BadEntry('an option is not known');
    rest = rest.slice(1);
  }
  return options;
}

/** How many characters the options take: up to a space or tab outside of quotes. */
function lengthOfOptions(text) {
  let quoted = false;
  let at = 0;
  for (; at < text.length && (quoted || !/[ \t]/.test(text[at])); at++) {
    if (text[at] === '\\' && text[at + 1] === '"') at++;
    else if (text[at] === '"') quoted = !quoted;
  }
  if (quoted) throw new BadEntry('a quote has no end');
  return Math.min(at, text.length);
}

module.exports = { BadEntry, lengthOfOptions, parseOptions };
