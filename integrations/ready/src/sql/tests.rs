//! Statements within runs and outside.

use flowrt::testing;
use serde_json::json;

use super::*;

#[flowrt::flow]
async fn book(database: String, fails: bool) -> Result<u64> {
    let booked = Sql::on(database.clone())
        .run_also(
            "CREATE TABLE IF NOT EXISTS booking (id INTEGER PRIMARY KEY, what TEXT, price REAL)",
        )
        .run_with(
            "INSERT INTO booking (what, price) VALUES (?1, ?2), ('pen', 1.5)",
            json!(["tea", 3]),
        );
    let booked = if fails {
        booked.run_also("SELECT * FROM nowhere")
    } else {
        booked
    };
    let done = sql(booked).await?;
    let read = Sql::on(database).run_also("SELECT what, price FROM booking ORDER BY id");
    let rows = sql(read).await?.rows::<(String, f64)>();
    assert!(rows.is_err(), "an object is no pair");
    Ok(done.changes)
}

fn count(database: &Path) -> i64 {
    let connection = Connection::open(database).expect("opens");
    connection
        .query_row("SELECT count(*) FROM booking", [], |row| row.get(0))
        .unwrap_or(0)
}

#[tokio::test]
async fn all_or_none_and_rows_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.db");
    let name = file.to_str().expect("text").to_owned();
    let engine = testing::Engine::new();
    let error = engine.run(book(name.clone(), true)).await.unwrap_err();
    assert!(error.message().contains("nowhere"), "{error}");
    assert_eq!(count(&file), 0);
    assert_eq!(
        engine.run(book(name.clone(), false)).await.expect("books"),
        2
    );
    assert_eq!(count(&file), 2);
    #[derive(Deserialize)]
    struct Row {
        what: String,
        price: f64,
    }
    let read = Sql::on(name).run_also("SELECT what, price FROM booking ORDER BY id");
    let rows: Vec<Row> = sql(read.clone())
        .await
        .expect("reads")
        .rows()
        .expect("fits");
    assert_eq!(
        (rows[0].what.as_str(), rows[0].price, rows[1].price),
        ("tea", 3.0, 1.5)
    );
    assert!(sql(read.rows_at_most(1)).await.is_err());
}

#[test]
fn what_was_committed_under_a_key_is_not_done_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("shop.db");
    let do_it = |key: Option<&str>| -> Result<i64> {
        within(
            &mut connect(&file)?,
            key.map(str::to_owned),
            |transaction| {
                transaction.execute_batch("CREATE TABLE IF NOT EXISTS booking (id INTEGER PRIMARY KEY); INSERT INTO booking DEFAULT VALUES")?;
                Ok(transaction.last_insert_rowid())
            },
        )
    };
    assert_eq!(do_it(Some("a")).expect("does it"), 1);
    assert_eq!(do_it(Some("a")).expect("knows it"), 1);
    assert_eq!(do_it(Some("a~1")).expect("does it"), 2);
    assert_eq!(do_it(None).expect("does it"), 3);
    assert_eq!(do_it(None).expect("does it"), 4);
    assert_eq!(count(&file), 4);
}

#[test]
fn values_that_json_cannot_hold_are_said() {
    let mut connection = Connection::open_in_memory().expect("opens");
    let transaction = connection.transaction().expect("begins");
    let run = |sql: &str, parameters: &[Value]| values::run(&transaction, sql, parameters, 9);
    let rows = run(
        "SELECT ?1 AS a, ?2 AS b, ?3 AS c",
        &[json!(true), json!([1]), Value::Null],
    )
    .expect("runs");
    assert_eq!(
        Value::from(rows[0].clone()),
        json!({"a": 1, "b": "[1]", "c": null})
    );
    assert!(
        run("SELECT x'00' AS bytes", &[])
            .unwrap_err()
            .try_this()
            .is_some_and(|hint| hint.contains("hex(bytes)"))
    );
    assert!(run("SELECT ?1, ?2", &[json!(1)]).is_err());
}

#[test]
fn a_number_that_is_too_large_is_refused_and_no_other_is_written() {
    let mut connection = Connection::open_in_memory().expect("opens");
    let transaction = connection.transaction().expect("begins");
    let run =
        |parameters: &[Value]| values::run(&transaction, "SELECT ?1 AS a, ?2 AS b", parameters, 9);
    let rows = run(&[json!(i64::MAX), json!(i64::MIN)]).expect("runs");
    assert_eq!(
        Value::from(rows[0].clone()),
        json!({"a": i64::MAX, "b": i64::MIN})
    );
    let told = run(&[json!(1), json!(u64::MAX)]).unwrap_err();
    assert!(
        told.message().contains("?2 is 18446744073709551615"),
        "{told}"
    );
    assert!(
        told.try_this().is_some_and(|hint| hint.contains("TEXT")),
        "{told:?}"
    );
}

#[test]
fn errors_say_what_to_try() {
    let tried = |error: Error| error.try_this().map(str::to_owned).unwrap_or_default();
    let mut connection = Connection::open_in_memory().expect("opens");
    let transaction = connection.transaction().expect("begins");
    let many = values::run(&transaction, "SELECT 1 UNION SELECT 2", &[], 1).unwrap_err();
    assert!(tried(many).contains("rows_at_most"));
    let done = Done {
        changes: 0,
        rows: vec![serde_json::Map::new()],
    };
    assert!(tried(done.rows::<(u8, u8)>().unwrap_err()).contains("AS"));
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = connect(&folder.path().join("none/shop.db")).unwrap_err();
    assert!(tried(nowhere).contains("folder"));
}
