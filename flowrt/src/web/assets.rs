//! The style sheet, the script and the icon: in the program, under addresses that change with what is in them.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Site;

struct Asset {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

const ASSETS: [Asset; 3] = [
    Asset {
        name: "page.css",
        kind: "text/css; charset=utf-8",
        text: include_str!("../../static/page.css"),
    },
    Asset {
        name: "page.js",
        kind: "text/javascript; charset=utf-8",
        text: include_str!("../../static/page.js"),
    },
    Asset {
        name: "icon.svg",
        kind: "image/svg+xml",
        text: include_str!("../../static/icon.svg"),
    },
];

/// Where a browser finds them.
static ADDRESSES: LazyLock<[String; 3]> = LazyLock::new(|| {
    ASSETS.each_ref().map(|asset| {
        let hash = blake3::hash(asset.text.as_bytes()).to_hex();
        format!("/static/{}/{}", &hash[..12], asset.name)
    })
});

/// The style sheet's address.
pub(super) fn style() -> &'static str {
    &ADDRESSES[0]
}

/// The script's address.
pub(super) fn script() -> &'static str {
    &ADDRESSES[1]
}

/// The icon's address.
pub(super) fn icon() -> &'static str {
    &ADDRESSES[2]
}

pub(super) fn routes() -> Router<Site> {
    Router::new().route("/static/{hash}/{name}", get(asset))
}

async fn asset(Path((hash, name)): Path<(String, String)>) -> Response {
    let address = format!("/static/{hash}/{name}");
    let found = ADDRESSES.iter().position(|known| *known == address);
    let Some(asset) = found.and_then(|place| ASSETS.get(place)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, asset.text).into_response()
}
