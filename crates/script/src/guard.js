(function (ask, inJson, inTexts, inLists, inTyped, inGlobal) {
  'use strict';
  const { apply, defineProperty: define, getPrototypeOf: above } = Reflect;
  const guard = (holder, names) => {
    for (const name of names.split(' ')) {
      const own = holder[name];
      if (typeof own !== 'function') continue;
      const guarded = { [name](...given) { ask(); return apply(own, this, given); } }[name];
      define(guarded, 'length', { value: own.length });
      define(holder, name, { value: guarded });
    }
  };
  guard(JSON, inJson);
  guard(String.prototype, inTexts);
  guard(Array.prototype, inLists);
  guard(above(Uint8Array.prototype), inTyped);
  guard(globalThis, inGlobal);
})
