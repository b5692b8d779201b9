use super::*;
use crate::format::{Batch, ColumnId, OffsetMap, Sink};

/// What was given: column, text, row, and the stored bytes.
type Given = (String, String, u32, String);

#[derive(Default)]
struct Taken {
    columns: Vec<String>,
    values: Vec<Given>,
    stored: String,
    problems: usize,
}

impl Sink for Taken {
    fn column(&mut self, name: &str) -> ColumnId {
        self.columns.push(name.to_owned());
        ColumnId(self.columns.len() as u32 - 1)
    }

    fn batch(&mut self, batch: Batch<'_>) {
        for (index, value) in batch.values.iter().enumerate() {
            let text = &batch.text[value.start as usize..value.end as usize];
            let (start, end) = batch.offsets.stored(value.start, value.end).unwrap();
            self.values.push((
                self.columns[value.column.0 as usize].clone(),
                String::from_utf8_lossy(text).into_owned(),
                batch.rows.of(index)[0],
                self.stored[start as usize..end as usize].to_owned(),
            ));
        }
    }

    fn problem(&mut self, _: Problem) {
        self.problems += 1;
    }
}

fn read(text: &str) -> (Vec<Given>, usize, u64) {
    let mut taken = Taken {
        stored: text.to_owned(),
        ..Taken::default()
    };
    let offsets = OffsetMap::Shift(0);
    let mut records = Records::over(&mut taken, text.as_bytes(), &offsets);
    Documents::read(&Task::Yaml, text.as_bytes(), true, &mut records);
    let extent = records.finish();
    (taken.values, taken.problems, extent.records)
}

fn short(text: &str) -> Vec<(String, String, u32)> {
    let values = read(text).0.into_iter();
    values
        .map(|(column, text, row, _)| (column, text, row))
        .collect()
}

fn value(column: &str, text: &str, row: u32) -> (String, String, u32) {
    (column.into(), text.into(), row)
}

#[test]
fn a_list_at_the_top_holds_records() {
    let text = "- name: Jor\n  mail: jor@postluxterra.nl\n- name: Mir\n  tags: [a, b]\n  none: ~\n";
    assert_eq!(
        short(text),
        [
            value("name", "Jor", 0),
            value("mail", "jor@postluxterra.nl", 0),
            value("name", "Mir", 1),
            value("tags[]", "a", 1),
            value("tags[]", "b", 1),
        ]
    );
    assert_eq!(read(text).2, 2);
}

#[test]
fn maps_and_documents() {
    let text =
        "people:\n  - {mail: a@b.nl}\n  - {mail: c@d.nl}\nowner:\n  jor@postluxterra.nl: yes\n";
    assert_eq!(
        short(text),
        [
            value("people[].mail", "a@b.nl", 0),
            value("people[].mail", "c@d.nl", 1),
            value("owner.{key}", "jor@postluxterra.nl", 2),
            value("owner.*", "yes", 2),
        ]
    );
    let text = "---\na: 1\n---\na: 2\n...\n";
    assert_eq!(short(text), [value("a", "1", 0), value("a", "2", 1)]);
}

#[test]
fn values_know_the_bytes_they_came_from() {
    let text = "é: 'it''s'\nb: \"x\\ty\"\nc: |\n  one\n  two\nd: plain\n  goes on\n";
    let values = read(text).0;
    let stored: Vec<(&str, &str)> = values
        .iter()
        .map(|(_, text, _, stored)| (text.as_str(), stored.as_str()))
        .collect();
    assert_eq!(
        stored,
        [
            ("it's", "'it''s'"),
            ("x\ty", "\"x\\ty\""),
            ("one\ntwo", "one\n  two"),
            ("plain goes on", "plain\n  goes on"),
        ]
    );
}

#[test]
fn behind_a_fault_lines_are_read() {
    let (values, problems, _) = read("a: 1\nb: [x, y\nc: jor@postluxterra.nl\n");
    assert_eq!(problems, 1);
    let last = values.last().unwrap();
    assert!(last.1.contains("jor@postluxterra.nl"), "{values:?}");
}

#[test]
fn aliases_and_depth_cost_nothing() {
    let levels = (0..40).map(|level| format!("k{level}: &k{level} [*a, *a]\n"));
    let bomb = format!("a: &a [x, x]\n{}", levels.collect::<String>());
    assert_eq!(read(&bomb).0.len(), 2);
    let deep = format!("{}1", "- ".repeat(5000));
    assert!(read(&deep).0.len() <= 2);
}

