//! Expressions beside Java's own.

use std::io::Write;
use std::process::{Command, Stdio};

use expression::{Groups, JavaRegex};

use crate::random::Random;

/// A program for Java's own engine; it answers a line for each line.
const PROBE: &str = include_str!("Probe.java");

#[rustfmt::skip]
const EXPRESSIONS: &[&str] = &[
    "", "a", "ab|cd", "eu", "gold|platinum", "^abc$", "a$", "^a$|^b$", "(a$)|b", "a(b$|c)", "$",
    "^", "a$b?", "(?m)^a$", "(?m)^", "(?m)$", "(?d)a.b", "(?dm)^b", "(?s)a.b", "a.b", r"a\Z",
    r"a\z", r"\Aa", r"\Ga", r"a\R", "[a-z&&[^aeiou]]+", "[a-z&&[^b]&&[^c]]", "[^a-z&&[aeiou]]",
    "[a[bc]]", "[]a]", "[^]a]", "[a&b]", "[a-]", "[-a]", r"[\w-.]+", r"[\d\s]+", r"[^\d]",
    r"\Qa.b\E+", r"\Q$", r"[\Q^]\E]", r"\x41\u0042\0103", r"\x{1F600}", r"\uD83D\uDE00", r"\cA",
    r"\t\n\r\f\a\e", r"\p{Lower}+", r"\p{Upper}", r"\P{Alpha}", r"\p{L}+", r"\pL", r"\p{IsLatin}",
    r"\p{IsAlphabetic}", r"\p{javaLowerCase}", r"\p{Punct}", r"\p{Space}", r"\p{L1}", r"\p{Lu}",
    r"\p{Sc}", r"\h+", r"\H", r"\v", r"\V", r"\W", r"\S", r"\D", "(?i)abc", "(?i)é", "(?iu)é",
    "(?i)[a-f]+", "(?i)[^b]", "(?i:A)b", "a(?i)b|C", "(?i)k", "(?iu)k", "(?x) a b # c\n c",
    "(?x)[a b]", r"(?U)\w+", r"(?U)\d", "(a)(b)?", "(?<n>a)(?<m>b)", r"(a)\1", r"(?<n>a)\k<n>",
    r"(?i)(a)\1", "(?=a)ab", "(?!a).", "(?<=a)b", "(?<!a)b", "(?>a*)a", "a*+a", "a++b", "a?+a",
    "a{2}", "a{2,}", "a{1,2}?", "(a|ab)(c|bcd)", "(a*)*", "(a*)+", "(?:(a)|b)*", "((a)|b)+", "x*",
    r"\bab\b", r"\Bb", r"a\b", "[0-9]{3}-[0-9]{4}", r"^(?=.*\d)(?=.*[a-z]).{4,8}$",
    r"(\w+)@(\w+)\.com", ".*", ".+", ".*?b", "a|b|", "(|a)+", r"[^a-z0-9&&[^\n]]",
    r"[\p{L}&&[^\p{Lu}]]", r"[a-c[x-z]&&[b-y]]", "a{,2}", "{", "a{", "*", "a**", "(", ")", "[",
    "[a", "(?z)", r"\q", r"\08", r"\xg", "[b-a]", "(?i)[k]", r"[\h]", r"a(?=\r?\n)",
    "((?<=a)b|c)+", "(a)|(b)", "[[:alpha:]]", r"\/path\/(\w+)", r"(?s).*", r"https?://[^/]+/.*",
    "\\p{alpha}", "a]", "a}",
];

#[rustfmt::skip]
const TEXTS: &[&str] = &[
    "", "a", "b", "ab", "abc", "a\n", "a\r\n", "ab\nb", "b\na\r\na", "a\u{2028}b", "aab", "aaa",
    "ABC", "é", "É", "eu", "eu-west", "a.b", "a.b.b", "gold", "12 34", "AbC", "555-1234",
    "a1b2c3", "me@there.com", "\r\n", "a\tb\u{b}c", "k\u{212a}", "$x-_]^&", "abab", "\u{1}",
    "cabbage", "\t\n\r\u{c}\u{7}\u{1b}", "/path/x", "https://h/p",
];

struct Case {
    expression: String,
    replacement: &'static str,
    text: String,
}

