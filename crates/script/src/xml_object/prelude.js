(function (ask) {
  'use strict';
  function make(nodes) {
    const own = Object.create(null);
    const list = (what) => (name) => make(ask(what, nodes, name === undefined ? '*' : String(name)));
    own.toString = () => ask('string', nodes);
    own.valueOf = own.toString;
    own.toJSON = own.toString;
    own.toXMLString = () => ask('xml', nodes);
    own.length = () => nodes.length;
    own.name = () => ask('name', nodes);
    own.localName = own.name;
    own.text = list('text');
    own.children = list('children');
    own.child = list('child');
    own.elements = list('child');
    own.attribute = list('attribute');
    own.attributes = list('attribute');
    own.descendants = list('descendants');
    own.__attribute = own.attribute;
    own.__descendants = own.descendants;
    own[Symbol.toPrimitive] = own.toString;
    own[Symbol.iterator] = function* () {
      for (const node of nodes) yield make([node]);
    };
    return new Proxy(own, {
      get(target, key) {
        if (typeof key === 'symbol' || key in target) return target[key];
        if (/^[0-9]+$/.test(key)) return key < nodes.length ? make([nodes[key]]) : undefined;
        return make(ask('child', nodes, key));
      },
      set() {
        throw new TypeError('XML cannot be changed here; write a new literal');
      },
      deleteProperty() {
        throw new TypeError('XML cannot be changed here; write a new literal');
      },
    });
  }
  return make;
})
