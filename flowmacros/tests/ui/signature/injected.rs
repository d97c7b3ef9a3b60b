use flowrt::prelude::*;

struct Db;

#[task]
async fn count(#[resource] db: Db, #[resource] cache: &mut Db, #[arg(default = 1)] pages: u32) -> Result<u32> {
    drop(db);
    Ok(pages)
}

#[flow]
async fn report(ctx: &TaskContext, #[resource] db: &Db) -> Result<u32> {
    Ok(ctx.attempt())
}

#[resource]
async fn db(url: String) -> Result<Db> {
    drop(url);
    Ok(Db)
}

fn main() {}
