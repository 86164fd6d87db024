//! Synthetic customer documents of a wanted size, and quotes without personal information: what benches send.

use serde_json::{Value, json};
use yingbi_sample_api::{Person, people};

/// A list of customers of about `bytes` bytes, names as a trading counter spells them.
pub fn customers(bytes: usize) -> Vec<u8> {
    let mut rows = Vec::new();
    let mut size = 60;
    for person in people(7, bytes / 300 + 1) {
        let row = customer(&person).to_string();
        if size + row.len() > bytes && !rows.is_empty() {
            break;
        }
        size += row.len() + 1;
        rows.push(row);
    }
    format!(r#"{{"error_no":0,"error_info":"","total":{},"data":[{}]}}"#, rows.len(), rows.join(","))
        .into_bytes()
}

fn customer(person: &Person) -> Value {
    json!({
        "client_id": person.client_id,
        "client_name": person.name,
        "id_kind": "0",
        "id_no": person.id_no,
        "mobile_tel": person.mobile,
        "e_mail": person.email,
        "address": person.address,
        "fund_account": person.fund_account,
        "open_date": 20190716,
        "branch_no": "1021",
        "client_status": "0",
        "corp_risk_level": person.risk,
        "remark": "无",
    })
}

/// About `bytes` bytes of market data: numbers, codes and times, nothing personal.
pub fn quotes(bytes: usize) -> Vec<u8> {
    let mut rows = Vec::new();
    let mut size = 40;
    for n in 0_u64.. {
        let row = json!({
            "stock_code": format!("{:06}", 600_000 + n % 1000),
            "stock_name": "影壁科技",
            "last_price": 10.0 + (n % 97) as f64 / 10.0,
            "business_amount": 1_234_567 + n * 1009,
            "business_balance": 98_765_432.10 + n as f64,
            "update_time": 93_000_000 + n,
            "trade_no": format!("2026112000{n:06}"),
        })
        .to_string();
        if size + row.len() > bytes {
            break;
        }
        size += row.len() + 1;
        rows.push(row);
    }
    format!(r#"{{"error_no":0,"data":[{}]}}"#, rows.join(",")).into_bytes()
}
