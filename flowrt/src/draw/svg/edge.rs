//! Lines: level where they leave and arrive, a curve between.

use std::fmt::Write;

use super::markup::number;
use super::place::Line;

/// How far before a node its arrow ends.
const SHY: f64 = 2.0;

/// Draws one line.
pub(super) fn draw(line: &Line, out: &mut String) {
    if line.spine {
        spine(line, out);
        return;
    }
    let (start, y) = line.start;
    let (end, to) = line.end;
    let end = if line.head { end - SHY } else { end };
    let mut path = format!("M{} {}", number(start), number(y));
    if line.leaves > start {
        let _ = write!(path, "H{}", number(line.leaves));
    }
    if (y - to).abs() < 0.05 {
        let _ = write!(path, "H{}", number(end));
    } else {
        // Both handles at the middle keep the curve inside the gap, where no node is.
        let middle = number(f64::midpoint(line.leaves, end));
        let (y, to) = (number(y), number(to));
        let _ = write!(path, "C{middle} {y} {middle} {to} {} {to}", number(end));
    }
    let class = if line.order_only {
        "edge order"
    } else {
        "edge"
    };
    let head = if line.head {
        " marker-end=\"url(#flowrt-head)\""
    } else {
        ""
    };
    let _ = writeln!(out, "<path class=\"{class}\" d=\"{path}\"{head}/>");
}

/// Down, and where the step below is indented, round the corner to its side.
fn spine(line: &Line, out: &mut String) {
    let (x, top) = line.start;
    let (end, y) = line.end;
    let mut path = format!("M{} {}", number(x), number(top));
    if end > x {
        let radius = 8.0;
        let _ = write!(
            path,
            "V{}Q{} {} {} {}H{}",
            number(y - radius),
            number(x),
            number(y),
            number(x + radius),
            number(y),
            number(end)
        );
    } else {
        let _ = write!(path, "V{}", number(y));
    }
    let _ = writeln!(out, "<path class=\"edge spine\" d=\"{path}\"/>");
}
