'use strict';

// Whether a client's address is in a list, as sshd(8) and ssh_config(5) say it: `from=` of authorized_keys, and
// `source-address` of a certificate (OpenSSH PROTOCOL.certkeys).

const net = require('node:net');
const { matchesList, matchesPattern } = require('../patterns.js');

/** What an entry of a list can be besides an address with the length of its prefix. */
const NO_ADDRESS = 'none';
/** An entry that is wrong, and with it the whole list: a typing error must let nobody in. */
const WRONG = 'wrong';

/** The characters that an entry of `source-address` can have. */
const CIDR_ONLY = /^[\da-fA-F.:/]+$/;

function bitsOf4(text) {
  return text.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);
}

function bitsOf6(text) {
  const [head, tail] = text.split('::');
  const groups = (part) =>
    part === undefined || part === ''
      ? []
      : part.split(':').flatMap((group) => {
          if (!group.includes('.')) return [BigInt(`0x${group}`)];
          const bits = bitsOf4(group);
          return [bits >> 16n, bits & 0xffffn];
        });
  const [first, last] = [groups(head), groups(tail)];
  const zeros = new Array(8 - first.length - last.length).fill(0n);
  return [...first, ...zeros, ...last].reduce((bits, group) => (bits << 16n) | group, 0n);
}

/** An address as `{ bits, length }`, or null. */
function parseAddress(text) {
  switch (net.isIP(text)) {
    case 4:
      return { bits: bitsOf4(text), length: 32 };
    case 6:
      return { bits: bitsOf6(text.split('%', 1)[0]), length: 128 };
    default:
      return null;
  }
}

/** `address[/length]` as `{ bits, length, prefix }`, NO_ADDRESS or WRONG. */
function parseNetwork(text) {
  const [address, prefixText, ...more] = text.split('/');
  const parsed = parseAddress(address);
  if (parsed === null || more.length > 0) return NO_ADDRESS;
  if (prefixText !== undefined && !/^\d{1,3}$/.test(prefixText)) return NO_ADDRESS;
  const prefix = prefixText === undefined ? parsed.length : Number(prefixText);
  if (prefix > 128) return NO_ADDRESS;
  if (prefix > parsed.length) return WRONG;
  const host = parsed.bits & ((1n << BigInt(parsed.length - prefix)) - 1n);
  // 10.0.0.1/8 is one address or a network: whoever wrote it may have meant either.
  return host === 0n ? { ...parsed, prefix } : WRONG;
}

function isIn(address, { bits, length, prefix }) {
  const rest = BigInt(length - prefix);
  return address.length === length && address.bits >> rest === bits >> rest;
}

/** An IPv4 address in the form that IPv6 sockets give it is that IPv4 address. */
function usualAddress(address) {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped === null ? address : mapped[1];
}

/**
 * Whether `from=` with this list lets a client at this address in. Entries are addresses with or without the length
 * of a prefix, and patterns; one behind `!` that matches refuses whatever the others say. A list with a wrong entry
 * lets nobody in. Names are not looked up: whoever controls an address controls its name.
 */
function isFrom(remoteHost, list) {
  const text = usualAddress(remoteHost);
  const address = parseAddress(text);
  if (address === null) return false;
  let found = false;
  for (const item of list.split(',')) {
    const negated = item.startsWith('!');
    const entry = negated ? item.slice(1) : item;
    if (entry === '') return false;
    const network = parseNetwork(entry);
    if (network === WRONG) return false;
    const matches = network === NO_ADDRESS ? matchesPattern(text, entry) : isIn(address, network);
    if (matches && negated) return false;
    found ||= matches;
  }
  // The same entries as patterns for names, for which sshd takes the address where it looks no name up.
  const byName = matchesList(text.toLowerCase(), list.toLowerCase());
  return byName >= 0 && (found || byName > 0);
}

/** Whether `source-address` with this list has the client's address: networks alone, all of them right. */
function isFromNetworks(remoteHost, list) {
  const address = parseAddress(usualAddress(remoteHost));
  const networks = list
    .split(',')
    .map((entry) => (CIDR_ONLY.test(entry) ? parseNetwork(entry) : WRONG));
  if (address === null || networks.includes(WRONG) || networks.includes(NO_ADDRESS)) return false;
  return networks.some((network) => isIn(address, network));
}

module.exports = { isFrom, isFromNetworks };
