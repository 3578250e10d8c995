(function (methods, print, XML, main, random, taint) {
  'use strict';
  const global = globalThis;
  const { ownKeys, defineProperty: define, deleteProperty: remove, getPrototypeOf: above } = Reflect;
  const { create, freeze, isExtensible, getOwnPropertyDescriptor: describe } = Object;
  const few = ['constructor', 'toString', 'valueOf', 'toLocaleString', 'name', 'message'];
  const isObject = (it) => (typeof it === 'object' && it !== null) || typeof it === 'function';

  // What the engine keeps beside its objects: how traces are written, and what is drawn by lot.
  Error.prepareStackTrace = (_error, sites) => sites;
  const site = new Error().stack[0];
  Error.prepareStackTrace = undefined;
  define(Error, 'prepareStackTrace', { value: undefined });
  define(Error, 'stackTraceLimit', { value: 10 });
  define(Math, 'random', { value: random });
  // The names that a text declares at the top cannot be taken away again.
  const evaluate = global.eval;
  define(global, 'eval', { value: { eval(text) { taint(); return evaluate(text); } }.eval });

  const iterator = [].values();
  const hidden = [
    site, function () {}, function* () {}, async function () {}, async function* () {},
    iterator, new Map().keys(), new Set().keys(), ''[Symbol.iterator](), ''.matchAll(/a/g),
    iterator.map((it) => it), Iterator.from({ next() {} }), Iterator.concat && Iterator.concat([]),
    (function* () {})(), (async function* () {})(), (function () { return arguments; })(),
    Promise.withResolvers && Promise.withResolvers(), Proxy.revocable({}, {}).revoke,
    new (class extends Int8Array {})(0),
  ];

  const seen = new Set();
  const prototypes = new Set();
  const visit = (it) => { if (isObject(it)) seen.add(it); };
  for (const it of hidden) {
    if (!isObject(it)) continue;
    for (let top = above(it); top; top = above(top)) { visit(top); prototypes.add(top); }
  }
  [global, methods, print, XML, main, random].forEach(visit);
  prototypes.add(methods);
  for (const object of seen) {
    visit(above(object));
    for (const key of ownKeys(object)) {
      const { value, get, set } = describe(object, key);
      [value, get, set].forEach(visit);
      if (key === 'prototype' && isObject(value)) prototypes.add(value);
    }
  }

  // An object may have a member of its own by the name of one that is frozen above it.
  const mend = (holder, key, value) => {
    const own = {
      get() { return value; },
      set(given) {
        if (!isObject(this)) return;
        const isDone = this !== holder
          && define(this, key, { value: given, writable: true, enumerable: true, configurable: true });
        if (!isDone) throw new TypeError(`${key} is read-only`);
      },
    };
    define(holder, key, { get: freeze(own.get), set: freeze(own.set) });
  };
  const whole = [Object, Function, Array, Promise].map((it) => it.prototype);
  const isWhole = (it) => it === methods || whole.includes(it)
    || it === Error.prototype || above(it) === Error.prototype;
  for (const holder of prototypes) {
    for (const key of isWhole(holder) ? ownKeys(holder) : few) {
      const found = describe(holder, key);
      if (found && found.writable && found.configurable && typeof key === 'string') {
        mend(holder, key, found.value);
      }
    }
  }
  for (const object of seen) if (object !== global) freeze(object);

  for (const key of ownKeys(global)) {
    const own = describe(global, key);
    define(global, key, 'value' in own ? { writable: false, configurable: false } : { configurable: false });
  }
  const top = above(global);
  const fresh = { value: undefined, writable: true, enumerable: true, configurable: true };
  const put = (key, value) => { fresh.value = value; return define(global, key, fresh); };
  // Makes what has a name anew; false where it cannot.
  const restore = () => {
    const isPut = put('mc', create(methods)) && put('print', print) && put('XML', XML);
    return isPut && above(global) === top && isExtensible(global);
  };
  // Removes what a call has left on the global object; false where it cannot.
  const sweep = () => ownKeys(global).every((key) => known.has(key) || remove(global, key));
  ['mc', 'print', 'XML'].forEach((key) => put(key, undefined));
  const known = new Set(ownKeys(global));
  return [restore, sweep];
})
