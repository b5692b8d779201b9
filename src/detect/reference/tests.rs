//! Random texts, and the examples of all rules, in both.

use proptest::prelude::*;

use super::*;

/// Text dense in what patterns are made of.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[0-9]{1,12}",
        "[0-9]{1,4}[-./ :][0-9]{1,4}[-./ :][0-9]{1,4}",
        "[A-Z]{2}[0-9]{2}[A-Z0-9 ]{4,24}",
        "[a-z.]{1,8}@[a-z]{1,8}\\.[a-z]{2,3}",
        "[0-9a-f]{2}(:[0-9a-f]{2}){1,7}",
        "[A-Z][a-zé]{1,8}( [a-z]{2,3})?( [A-Z][a-z]{1,8})?",
        "\\+?[0-9() -]{6,14}",
        "[ .,;:@+/()_-]{1,3}",
        "\\PC{0,4}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// One cell that is nothing but a number, a date, a key or a name: what most columns are made of.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{4,20}",
        "[0-9]{1,4}[-./ :][0-9]{1,4}[-./ :][0-9]{1,4}",
        "[A-Z]{1,3}[0-9]{1,10}[A-Z]{0,2}",
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}",
        // Those that start with what is a number or a date by itself.
        "[0-9]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}",
        "[1-3][0-9]\\.[01]?[0-9]\\.[0-9]{2}\\.[0-9]{1,3}",
        "(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]T[012][0-9]:[0-5][0-9]:00Z",
        "\\+[0-9]{2}[ -]?[0-9]{2,3}[ -]?[0-9]{6,8}",
        "[A-Z][a-zé]{1,9}([ '-][A-Z]?[a-z]{1,9}){0,2}( [0-9]{1,3}[a-z]?)?",
        "[a-z]{1,9}[._]?[a-z0-9]{1,9}@[a-z-]{1,12}(\\.[a-z]{2,8}){1,2}",
        "[A-Z]{2}[0-9]{2}([A-Z]{4}[0-9]{10}|[0-9]{14,18})",
    ]
}

/// Cells of a column, many of which are alike: most have one pattern, and some come again.
fn column() -> impl Strategy<Value = Vec<String>> {
    let group = "[A-Z]{2}[0-9]{2}( [A-Z0-9]{4}| [0-9]{4}){3,6}( [0-9]{1,3})?";
    let kind = prop_oneof![
        Just(group),
        // Of which `DE89` is one token in base 16 and `CR05` is not, though both have a template.
        Just("(CR05|DE89|[A-H][A-Z][0-9]{2})( [0-9]{4}){5} [0-9]{2}"),
        // Some of which are one token in base 16, and others of the same classes are a letter, a number and a letter.
        Just("[ABCXYZ][0-9]{7}[A-FX-Z]"),
        // Paths, of many words: the lengths of those are not told apart.
        Just("/(api|app)/v[12]/(face|info|cafe)/[0-9]{2}(/[a-z0-9]{4})?"),
        Just("[0-9]{8,9}"),
        Just("[A-F]{2}[0-9]{2} [0-9A-F]{4}"),
        Just("[0-9]{1,4}[-./ ][0-9]{1,4}[-./ ][0-9]{1,4}"),
        Just("[a-z]{1,9}[._]?[a-z0-9]{1,9}@[a-z-]{1,12}(\\.[a-z]{2,8}){1,2}"),
        Just("[A-Z][a-zé]{1,9}([ '-][A-Z]?[a-z]{1,9}){0,2}( [0-9]{1,3}[a-z]?)?"),
        Just("[0-9a-f]{2}(:[0-9a-f]{2}){5}"),
        Just("[A-Z]{1,3}[0-9]{1,10}[A-Z]{0,2}"),
    ];
    kind.prop_flat_map(|kind| {
        let cell = prop_oneof![6 => kind, 1 => "[a-z]{3}", 1 => "[A-Z]{2}[0-9]{2} [0-9 ]{4,9}"];
        let cell = cell.prop_map(|cell| cell.trim().to_owned());
        proptest::collection::vec(cell, 1..60)
    })
}

