'use strict';

function define(prototype, name, descriptor) {
  Object.defineProperty(prototype, name, { configurable: true, enumerable: false, ...descriptor });
}

function method(prototype, name, value) {
  Object.defineProperty(value, 'name', { value: name, configurable: true });
  define(prototype, name, { value, writable: true });
}

/**
 * Defines the documented accessor methods of a field and a plain property that does the same.
 * `stem` is the documented name after get/set/is ("SSHCert"), `property` the name of the property ("sshCert").
 */
function defineField(type, { stem, property = lowerFirst(stem), get, set, boolean = false }) {
  const { prototype } = type;
  if (get) {
    method(prototype, `get${stem}`, function () {
      return get.call(this);
    });
    if (boolean) {
      method(prototype, `is${stem}`, function () {
        return get.call(this);
      });
    }
  }
  if (set) {
    method(prototype, `set${stem}`, function (value) {
      set.call(this, value);
    });
  }
  define(prototype, property, { get, set });
}

function lowerFirst(stem) {
  return stem[0].toLowerCase() + stem.slice(1);
}

module.exports = { defineField, lowerFirst };
