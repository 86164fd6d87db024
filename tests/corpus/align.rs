//! Which bytes of a document are still there in the redacted one, and where (Myers, 1986).

/// For each byte of `before` its place in `after`, or `None` when it was replaced.
pub fn align(before: &[u8], after: &[u8]) -> Vec<Option<usize>> {
    let prefix = before.iter().zip(after).take_while(|(left, right)| left == right).count();
    let (left, right) = (&before[prefix..], &after[prefix..]);
    let suffix = left.iter().rev().zip(right.iter().rev()).take_while(|(left, right)| left == right).count();
    let (left, right) = (&left[..left.len() - suffix], &right[..right.len() - suffix]);
    let mut places: Vec<Option<usize>> = (0..prefix).map(Some).collect();
    places.extend(middle(left, right).into_iter().map(|place| place.map(|place| prefix + place)));
    places.extend((after.len() - suffix..after.len()).map(Some));
    places
}

fn middle(left: &[u8], right: &[u8]) -> Vec<Option<usize>> {
    let (rows, columns) = (left.len() as isize, right.len() as isize);
    let reach = rows + columns;
    // Furthest row reached on each diagonal, after each number of edits.
    let mut furthest = vec![0_isize; 2 * reach as usize + 3];
    let mut history = Vec::new();
    let at = |diagonal: isize| (diagonal + reach + 1) as usize;
    'search: for edits in 0..=reach {
        history.push(furthest[at(-edits - 1)..=at(edits + 1)].to_vec());
        for diagonal in (-edits..=edits).step_by(2) {
            let down = diagonal == -edits
                || diagonal != edits && furthest[at(diagonal - 1)] < furthest[at(diagonal + 1)];
            let mut row = if down { furthest[at(diagonal + 1)] } else { furthest[at(diagonal - 1)] + 1 };
            while row < rows
                && row - diagonal < columns
                && row >= 0
                && row - diagonal >= 0
                && left[row as usize] == right[(row - diagonal) as usize]
            {
                row += 1;
            }
            furthest[at(diagonal)] = row;
            if row >= rows && row - diagonal >= columns {
                break 'search;
            }
        }
    }
    walk(&history, rows, columns)
}

/// The way back from the end: diagonal steps are bytes that stayed.
fn walk(history: &[Vec<isize>], rows: isize, columns: isize) -> Vec<Option<usize>> {
    let mut places = vec![None; rows as usize];
    let (mut row, mut column) = (rows, columns);
    for (edits, furthest) in history.iter().enumerate().rev() {
        let edits = edits as isize;
        let at = |diagonal: isize| (diagonal + edits + 1) as usize;
        let diagonal = row - column;
        let down = diagonal == -edits
            || diagonal != edits && furthest[at(diagonal - 1)] < furthest[at(diagonal + 1)];
        let from_diagonal = if down { diagonal + 1 } else { diagonal - 1 };
        let (from_row, from_column) = if edits == 0 {
            (0, 0)
        } else {
            let from_row = furthest[at(from_diagonal)];
            (from_row, from_row - from_diagonal)
        };
        while row > from_row && column > from_column {
            row -= 1;
            column -= 1;
            places[row as usize] = Some(column as usize);
        }
        (row, column) = (from_row, from_column);
    }
    places
}