/// What is found in each cell of a column, without what fails.
fn by_column(matcher: &Matcher, cells: &[String], scratch: &mut Scratch) -> Vec<Vec<Claim>> {
    let text = cells.join(",");
    let mut start = 0;
    let values: Vec<Value> = cells
        .iter()
        .map(|cell| {
            let end = start + cell.len() as u32;
            let value = Value {
                start,
                end,
                column: ColumnId(0),
                line: 0,
            };
            start = end + 1;
            value
        })
        .collect();
    let rows: Vec<u32> = (0..cells.len() as u32).collect();
    let batch = Batch {
        text: text.as_bytes(),
        values: &values,
        rows: Rows::One(&rows),
        offsets: &OffsetMap::Shift(0),
    };
    let placed: Vec<Placed> = rows
        .iter()
        .map(|&row| Placed::new(row, &values[row as usize], row))
        .collect();
    let plan = ColumnPlan::all(matcher);
    let column = Column {
        values: &placed,
        plan: &plan,
        after: None,
    };
    let mut found = Found {
        lists: true,
        ..Found::default()
    };
    Matcher::start_batch(scratch);
    matcher.find(&batch, &column, scratch, &mut found);
    let mut all = vec![Vec::new(); cells.len()];
    for mut candidate in found.candidates {
        if !candidate.evidence.has(EvidenceSet::FAILED) {
            let start = values[candidate.value as usize].start;
            candidate.span = candidate.span.start - start..candidate.span.end - start;
            all[candidate.value as usize].push(candidate);
        }
    }
    all.into_iter().map(claims).collect()
}

proptest! {
    #[test]
    fn a_column_gives_what_its_cells_give(cells in column()) {
        let (matcher, _) = builtin();
        let mut scratch = scratch(matcher);
        for _ in 0..3 {
            let found = by_column(matcher, &cells, &mut scratch);
            for (cell, found) in cells.iter().zip(found) {
                let [_, mut wanted, _] = fast(matcher, cell.as_bytes());
                wanted.retain(|(_, _, evidence)| *evidence != EvidenceSet::FAILED);
                prop_assert_eq!(found, wanted, "{:?}", cell);
            }
        }
        SCRATCH.lock().unwrap().push(scratch);
    }

    #[test]
    fn cells_of_one_shape_give_what_the_plain_one_finds(text in cell()) {
        agree(text.as_bytes());
    }

    #[test]
    fn the_fast_matcher_finds_what_the_plain_one_finds(text in text()) {
        agree(text.trim().as_bytes());
    }
}

#[test]
fn both_find_the_examples_of_all_rules() {
    let (matcher, plain) = builtin();
    let mut found = 0;
    for detector in &matcher.detectors {
        for example in &detector.rule.examples.matches {
            let texts = match example {
                crate::rule::Example::Text(text) => vec![text.clone()],
                crate::rule::Example::Column { values, .. } => values.clone(),
            };
            for text in texts {
                let [fast, settled, by_shape] = fast(matcher, text.trim().as_bytes());
                let wanted = reference(matcher, plain, text.trim().as_bytes());
                found += fast.len();
                assert_eq!(fast, wanted, "{}", detector.rule.id);
                assert_eq!(by_shape, settled, "{} by its shape", detector.rule.id);
            }
        }
    }
    assert!(found > 100);
}

#[test]
fn a_batch_gives_each_candidate_its_value() {
    let (matcher, _) = builtin();
    let text = b"jan@post.nl,nothing,piet@post.nl";
    let values: Vec<Value> = [(0, 11), (12, 19), (20, 32)]
        .iter()
        .map(|&(start, end)| Value {
            start,
            end,
            column: ColumnId(0),
            line: 0,
        })
        .collect();
    let batch = Batch {
        text,
        values: &values,
        rows: Rows::One(&[0, 0, 0]),
        offsets: &OffsetMap::Shift(0),
    };
    let mut found = Found::default();
    let plan = ColumnPlan::all(matcher);
    let column = Column {
        values: &[0, 1, 2].map(|index| Placed::new(index, &batch.values[index as usize], 0)),
        plan: &plan,
        after: None,
    };
    matcher.find(&batch, &column, &mut matcher.scratch(), &mut found);
    let mails: Vec<_> = found
        .candidates
        .iter()
        .filter(|c| {
            &*matcher.detectors[usize::from(matcher.forms[usize::from(c.form.0)].detector.0)]
                .name
                .id
                == "email"
        })
        .map(|c| (c.value, c.span.clone()))
        .collect();
    assert_eq!(mails, [(0, 0..11), (2, 20..32)]);
}
