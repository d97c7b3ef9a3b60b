//! Parameters: defaults, flags, schemas of the user's own types, options of every kind.

use std::collections::BTreeMap;

use flowrt::prelude::*;
use serde::{Deserialize, Serialize};

/// Where to ship.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Region {
    Eu,
    NorthAmerica,
    Other { name: String },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    pages: u32,
    names: BTreeMap<String, Vec<u8>>,
    #[serde(skip)]
    cached: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            pages: 7,
            names: BTreeMap::new(),
            cached: None,
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
struct Tree<T> {
    value: T,
    children: Vec<Tree<T>>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
struct Pair(u32, u32);

const PAGES: u32 = 3;

#[flow(name = "ship-orders", retries = 2, retry_delay = ["1s", "10s"], timeout = "2h", concurrency = 8, version = "2", tags = ["ops"])]
#[allow(clippy::too_many_arguments)]
async fn ship(
    #[arg(default = Region::Eu, help = "where to")] region: Region,
    #[arg(default = "all", env = "SHIP_WHAT")] what: String,
    #[arg(default = PAGES + 1, flag = "max-pages")] mut pages: u32,
    #[arg(default = Config::default())] config: Config,
    dry: bool,
    limit: Option<u32>,
    #[arg(default = vec![Pair(1, 2)])] pairs: Vec<Pair>,
    tree: Tree<String>,
) -> Result<String> {
    pages += u32::from(dry) + limit.unwrap_or_default();
    let first = pairs.first().map_or(0, |pair| pair.0 + pair.1);
    let shown = show(region, what).await?;
    Ok(format!(
        "{shown} {pages} {} {first} {}",
        config.pages, tree.value
    ))
}

#[flow(schedule = "0 10 * * *", timezone = "Asia/Tokyo")]
async fn nightly(#[arg(default = 10)] pages: u64, dry: bool, only: Option<String>) -> Result<()> {
    let _ = (pages, dry, only);
    Ok(())
}

#[task]
async fn show(region: Region, what: String) -> Result<String> {
    Ok(match region {
        Region::Eu => format!("eu {what}"),
        Region::NorthAmerica => format!("na {what}"),
        Region::Other { name } => format!("{name} {what}"),
    })
}

#[tokio::test]
async fn values_of_own_types_go_through_the_record() {
    let tree = Tree {
        value: "root".to_owned(),
        children: Vec::new(),
    };
    let text = value!(ship(
        Region::Other {
            name: "mars".into(),
        },
        "all".into(),
        1,
        Config {
            pages: 9,
            ..Config::default()
        },
        true,
        None,
        vec![Pair(1, 2)],
        tree,
    ));
    assert_eq!(text, "mars all 2 9 3 root");
    value!(nightly(1, false, None));
}
