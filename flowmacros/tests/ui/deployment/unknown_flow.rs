use flowrt::prelude::*;

#[flow]
fn report() -> Result<u32> {
    { 1 }
}

#[task]
fn fetch() -> Result<u32> {
    Ok(1)
}

mod inner {
    use flowrt::prelude::*;

    #[flow]
    pub fn hidden() -> Result<u32> {
        { 1 }
    }
}

flowrt::deployments!("
deployments:
- {name: one, entrypoint: 'program:reprt'}
- {name: two, entrypoint: 'program:fetch'}
- {name: three, entrypoint: 'program:hidden'}
- {name: four, entrypoint: 'program:inner::hidden'}
- {name: five, entrypoint: 'program:report'}
");

fn main() {}
