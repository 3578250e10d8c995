print(1 + 1);
//
class A { toString() { return 'A'; } }
class B extends A { constructor() { super(); this.x = 1; } get y() { return 2; } static s = 3; #p = 4; p() { return this.#p; } }
const b = new B();
print(String(b), b.x, b.y, B.s, b.p(), b instanceof A, b.constructor.name);
//
function Shape(n) { this.n = n; }
Shape.prototype.toString = function () { return 'shape ' + this.n; };
Shape.prototype.valueOf = function () { return this.n; };
function Circle(n) { Shape.call(this, n); }
Circle.prototype = Object.create(Shape.prototype);
Circle.prototype.constructor = Circle;
var c = new Circle(2);
print('' + String(c), c + 1, c.constructor === Circle, Object.keys(Circle.prototype).join());
//
class Missing extends Error { constructor(m) { super(m); this.name = 'Missing'; } }
try { throw new Missing('gone'); } catch (e) { print(String(e), e instanceof Missing, e instanceof Error, e.name, e.message, Object.keys(e).join()); }
//
var e = new TypeError('a'); e.message = 'b'; e.name = 'C'; e.toString = function () { return 'own'; }; print(String(e), e.message, e.name);
//
function Old(m) { this.message = m; } Old.prototype = new Error(); Old.prototype.name = 'Old'; print(String(new Old('m')));
//
var o = {}; o.toString = function () { return 'mine'; }; o.valueOf = function () { return 7; }; o.hasOwnProperty = 1; o.constructor = 2; o.isPrototypeOf = 3;
print(String(o), o + 1, JSON.stringify(o), Object.keys(o).join());
//
var o = {toString: () => 'literal', constructor: 'x', hasOwnProperty: null}; print(`${o}`, JSON.stringify(o));
//
var a = [1, 2]; a.toString = function () { return 'list'; }; a.push = function () { return 'pushed'; }; a.extra = 5; print(String(a), a.push(1), a.length, Object.keys(a).join());
//
'use strict'; var o = {}; o.toString = () => 'strict'; print(String(o)); try { undeclared = 1; } catch (e) { print(e.name, e.message); }
//
implicit = 5; print(typeof implicit, implicit); implicit += 1; print(implicit, delete implicit, typeof implicit);
//
function f() { hidden = 1; return hidden + 1; } print(f(), typeof hidden, (function () { return this === undefined; })());
//
outer: for (var i = 0; i < 3; i++) { for (let j = 0; j < 3; j++) { if (j == 1) continue outer; if (i == 2) break outer; print(i, j); } } print(i);
//
print('2024-01-31'.replace(/(\d+)-(\d+)-(\d+)/, '$3.$2.$1'), /(?<y>\d{4})/.exec('in 1999').groups.y, 'aXbX'.split(/x/i).length);
//
var re = /a/g; print(re.lastIndex, re.test('aa'), re.lastIndex, re.test('aa'), re.test('aa'), [...'a1b2'.matchAll(/[a-z](\d)/g)].map((m) => m[1]).join());
//
function* count(n) { for (let i = 0; i < n; i++) { const got = yield i; if (got) print('got', got); } return 'end'; }
print([...count(3)].join()); const it = count(2); print(it.next().value, it.next('x').value, it.next().value, it.next().done);
//
const {a, b: {c = 5, ...rest} = {}, ...others} = {a: 1, b: {d: 2, e: 3}, f: 4}; const [x, , y = 9, ...z] = [1, 2, undefined, 4, 5];
print(a, c, JSON.stringify(rest), JSON.stringify(others), x, y, z.join());
//
print(2n ** 64n, BigInt('12') * 2n, typeof 1n, BigInt.asUintN(8, 257n), 10n > 9);
//
print([3, 1, 2].toSorted().join(), [1, 2, 3].at(-1), [1, [2, [3]]].flat(Infinity).join(), [1, 2, 3].findLast((x) => x < 3), [1, 2].with(0, 9).join(), [1, 2, 3].toReversed().join(), [1, 2, 3, 4].toSpliced(1, 2).join());
//
print(Object.entries({a: 1, b: 2}).map(([k, v]) => k + v).join(), Object.fromEntries([['x', 1]]).x, Object.groupBy ? JSON.stringify(Object.groupBy([1, 2, 3], (x) => x % 2 ? 'odd' : 'even')) : '');
//
print('abc'.padStart(5, '*'), 'x'.repeat(3), 'a-b-c'.replaceAll('-', '+'), ' t '.trim(), 'abc'.at(-1), 'ß'.normalize('NFD'), 'I'.toLowerCase(), 'a,b'.split(','));
//
const m = new Map([['a', 1]]); m.set('b', 2); const s = new Set([1, 1, 2]); print(m.size, [...m.keys()].join(), s.size, [...s].join(), new WeakMap().has({}));
//
print(a?.b, null ?? 'd', (0 || null)?.x); var a = null; a ??= 'set'; a ||= 'no'; a &&= 'and'; print(a);
//
print(typeof f, f(), typeof v, v); function f() { return 'hoisted'; } var v = 1;
//
if (true) { function inner() { return 'block'; } } print(inner(), typeof inner);
//
try { print(x); } catch (e) { print(e.name, e.message); } let x = 1;
//
try { print(nothing); } catch (e) { print(e.name, e.message); } try { null.x; } catch (e) { print(e.name, e.message); }
//
const c = 1; try { c = 2; } catch (e) { print(e.name, e.message); }
//
Promise.resolve(1).then((x) => { print('then', x); return Promise.reject(new Error('no')); }).catch((e) => print(e.message)).finally(() => print('finally')); print('first');
//
async function f() { const x = await 1; print('awaited', x); for await (const y of [2, 3]) print(y); return 4; } f().then(print); print('sync');
//
const p = new Proxy({}, {get: (_, k) => k + '!', has: () => true}); print(p.x, 'y' in p); const r = Proxy.revocable({}, {}); r.revoke(); try { r.proxy.x; } catch (e) { print(e.name); }
//
const tag = (s, ...v) => s.raw.join('|') + v.join(); print(tag`a${1}\n${2}b`, `x${`y${1}`}`);
//
const sym = Symbol('d'); const o = {[sym]: 1, ['a' + 1]: 2, get g() { return 3; }, set g(v) { print('set', v); }}; o.g = 4; print(o[sym], o.a1, o.g, sym.description, Symbol.for('k') === Symbol.for('k'));
//
class L extends Array { sum() { return this.reduce((a, b) => a + b, 0); } } const l = L.from([1, 2, 3]); l.push(4); print(l.sum(), l.map((x) => x * 2).sum(), l.length, l instanceof L, l.filter((x) => x > 1).constructor === L);
//
class M extends Map { get(k) { return super.get(k) ?? 'none'; } } print(new M([['a', 1]]).get('b')); class P extends Promise {} print(P.resolve(1) instanceof P);
//
print(new Date(0).toISOString(), new Date('2020-02-30T00:00:00Z').getTime(), Date.UTC(2000, 0, 1), typeof Date.now());
//
print(JSON.stringify({d: new Date(0), u: undefined, f() {}, n: NaN, s: Symbol('x'), nested: [undefined, () => 1]}), JSON.stringify({toJSON: () => 'own'}), JSON.stringify([1, {a: 2}], null, 2), JSON.parse('[1,{"a":null}]', (k, v) => v === null ? 'n' : v)[1].a);
//
const u = new Uint8Array([1, 2, 300]); const f = new Float64Array(2); f[0] = 1.5; print([...u].join(), f.join(), new DataView(new ArrayBuffer(4)).getInt32(0), u.slice(1).length, Array.from(u, (x) => x + 1).join());
//
var fn = function named(a, b = 2, ...c) {}; print(fn.length, fn.name, (() => {}).name, fn.call === fn.call, typeof fn.bind({}, 1), [].slice.call({0: 'a', length: 1})[0], Math.max.apply(null, [1, 3]));
//
fn = function () { return arguments.length; }; fn.toString = () => 'text'; fn.call = null; print(fn(1, 2), String(fn), fn.call);
//
with ({x: 'in with'}) { print(x); }
//
print(isNaN('x'), parseInt('12px'), parseFloat('1.5e3'), (25).toString(36), (0.1 + 0.2).toFixed(2), encodeURIComponent('ä b'), decodeURIComponent('%20'), escape('ä'), Number('0x10'), Number(' '), ~~'7', -7 % 3, 7 >>> 1);
//
switch (3) { case 1: print('one'); case 3: print('three'); case 4: print('four'); break; default: print('never'); }
//
var t = (function () { try { return 'try'; } finally { print('cleanup'); } })(); print(t); do { var k = 1; } while (false); print(k, void 0, typeof null, (1, 2));
//
for (const k in {a: 1, b: 2}) print(k); for (const k in [7, 8]) print(k); for (const x of new Set(['s'])) print(x); var keys = []; for (var k in Object.create({up: 1})) keys.push(k); print(keys.join());
//
print([1, 2, 3].values().map((x) => x * 2).filter((x) => x > 2).take(1).toArray().join(), Iterator.from([1]).next().value);
//
print(Object.getOwnPropertyNames('ab').join(), Object.isFrozen(Object.freeze({})), Object.assign({}, {a: 1}, null).a, structured()); function structured() { return typeof structuredClone; }
//
var x = <a n="1"><b>{1 + 1}</b><b/></a>; print(x.b.length(), x.@n, x.b[0], x.toXMLString(), JSON.stringify({x: x}), x..b.length(), `${x.b[0]}`, x.b[0] == 2); for (const b of x.b) print(b.toXMLString());
//
var list = mc.getPropertyKeySet(); print(list.length, list.contains('flag'), list.size(), list.toArray().join()); mc.own = 1; print(mc.own); mc.getTo = () => 'mine'; print(mc.getTo());
//
throw new Error('at the end');
//

  nothing.at.all();
//
var a = 1; throw new RangeError('in line one');
//
throw {toString: () => 'thrown object'};
//
function deep() { return deep() + 1; } try { deep(); } catch (e) { print(e.name, e.message); }
//
try { new ArrayBuffer(1 << 30); } catch (e) { print(e.message); }
//
mc.getPayloadJSON().missing.x;
//
setTimeout(1);
