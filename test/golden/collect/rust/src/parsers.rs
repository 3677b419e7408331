//! Parsers of other formats than JSON.

use crate::failing::{Failing, case};
use crate::json::Order;

pub fn cases() -> Vec<Failing> {
    vec![
        case("toml: cut off", "toml", "VALIDATION_FAILED", async {
            toml::from_str::<Order>("id = ")?;
            Ok(())
        }),
        case("toml: a wrong type", "toml", "VALIDATION_FAILED", async {
            toml::from_str::<Order>("id = 'five'")?;
            Ok(())
        }),
        case("url: not a URL", "url", "VALIDATION_FAILED", async {
            url::Url::parse("shop/orders")?;
            Ok(())
        }),
        case("uuid: not a UUID", "uuid", "VALIDATION_FAILED", async {
            uuid::Uuid::parse_str("17")?;
            Ok(())
        }),
        case("chrono: not a date", "chrono", "VALIDATION_FAILED", async {
            chrono::NaiveDate::parse_from_str("soon", "%Y-%m-%d")?;
            Ok(())
        }),
        case("chrono: no such day", "chrono", "VALIDATION_FAILED", async {
            chrono::NaiveDate::parse_from_str("2026-02-30", "%Y-%m-%d")?;
            Ok(())
        }),
    ]
}
