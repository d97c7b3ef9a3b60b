//! Flows that publish, say how far they are, and give large values: what the tests of artifacts run.

use flowrt::prelude::*;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Publishes one of each kind.
#[task]
fn publish(ctx: &TaskContext) -> Result<u32> {
    let rows = [("src/lib.rs", 12), ("a,b", 3)];
    let table = Artifact::table(["file", "changes"], rows).describe("most changed first");
    ctx.artifact("hot-files", table)?;
    ctx.artifact("notes", Artifact::markdown("# Notes\nall well"))?;
    ctx.artifact("site", Artifact::link("https://example.org/a", "the site"))?;
    ctx.artifact("shape", Artifact::image("shape.png", PNG))?;
    ctx.artifact("page", Artifact::file("page.html", "<h1>page</h1>"))?;
    ctx.progress(7, 9);
    Ok(1)
}

/// Publishes, and fails the first time.
#[task(retries = 1)]
async fn flaky(ctx: &TaskContext) -> Result<u32> {
    ctx.artifact(
        "tries",
        Artifact::markdown(format!("try {}", ctx.attempt())),
    )?;
    if ctx.attempt() == 1 {
        return Err("the first try fails".into());
    }
    Ok(ctx.attempt())
}

#[flow]
async fn gallery() -> Result<u32> {
    Ok(publish().await? + flaky().await?)
}

/// A drawing that would like to do more than to be looked at.
#[task]
fn draw(ctx: &TaskContext) -> Result<()> {
    let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><script>alert(1)</script></svg>"#;
    ctx.artifact("chart", Artifact::image("chart.svg", svg))?;
    Ok(())
}

/// Publishes it.
#[flow]
fn drawing() -> Result<()> {
    draw()
}

/// A text of that many bytes.
#[task]
fn text(bytes: u32) -> Result<String> {
    Ok("x".repeat(usize::try_from(bytes)?))
}

#[task]
fn length(text: String) -> Result<usize> {
    Ok(text.len())
}

/// Fails unless the variable says that it may go on.
#[task]
fn gate() -> Result<()> {
    match std::env::var("GALLERY_OPEN") {
        Ok(_) => Ok(()),
        Err(_) => Err("the gate is shut".into()),
    }
}

/// A value over 1 MiB that goes from task to task; what is behind the gate reads it from its record.
#[flow]
async fn large(#[arg(default = 3_000_000)] bytes: u32) -> Result<usize> {
    let text = text(bytes).await?;
    gate().await?;
    length(text).await
}

#[task]
fn fetch(bytes: u32) -> Result<Stored<[u8]>> {
    Stored::bytes(vec![7; usize::try_from(bytes)?])
}

#[task]
async fn names(bytes: Stored<[u8]>) -> Result<Stored<Vec<String>>> {
    let bytes = bytes.load().await?;
    Stored::new(vec![format!("{} bytes of {}", bytes.len(), bytes[0])])
}

#[task]
fn first(names: Stored<Vec<String>>) -> Result<String> {
    let names = names.load_blocking()?;
    Ok(names[0].clone())
}

/// Handles go from task to task.
#[flow]
async fn stored() -> Result<String> {
    let bytes = fetch(2_000_000).await?;
    let names = names(bytes).await?;
    gate().await?;
    first(names).await
}

/// A key that is none.
#[task]
fn nameless(ctx: &TaskContext) -> Result<()> {
    ctx.artifact("", Artifact::markdown("x"))
}

#[flow]
async fn bad_key() -> Result<()> {
    nameless().await
}

/// More than one artifact may have.
#[task]
fn too_large(ctx: &TaskContext) -> Result<()> {
    ctx.artifact("huge", Artifact::file("huge.bin", vec![0; (64 << 20) + 1]))
}

#[flow]
async fn bad_size() -> Result<()> {
    too_large().await
}

/// Publishes what it must not: masked where that leaves something of use, else refused.
#[task]
fn leak(ctx: &TaskContext, token: Secret<String>, how: String) -> Result<Option<Stored<[u8]>>> {
    let token = token.reveal()?.clone();
    match &*how {
        "table" => ctx.artifact("t", Artifact::table(["token"], [(token,)]).describe("rows"))?,
        "file" => ctx.artifact("f", Artifact::file("f.txt", token))?,
        _ => return Stored::bytes(token).map(Some),
    }
    Ok(None)
}

#[flow]
async fn leaks(token: Secret<String>, how: String) -> Result<()> {
    leak(token, how).await?;
    Ok(())
}

/// Publishes from a process of its own, and fails after that if it shall.
#[task(isolate)]
fn apart(ctx: &TaskContext, how: String) -> Result<u32> {
    let rows = [("a", 1), ("b", 2)];
    ctx.artifact(
        "apart",
        Artifact::table(["name", "count"], rows).describe("from a child"),
    )?;
    ctx.artifact("apart-file", Artifact::file("apart.bin", vec![7; 200_000]))?;
    for done in 1..=3 {
        ctx.progress(done, 3);
    }
    match &*how {
        "fail" => Err("it fails after that".into()),
        "die" => std::process::abort(),
        _ => Ok(std::process::id()),
    }
}

#[task(isolate)]
async fn make_apart(given: Stored<[u8]>) -> Result<Stored<Vec<usize>>> {
    let given = given.load().await?;
    Stored::new(vec![given.len(), usize::from(given[0])])
}

#[task(isolate)]
fn read_apart(made: Stored<Vec<usize>>) -> Result<usize> {
    Ok(made.load_blocking()?.iter().sum())
}

/// What a body in a process of its own publishes and keeps.
#[flow]
async fn isolated(#[arg(default = "ok")] how: String) -> Result<usize> {
    apart(how).await?;
    let made = make_apart(fetch(1_500_000).await?).await?;
    gate().await?;
    read_apart(made).await
}

flowrt::main!();
