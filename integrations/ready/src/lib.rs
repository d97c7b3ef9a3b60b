//! Tasks that are ready to use: call them in a flow as any other task, with its builder methods.
//!
//! - [`shell()`]: a program or a script, such as dbt, embulk or Python;
//! - [`http()`]: a request, tried again when the server says so;
//! - [`sql()`]: statements on SQLite, in a transaction that has its effect exactly once.
//!
//! Each is also a plain function of its input ([`Shell::run`], [`Request::send`], [`Sql::run`]) for tasks of your own, which
//! may have limits, retry rules and a name.

#[cfg(feature = "http")]
mod http;
#[cfg(all(unix, feature = "shell"))]
mod shell;
#[cfg(feature = "sql")]
mod sql;

#[cfg(feature = "http")]
pub use http::{Request, Response, http};
#[cfg(all(unix, feature = "shell"))]
pub use shell::{Said, Shell, shell};
#[cfg(feature = "sql")]
pub use sql::{Done, Sql, once, sql};

/// The driver that [`once`] gives a transaction of.
#[cfg(feature = "sql")]
pub use rusqlite;
