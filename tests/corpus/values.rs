//! The values: invented people, and the things that only look like theirs.

use crate::digits;
use crate::rng::Rng;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::collections::HashMap;

/// The word lists of one half.
pub struct Words(HashMap<&'static str, Vec<&'static str>>);

impl Words {
    /// Reads `list<TAB>word<TAB>word…`.
    pub fn read(file: &'static str) -> Words {
        let lists = file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
            let (list, words) = line.split_once('\t')?;
            Some((list, words.split('\t').collect()))
        });
        Words(lists.collect())
    }

    /// A word of this list.
    pub fn pick(&self, rng: &mut Rng, list: &str) -> String {
        let words = self.0.get(list).unwrap_or_else(|| panic!("no list of words named `{list}`"));
        (*rng.pick(words)).to_owned()
    }

    fn has(&self, list: &str) -> bool {
        self.0.contains_key(list)
    }
}

/// What one invented person keeps through a document.
pub struct Person {
    /// 姓名.
    pub name: String,
    /// Born on this day, `YYYYMMDD`.
    pub born: String,
    /// 居民身份号码.
    pub resident_id: String,
}

impl Person {
    /// Somebody.
    pub fn draw(rng: &mut Rng, words: &Words) -> Person {
        let born = format!("{}{:02}{:02}", rng.between(1948, 2004), rng.between(1, 12), rng.between(1, 28));
        let male = rng.chance(50);
        let name = match rng.below(40) {
            0 => words.pick(rng, "minority"),
            _ => format!("{}{}", words.pick(rng, "surname"), words.pick(rng, "given")),
        };
        let resident_id = digits::resident_id(rng, &born, male);
        Person { name, born, resident_id }
    }
}

/// A value and the parts of it that name nobody: an address up to its district, the domain of a mailbox.
pub struct Drawn {
    /// Written before the value.
    pub before: String,
    /// The value.
    pub text: String,
    /// Written after the value.
    pub after: String,
}

/// The way a kind's values are made when a field or a template names none.
pub fn way_of(kind: &str) -> &str {
    match kind {
        "basic.contact" => "wechat",
        "wealth.bank.name" | "service-staff" | "basic.name" => "name",
        "identity.document.tax-id" | "identity.document.resident-id" | "identity.document.number" => {
            "resident-id"
        }
        "identity.document.image" => "image",
        "credential.account.answer" => "answer",
        "credential.biometric.face" | "credential.biometric.fingerprint" => "image",
        "wealth.bank" => "bank",
        "wealth.cash.balance" | "wealth.cash" => "amount",
        "derived" => "risk",
        "device.resettable" => "hex16",
        "device.permanent" => "imsi",
        "location.track.coordinates" => "latlng",
        "location.coarse" => "city",
        "health.medical" => "disease",
        "education-work" => "employer",
        "other" => "marriage",
        "account.investor-code" => "investor-code",
        "contract" => "contract",
        _ => kind.rsplit('.').next().unwrap_or(kind),
    }
}

/// A value made in this way: a word list's name, `=a|b|c`, or one of the ways below.
pub fn draw(rng: &mut Rng, words: &Words, person: &Person, way: &str) -> Drawn {
    let (before, after) = match way {
        "address" => (words.pick(rng, "place"), String::new()),
        "email" => {
            let domain =
                *rng.pick(&["163.com", "qq.com", "gmail.com", "sina.com.cn", "139.com", "outlook.com"]);
            (String::new(), format!("@{domain}"))
        }
        _ => (String::new(), String::new()),
    };
    let before = if way == "address" && rng.chance(15) { String::new() } else { before };
    Drawn { before, text: text(rng, words, person, way), after }
}