#[test]
fn cuts_lie_between_elements_and_documents() {
    let border = |text: &str, target: usize| border(text.as_bytes(), target, None);
    let list = "- a: 1\n  b: 2\n- a: 3\n";
    assert_eq!(border(list, 1), Some((14, Some(true))));
    assert_eq!(border(list, 15), None);
    // The list of a key may stand as far left as the key.
    assert_eq!(border("a:\n- x\n- y\n", 1), None);
    let documents = "- x\n- y\n---\na:\n- x\n- y\n---\n- z\n- w\n";
    assert_eq!(border(documents, 5), Some((8, None)));
    assert_eq!(border(documents, 9), Some((23, None)));
    assert_eq!(border(documents, 25), Some((27, Some(true))));
    // Behind an anchor there may be its alias.
    assert_eq!(
        border("- &a x\n- y\n- *a\n---\nb: 1\n", 1),
        Some((16, None))
    );
    assert_eq!(border("- R&D\n- y\n", 1), Some((6, Some(true))));
}

#[test]
fn what_is_yaml_and_what_is_not() {
    let sniff = |text: &str| looks_like_yaml(text.as_bytes(), false);
    assert!(sniff("- name: Jor\n  mail: x\n- name: Mir\n  mail: y\n"));
    assert!(sniff("a:\n  b: 1\n  c: 2\n"));
    assert!(!sniff(
        "Dear Jor,\n\nthings to do:\n - buy milk\n - call Mir\n"
    ));
    assert!(!sniff(
        "From: jor@postluxterra.nl\nTo: mir@postluxterra.nl\nSubject: x\n"
    ));
    assert!(looks_like_yaml(b"a: 1\n", true));
    assert!(!looks_like_yaml(b"this is text\nof two lines\n", true));
}

#[test]
fn deep_and_long_paths_share_one() {
    let short = short(&format!("{}a\n", "- ".repeat(20_000)));
    assert_eq!(short.len(), 1);
    assert!(short[0].0.len() < 1000);
    let key = "k".repeat(60);
    let lines = (0..80).map(|depth| " ".repeat(depth) + &key + ":\n");
    let nested: String = lines.collect();
    let (values, problems, _) = read(&format!("{nested}{}a\n", " ".repeat(80)));
    assert_eq!((values.len(), problems), (1, 0));
    assert!(values[0].0.len() < 2000);
}

#[test]
fn what_is_named_yaml_may_be_written_in_any_way() {
    let sniffed = |name: &str, text: &'static [u8]| {
        let head = crate::input::Bytes::from_static(text);
        let body = crate::input::Body::Blob(head.clone());
        let budget = crate::input::Budget::default();
        let look = super::super::look((name, None), &head, &body, &budget, &ReadOptions::default());
        Yaml.sniff(&look).is_some()
    };
    let block = b"note: |\n  Jor has\n  moved\n  to another\n  town\n";
    let flow = b"{name: Jor, town: Breda}\n";
    let explicit = b"? name\n: Jor";
    for text in [&block[..], flow, explicit, b"[\n\"Jor\", Mir]"] {
        assert!(sniffed("a.yaml", text), "{}", String::from_utf8_lossy(text));
        assert!(!sniffed("a.txt", text));
    }
    for text in [
        &b"{\"name\": \"Jor\"}\n"[..],
        b"[1, 2]",
        b"Dear Jor",
        b"{name: Jor",
    ] {
        assert!(
            !sniffed("a.yaml", text),
            "{}",
            String::from_utf8_lossy(text)
        );
    }
}

#[test]
fn comments_are_values_without_a_column() {
    let text = "# top
- name: b # é, by b
  note: |  # head
    text # no comment
    # nor this
# between
- name: 'c # no' # yes
  tag: !a#b &c#d \"e # \\\" f\"   # last
  list: [1, g#h] ## twice
  none: # void
- # of the third
  name: plain
   # no part
# end
";
    let (values, problems, records) = read(text);
    assert_eq!((problems, records), (0, 4));
    let comments: Vec<_> = values.iter().filter(|value| value.0.is_empty()).collect();
    let found: Vec<_> = comments
        .iter()
        .map(|value| (value.1.as_str(), value.2))
        .collect();
    let expected = [
        ("top", 0),
        ("é, by b", 0),
        ("head", 0),
        ("between", 1),
        ("yes", 1),
        ("last", 1),
        ("twice", 1),
        ("void", 2),
        ("of the third", 2),
        ("no part", 3),
        ("end", 3),
    ];
    assert_eq!(found, expected);
    assert!(comments.iter().all(|value| value.1 == value.3));
    let others = values.len() - comments.len();
    assert_eq!(others, 7);
}

#[test]
fn comments_before_a_fault_and_of_maps() {
    let text = "a: b\n# c\n# d\n";
    assert_eq!(
        short(text),
        [value("a", "b", 0), value("", "c", 0), value("", "d", 0)]
    );
    assert_eq!(read(text).2, 1);
    let (values, problems, _) = read("a: b\n# c\nd: [\n# e\n}\n");
    assert_eq!(problems, 1);
    let comments = values
        .iter()
        .filter(|value| value.1.contains('c') || value.1.contains('e'));
    assert_eq!(comments.count(), 2);
}
