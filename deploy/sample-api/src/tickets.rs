//! Complaints and service tickets: what people write down about people.

use crate::{Person, rng::Rng};
use serde_json::{Value, json};

/// Tickets of a firm: every third investor has one.
pub(crate) fn all(people: &[Person], seed: u64) -> Vec<Value> {
    people.iter().step_by(3).enumerate().map(|(index, person)| ticket(person, seed, index as u64)).collect()
}

fn ticket(person: &Person, seed: u64, index: u64) -> Value {
    let rng = &mut Rng::new(seed, 0x7_1C4E_7000 + index);
    let status = if rng.chance(60) { "open" } else { "closed" };
    json!({
        "ticket_id": format!("TS2026{:05}", index + 1),
        "client_id": person.client_id,
        "client_name": person.name,
        "kind": if rng.chance(50) { "投诉" } else { "回访" },
        "status": status,
        "content": note(person, index),
        "handle_opinion": "已电话联系客户说明情况，客户表示理解。",
        // What an agent copied from another system, pasted as text.
        "attachment_text": serde_json::to_string(&json!({
            "khxm": person.name, "sjhm": person.mobile, "yhkh": person.bank_card
        })).unwrap_or_default(),
        "handler": {"staff_no": format!("S{:04}", 1000 + index % 40), "org": "客户服务中心"},
    })
}

/// A note in the words of a call centre, with whatever the caller said.
pub(crate) fn note(person: &Person, variant: u64) -> String {
    let Person { name, mobile, id_no, address, bank_card, fund_account, email, .. } = person;
    match variant % 5 {
        0 => format!("客户{name}来电投诉银证转账迟到，身份证号{id_no}，联系电话{mobile}，要求当日回电。"),
        1 => format!(
            "投诉人：{name}，手机{mobile}，资金账号{fund_account}。称{address}营业部未告知融资费率，情绪激动。"
        ),
        2 => format!(
            "回访记录：请回电{}-{}-{}（{name}先生/女士），邮寄地址{address}，另留邮箱{email}。",
            digits(mobile, 0, 3),
            digits(mobile, 3, 7),
            digits(mobile, 7, 11)
        ),
        3 => format!(
            "客户本人{name}更换三方存管，原卡{bank_card}已挂失；证件{id_no}核验一致，+86 {mobile}已发验证码。"
        ),
        _ => format!(
            "{name}（{mobile}）称其股东账户{}被他人登录，要求查询最近登录IP{}。",
            person.sh_account, person.device.ip
        ),
    }
}

fn digits(text: &str, from: usize, to: usize) -> &str {
    text.get(from..to).unwrap_or_default()
}