/// What Java answers, or nothing where there is no Java.
fn ask(cases: &[Case]) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("Probe.java");
    std::fs::write(&source, PROBE).unwrap();
    let started = Command::new("java")
        .args(["-XX:TieredStopAtLevel=1", "-Xshare:auto"])
        .arg(&source)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut java) = started else {
        eprintln!("skipped: there is no java here");
        return None;
    };
    let mut input = String::new();
    for case in cases {
        let parts = [case.expression.as_str(), case.replacement, case.text.as_str()].map(hex);
        input.push_str(&parts.join(" "));
        input.push('\n');
    }
    let mut stdin = java.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = java.wait_with_output().unwrap();
    let written = writer.join().unwrap();
    if !output.status.success() {
        eprintln!("skipped: java does not run: {}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    written.unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    Some(answers.lines().map(str::to_owned).collect())
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn answer(regex: &JavaRegex, case: &Case) -> Result<String, String> {
    let groups = |found: Option<Groups>| match found {
        None => "none".to_owned(),
        Some(groups) => (0..=regex.group_count())
            .map(|group| match groups.text(group) {
                None => "-,".to_owned(),
                Some(text) => format!("x{},", hex(text)),
            })
            .collect(),
    };
    let exhausted = |error: expression::Exhausted| error.to_string();
    let whole = regex.captures(&case.text).map_err(exhausted)?;
    assert_eq!(whole.is_some(), regex.matches(&case.text).unwrap());
    let first = regex.find_captures(&case.text).map_err(exhausted)?;
    assert_eq!(first.is_some(), regex.find(&case.text).unwrap());
    let replaced = regex.replace_all(&case.text, case.replacement).map_err(exhausted)?;
    let pieces: String = regex
        .split(&case.text)
        .map_err(exhausted)?
        .iter()
        .map(|piece| format!("x{},", hex(piece)))
        .collect();
    Ok(format!("{} {} x{} {pieces}", groups(whole), groups(first), hex(&replaced)))
}

fn compare(cases: &[Case], may_refuse: bool) {
    let Some(answers) = ask(cases) else { return };
    assert_eq!(answers.len(), cases.len());
    let mut wrong = Vec::new();
    let mut compiled: Option<(&str, Result<JavaRegex, String>)> = None;
    for (case, expected) in cases.iter().zip(&answers) {
        let (_, regex) = match compiled.take() {
            Some(compiled) if compiled.0 == case.expression => compiled,
            _ => {
                let regex = JavaRegex::compile(&case.expression);
                (case.expression.as_str(), regex.map_err(|error| error.to_string()))
            }
        };
        let found = regex.as_ref().map_err(Clone::clone).and_then(|regex| answer(regex, case));
        compiled = Some((&case.expression, regex));
        match found {
            Ok(found) if same(&case.expression, &found, expected) => {}
            Ok(_) if may_refuse && expected == "refused" => {}
            Err(_) if may_refuse || expected == "refused" => {}
            found => wrong.push(format!(
                "{:?} on {:?}: {found:?}, and Java: {expected}",
                case.expression, case.text
            )),
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// What a group took that is repeated, or stands where nothing may match, may differ:
/// Java keeps it from ways that it has given up.
fn same(expression: &str, found: &str, expected: &str) -> bool {
    let keeps = [")*", ")+", ")?", "){", "(?!", "(?<!"];
    if !keeps.iter().any(|part| expression.contains(part)) {
        return found == expected;
    }
    let bare = |answer: &str| -> Vec<String> {
        answer
            .split(' ')
            .enumerate()
            .map(|(at, part)| {
                if at < 2 { part.split(',').next().unwrap() } else { part }.to_owned()
            })
            .collect()
    };
    bare(found) == bare(expected)
}

#[test]
fn chosen_expressions_mean_what_they_mean_in_java() {
    let mut cases = Vec::new();
    for expression in EXPRESSIONS {
        for text in TEXTS {
            cases.push(Case {
                expression: (*expression).to_owned(),
                replacement: "<$0>",
                text: (*text).to_owned(),
            });
        }
    }
    for expression in [r"\x{1F600}", r"\uD83D\uDE00", ".", "[^a]", r"[\uD83D\uDE00-\uD83D\uDE01]"] {
        // A match of nothing would stand between the two halves of it in Java.
        cases.push(Case {
            expression: expression.to_owned(),
            replacement: "$0",
            text: "\u{1f600}".to_owned(),
        });
    }
    compare(&cases, false);
}

#[test]
fn random_expressions_mean_what_they_mean_in_java() {
    let mut random = Random::new(0x5EED_0006);
    let mut cases = Vec::new();
    for _ in 0..500 {
        let expression = choice(&mut random, 3);
        for _ in 0..3 {
            let mut text = text(&mut random);
            if expression.contains(r"\b") {
                // To Java before 19, letters beyond ASCII belong to words here, and nowhere else.
                text = text.replace('é', "a");
            }
            cases.push(Case { expression: expression.clone(), replacement: "[$0]", text });
        }
    }
    compare(&cases, true);
}

fn text(random: &mut Random) -> String {
    let length = random.below(8);
    (0..length)
        .map(|_| random.pick(&["a", "b", "c", "A", "B", "1", " ", "\n", "\r", "é", "_"]))
        .collect()
}

fn choice(random: &mut Random, depth: usize) -> String {
    let branches = 1 + random.below(8) / 6;
    let branches: Vec<String> = (0..branches).map(|_| sequence(random, depth)).collect();
    branches.join("|")
}

fn sequence(random: &mut Random, depth: usize) -> String {
    let length = random.below(4);
    let mut sequence: String = (0..length).map(|_| repeated(random, depth)).collect();
    if random.below(5) == 0 {
        sequence.push_str(random.pick(&["$", r"\z", r"\Z", r"\b", "(?m)$"]));
    }
    if random.below(8) == 0 {
        sequence.insert_str(0, random.pick(&["^", "(?i)", "(?s)", r"\b", "(?m)^"]));
    }
    sequence
}

fn repeated(random: &mut Random, depth: usize) -> String {
    let atom = atom(random, depth);
    let count =
        random.pick(&["", "", "", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "*+", "?+"]);
    format!("{atom}{count}")
}

fn atom(random: &mut Random, depth: usize) -> String {
    if depth == 0 || random.below(3) > 0 {
        return random
            .pick(&[
                "a",
                "b",
                "c",
                "1",
                ".",
                r"\w",
                r"\d",
                r"\s",
                r"\W",
                "[ab]",
                "[^a]",
                "[a-c&&[^b]]",
                r"[\w&&[^a]]",
                r"\n",
                r"\R",
                r"\h",
                "é",
                r"\p{Lower}",
                r"\p{Lu}",
                r"[^\n\d]",
                "_",
                r"\Qb\E",
            ])
            .to_owned();
    }
    let start = random.pick(&["(", "(", "(", "(?:", "(?:", "(?i:", "(?=", "(?!", "(?>"]);
    format!("{start}{})", choice(random, depth - 1))
}
