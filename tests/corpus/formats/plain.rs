//! Forms, multipart and text of lines.

use crate::marked::Marked;
use crate::records::Cell;
use crate::rng::Rng;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// `application/x-www-form-urlencoded`.
pub fn form(cells: &[Cell]) -> Marked {
    let mut out = Marked::default();
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            out.push("&");
        }
        out.append(&cell.name.escaped(percent));
        out.push("=");
        out.append(&cell.value.escaped(percent));
    }
    out
}

/// `multipart/form-data`; some parts are base64 or quoted-printable, one is JSON.
pub fn multipart(rng: &mut Rng, cells: &[Cell], boundary: &str) -> Marked {
    let mut out = Marked::default();
    let (first, last) = cells.split_at(cells.len() / 2);
    for cell in first {
        out.push(&format!("--{boundary}\r\nContent-Disposition: form-data; name=\""));
        out.append(&cell.name);
        out.push("\"\r\n");
        if rng.chance(15) {
            out.push("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n");
            out.append(&cell.value.escaped(quoted_printable).disguised("quoted-printable"));
        } else if rng.chance(20) {
            out.push("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
            let code = STANDARD.encode(&cell.value.text);
            out.append(&cell.value.coded(code));
        } else {
            out.push("\r\n");
            out.append(&cell.value);
        }
        out.push("\r\n");
    }
    out.push(&format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"meta\"; filename=\"meta.json\"\r\n"
    ));
    out.push("Content-Type: application/json\r\n\r\n");
    out.append(&super::json::write(&super::json::object(last), super::json::Style::Compact));
    out.push(&format!("\r\n--{boundary}--\r\n"));
    out
}

/// A line a field, between name and value one of the customary signs.
pub fn lines(rng: &mut Rng, cells: &[Cell]) -> Marked {
    let between = *rng.pick(&["：", ": ", " = ", "="]);
    let mut out = Marked::default();
    for cell in cells {
        out.append(&cell.name);
        out.push(between);
        out.append(&cell.value);
        out.push("\n");
    }
    out
}

/// One line, as logs print objects: `Customer(custName=…, mobile=…)` or `name: …; name: …`.
pub fn line(rng: &mut Rng, cells: &[Cell]) -> Marked {
    let (open, equals, between, close) = *rng.pick(&[
        ("2024-05-20 10:11:12 INFO resp=Record(", "=", ", ", ")\n"),
        ("result => {", ": ", ", ", "}\n"),
        ("", "=", " ", "\n"),
        ("[record] ", "：", "；", "\n"),
    ]);
    let mut out = Marked::plain(open);
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            out.push(between);
        }
        out.append(&cell.name);
        out.push(equals);
        out.append(&cell.value);
    }
    out.push(close);
    out
}

fn quoted_printable(character: char, out: &mut String) {
    match character {
        '=' => out.push_str("=3D"),
        ' '..='~' => out.push(character),
        other => {
            for byte in other.encode_utf8(&mut [0; 4]).bytes() {
                out.push_str(&format!("={byte:02X}"));
            }
        }
    }
}

fn percent(character: char, out: &mut String) {
    match character {
        ' ' => out.push('+'),
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' | '*' => out.push(character),
        other => {
            for byte in other.encode_utf8(&mut [0; 4]).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    }
}
