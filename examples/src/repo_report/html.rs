//! The page: one file that loads nothing from elsewhere.

use super::charts;
use super::combine::{Author, Period, RepoSummary};
use super::files::Pair;
use super::history::Repo;
use super::lying_bars;
use super::month::Span;
use super::text::{counted, escape, thousands};

const STYLE: &str = include_str!("report.css");
/// The rows that a table or chart shows.
const ROWS: usize = 20;

/// The whole page.
pub fn page(repo: &Repo, summary: &RepoSummary) -> String {
    let name = escape(&repo.name);
    // The policy keeps the page harmless even if a name should ever slip through unescaped.
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{name}: how the work went</title>
<style>
{STYLE}</style>
</head>
<body>
<main>
{}
{}
{}
{}
{}
{}
{}
</main>
</body>
</html>
"#,
        header(repo, summary),
        tiles(summary),
        over_time(summary),
        people(summary),
        hot_files(summary),
        together(&summary.pairs),
        footer(repo),
    )
}

fn header(repo: &Repo, summary: &RepoSummary) -> String {
    let totals = &summary.totals;
    let range = totals.range.map_or_else(String::new, |(first, last)| {
        let (first, last) = (Span::Month.label(first), Span::Month.label(last));
        if first == last {
            format!("In {first}, ")
        } else {
            format!("From {first} to {last}, ")
        }
    });
    let busiest = summary.periods.iter().max_by_key(|period| period.commits);
    let busiest =
        busiest
            .filter(|_| summary.periods.len() > 1)
            .map_or_else(String::new, |period| {
                let noun = summary.span.noun();
                format!(
                    " The busiest {noun} was {}, with {}.",
                    summary.span.label(period.start),
                    counted(period.commits, "commit")
                )
            });
    let half = match totals.bus_factor {
        0 | 1 if totals.authors <= 1 => String::new(),
        1 => " Half of the commits are by one of them.".to_owned(),
        few => format!(" Half of the commits are by {} of them.", thousands(few)),
    };
    let notice = if repo.shallow {
        "<p class=\"notice\">This clone is shallow: older commits are missing, and its oldest commit seems to add every \
         file. <code>git fetch --unshallow</code> brings the rest.</p>"
    } else {
        ""
    };
    format!(
        "<header>\n<p class=\"kicker\">{} · <code>{}</code> · {}</p>\n<h1><bdi>{}</bdi></h1>\n\
         <p class=\"lead\">{range}{} made {}.{half}{busiest}</p>\n{notice}</header>",
        escape(&repo.revision),
        escape(repo.head.get(..10).unwrap_or(&repo.head)),
        escape(&repo.date),
        escape(&repo.name),
        counted(totals.authors, "author"),
        counted(totals.commits, "commit"),
    )
}

fn tiles(summary: &RepoSummary) -> String {
    let totals = &summary.totals;
    let tiles = [
        ("Commits", totals.commits),
        ("Authors", totals.authors),
        ("Lines added", totals.added),
        ("Lines removed", totals.removed),
        ("Bus factor", totals.bus_factor),
    ];
    let tiles = tiles
        .map(|(name, number)| format!("<div><dt>{name}</dt><dd>{}</dd></div>", thousands(number)));
    format!("<dl class=\"tiles\">{}</dl>", tiles.concat())
}

fn over_time(summary: &RepoSummary) -> String {
    let noun = summary.span.noun();
    let key = |class: &str, text: &str| format!("<span class=\"key {class}\"></span>{text}");
    let keys = |keys: &[String]| format!("<p class=\"hint\">{}</p>", keys.concat());
    [
        chart(
            &format!("Commits per {noun}"),
            "",
            &charts::commits(summary),
        ),
        chart(
            &format!("Lines changed per {noun}"),
            &keys(&[key("added", "added"), key("removed", "removed")]),
            &charts::churn(summary),
        ),
        chart(
            &format!("Authors per {noun}"),
            &keys(&[key("main", "wrote before"), key("fresh", "first commit")]),
            &format!("{}{}", charts::authors(summary), numbers(summary)),
        ),
    ]
    .join("\n")
}

fn chart(title: &str, hint: &str, drawing: &str) -> String {
    format!("<section class=\"scroll\"><h2>{title}</h2>{hint}{drawing}</section>")
}

