//! The page in a real browser: Chromium, with and without scripts, wide and as narrow as a phone.

mod driver;
mod journeys;
mod looks;
mod served;
