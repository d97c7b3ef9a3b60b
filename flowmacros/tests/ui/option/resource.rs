use flowrt::prelude::*;

struct Db;

fn not_a_future(_: &Db) -> Result<()> {
    Ok(())
}

async fn of_another(_: &String) -> Result<()> {
    Ok(())
}

#[resource(health_every = "10s")]
fn one() -> Db {
    Db
}

#[resource(health = not_a_future)]
fn two() -> Db {
    Db
}

#[resource(drop = of_another, health = of_another, health_every = "ten seconds")]
fn three() -> Db {
    Db
}

fn main() {}
