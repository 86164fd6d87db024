//! XML, SOAP and HTML.

use crate::marked::Marked;
use crate::records::Cell;
use crate::rng::Rng;

/// XML of records: elements, attributes, some content as CDATA or in character references.
pub fn xml(rng: &mut Rng, records: &[Vec<Cell>]) -> Marked {
    let mut out =
        Marked::plain("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<response><code>0</code><records>\n");
    let attributes = rng.chance(25);
    for cells in records {
        record(rng, cells, attributes, &mut out);
    }
    out.push("</records></response>\n");
    out
}

/// A SOAP envelope of one record.
pub fn soap(rng: &mut Rng, cells: &[Cell]) -> Marked {
    let mut out = Marked::plain(
        "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:a=\"urn:acct\"><soapenv:Body><a:queryResponse>",
    );
    record(rng, cells, false, &mut out);
    out.push("</a:queryResponse></soapenv:Body></soapenv:Envelope>");
    out
}

fn record(rng: &mut Rng, cells: &[Cell], attributes: bool, out: &mut Marked) {
    if attributes {
        out.push("  <record");
        for cell in cells {
            out.push(" ");
            out.append(&cell.name);
            out.push("=\"");
            out.append(&cell.value.escaped(entity));
            out.push("\"");
        }
        out.push("/>\n");
        return;
    }
    out.push("  <record>");
    for cell in cells {
        out.push("<");
        out.append(&cell.name);
        out.push(">");
        match rng.below(8) {
            0 if !cell.value.text.contains("]]>") => {
                out.push("<![CDATA[");
                out.append(&cell.value);
                out.push("]]>");
            }
            1 => out.append(&cell.value.escaped(reference).disguised("character references")),
            _ => out.append(&cell.value.escaped(entity)),
        }
        out.push("</");
        out.append(&cell.name);
        out.push(">");
    }
    out.push("</record>\n");
}

/// A page: a table with a header row, a table of names beside values, a definition list, or a form.
pub fn html(rng: &mut Rng, records: &[Vec<Cell>]) -> Marked {
    let mut out = Marked::plain(
        "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>查询结果</title></head><body>\n",
    );
    match rng.below(4) {
        0 => {
            out.push("<table><tr>");
            for cell in records.first().into_iter().flatten() {
                element("th", &cell.name, &mut out);
            }
            out.push("</tr>\n");
            for cells in records {
                out.push("<tr>");
                for cell in cells {
                    element("td", &cell.value.escaped(entity), &mut out);
                }
                out.push("</tr>\n");
            }
            out.push("</table>");
        }
        1 => {
            for cells in records {
                out.push("<table>\n");
                for cell in cells {
                    out.push("<tr>");
                    element("th", &cell.name, &mut out);
                    element("td", &cell.value.escaped(entity), &mut out);
                    out.push("</tr>\n");
                }
                out.push("</table>\n");
            }
        }
        2 => {
            for cells in records {
                out.push("<dl>");
                for cell in cells {
                    element("dt", &cell.name, &mut out);
                    element("dd", &cell.value.escaped(entity), &mut out);
                }
                out.push("</dl>\n");
            }
        }
        _ => {
            for cells in records {
                out.push("<form>");
                for cell in cells {
                    out.push("<label>");
                    out.append(&cell.name);
                    out.push("</label><input name=\"");
                    out.append(&cell.name);
                    out.push("\" value=\"");
                    out.append(&cell.value.escaped(entity));
                    out.push("\">\n");
                }
                out.push("</form>\n");
            }
        }
    }
    out.push("</body></html>\n");
    out
}

/// A page of paragraphs.
pub fn page(texts: &[Marked]) -> Marked {
    let mut out = Marked::plain("<html><body><h1>工单详情</h1>\n");
    for text in texts {
        let broken = text.escaped(|one, out| match one {
            '\n' => out.push_str("<br>"),
            other => entity(other, out),
        });
        element("p", &broken, &mut out);
        out.push("\n");
    }
    out.push("</body></html>");
    out
}

fn element(name: &str, content: &Marked, out: &mut Marked) {
    out.push(&format!("<{name}>"));
    out.append(content);
    out.push(&format!("</{name}>"));
}

fn entity(character: char, out: &mut String) {
    match character {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        '"' => out.push_str("&quot;"),
        other => out.push(other),
    }
}

fn reference(character: char, out: &mut String) {
    out.push_str(&format!("&#x{:X};", character as u32));
}