/// What the charts show, for those who cannot see them or want to copy the numbers.
fn numbers(summary: &RepoSummary) -> String {
    let row = |period: &Period| {
        format!(
            "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            summary.span.label(period.start),
            thousands(period.commits),
            thousands(period.added),
            thousands(period.removed),
            thousands(period.authors),
            thousands(period.new_authors),
        )
    };
    let rows: String = summary.periods.iter().rev().map(row).collect();
    format!(
        "<details><summary>The numbers behind these charts</summary><table><tr><th>{}</th><th class=\"n\">Commits</th>\
         <th class=\"n\">Added</th><th class=\"n\">Removed</th><th class=\"n\">Authors</th><th class=\"n\">New</th></tr>{rows}</table></details>",
        summary.span.noun(),
    )
}

fn people(summary: &RepoSummary) -> String {
    let most = summary
        .authors
        .first()
        .map_or(1, |author| author.commits)
        .max(1) as f64;
    let all = summary.totals.commits.max(1) as f64;
    let row = |author: &Author| {
        format!(
            "<tr><td><bdi>{}</bdi></td><td class=\"n\">{}</td><td class=\"bar\">{}</td><td class=\"n\">{:.0} %</td>\
             <td class=\"n\">+{}</td><td class=\"n\">−{}</td><td class=\"n\">{}</td></tr>",
            escape(&author.name),
            thousands(author.commits),
            lying_bars::share(author.commits as f64 / most),
            author.commits as f64 / all * 100.0,
            thousands(author.added),
            thousands(author.removed),
            active(author),
        )
    };
    let rows: String = summary.authors.iter().take(ROWS).map(row).collect();
    let others = summary
        .totals
        .authors
        .saturating_sub(summary.authors.len().min(ROWS) as u64);
    let others = if others > 0 {
        format!("<p class=\"hint\">and {} more</p>", thousands(others))
    } else {
        String::new()
    };
    format!(
        "<section class=\"scroll\"><h2>Who wrote it</h2><table><tr><th>Author</th><th class=\"n\">Commits</th><th></th>\
         <th class=\"n\">Share</th><th class=\"n\">Added</th><th class=\"n\">Removed</th><th class=\"n\">Active</th></tr>{rows}</table>{others}</section>"
    )
}

fn active(author: &Author) -> String {
    if author.first == author.last {
        author.first.to_string()
    } else {
        format!("{} – {}", author.first, author.last)
    }
}

fn hot_files(summary: &RepoSummary) -> String {
    let files = &summary.files[..summary.files.len().min(ROWS)];
    if files.is_empty() {
        return String::new();
    }
    chart(
        "Where the work happens",
        "<p class=\"hint\">Files by the number of commits that touch them, followed through renames.</p>",
        &lying_bars::hot_files(files),
    )
}

fn together(pairs: &[Pair]) -> String {
    if pairs.is_empty() {
        return String::new();
    }
    let row = |pair: &Pair| {
        format!(
            "<tr><td><code>{}</code></td><td><code>{}</code></td><td class=\"n\">{}</td><td class=\"bar\">{}</td><td class=\"n\">{:.0} %</td></tr>",
            escape(&pair.changed),
            escape(&pair.with),
            thousands(pair.support),
            lying_bars::share(pair.confidence),
            pair.confidence * 100.0,
        )
    };
    let rows: String = pairs.iter().take(ROWS).map(row).collect();
    format!(
        "<section class=\"scroll\"><h2>What changes together</h2><p class=\"hint\">Of the commits that touch the first \
         file, this share touches the second too. A strong pair in different folders often is a dependency that the code \
         does not show.</p><table><tr><th>When this changes</th><th>so does</th><th class=\"n\">Together</th><th></th>\
         <th class=\"n\">Share</th></tr>{rows}</table></section>"
    )
}

fn footer(repo: &Repo) -> String {
    format!(
        "<footer><p>Read from <bdi>{}</bdi> at <code>{}</code>. Merges are not counted, the commits that they bring are. \
         A commit belongs to the month in which its author wrote it. Authors with one e-mail address or one name are one \
         person; a <code>.mailmap</code> file is heeded. Binary files count as changed but have no lines.</p>\
         <p>Pairs leave out commits that touch more than 50 files, and files and pairs are summed from the leading ones of \
         each month. The bus factor is the smallest number of authors who wrote half of the commits.</p></footer>",
        escape(&repo.name),
        escape(&repo.head),
    )
}
