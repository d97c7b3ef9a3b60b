//! The report on made repositories with known answers.

use super::analysis::MonthSummary;
use super::combine::RepoSummary;
use super::error::ReportError;
use super::made_repository::{MadeRepository, Stream, rename, write};
use super::month::Month;
use super::{combine, html, read_history, report, summarise_month};

const ANN: &str = "Ann O'Neil \"the 1st\" & co <ann@example.org>";
const LI: &str = "李雷 <li@example.org>";

fn months(made: &MadeRepository) -> Vec<MonthSummary> {
    let history = read_history(made.path(), "HEAD".to_owned()).unwrap();
    history
        .months
        .into_iter()
        .map(|month| summarise_month(made.path(), month).unwrap())
        .collect()
}

fn summary(made: &MadeRepository) -> RepoSummary {
    combine(months(made))
}

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

#[test]
fn a_small_history_has_known_answers() {
    let text = b"one\ntwo\nthree\nfour\nfive\n";
    let mut stream = Stream::default();
    stream
        .commit(
            ANN,
            "2025-11-03",
            &[write("a {x => y}.txt", text), write("bin", b"\0\x01\x02")],
        )
        .commit(
            ANN,
            "2025-11-04",
            &[
                write("bin", b"\0\x02\x03"),
                write("ü\n<script>.txt", b"1\n"),
            ],
        )
        .commit(
            LI,
            "2026-01-05",
            &[
                rename("a {x => y}.txt", "moved/b.txt"),
                write(b"caf\xe9", b"1\n2\n"),
            ],
        )
        .commit(LI, "2026-01-06", &[write("moved/b.txt", b"one\ntwo\n")])
        .commit(LI, "2026-01-07", &[]);
    let made = MadeRepository::of(&stream);
    let summary = summary(&made);

    assert_eq!(
        (
            summary.totals.commits,
            summary.totals.added,
            summary.totals.removed
        ),
        (5, 8, 3)
    );
    assert_eq!((summary.totals.authors, summary.totals.bus_factor), (2, 1));
    assert_eq!(
        summary.totals.range,
        Some((month("2025-11"), month("2026-01")))
    );
    let periods: Vec<_> = summary
        .periods
        .iter()
        .map(|period| (period.commits, period.new_authors))
        .collect();
    assert_eq!(periods, [(2, 1), (0, 0), (3, 1)]);
    let authors: Vec<_> = summary
        .authors
        .iter()
        .map(|author| (author.name.as_str(), author.commits))
        .collect();
    assert_eq!(authors, [("李雷", 3), ("Ann O'Neil \"the 1st\" & co", 2)]);
    let files: Vec<_> = summary
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.commits, file.removed))
        .collect();
    assert_eq!(
        files,
        [
            ("moved/b.txt", 3, 3),
            ("bin", 2, 0),
            ("caf\u{fffd}", 1, 0),
            ("ü\n<script>.txt", 1, 0)
        ]
    );
}

#[test]
fn wrong_clocks_and_merges_lose_and_double_nothing() {
    let mut stream = Stream::default();
    stream
        .commit(ANN, "2026-03-01", &[write("a", b"1\n")])
        .commit(ANN, "2001-01-01", &[write("b", b"1\n")])
        .commit(ANN, "2026-02-01", &[write("c", b"1\n")]);
    let made = MadeRepository::of(&stream);
    made.git(&["reset", "--quiet", "--hard", "main"], b"");
    made.git(&["checkout", "--quiet", "-b", "side", "main~1"], b"");
    made.git(
        &[
            "commit",
            "--quiet",
            "--allow-empty",
            "-m",
            "s",
            "--date=2026-02-02T12:00:00Z",
        ],
        b"",
    );
    made.git(&["merge", "--quiet", "--no-ff", "-m", "merge", "main"], b"");
    let counts: Vec<_> = months(&made)
        .iter()
        .map(|month| (month.month.to_string(), month.commits))
        .collect();
    let expected = [("2001-01", 1), ("2026-02", 2), ("2026-03", 1)];
    assert_eq!(
        counts,
        expected.map(|(month, commits)| (month.to_owned(), commits))
    );
}

#[test]
fn ten_thousand_commits_are_counted() {
    let mut stream = Stream::default();
    for number in 0..10_000_u32 {
        let day = format!(
            "{}-{:02}-{:02}",
            2016 + number / 1_000,
            number / 84 % 12 + 1,
            number % 28 + 1
        );
        let author = format!("Author {} <a{}@example.org>", number % 37, number % 37);
        let file = |name: u32| {
            write(
                format!("src/part-{}/file.rs", name % 300),
                format!("{number}\n").as_bytes(),
            )
        };
        stream.commit(
            &author,
            &day,
            &[
                file(number),
                file(number + 1),
                write("log", format!("{number}\n").as_bytes()),
            ],
        );
    }
    let summary = summary(&MadeRepository::of(&stream));
    assert_eq!(
        (
            summary.totals.commits,
            summary.totals.authors,
            summary.totals.bus_factor
        ),
        (10_000, 37, 19)
    );
    assert_eq!(summary.files[0].path, "log");
    assert_eq!(
        (summary.files[0].commits, summary.files[0].added),
        (10_000, 10_000)
    );
    assert_eq!(
        (summary.pairs[0].with.as_str(), summary.pairs[0].confidence),
        ("log", 1.0)
    );
}

