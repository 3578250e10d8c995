// What leads to objects that calls could share, an expression a line.
G
O
R
({})['__pro' + 'to__']
[]['__pro' + 'to__']
[]['constr' + 'uctor']
(function () {})['__pro' + 'to__']
(function () {})['constr' + 'uctor']
(() => 1)['constr' + 'uctor']
(function* () {})['__pro' + 'to__']
(function* () {})['constr' + 'uctor']
(function* () {})['__pro' + 'to__']['proto' + 'type']
(function* () {})()['__pro' + 'to__']['__pro' + 'to__']
(async function () {})['__pro' + 'to__']
(async function () {})['constr' + 'uctor']
(async function* () {})['__pro' + 'to__']
(async function* () {})['constr' + 'uctor']
(async function* () {})['__pro' + 'to__']['proto' + 'type']
R['getPrototype' + 'Of']((async function* () {})['__pro' + 'to__']['proto' + 'type'])
[].values()['__pro' + 'to__']
[].values()['__pro' + 'to__']['__pro' + 'to__']
new Map().keys()['__pro' + 'to__']
new Set().keys()['__pro' + 'to__']
''[Symbol.iterator]()['__pro' + 'to__']
'a'.matchAll(/a/g)['__pro' + 'to__']
[].values().map(function (x) { return x; })['__pro' + 'to__']
Iterator.from({next: function () {}})['__pro' + 'to__']
Iterator.concat([])['__pro' + 'to__']
Iterator.zip([[1]])['__pro' + 'to__']
Iterator.zipKeyed({a: [1]})['__pro' + 'to__']
Iterator['proto' + 'type']
Iterator.zip
Array.fromAsync
Array.fromAsync([])['__pro' + 'to__']
''['__pro' + 'to__']
(1)['__pro' + 'to__']
true['__pro' + 'to__']
(1n)['__pro' + 'to__']
Symbol()['__pro' + 'to__']
Symbol
Symbol.iterator
/a/['__pro' + 'to__']
/a/['constr' + 'uctor']
new Date()['__pro' + 'to__']
Date
new Map()['__pro' + 'to__']
Map
new Set()['__pro' + 'to__']
new WeakMap()['__pro' + 'to__']
new WeakSet()['__pro' + 'to__']
Promise['proto' + 'type']
Promise
Promise.prototype['th' + 'en']
new Proxy(function () {}, {})['__pro' + 'to__']
Proxy
Proxy.revocable({}, {}).revoke['__pro' + 'to__']
new Error()['__pro' + 'to__']
Error
new TypeError()['__pro' + 'to__']
TypeError
new RangeError()['__pro' + 'to__']
new AggregateError([])['__pro' + 'to__']
(function () { try { null.x; } catch (e) { return e['constr' + 'uctor']; } })()
(function () { try { nothing; } catch (e) { return e['__pro' + 'to__']; } })()
new Error().stack
JSON
Math
JSON['string' + 'ify']
Math['max']
Math['random']
new Uint8Array(1)['__pro' + 'to__']
new Uint8Array(1)['__pro' + 'to__']['__pro' + 'to__']
R['getPrototype' + 'Of'](Uint8Array)
new ArrayBuffer(1)['__pro' + 'to__']
new SharedArrayBuffer(1)['__pro' + 'to__']
new DataView(new ArrayBuffer(1))['__pro' + 'to__']
Atomics
(function () { return arguments; })()['__pro' + 'to__']
(function () { 'use strict'; return O['getOwnPropertyDescriptor'](arguments, 'callee').get; })()
O['getOwnPropertyDescriptor']((function () {})['__pro' + 'to__'], 'caller').get
O['getOwnPropertyDescriptor'](({})['__pro' + 'to__'], '__pro' + 'to__').set
O['getOwnPropertyDescriptor'](({})['__pro' + 'to__'], 'toString').set
O['getOwnPropertyDescriptor'](({})['__pro' + 'to__'], 'toString').get
mc
mc['__pro' + 'to__']
mc.getProperty
mc.getPropertyKeySet
mc.getPropertyKeySet().size
mc.getPropertyKeySet()['__pro' + 'to__']
mc.getServiceLog
mc.getServiceLog().info
print
XML
XML['proto' + 'type']
new XML('<a/>')
(new XML('<a/>')).text
(new XML('<a/>'))[Symbol.iterator]()['__pro' + 'to__']
G['__xml' + 'Object']
G['__key' + 'Set']
G['ev' + 'al']
parseInt
encodeURIComponent
G['queue' + 'Microtask']
(function (s) { return s; })`a${1}b`
(function (s) { return s.raw; })`a${1}b`
(class { static m() {} })
(class extends Array {})['__pro' + 'to__']
(class { #p; static q = 1; })['proto' + 'type']
[][Symbol.unscopables]
Array['proto' + 'type'][Symbol.unscopables]
Symbol.for('x')
Array.from
'x'.at
O['getOwnPropertyDescriptor'](Map, Symbol.species).get
[][Symbol.iterator]
Error['prepare' + 'StackTrace']
Error['capture' + 'StackTrace']
new SuppressedError()['__pro' + 'to__']
new DisposableStack()['__pro' + 'to__']
new AsyncDisposableStack()['__pro' + 'to__']
(async function* () { yield 1; })().next()['__pro' + 'to__']
new (class extends Array { static get [Symbol.species]() { return Array; } })(1).map(String)['__pro' + 'to__']
[].concat['__pro' + 'to__']
'a'[Symbol.iterator]().next
(function () { var e; try { nothing; } catch (x) { e = x; } return e.stack; })()
mc.getPropertyKeySet().toArray()['__pro' + 'to__']
new XML('<a><b/></a>').b
O['getOwnPropertyDescriptor'](mc['__pro' + 'to__'], 'getTo').get
O['getOwnPropertyDescriptor'](mc['__pro' + 'to__'], 'getTo').get['proto' + 'type']
