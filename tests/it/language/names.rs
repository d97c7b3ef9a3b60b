//! Names: nested modules, a module and a task of one name, renamed imports, raw identifiers, shadowing, local tasks.

use flowrt::prelude::*;

mod report {
    use flowrt::prelude::*;

    /// A task that bears the name of its module.
    #[task]
    pub async fn report(lines: u32) -> Result<u32> {
        Ok(lines + 1)
    }

    pub(super) mod inner {
        use flowrt::prelude::*;

        #[task]
        pub(in crate::language) async fn deep(number: u32) -> Result<u32> {
            Ok(number * 2)
        }
    }
}

use report::inner::deep as deeper;
use report::report;

#[task]
async fn r#type(r#match: u32) -> Result<u32> {
    Ok(r#match)
}

mod facade {
    pub use super::report::report as print;
}

#[flow]
async fn shadows(number: u32) -> Result<u32> {
    let number = report(number).await?;
    let number = deeper(number).await?;
    let report = facade::print(number).await?;
    let r#type = r#type(report).await?;
    Ok(r#type)
}

/// A task and a flow may share everything but their name with a struct and a module.
mod csv {
    #[derive(Debug)]
    pub struct Csv;
}

#[task]
async fn csv(rows: u32) -> Result<String> {
    Ok(format!("{:?} {rows}", csv::Csv))
}

#[tokio::test]
async fn names_resolve_as_in_any_program() {
    assert_eq!(value!(shadows(1)), 5);
    assert_eq!(csv(3).body().await.unwrap(), "Csv 3");
}

#[tokio::test]
async fn tasks_and_flows_may_stand_in_a_function() {
    #[task]
    async fn local(number: u32) -> Result<u32> {
        Ok(number + 1)
    }
    #[flow]
    async fn of_local(number: u32) -> Result<u32> {
        local(number).await
    }
    assert_eq!(value!(of_local(1)), 2);
}