#[test]
fn what_cannot_be_reported_says_why() {
    let empty = MadeRepository::empty();
    let read = |path: &str, revision: &str| {
        read_history(path.to_owned(), revision.to_owned()).unwrap_err()
    };
    assert!(matches!(read(&empty.path(), "HEAD"), ReportError::Empty(_)));
    assert!(matches!(
        read("/nowhere/at/all", "HEAD"),
        ReportError::NoSuchFolder(_)
    ));
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(
        read(folder.path().to_str().unwrap(), "HEAD"),
        ReportError::NotARepository(_)
    ));
    let mut stream = Stream::default();
    stream.commit(ANN, "2026-03-01", &[write("a", b"1\n")]);
    let made = MadeRepository::of(&stream);
    for revision in ["nothing", "--all", "", "HEAD:a", "HEAD\0"] {
        let error = read(&made.path(), revision);
        assert!(
            matches!(error, ReportError::BadRevision { .. }),
            "{revision:?}: {error}"
        );
    }
}

#[test]
fn a_commit_that_is_gone_is_an_error_and_not_a_smaller_number() {
    let mut stream = Stream::default();
    stream.commit(ANN, "2026-03-01", &[write("a", b"1\n")]);
    let made = MadeRepository::of(&stream);
    let mut history = read_history(made.path(), "HEAD".to_owned()).unwrap();
    history.months[0]
        .commits
        .push("0123456789012345678901234567890123456789".to_owned());
    assert!(summarise_month(made.path(), history.months.remove(0)).is_err());
}

#[test]
fn a_shallow_clone_is_noted() {
    let mut stream = Stream::default();
    stream
        .commit(ANN, "2026-03-01", &[write("a", b"1\n")])
        .commit(ANN, "2026-03-02", &[write("a", b"2\n")]);
    let (origin, clone) = (MadeRepository::of(&stream), tempfile::tempdir().unwrap());
    let target = clone.path().join("shop.git");
    let target = target.to_str().unwrap();
    let source = format!("file://{}", origin.path());
    origin.git(
        &["clone", "--quiet", "--bare", "--depth=1", &source, target],
        b"",
    );
    let history = read_history(target.to_owned(), "HEAD".to_owned()).unwrap();
    assert_eq!(
        (history.repo.name.as_str(), history.repo.shallow),
        ("shop", true)
    );
    assert_eq!(history.repo.date, "2026-03-02");
    assert!(html::page(&history.repo, &combine(Vec::new())).contains("git fetch --unshallow"));
}

#[test]
fn hostile_names_stay_text() {
    let evil = "\"><script>alert('x')</script>";
    let mut stream = Stream::default();
    for day in 1..=5 {
        let contents = format!("{day}\n");
        let files = [evil, "</title><b>.rs"].map(|path| write(path, contents.as_bytes()));
        stream.commit(ANN, &format!("2026-03-0{day}"), &files);
    }
    let made = MadeRepository::of(&stream);
    let mut summary = summary(&made);
    assert_eq!(summary.pairs.len(), 1);
    summary.authors[0].name = evil.to_owned();
    let mut repo = read_history(made.path(), "HEAD".to_owned()).unwrap().repo;
    (repo.name, repo.revision) = (evil.to_owned(), evil.to_owned());
    let page = html::page(&repo, &summary);
    assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)"));
    assert_eq!(
        page.matches("<title>").count() + page.matches("<title ").count(),
        page.matches("</title>").count()
    );
}

#[test]
fn the_report_is_one_file_that_loads_nothing() {
    let mut stream = Stream::default();
    stream.commit(LI, "2026-03-01", &[write("a", b"1\n")]);
    let (made, folder) = (MadeRepository::of(&stream), tempfile::tempdir().unwrap());
    let out = folder
        .path()
        .join("report.html")
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        report(made.path(), "main".to_owned(), out.clone()).unwrap(),
        out
    );
    let page = std::fs::read_to_string(out).unwrap();
    assert!(page.contains("李雷") && page.contains("1 author made 1 commit."));
    for loading in ["src=", "href=", "url(", "@import", "http://", "https://"] {
        assert!(!page.contains(loading), "{loading}");
    }
}

#[test]
fn summaries_survive_their_record() {
    let mut stream = Stream::default();
    stream
        .commit(LI, "2026-03-01", &[write("a", b"1\n")])
        .commit(ANN, "2026-04-01", &[rename("a", "b")]);
    let made = MadeRepository::of(&stream);
    let months = months(&made);
    let text = serde_json::to_string(&months).unwrap();
    assert_eq!(
        serde_json::from_str::<Vec<MonthSummary>>(&text).unwrap(),
        months
    );
    let summary = combine(months);
    let text = serde_json::to_string(&summary).unwrap();
    assert_eq!(serde_json::from_str::<RepoSummary>(&text).unwrap(), summary);
}
