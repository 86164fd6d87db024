//! Public market data: no personal information, and many numbers that look like some.

use crate::rng::Rng;
use serde_json::{Value, json};

/// Code and short name of the securities traded; the names are invented.
pub(crate) const SECURITIES: &[(&str, &str)] = &[
    ("600197", "影壁科技"),
    ("601398", "长街银行"),
    ("000858", "五谷液"),
    ("300750", "宁江时代"),
    ("688981", "芯澜国际"),
    ("510300", "沪深300ETF"),
    ("113050", "南山转债"),
    ("002594", "比邻迪"),
    ("600036", "招远银行"),
    ("159915", "创业板ETF"),
];

/// The quote board. Times are epoch milliseconds, turnover has eleven digits and begins with 13 to 19 as mobiles do,
/// and sequence numbers have the sixteen to nineteen digits of bank cards.
pub(crate) fn board() -> Value {
    let quotes: Vec<Value> = SECURITIES.iter().map(|(code, security)| quote_of(code, security)).collect();
    json!({"resultCode": 0, "resultMsg": "ok", "exchange": "XSHG", "updateTime": 1_795_138_207_123_u64, "quotes": quotes})
}

/// One security's quote.
pub(crate) fn quote(code: &str) -> Option<Value> {
    SECURITIES.iter().find(|(known, _)| *known == code).map(|(code, security)| quote_of(code, security))
}

fn quote_of(code: &str, security: &str) -> Value {
    let seed = code.bytes().fold(0, |sum: u64, digit| sum * 31 + u64::from(digit));
    let rng = &mut Rng::new(seed, 0);
    let last = rng.range(300, 30_000) as f64 / 100.0;
    json!({
        "securityCode": code,
        "securityName": security,
        "isin": format!("CNE{}", rng.digits(9)),
        "lastPrice": last,
        "preClose": rng.range(300, 30_000) as f64 / 100.0,
        "turnover": rng.range(13_000_000_000, 19_999_999_999),
        "volumeLots": rng.range(1_000_000, 99_000_000),
        "tickSequence": rng.digits(16),
        "bizTime": format!("20261120{}", rng.digits(9)),
        "epochMillis": 1_795_138_200_000 + rng.range(0, 9_999),
        "peRatio": rng.range(5, 90),
        "listedOn": "2009-07-16",
        "unifiedSocialCreditCode": format!("9131{}MA{}", rng.digits(4), rng.digits(8)),
    })
}
