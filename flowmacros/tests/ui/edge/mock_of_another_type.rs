use flowrt::prelude::*;

#[task]
async fn fetch(page: u32) -> Result<String> {
    Ok(page.to_string())
}

fn plain(page: u32) -> u32 {
    page
}

fn main() {
    let engine = flowrt::testing::Engine::new();
    engine.mock(fetch, |(page,)| Ok(page + 1));
    engine.mock(fetch, |(page, _more)| Ok(String::new()));
    engine.mock(plain, |_| Ok(1));
}
