//! Reads a text picture back as a person would: which names do the lines of a name lead to?

use std::collections::{BTreeMap, BTreeSet};

/// For each name of the picture, the names that its lines lead to. Names are words that begin with `n`.
pub(super) fn trace(picture: &str) -> BTreeSet<(String, String)> {
    let grid: Vec<Vec<char>> = picture.lines().map(|line| line.chars().collect()).collect();
    let mut names = BTreeMap::new();
    for (y, line) in grid.iter().enumerate() {
        for x in 0..line.len() {
            if line[x] == 'n' && (x == 0 || line[x - 1] == ' ') {
                let name: String = line[x..]
                    .iter()
                    .take_while(|c| c.is_alphanumeric())
                    .collect();
                names.insert((x, y), name);
            }
        }
    }
    let mut found = BTreeSet::new();
    for ((x, y), name) in &names {
        // The words of a rule stand between a name and its line.
        let mut start = x + name.len() + 1;
        if grid[*y].get(start) == Some(&'(') {
            start += grid[*y][start..]
                .iter()
                .position(|c| *c == ')')
                .expect("closed")
                + 2;
        }
        if grid[*y].get(start).is_some_and(|c| *c != ' ') {
            for end in follow(&grid, start, *y) {
                let target = names.get(&end).expect("a line ends at a name");
                found.insert((name.clone(), target.clone()));
            }
        }
    }
    found
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Right,
    Up,
    Down,
}

fn follow(grid: &[Vec<char>], x: usize, y: usize) -> BTreeSet<(usize, usize)> {
    let mut ends = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut stack = vec![(x, y, Way::Right)];
    while let Some((x, y, way)) = stack.pop() {
        if !seen.insert((x, y, way)) {
            continue;
        }
        let c = *grid
            .get(y)
            .and_then(|line| line.get(x))
            .expect("a line does not stop in the open");
        if c == '▶' {
            ends.insert((x + 2, y));
            continue;
        }
        for next in ways(c, way) {
            stack.push(match next {
                Way::Right => (x + 1, y, next),
                Way::Up => (x, y.checked_sub(1).expect("inside"), next),
                Way::Down => (x, y + 1, next),
            });
        }
    }
    ends
}

/// Where a line goes on from a character that it enters going `way`; lines are never read to the left.
fn ways(c: char, way: Way) -> Vec<Way> {
    let (up, down, left, right) = match c {
        '─' | '┄' => (false, false, true, true),
        '│' | '┆' if way == Way::Right => return vec![Way::Right],
        '│' | '┆' => (true, true, false, false),
        '┌' => (false, true, false, true),
        '┐' => (false, true, true, false),
        '└' => (true, false, false, true),
        '┘' => (true, false, true, false),
        '├' => (true, true, false, true),
        '┤' => (true, true, true, false),
        '┬' => (false, true, true, true),
        '┴' => (true, false, true, true),
        '┼' => (true, true, true, true),
        other => panic!("{other:?} is no piece of a line"),
    };
    let enters = match way {
        Way::Right => left,
        Way::Up => down,
        Way::Down => up,
    };
    assert!(enters, "a line runs into the side of {c}");
    [
        (up, Way::Up, Way::Down),
        (down, Way::Down, Way::Up),
        (right, Way::Right, Way::Right),
    ]
    .into_iter()
    .filter(|(open, next, back)| *open && (*next == Way::Right || way != *back))
    .map(|(_, next, _)| next)
    .collect()
}
