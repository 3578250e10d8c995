//! Scripts that want to leave something behind.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// What gets hold of an object that calls could share. None of the words is looked for at
/// deployment.
const PLACES: &str = include_str!("places.js");
/// What is done with the object `it`, that another call could see.
const DEEDS: &[&str] = &[
    "it.leak = leak",
    "it['toString'] = leak",
    "it['constr' + 'uctor'] = leak",
    "it.valueOf = it.name = it.message = it.push = leak",
    "it[0] = leak",
    "it[Symbol.iterator] = leak",
    "it[Symbol.species] = leak",
    "it.length = 77",
    "it['__pro' + 'to__'] = {leak: leak}",
    "O['define' + 'Property'](it, 'leak', {value: leak})",
    "O['define' + 'Property'](it, 'leak', {get: leak, configurable: true})",
    "O['setPrototype' + 'Of'](it, {leak: leak})",
    "O['assign'](it, {leak: leak, toString: leak})",
    "it['__define' + 'Getter__']('leak', leak)",
    "O['prevent' + 'Extensions'](it)",
    "it.then = leak",
    "it.toJSON = leak",
    "it.lastIndex = 5",
    "it.set && it.set('leak', leak)",
    "it.add && it.add('leak')",
    "delete it.toString; delete it.name; delete it.push; delete it.constructor",
    "it.prototype = {leak: leak}; it.prototype.leak = leak",
    "O['keys'](O['getOwnPropertyDescriptors'](it)).forEach(function (k) { try { it[k] = leak } catch (e) {} })",
    "O['getOwnPropertyNames'](it).forEach(function (k) { try { delete it[k] } catch (e) {} })",
    "for (var d of O['values'](O['getOwnPropertyDescriptors'](it))) { try { if (d.set) { d.set.call(it, leak); d.set.call({}, leak); } } catch (e) {} }",
    "class Stamp extends (class { constructor() { return it; } }) { #leak = leak; } new Stamp()",
];

/// What a call begins with: what it finds is printed.
const LOOK: &str = "var O = ({})['constr' + 'uctor'], R = null, G = (0, [].at)['constr' + 'uctor']('return t' + 'his')(); R = G['Ref' + 'lect'];
var leak = function leak() { return leak; };
var seen = [];
function show(it) {
  if (it === null || (typeof it !== 'object' && typeof it !== 'function')) return typeof it + String(it);
  var own = O['getOwnPropertyDescriptors'](it), up = R['getPrototype' + 'Of'](it), text = '';
  for (var k of R['own' + 'Keys'](own)) {
    var d = own[k];
    text += String(k) + ':' + ('value' in d ? typeof d.value : 'accessor') + d.writable + d.enumerable + d.configurable + ',';
    if (typeof d.value !== 'object' && typeof d.value !== 'function') text += String(d.value);
  }
  return typeof it + R['isExtensible'](it) + (up === null ? 'no' : R['own' + 'Keys'](up).length) + text;
}
";

/// Every place, as an expression.
fn places() -> Vec<&'static str> {
    PLACES.lines().map(str::trim).filter(|it| !it.is_empty() && !it.starts_with("//")).collect()
}

/// A script that shows what it finds at these places, and then does these deeds there.
fn hostile(deeds: &[(&str, &str)]) -> String {
    let mut text = LOOK.to_owned();
    for (place, _) in deeds {
        text.push_str(&format!(
            "(function () {{ var it; try {{ it = ({place}); }} catch (e) {{ seen.push('' + e); return; }} seen.push(show(it)); }})();\n"
        ));
    }
    text.push_str(
        "print(typeof leaked, R['own' + 'Keys'](G).map(String).join(), seen.join('; '));\n",
    );
    for (place, deed) in deeds {
        text.push_str(&format!(
            "(function () {{ var it; try {{ it = ({place}); {deed}; }} catch (e) {{}} }})();\n"
        ));
    }
    text.push_str(
        "leaked = leak; G['more'] = leak; Promise.resolve().then(function () { late = leak; });",
    );
    text
}