fn text(rng: &mut Rng, words: &Words, person: &Person, way: &str) -> String {
    if let Some(choices) = way.strip_prefix('=') {
        let choices: Vec<&str> = choices.split('|').collect();
        return (*rng.pick(&choices)).to_owned();
    }
    let born = |between: [&str; 3]| {
        let (year, rest) = person.born.split_at(4);
        let (month, day) = rest.split_at(2);
        format!("{year}{}{month}{}{day}{}", between[0], between[1], between[2])
    };
    match way {
        "name" => person.name.clone(),
        "name-latin" => words.pick(rng, "latin"),
        "gender" => rng.pick(&["男", "女"]).to_string(),
        "birth-date" => match rng.below(4) {
            0 => born(["", "", ""]),
            1 => born(["/", "/", ""]),
            _ => born(["-", "-", ""]),
        },
        "birth-zh" => born(["年", "月", "日"]),
        "birth-place" => words.pick(rng, "place"),
        "age" => rng.between(19, 78).to_string(),
        "address" => match rng.below(3) {
            0 => format!(
                "{}{}号{}{}幢{}单元{}室",
                words.pick(rng, "road"),
                rng.between(1, 999),
                words.pick(rng, "estate"),
                rng.between(1, 30),
                rng.between(1, 4),
                rng.between(101, 3202)
            ),
            1 => format!("{}{}号", words.pick(rng, "road"), rng.between(1, 999)),
            _ => format!("{}{}栋{}", words.pick(rng, "estate"), rng.between(1, 30), rng.between(101, 3202)),
        },
        "postcode" => format!("{}{}", rng.between(10, 83), rng.digits(4)),
        "mobile" | "mobile-cn" => {
            let segment = *rng.pick(&[
                "130", "133", "135", "136", "138", "139", "147", "150", "155", "158", "166", "173", "177",
                "180", "186", "188", "191", "198", "199",
            ]);
            let number = format!("{segment}{}", rng.digits(8));
            if way == "mobile" { number } else { chinese(&number, rng.chance(50)) }
        }
        "phone" => {
            let area = *rng.pick(&["0571", "028", "020", "010", "0592", "0731"]);
            format!("{area}{}8{}", rng.pick(&["-", ""]), rng.digits(7))
        }
        "email" => {
            let local =
                *rng.pick(&["zhang", "li.wei", "happy", "chen_j", "sunny", "wang-yf", "trader", "xu"]);
            format!("{local}{}", rng.between(10, 99999))
        }
        "qq" => format!("{}{}", rng.between(1, 9), rng.digits(8)),
        "wechat" => format!(
            "{}{}",
            rng.pick(&["wxid_", "vx", "lucky_", "hz-"]),
            rng.characters("abcdefgh0123456789", 8)
        ),
        "resident-id" => person.resident_id.clone(),
        "resident-id-15" => format!("{}{}", &person.resident_id[..6], &person.resident_id[8..17]),
        "resident-id-cn" => chinese(&person.resident_id, true),
        "passport" => {
            format!("{}{}", rng.pick(&["E", "EA", "G", "EJ"]), rng.digits(8)).chars().take(9).collect()
        }
        "permit" => {
            let form = *rng.pick(&[
                "hk-permit",
                "taiwan-permit",
                "residence",
                "foreigner",
                "foreigner-2023",
                "to-hk",
            ]);
            text(rng, words, person, form)
        }
        "hk-permit" => format!("{}{}", rng.pick(&["H", "M"]), rng.digits(8)),
        "to-hk" => format!("C{}", rng.digits(8)),
        "taiwan-permit" => format!("0{}", rng.digits(7)),
        "residence" => {
            let region = *rng.pick(&["810000", "820000", "830000"]);
            let first = format!("{region}{}{}", person.born, rng.digits(3));
            format!("{first}{}", digits::resident_check(&first))
        }
        "foreigner" => {
            format!("{}{}", rng.pick(&["USA", "GBR", "JPN", "KOR"]), rng.digits(12))
        }
        "foreigner-2023" => digits::foreigner_2023(rng, &person.born),
        "officer" => format!("{}字第{}号", rng.pick(&["军", "武", "海"]), rng.digits(7)),
        "type" => rng.pick(&["居民身份证", "护照", "港澳居民来往内地通行证", "01", "0"]).to_string(),
        "validity" => {
            rng.pick(&["20150312-20350312", "2019.06.01-长期", "2031-08-20", "20281130"]).to_string()
        }
        "validity-range" => {
            format!("{}.03.12-{}.03.12", rng.between(2008, 2018), rng.between(2028, 2038))
        }
        "image" => STANDARD.encode(bytes(rng, &[0xff, 0xd8, 0xff, 0xe0, 0, 16, b'J', b'F', b'I', b'F'], 150)),
        "special" => rng.pick(&["现役军人", "残疾人"]).to_string(),
        "otp" => rng.digits(6),
        "token" => match rng.below(2) {
            0 => text(rng, words, person, "jwt"),
            _ => rng.characters("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz0123456789", 40),
        },
        "jwt" => {
            let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
            let claims =
                URL_SAFE_NO_PAD.encode(format!(r#"{{"sub":"u{}","exp":1735689600}}"#, rng.digits(6)));
            format!("{head}.{claims}.{}", URL_SAFE_NO_PAD.encode(bytes(rng, &[], 32)))
        }
        "account" if rng.chance(50) => digits::card(rng),
        "account" => format!("{}{}", rng.pick(&["33050161", "51001870", "44001580"]), rng.digits(10)),
        "certificate" => format!("MIIB{}", STANDARD.encode(bytes(rng, &[], 120))),
        "fund-account" => {
            let length = rng.between(8, 12);
            format!("{}{}", rng.between(2, 9), rng.digits(length - 1))
        }
        "securities-account" => match rng.below(3) {
            0 => format!("0{}", rng.digits(9)),
            _ => format!("A{}", rng.digits(9)),
        },
        "unified-account" => format!("18{}", rng.digits(10)),
        "trading-account" => format!("{}{}", rng.pick(&["98", "F0", "47"]), rng.digits(10)),
        "account12" => format!("06{}", rng.digits(10)),
        "card" if rng.chance(97) => digits::card(rng),
        "card" => format!("622{}", rng.digits(16)),
        "investor-code" => {
            let length = rng.between(8, 12);
            format!("{}{}", rng.between(1, 9), rng.digits(length - 1))
        }
        "amount" => amount(rng),
        "balance" | "income" => amount(rng),
        "amount-" => amount(rng),
        "price" => format!("{}.{}", rng.between(2, 1800), rng.digits(2)),
        "quantity" => (rng.between(1, 900) * 100).to_string(),
        "percent" => format!("{}.{}%", rng.below(60), rng.digits(2)),
        "rate" => format!("0.000{}", rng.between(10, 99)),
        "date" => date(rng, "-"),
        "time" => format!("{:02}:{:02}:{:02}", rng.between(9, 14), rng.below(60), rng.below(60)),
        "datetime" => {
            format!("{} {:02}:{:02}:{:02}", date(rng, "-"), rng.between(8, 20), rng.below(60), rng.below(60))
        }
        "ip" => format!(
            "{}.{}.{}.{}",
            rng.pick(&[116, 183, 36, 218, 10]),
            rng.below(256),
            rng.below(256),
            rng.between(1, 254)
        ),
        "terminal" => format!(
            "PC;IIP={}.{}.3.7;LIP=192.168.1.{};MAC={}",
            rng.between(100, 220),
            rng.below(256),
            rng.below(256),
            mac(rng, "")
        ),
        "mac" => {
            let between = *rng.pick(&[":", "-"]);
            mac(rng, between)
        }
        "imei" => digits::imei(rng),
        "imsi" => format!("4600{}{}", rng.pick(&["0", "1", "7"]), rng.digits(10)),
        "serial" => rng.characters("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", 12),
        "hex16" => rng.hex(16),
        "hex32" => rng.hex(32),
        "hex64" => rng.hex(64),
        "uuid" => uuid(rng),
        "apps" => words.pick(rng, "apps"),
        "latitude" => format!("{}.{}", rng.between(22, 41), rng.digits(6)),
        "longitude" => format!("{}.{}", rng.between(102, 122), rng.digits(6)),
        "latlng" => {
            format!("{}.{},{}.{}", rng.between(22, 41), rng.digits(6), rng.between(102, 122), rng.digits(6))
        }
        "region-code" => rng.pick(&["330106", "510107", "440106", "350203"]).to_string(),
        "contract" => format!("RZRQ{}{}", rng.between(2019, 2025), rng.digits(8)),
        "model" => rng.pick(&["iPhone 15", "HUAWEI P60", "Redmi K70"]).to_string(),
        // What only looks like somebody's.
        "order" => match rng.below(3) {
            0 => format!("{}{}", date(rng, ""), rng.digits(12)),
            1 => format!("{}{}{}", rng.pick(&["TK", "CP", "WO"]), date(rng, ""), rng.digits(6)),
            _ => format!("{}-{}", date(rng, ""), rng.digits(6)),
        },
        "epoch" => format!("17{}", rng.digits(8)),
        "epoch-ms" => format!("17{}", rng.digits(11)),
        "count" => rng.between(1, 500).to_string(),
        "hash" => {
            let length = *rng.pick(&[32, 40, 64]);
            rng.hex(length)
        }
        "version" => format!("{}.{}.{}", rng.between(1, 12), rng.below(30), rng.below(100)),
        "uscc" => digits::credit_code(rng),
        "tail" => rng.digits(4),
        "ext" => rng.digits(4),
        "weekday" => "周".to_owned(),
        "code" => rng.below(10).to_string(),
        "coordinates" => {
            format!("{}.{},{}.{}", rng.between(102, 122), rng.digits(4), rng.between(22, 41), rng.digits(4))
        }
        list if words.has(list) => words.pick(rng, list),
        other => panic!("no way named `{other}` to make a value"),
    }
}

/// Digits said in Chinese; 一 is said 幺 on the telephone.
pub fn chinese(digits: &str, spoken: bool) -> String {
    let names: Vec<char> =
        if spoken { "零幺二三四五六七八九" } else { "〇一二三四五六七八九" }.chars().collect();
    digits.chars().map(|one| one.to_digit(10).map_or(one, |digit| names[digit as usize])).collect()
}

fn amount(rng: &mut Rng) -> String {
    match rng.below(12) {
        // As long as a mobile number.
        0 => format!("138{}.{}", rng.digits(8), rng.digits(2)),
        1 | 2 => format!("{},{:03}.{}", rng.between(1, 999), rng.below(1000), rng.digits(2)),
        _ => format!("{}.{}", rng.between(1000, 9_999_999), rng.digits(2)),
    }
}

fn date(rng: &mut Rng, between: &str) -> String {
    format!("{}{between}{:02}{between}{:02}", rng.between(2022, 2025), rng.between(1, 12), rng.between(1, 28))
}

fn mac(rng: &mut Rng, between: &str) -> String {
    let octets: Vec<String> = (0..6).map(|_| rng.characters("0123456789ABCDEF", 2)).collect();
    octets.join(between)
}

fn uuid(rng: &mut Rng) -> String {
    format!("{}-{}-4{}-a{}-{}", rng.hex(8), rng.hex(4), rng.hex(3), rng.hex(3), rng.hex(12))
}

fn bytes(rng: &mut Rng, first: &[u8], count: usize) -> Vec<u8> {
    first.iter().copied().chain((0..count).map(|_| rng.below(256) as u8)).collect()
}
