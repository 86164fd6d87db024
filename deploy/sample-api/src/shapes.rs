//! One investor in the field styles of a firm's different systems.

use crate::Person;
use serde_json::{Value, json};

/// Counter system: snake case, nested by subject.
pub(crate) fn profile(person: &Person) -> Value {
    json!({
        "error_no": 0,
        "error_info": "",
        "data": {
            "client_id": person.client_id,
            "client_name": person.name,
            "id_kind": person.id_kind.to_string(),
            "id_no": person.id_no,
            "id_enddate": person.id_end_date.parse::<u64>().unwrap_or_default(),
            "client_gender": person.gender,
            "birthday": person.birth_date.replace('-', "").parse::<u64>().unwrap_or_default(),
            "nation": person.ethnicity,
            "nationality": person.nationality,
            "mobile_tel": person.mobile,
            "home_tel": person.phone,
            "e_mail": person.email,
            "id_address": person.address,
            "zipcode": person.postcode,
            "profession": person.occupation,
            "work_unit": person.employer,
            "degree": person.education,
            "annual_income": number(&person.income),
            "corp_risk_level": person.risk,
            "open_date": 20190716,
            "branch_no": 1024,
            "client_status": "0",
            "fund_account": person.fund_account,
            "stock_accounts": [
                {"exchange_type": "1", "stock_account": person.sh_account, "holder_status": "0"},
                {"exchange_type": "2", "stock_account": person.sz_account, "holder_status": "0"},
            ],
            "bank_info": {"bank_name": person.bank, "bank_account": person.bank_card, "account_name": person.name},
            "trade_pwd": person.trade_password,
        }
    })
}

/// Customer relationship system: camel case, one row of a list.
pub(crate) fn row(person: &Person) -> Value {
    json!({
        "custNo": person.client_id,
        "custName": person.name,
        "idNumber": person.id_no,
        "mobilePhone": person.mobile,
        "email": person.email,
        "contactAddress": person.address,
        "riskLevel": person.risk,
        "totalAsset": number(&person.total_assets),
    })
}

/// Account centre: pinyin initials.
pub(crate) fn accounts(person: &Person) -> Value {
    json!({
        "fhdm": "0000",
        "khh": person.client_id,
        "khxm": person.name,
        "zjlb": person.id_kind.to_string(),
        "zjhm": person.id_no,
        "sjhm": person.mobile,
        "zhlb": [
            {"zhlx": "资金账户", "zjzh": person.fund_account, "kyje": person.balance},
            {"zhlx": "沪A", "gddm": person.sh_account},
            {"zhlx": "深A", "gddm": person.sz_account},
            {"zhlx": "一码通", "ymtzh": person.unified_account},
        ],
        "yhkh": person.bank_card,
        "khyh": person.bank,
    })
}

/// Wealth system: camel case with the owner beside the list.
pub(crate) fn holdings(person: &Person) -> Value {
    let positions = person.positions.iter().map(|position| {
        json!({
            "stockCode": position.code,
            "stockName": position.security,
            "currentQty": position.quantity,
            "costPrice": number(&position.cost),
            "marketValue": number(&position.value),
        })
    });
    json!({
        "custNo": person.client_id,
        "fundAccount": person.fund_account,
        "totalAssets": number(&person.total_assets),
        "enableBalance": number(&person.balance),
        "positions": positions.collect::<Vec<_>>(),
    })
}

/// Reporting system: Chinese keys.
pub(crate) fn trades(person: &Person) -> Value {
    let fills = person.fills.iter().map(|fill| {
        json!({
            "成交编号": fill.number,
            "证券代码": fill.code,
            "成交价格": number(&fill.price),
            "成交数量": fill.quantity,
            "成交时间": fill.time,
            "股东代码": person.sh_account,
        })
    });
    json!({"客户号": person.client_id, "客户姓名": person.name, "成交明细": fills.collect::<Vec<_>>()})
}

/// Order management: snake case with abbreviations.
pub(crate) fn orders(person: &Person) -> Value {
    let orders = person.orders.iter().map(|order| {
        json!({
            "entrust_no": order.number,
            "client_id": person.client_id,
            "fund_account": person.fund_account,
            "stock_code": order.code,
            "entrust_bs": if order.side == 'B' { "1" } else { "2" },
            "entrust_price": number(&order.price),
            "entrust_amount": order.quantity,
            "op_station": format!("IIP.{};MAC.{};IMEI.{}", order.ip, person.device.mac, person.device.imei),
        })
    });
    json!({"error_no": 0, "entrusts": orders.collect::<Vec<_>>()})
}

