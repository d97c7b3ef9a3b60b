//! JSON into SQLite and out of it.

use flowrt::{Error, Result};
use rusqlite::types::{Value as Cell, ValueRef};
use rusqlite::{Transaction, params_from_iter};
use serde_json::{Map, Value};

/// Runs one statement and takes its rows.
///
/// # Errors
/// If it fails, gives more than `most` rows, or gives bytes.
pub(super) fn run(
    transaction: &Transaction<'_>,
    sql: &str,
    parameters: &[Value],
    most: usize,
) -> Result<Vec<Map<String, Value>>> {
    let told = |error: rusqlite::Error| Error::from(error).into_std();
    let mut statement = transaction.prepare(sql).map_err(told)?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let cells: Vec<Cell> = parameters
        .iter()
        .enumerate()
        .map(|(index, value)| cell(value, index + 1))
        .collect::<Result<_>>()?;
    let mut found = statement.query(params_from_iter(cells)).map_err(told)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(told)? {
        if rows.len() == most {
            return Err(
                Error::fatal(format!("the statement gives more than {most} rows: {sql}"))
                    .or_try("add a LIMIT to it, or say how many there may be: `.rows_at_most(n)`"),
            );
        }
        let mut object = Map::new();
        for (index, name) in names.iter().enumerate() {
            object.insert(
                name.clone(),
                value(row.get_ref(index).map_err(told)?, name)?,
            );
        }
        rows.push(object);
    }
    Ok(rows)
}

fn cell(value: &Value, place: usize) -> Result<Cell> {
    Ok(match value {
        Value::Null => Cell::Null,
        Value::Bool(yes) => Cell::Integer(i64::from(*yes)),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Cell::Integer(whole),
            // As a number with a fraction it would become another one.
            (None, Some(large)) => {
                return Err(Error::fatal(format!(
                    "the parameter ?{place} is {large}, and SQLite has no whole numbers beyond {}",
                    i64::MAX
                ))
                .or_try("give it as text, and store it as TEXT"));
            }
            (None, None) => Cell::Real(number.as_f64().unwrap_or(f64::MAX)),
        },
        Value::String(text) => Cell::Text(text.clone()),
        json => Cell::Text(json.to_string()),
    })
}

fn value(cell: ValueRef<'_>, column: &str) -> Result<Value> {
    Ok(match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => {
            serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number)
        }
        ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
        ValueRef::Blob(_) => {
            return Err(Error::fatal(format!(
                "the column `{column}` holds bytes, which JSON cannot"
            ))
            .or_try(format!("take hex({column})")));
        }
    })
}
