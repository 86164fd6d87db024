//! One synthetic investor, made from a seed: everything a securities firm would know about a person.

use crate::{check_digit, market, names, rng::Rng};

/// An investor nobody is.
#[derive(Clone, Debug)]
pub struct Person {
    /// 客户号, eight digits.
    pub client_id: String,
    /// 姓名: two to four characters, some with a compound surname, some with `·`, a few in Latin script.
    pub name: String,
    /// 性别, `男` or `女`, as the identity number says.
    pub gender: &'static str,
    /// 民族.
    pub ethnicity: &'static str,
    /// 国籍.
    pub nationality: &'static str,
    /// Birth date, `YYYY-MM-DD`; one investor in thirty is under fourteen.
    pub birth_date: String,
    /// 证件类型: `0` resident identity card, `1` passport, `G` permit of a Hong Kong or Macau resident.
    pub id_kind: char,
    /// 证件号码, with a right check digit where there is one.
    pub id_no: String,
    /// Last day of the document's validity, `YYYYMMDD`.
    pub id_end_date: String,
    /// 移动电话.
    pub mobile: String,
    /// 固定电话 with area code.
    pub phone: String,
    /// 电子邮件 at a domain reserved for examples.
    pub email: String,
    /// Postal address down to the room.
    pub address: String,
    /// The part of the address that the customary mask shows: province, city, district.
    pub district: String,
    /// 邮政编码.
    pub postcode: String,
    /// 职业.
    pub occupation: &'static str,
    /// 工作单位.
    pub employer: String,
    /// 学历.
    pub education: &'static str,
    /// 年收入 in yuan.
    pub income: String,
    /// 开户银行.
    pub bank: &'static str,
    /// 银行卡号, Luhn-valid.
    pub bank_card: String,
    /// 资金账号.
    pub fund_account: String,
    /// 沪市证券账户, `A` and nine digits.
    pub sh_account: String,
    /// 深市证券账户, ten digits.
    pub sz_account: String,
    /// 一码通账户, twelve digits.
    pub unified_account: String,
    /// 交易密码, six digits: too short to search logs for.
    pub trade_password: String,
    /// 登录密码.
    pub login_password: String,
    /// 风险等级.
    pub risk: &'static str,
    /// 资金余额 in yuan.
    pub balance: String,
    /// 总资产 in yuan.
    pub total_assets: String,
    /// 持仓.
    pub positions: Vec<Position>,
    /// 成交.
    pub fills: Vec<Fill>,
    /// 委托.
    pub orders: Vec<Order>,
    /// 银证转账.
    pub transfers: Vec<Transfer>,
    /// 设备.
    pub device: Device,
}

/// One holding.
#[derive(Clone, Debug)]
pub struct Position {
    /// 证券代码.
    pub code: &'static str,
    /// 证券简称.
    pub security: &'static str,
    /// 持仓数量.
    pub quantity: u64,
    /// 成本价.
    pub cost: String,
    /// 市值.
    pub value: String,
}

/// One executed trade.
#[derive(Clone, Debug)]
pub struct Fill {
    /// 成交编号.
    pub number: String,
    /// 证券代码.
    pub code: &'static str,
    /// 成交价格.
    pub price: String,
    /// 成交数量.
    pub quantity: u64,
    /// 成交时间.
    pub time: String,
}

/// One order.
#[derive(Clone, Debug)]
pub struct Order {
    /// 委托编号.
    pub number: String,
    /// 证券代码.
    pub code: &'static str,
    /// 买卖方向, `B` or `S`.
    pub side: char,
    /// 委托价格.
    pub price: String,
    /// 委托数量.
    pub quantity: u64,
    /// 委托来源 IP.
    pub ip: String,
}

/// One transfer between bank and securities account.
#[derive(Clone, Debug)]
pub struct Transfer {
    /// 流水号.
    pub number: String,
    /// 金额.
    pub amount: String,
    /// `in` or `out`.
    pub direction: &'static str,
    /// 日期.
    pub date: String,
}

