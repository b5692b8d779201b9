//! From a nested array down to its leaf, with the row of every element carried along.
//!
//! A column is decoded alone, so each level has one child that matters. Elements that belong to no row (the slots that
//! a missing list leaves) are marked, since their content means nothing.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, OffsetSizeTrait};
use arrow::datatypes::{ArrowNativeType, DataType};

/// The row of an element that belongs to none.
pub(in crate::format) const NO_ROW: u32 = u32::MAX;

/// Children of an array: the name of the field, where they have one, and the row of each element.
pub(in crate::format) type Children = Vec<(Option<String>, ArrayRef, Vec<u32>)>;

/// Walks down to the leaf; the rows are those of the array's elements.
pub(super) fn descend(mut array: ArrayRef, mut rows: Vec<u32>) -> (ArrayRef, Vec<u32>) {
    while let Some((_, child, child_rows)) = children(&array, &rows).into_iter().next() {
        array = child;
        rows = child_rows;
    }
    (array, rows)
}

/// The children of a nested array; none of a leaf.
pub(in crate::format) fn children(array: &ArrayRef, rows: &[u32]) -> Children {
    let (child, child_rows) = match array.data_type() {
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            let offsets = list.value_offsets();
            let spread = spread(array, rows, list.values().len(), |i| ends(offsets, i));
            (list.values().clone(), spread)
        }
        DataType::LargeList(_) => {
            let list = array.as_list::<i64>();
            let offsets = list.value_offsets();
            let spread = spread(array, rows, list.values().len(), |i| ends(offsets, i));
            (list.values().clone(), spread)
        }
        DataType::Map(..) => {
            let map = array.as_map();
            let entries: ArrayRef = Arc::new(map.entries().clone());
            let offsets = map.value_offsets();
            let rows = spread(array, rows, entries.len(), |i| ends(offsets, i));
            (entries, rows)
        }
        DataType::FixedSizeList(_, size) => {
            let list = array.as_fixed_size_list();
            let size = size.as_usize();
            let rows = spread(array, rows, list.values().len(), |i| {
                (i * size, (i + 1) * size)
            });
            (list.values().clone(), rows)
        }
        DataType::ListView(_) => {
            let list = array.as_list_view::<i32>();
            let rows = spread(array, rows, list.values().len(), |i| {
                let start = list.value_offset(i).as_usize();
                (start, start + list.value_size(i).as_usize())
            });
            (list.values().clone(), rows)
        }
        DataType::LargeListView(_) => {
            let list = array.as_list_view::<i64>();
            let rows = spread(array, rows, list.values().len(), |i| {
                let start = list.value_offset(i).as_usize();
                (start, start + list.value_size(i).as_usize())
            });
            (list.values().clone(), rows)
        }
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns();
            let named = fields.iter().zip(columns);
            return named
                .map(|(field, child)| {
                    let rows = spread(array, rows, child.len(), |i| (i, i + 1));
                    (Some(field.name().clone()), child.clone(), rows)
                })
                .collect();
        }
        _ => return Vec::new(),
    };
    vec![(None, child, child_rows)]
}

fn ends<O: OffsetSizeTrait>(offsets: &[O], i: usize) -> (usize, usize) {
    (offsets[i].as_usize(), offsets[i + 1].as_usize())
}

/// The rows of `length` children, of which element `i` of the array has those in `range(i)`.
fn spread(
    array: &ArrayRef,
    rows: &[u32],
    length: usize,
    range: impl Fn(usize) -> (usize, usize),
) -> Vec<u32> {
    let mut spread = vec![NO_ROW; length];
    for (i, row) in rows.iter().enumerate() {
        if array.is_valid(i) {
            let (start, end) = range(i);
            if let Some(children) = spread.get_mut(start..end) {
                children.fill(*row);
            }
        }
    }
    spread
}