/// Third-party custody: snake case.
pub(crate) fn bank_transfers(person: &Person) -> Value {
    let transfers = person.transfers.iter().map(|transfer| {
        json!({
            "serial_no": transfer.number,
            "occur_balance": number(&transfer.amount),
            "trans_type": transfer.direction,
            "init_date": transfer.date,
            "bank_account": person.bank_card,
        })
    });
    json!({"client_id": person.client_id, "transfers": transfers.collect::<Vec<_>>()})
}

/// App telemetry: camel case.
pub(crate) fn devices(person: &Person) -> Value {
    let device = &person.device;
    json!({
        "custNo": person.client_id,
        "devices": [{
            "imei": device.imei,
            "macAddress": device.mac,
            "idfv": device.idfv,
            "lastLoginIp": device.ip,
            "deviceModel": device.model,
            "installedApps": device.apps,
            "longitude": device.coordinates.0,
            "latitude": device.coordinates.1,
        }]
    })
}

/// One line of an export.
pub(crate) fn export_row(person: &Person) -> Value {
    let mut row = row(person);
    if let Some(row) = row.as_object_mut() {
        row.insert("birthDate".into(), json!(person.birth_date));
        row.insert("gender".into(), json!(person.gender));
        row.insert("fundAccount".into(), json!(person.fund_account));
        row.insert("stockAccount".into(), json!([person.sh_account, person.sz_account]));
        row.insert("bankCardNo".into(), json!(person.bank_card));
        row.insert("bankName".into(), json!(person.bank));
        row.insert("workUnit".into(), json!(person.employer));
        row.insert("annualIncome".into(), number(&person.income));
        row.insert(
            "remark".into(),
            json!(format!("{}女士/先生，{}回访，电话{}", person.name, person.employer, person.mobile)),
        );
    }
    row
}

/// The counter's web page of one investor.
pub(crate) fn page(person: &Person) -> String {
    format!(
        "<!doctype html>\n<html lang=\"zh\"><head><meta charset=\"utf-8\"><title>客户详情</title></head>\n<body>\n\
         <h1>客户详情</h1>\n<table>\n<tr><th>客户号</th><td>{client}</td></tr>\n\
         <tr><th>客户姓名</th><td>{name}</td></tr>\n<tr><th>身份证号</th><td>{id}</td></tr>\n<tr><th>手机号码</th><td>{mobile}</td></tr>\n\
         <tr><th>联系地址</th><td>{address}</td></tr>\n<tr><th>银行卡号</th><td>{card}</td></tr>\n\
         <tr><th>电子邮箱</th><td>{email}</td></tr>\n</table>\n<script>var customer={{\"mobile\":\"{mobile}\"}};</script>\n\
         </body></html>\n",
        client = person.client_id,
        name = person.name,
        id = person.id_no,
        mobile = person.mobile,
        address = person.address,
        card = person.bank_card,
        email = person.email,
    )
}

/// What a badly caught exception prints.
pub(crate) fn stack_trace(person: &Person) -> String {
    format!(
        "HTTP 500 - org.springframework.dao.DuplicateKeyException: \n### Error updating database. Cause: \
         java.sql.SQLIntegrityConstraintViolationException: Duplicate entry '{id}' for key 'client.uk_id_no'\n\
         ### SQL: INSERT INTO client (client_name, id_no, mobile_tel) VALUES ('{name}', '{id}', '{mobile}')\n\
         \tat com.firm.counter.dao.ClientDao.insert(ClientDao.java:118)\n\
         \tat com.firm.counter.OpenAccountService.open(OpenAccountService.java:77)\n\
         Caused by: request body was {{\"client_name\":\"{name}\",\"mobile_tel\":\"{mobile}\",\"e_mail\":\"{email}\"}}\n",
        id = person.id_no,
        name = person.name,
        mobile = person.mobile,
        email = person.email,
    )
}

/// An amount as a JSON number spelt as given.
fn number(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or(Value::Null)
}
