'use strict';

/** `of(file)(title, ...)`: the proofs that tests of a file are, `describe > test` or a Rust function. */
const of =
  (file) =>
  (...titles) =>
    titles.map((test) => ({ file, test }));

const e2e = (name) => of(`__test__/e2e/${name}.spec.js`);
const facade = (name) => of(`__test__/facade/${name}.spec.js`);
const interop = (name) => of(`__test__/interop/${name}.spec.js`);
const rust = of;

/** The same proof for several things. */
const each = (names, proof) =>
  Object.fromEntries(
    names.map((name) => [name, typeof proof === 'function' ? proof(name) : proof]),
  );

module.exports = { e2e, facade, interop, rust, each };