/// The phone the investor trades with.
#[derive(Clone, Debug)]
pub struct Device {
    /// IMEI, Luhn-valid.
    pub imei: String,
    /// MAC address.
    pub mac: String,
    /// Vendor identifier, an upper-case UUID.
    pub idfv: String,
    /// Last IP address, from the ranges reserved for documentation.
    pub ip: String,
    /// Model.
    pub model: &'static str,
    /// Installed applications.
    pub apps: Vec<&'static str>,
    /// Last longitude and latitude.
    pub coordinates: (String, String),
}

/// `count` investors; one seed always makes the same ones, and a longer list begins with the shorter one.
pub fn people(seed: u64, count: usize) -> Vec<Person> {
    (0..count as u64).map(|index| person(seed, index)).collect()
}

fn person(seed: u64, index: u64) -> Person {
    let rng = &mut Rng::new(seed, index + 1);
    let (region, province, city, county) = rng.pick(names::REGIONS);
    let birth_date = birth_date(rng, index);
    let sequence = rng.digits(3);
    let gender = if sequence.ends_with(['1', '3', '5', '7', '9']) { "男" } else { "女" };
    let (name, ethnicity, nationality, id_kind) = name(rng);
    let id_no = document(rng, id_kind, &format!("{region}{}{sequence}", birth_date.replace('-', "")));
    let (bank, bin, card_length) = rng.pick(names::BANKS);
    let card_body = format!("{bin}{}", rng.digits(card_length - 7));
    let district = format!("{province}{city}{county}");
    let positions: Vec<Position> = (0..rng.range(1, 6)).map(|_| position(rng)).collect();
    let mobile = format!("{}{}", rng.pick(names::MOBILE_PREFIXES), rng.digits(8));
    let handle = rng.text(b"abcdefghjkmnpqrstuvwxyz", 7);
    Person {
        client_id: format!("80{:06}", 100_000 + index * 13 % 900_000),
        address: format!(
            "{district}{}{}号{}{}幢{}单元{}室",
            rng.pick(names::STREETS),
            rng.range(1, 900),
            rng.pick(names::ESTATES),
            rng.range(1, 30),
            rng.range(1, 5),
            rng.range(101, 2999)
        ),
        district,
        name,
        gender,
        ethnicity,
        nationality,
        birth_date,
        id_kind,
        id_no,
        id_end_date: format!("20{}{:02}{:02}", rng.range(27, 45), rng.range(1, 13), rng.range(1, 29)),
        phone: format!("0{}-{}", rng.pick(&["571", "755", "21", "28", "27", "991"]), rng.digits(8)),
        email: format!("{handle}{}@{}", rng.range(10, 99), rng.pick(names::EMAIL_DOMAINS)),
        mobile,
        postcode: rng.digits(6),
        occupation: rng.pick(names::OCCUPATIONS),
        employer: format!("{}{}", rng.pick(names::EMPLOYER_STEM), rng.pick(names::EMPLOYER_KIND)),
        education: rng.pick(names::EDUCATION),
        income: money(rng, 60_000, 3_000_000),
        bank,
        bank_card: format!("{card_body}{}", check_digit::luhn(&card_body)),
        fund_account: format!("6{}", rng.digits(11)),
        sh_account: format!("A{}", rng.digits(9)),
        sz_account: format!("0{}", rng.digits(9)),
        unified_account: format!("18{}", rng.digits(10)),
        trade_password: rng.digits(6),
        login_password: format!("Yb{}!{}", rng.text(b"abcdefghjkmnpqrstuvwxyz", 6), rng.digits(4)),
        risk: rng.pick(names::RISK),
        balance: money(rng, 100_000, 9_000_000),
        total_assets: money(rng, 9_000_000, 90_000_000),
        fills: (0..rng.range(1, 5)).map(|_| fill(rng)).collect(),
        orders: (0..rng.range(1, 5)).map(|_| order(rng)).collect(),
        transfers: (0..rng.range(1, 4)).map(|_| transfer(rng)).collect(),
        device: device(rng),
        positions,
    }
}

fn birth_date(rng: &mut Rng, index: u64) -> String {
    let year = if index % 30 == 29 { rng.range(2014, 2019) } else { rng.range(1948, 2007) };
    format!("{year}-{:02}-{:02}", rng.range(1, 13), rng.range(1, 29))
}

