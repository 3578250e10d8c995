(function (ask) {
  'use strict';
  const { apply, defineProperty: define } = Reflect;
  const guard = (holder, names) => {
    for (const name of names.split(' ')) {
      const own = holder[name];
      if (typeof own !== 'function') continue;
      const guarded = { [name](...given) { ask(); return apply(own, this, given); } }[name];
      define(guarded, 'length', { value: own.length });
      define(holder, name, { value: guarded });
    }
  };
  guard(JSON, 'stringify parse');
  guard(String.prototype, 'indexOf lastIndexOf includes split replace replaceAll match search normalize '
    + 'toUpperCase toLowerCase localeCompare repeat padStart padEnd concat isWellFormed toWellFormed');
  guard(Array.prototype, 'join sort toSorted reverse toReversed fill concat slice splice toSpliced '
    + 'indexOf lastIndexOf includes copyWithin flat');
  guard(Object.getPrototypeOf(Uint8Array.prototype), 'join sort toSorted reverse toReversed fill slice set '
    + 'with indexOf lastIndexOf includes copyWithin');
  guard(globalThis, 'encodeURI encodeURIComponent decodeURI decodeURIComponent escape unescape');
})
