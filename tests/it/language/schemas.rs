//! The schema that our derive gives is the one that schemars gives.

use flowrt::__private::schemars;

macro_rules! types {
    ($module:ident, $derive:path $(, $attribute:meta)?) => {
        mod $module {
            #![allow(dead_code)]
            use std::collections::{BTreeMap, HashSet};

            use serde::{Deserialize, Serialize};

            /// Where it goes.
            ///
            /// A second paragraph.
            #[derive(Serialize, Deserialize, $derive)]
            $(#[$attribute])?
            #[serde(rename_all = "kebab-case")]
            pub enum Region {
                Eu,
                /// The other side.
                NorthAmerica,
                Other { name: String },
                #[serde(skip)]
                Nowhere,
            }

            #[derive(Serialize, Deserialize, $derive)]
            $(#[$attribute])?
            #[serde(tag = "kind", content = "of", rename_all = "snake_case")]
            pub enum Tagged {
                OnlyName,
                WithValue(u8, Option<String>),
            }

            #[derive(Serialize, Deserialize, $derive)]
            $(#[$attribute])?
            #[serde(untagged)]
            pub enum Either {
                Number(f64),
                Text(String),
            }

            #[derive(Default, Serialize, Deserialize, $derive)]
            $(#[$attribute])?
            #[serde(default, deny_unknown_fields)]
            pub struct Config {
                /// How many at a time.
                #[schemars(range(min = 1, max = 100))]
                pages: u32,
                names: BTreeMap<String, Vec<u8>>,
                #[serde(skip)]
                cached: Option<String>,
                #[serde(rename = "type", alias = "kind")]
                type_name: String,
            }

            #[derive(Serialize, Deserialize, $derive)]
            $(#[$attribute])?
            pub struct Tree<T> {
                value: T,
                children: Vec<Tree<T>>,
                parent: Option<Box<Tree<T>>>,
            }

            #[derive(Serialize, Deserialize, $derive)]
            $(#[$attribute])?
            pub struct Pair(u32, i64);

            #[derive(Serialize, Deserialize, $derive)]
            $(#[$attribute])?
            #[serde(transparent)]
            pub struct Id(String);

            #[derive(Serialize, Deserialize, $derive)]
            $(#[$attribute])?
            pub struct Unit;

            #[derive(Serialize, Deserialize, $derive)]
            $(#[$attribute])?
            #[serde(rename_all = "camelCase")]
            pub struct All {
                in_region: Region,
                tagged_one: Tagged,
                either_way: Either,
                config_of_it: Config,
                tree_of_pairs: Tree<Pair>,
                #[serde(flatten)]
                rest: BTreeMap<String, Id>,
                #[serde(with = "as_text")]
                #[schemars(with = "String")]
                number: u64,
                set_of_chars: HashSet<char>,
                unit: Unit,
            }

            /// A number as text.
            mod as_text {
                use serde::{Deserialize, Deserializer, Serializer};

                pub fn serialize<S: Serializer>(number: &u64, to: S) -> Result<S::Ok, S::Error> {
                    to.collect_str(number)
                }

                pub fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<u64, D::Error> {
                    let text = String::deserialize(from)?;
                    text.parse().map_err(serde::de::Error::custom)
                }
            }
        }
    };
}

types!(ours, flowrt::JsonSchema);
types!(
    theirs,
    flowrt::__private::schemars::JsonSchema,
    schemars(crate = "flowrt::__private::schemars")
);

macro_rules! assert_same {
    ($($name:ident $(<$inner:ident>)?),*) => {$(
        assert_eq!(
            serde_json::to_value(schemars::schema_for!(ours::$name $(<ours::$inner>)?)).unwrap(),
            serde_json::to_value(schemars::schema_for!(theirs::$name $(<theirs::$inner>)?)).unwrap(),
            stringify!($name)
        );
    )*};
}

#[test]
fn both_derives_give_the_same_schema() {
    assert_same!(
        Region,
        Tagged,
        Either,
        Config,
        Tree<Pair>,
        Pair,
        Id,
        Unit,
        All
    );
    let all = serde_json::to_value(schemars::schema_for!(ours::All)).unwrap();
    assert_eq!(all["properties"]["number"]["type"], "string");
    assert_eq!(
        all["$defs"]["Config"]["properties"]["pages"]["maximum"],
        100
    );
}
