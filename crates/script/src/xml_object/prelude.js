(function (ask) {
  'use strict';
  const select = (what) => (nodes, name) =>
    make(ask(what, nodes, name === undefined ? '*' : String(name)));
  const string = (nodes) => ask('string', nodes);
  const name = (nodes) => ask('name', nodes);
  const methods = {
    __proto__: null,
    toString: string,
    valueOf: string,
    toJSON: string,
    toXMLString: (nodes) => ask('xml', nodes),
    length: (nodes) => nodes.length,
    name,
    localName: name,
    text: select('text'),
    children: select('children'),
    child: select('child'),
    elements: select('child'),
    attribute: select('attribute'),
    attributes: select('attribute'),
    descendants: select('descendants'),
    __attribute: select('attribute'),
    __descendants: select('descendants'),
    [Symbol.toPrimitive]: string,
    // No generator: its objects would share one that every call can reach.
    [Symbol.iterator]: (nodes) => nodes.values().map((node) => make([node])),
  };
  const refuse = () => {
    throw new TypeError('XML cannot be changed here; write a new literal');
  };
  const handler = {
    get({ nodes }, key) {
      const method = methods[key];
      if (method !== undefined) return (argument) => method(nodes, argument);
      if (typeof key === 'symbol') return undefined;
      if (/^[0-9]+$/.test(key)) return key < nodes.length ? make([nodes[key]]) : undefined;
      return make(ask('child', nodes, key));
    },
    has: (_, key) => key in methods,
    ownKeys: () => [],
    getOwnPropertyDescriptor: () => undefined,
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    setPrototypeOf: refuse,
    preventExtensions: refuse,
  };
  const make = (nodes) => new Proxy({ __proto__: null, nodes }, handler);
  return make;
})