/// Runs it often: each call finds what the first has found.
#[track_caller]
fn stays_clean(text: &str, times: usize) -> usize {
    let script = script(text);
    let limits = ScriptLimits::default();
    let mut warm = None;
    let (mut first, mut made) = (None, 0);
    for _ in 0..times {
        let engine = warm.take().or_else(|| {
            made += 1;
            Warm::new(&script, &limits)
        });
        let mut state = MessageState::default();
        let engine = engine.unwrap_or_else(|| panic!("no engine for {text}"));
        let (outcome, kept) = engine.run(&script, &mut state, &limits);
        warm = kept;
        assert!(outcome.is_ok(), "{text}: {outcome:?}");
        let found = printed(&state.lines);
        let first = first.get_or_insert_with(|| found.clone());
        assert_eq!(*first, found, "{text}");
    }
    made
}

/// Each deed at each place, many in one script.
#[test]
fn nothing_is_left_anywhere() {
    let places = places();
    assert!(places.len() > 80, "{}", places.len());
    for deed in DEEDS {
        for some in places.chunks(64) {
            let deeds: Vec<_> = some.iter().map(|place| (*place, *deed)).collect();
            stays_clean(&hostile(&deeds), 2);
        }
    }
}

/// What is no object that is shared is made anew, and no object that is shared can be changed.
#[test]
fn what_is_shared_is_frozen() {
    let mut text = LOOK.to_owned();
    text.push_str("var F = O['is' + 'Frozen'], bad = [];\n");
    for place in places() {
        text.push_str(&format!(
            "(function () {{ var it, again; try {{ it = ({place}); again = ({place}); }} catch (e) {{ return; }} if (O(it) !== it) return; \
             if (it === again && it !== G && it !== mc && !F(it)) bad.push({place:?}); \
             for (var up = R['getPrototype' + 'Of'](it); up; up = R['getPrototype' + 'Of'](up)) if (!F(up)) bad.push('above ' + {place:?}); }})();\n"
        ));
    }
    text.push_str("print(bad.join());");
    let script = script(&text);
    let warm = Warm::new(&script, &ScriptLimits::default()).unwrap();
    let mut state = MessageState::default();
    let (outcome, _) = warm.run(&script, &mut state, &ScriptLimits::default());
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(printed(&state.lines), [""]);
}

/// What cannot be undone ends the engine.
#[test]
fn what_cannot_be_undone_ends_the_engine() {
    for (text, is_kept) in [
        ("left = 1; also = 2", true),
        ("throw 1", true),
        ("nothing()", true),
        ("mc = 1; print = 2; XML = 3", true),
        ("delete mc.getTo; mc.getTo = 1; delete O", true),
        ("Promise.resolve().then(function () { left = 1 })", true),
        ("G['x'] = 1; G[Symbol('x')] = 1", true),
        ("R['define' + 'Property'](G, 'x', {get: leak, configurable: true})", true),
        ("R['define' + 'Property'](G, 'x', {value: leak})", false),
        (
            "R['define' + 'Property'](G, 'mc', {value: leak, writable: false, configurable: false})",
            false,
        ),
        ("R['setPrototype' + 'Of'](G, {leak: leak})", false),
        ("R['prevent' + 'Extensions'](G)", false),
        ("G['ev' + 'al']('let lasting = 1')", false),
        ("G['queue' + 'Microtask'](function () { throw leak })", false),
        ("(function again() { Promise.resolve().then(again) })()", false),
        ("(function () { Promise.resolve().then(function () {}); throw 1 })()", false),
    ] {
        let script = script(&format!("{LOOK}{text}"));
        let limits = ScriptLimits { time: Duration::from_secs(20), ..ScriptLimits::default() };
        let warm = Warm::new(&script, &limits).unwrap();
        let (_, kept) = warm.run(&script, &mut MessageState::default(), &limits);
        assert_eq!(kept.is_some(), is_kept, "{text}");
    }
}

/// Numbers that are drawn by lot tell nothing of the calls before.
#[test]
fn lots_are_drawn_anew() {
    let script = script("print(Math.random())");
    let limits = ScriptLimits::default();
    let mut warm = Warm::new(&script, &limits).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..50 {
        let mut state = MessageState::default();
        let (outcome, kept) = warm.run(&script, &mut state, &limits);
        assert!(outcome.is_ok());
        warm = kept.unwrap();
        let number: f64 = printed(&state.lines)[0].parse().unwrap();
        assert!((0.0..1.0).contains(&number), "{number}");
        seen.insert(number.to_bits());
    }
    assert_eq!(seen.len(), 50);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// No mixture of deeds leaves anything for the next call.
    #[test]
    fn no_call_sees_another(
        deeds in prop::collection::vec((select(places()), select(DEEDS)), 1..30),
    ) {
        stays_clean(&hostile(&deeds), 3);
    }
}
