//! A counter-example for every rule of replay: each test is red without its rule.

mod dropped_child;
mod edits;
mod fanout;
mod lab;
mod misuse;
mod nested;
mod order;
mod signals;
mod story;
mod values;
