//! The server from inside, where no process and no network are needed.

mod changes;
mod operations;