/// Name, ethnicity, nationality and kind of document, which go together.
fn name(rng: &mut Rng) -> (String, &'static str, &'static str, char) {
    match rng.range(0, 100) {
        0..=5 => {
            let name = format!("{}·{}", rng.pick(names::UYGHUR_GIVEN), rng.pick(names::UYGHUR_FATHER));
            (name, "维吾尔族", "中国", '0')
        }
        6..=8 => (rng.pick(names::LATIN).to_owned(), "", "GBR", '1'),
        9..=16 => {
            let name = format!("{}{}", rng.pick(names::COMPOUND_SURNAMES), rng.pick(names::GIVEN));
            (name, rng.pick(names::ETHNICITIES), "中国", '0')
        }
        _ => {
            let name = format!("{}{}", rng.pick(names::SURNAMES), rng.pick(names::GIVEN));
            let id_kind = if rng.chance(4) { 'G' } else { '0' };
            (name, rng.pick(names::ETHNICITIES), "中国", id_kind)
        }
    }
}

fn document(rng: &mut Rng, kind: char, first_17: &str) -> String {
    match kind {
        '1' => format!("E{}", rng.digits(8)),
        'G' => format!("H{}", rng.digits(8)),
        _ => format!("{first_17}{}", check_digit::resident_id(first_17)),
    }
}

fn position(rng: &mut Rng) -> Position {
    let (code, security) = rng.pick(market::SECURITIES);
    let cost = money(rng, 3, 300);
    Position {
        code,
        security,
        quantity: rng.range(1, 900) * 100,
        cost,
        value: money(rng, 100_000, 5_000_000),
    }
}

fn fill(rng: &mut Rng) -> Fill {
    let (code, _) = rng.pick(market::SECURITIES);
    let time =
        format!("2026-11-{:02} {:02}:{:02}:07", rng.range(2, 20), rng.range(10, 15), rng.range(10, 60));
    Fill { number: rng.digits(16), code, price: money(rng, 3, 300), quantity: rng.range(1, 90) * 100, time }
}

fn order(rng: &mut Rng) -> Order {
    let (code, _) = rng.pick(market::SECURITIES);
    let side = rng.pick(&['B', 'S']);
    let price = money(rng, 3, 300);
    Order { number: rng.digits(10), code, side, price, quantity: rng.range(1, 90) * 100, ip: ip(rng) }
}

fn transfer(rng: &mut Rng) -> Transfer {
    Transfer {
        number: rng.digits(12),
        amount: money(rng, 100_000, 800_000),
        direction: rng.pick(&["in", "out"]),
        date: format!("202611{:02}", rng.range(2, 20)),
    }
}

fn device(rng: &mut Rng) -> Device {
    const HEX: &[u8] = b"0123456789ABCDEF";
    let imei_body = format!("86{}", rng.digits(12));
    let mac = format!(
        "{}:{}:{}:{}",
        rng.pick(names::MAC_PREFIXES),
        rng.text(HEX, 2),
        rng.text(HEX, 2),
        rng.text(HEX, 2)
    );
    let uuid = [8, 4, 4, 4, 12].map(|length| rng.text(HEX, length)).join("-");
    Device {
        imei: format!("{imei_body}{}", check_digit::luhn(&imei_body)),
        mac,
        idfv: uuid,
        ip: ip(rng),
        model: rng.pick(names::PHONE_MODELS),
        apps: (0..3).map(|_| rng.pick(names::APPS)).collect(),
        coordinates: (
            format!("1{}.{}", rng.range(10, 22), rng.digits(6)),
            format!("{}.{}", rng.range(22, 42), rng.digits(6)),
        ),
    }
}

/// Addresses of RFC 5737, which route nowhere.
fn ip(rng: &mut Rng) -> String {
    let network = rng.pick(&["192.0.2", "198.51.100", "203.0.113"]);
    format!("{network}.{}", rng.range(100, 254))
}

/// The last digit is never 0, so that JSON spells the amount as it stands here.
fn money(rng: &mut Rng, low: u64, high: u64) -> String {
    format!("{}.{}{}", rng.range(low, high), rng.range(0, 10), rng.range(1, 10))
}
