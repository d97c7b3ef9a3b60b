//! An order that is paid exactly once, whatever dies when.
//!
//! No engine can know whether a body that died had done its work: between the charge of a card and the record of that charge the
//! machine may stop, and then the body runs again. What *can* be had is that both attempts say the same words to the bank. That is
//! [`TaskContext::idempotency_key`]: the same for every attempt at a step, in this process and in the one that resumes the run, and
//! different for every other step. The bank (here: [`payments`]) remembers the keys it has seen and answers a repeated one with
//! the first receipt.
//!
//! The flow is an `async` one, because what follows depends on what the bank said: a refused card is no failure of the run, it is a
//! result, and the goods go back on the shelf.
//!
//! If the run fails in the middle, because nobody takes the parcel, or is cancelled, what was done is undone, the last first: the
//! tasks name the tasks that do that (`rollback`), which take the same inputs and the result. Undoing is recorded and tried
//! again like anything else.

mod payments;
#[cfg(test)]
mod tests;

use flowrt::prelude::*;
use payments::{Answer, Payments, Receipt};
use rates_flows::rate;

/// What one thing costs, in US cents.
#[task]
async fn price(item: String) -> Result<u64> {
    match item.as_str() {
        "lamp" => Ok(4_900),
        "chair" => Ok(12_000),
        _ => Err(Error::fatal(format!("the shop has no `{item}`"))),
    }
}

/// Puts things aside. Its key makes a repeated reservation harmless too.
#[task(rollback = release)]
fn reserve(ctx: &TaskContext, books: String, item: String, quantity: u64) -> Result<String> {
    let reservation = ctx.idempotency_key();
    Payments::open(&books)?.note("reserved", &reservation, &format!("{quantity} × {item}"))?;
    Ok(reservation)
}

/// Charges the card. The bank may be out of reach for a while; each attempt asks with the same key.
#[task(retries = 5, backoff = "1s..1m", rollback = refund)]
fn charge(ctx: &TaskContext, books: String, card: String, cents: u64) -> Result<Answer> {
    Ok(Payments::open(&books)?.charge(&ctx.idempotency_key(), &card, cents)?)
}

/// Puts things back.
#[task(retries = 5, backoff = "1s..1m")]
fn release(books: String, item: String, quantity: u64, reservation: String) -> Result<()> {
    let text = format!("{quantity} × {item}");
    Ok(Payments::open(&books)?.note("released", &reservation, &text)?)
}

/// Gives the money back.
#[task(retries = 5, backoff = "1s..1m")]
fn refund(books: String, card: String, cents: u64, answer: Answer) -> Result<()> {
    match answer {
        Answer::Paid(receipt) => {
            let text = format!("{cents} cents to {card}");
            Ok(Payments::open(&books)?.note("refunded", &receipt.number, &text)?)
        }
        Answer::Refused { .. } => Ok(()),
    }
}

/// Sends the parcel.
#[task(retries = 2, backoff = "1m..1h")]
fn ship(ctx: &TaskContext, books: String, receipt: Receipt, item: String) -> Result<String> {
    let text = format!("{item}, paid with receipt {}", receipt.number);
    Payments::open(&books)?.note("shipped", &ctx.idempotency_key(), &text)?;
    Ok(text)
}

/// Orders a thing: reserve, charge, ship; a refused card puts it back, and a failure undoes what was done.
#[flow]
pub async fn order(
    #[arg(help = "lamp or chair")] item: String,
    #[arg(default = 1_u64, help = "how many")] quantity: u64,
    #[arg(default = "4242", help = "the card; one that begins with 0 is refused")] card: String,
    #[arg(default = "shop", help = "the folder with the books of shop and bank")] books: String,
) -> Result<String> {
    let dollars = rate("USD".to_owned()).await?;
    let cents = price(item.clone()).await? * quantity;
    let euro_cents = (cents as f64 * dollars.euros).round() as u64;
    let reservation = reserve(books.clone(), item.clone(), quantity).await?;
    match charge(books.clone(), card, euro_cents).await? {
        Answer::Paid(receipt) => {
            let parcel = ship(books, receipt, item).await?;
            Ok(format!("shipped: {parcel}"))
        }
        Answer::Refused { why } => {
            release(books, item, quantity, reservation).await?;
            Ok(format!("refused: {why}"))
        }
    }
}
