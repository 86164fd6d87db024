//! The documents of a half: every format and shape, filled with people, labelled to the byte.

use crate::formats::json::{self, Node, Style, key, string};
use crate::formats::{markup, plain, stream, table::Table};
use crate::halves::Half;
use crate::marked::{Mark, Marked, Tag};
use crate::records::{Cell, Column, Field, Maker};
use crate::rng::Rng;

/// A document and what is in it.
pub struct Document {
    /// Number within its half.
    pub number: usize,
    /// The format's name in the report.
    pub format: &'static str,
    /// The shape's name in the report.
    pub shape: &'static str,
    /// The media type.
    pub content_type: String,
    /// The body.
    pub body: String,
    /// What its bytes are.
    pub marks: Vec<Mark>,
}

impl Document {
    /// Whether it is JSON whose members are fields and nothing is wrapped.
    pub fn is_plain_json(&self) -> bool {
        self.format == "JSON" && ["object", "list", "groups"].contains(&self.shape)
    }
}

/// A way to make a document.
type Recipe = fn(&Half, &mut Maker) -> Marked;

/// Format, shape, media type, its share of the documents, and the recipe.
const RECIPES: &[(&str, &str, &str, usize, Recipe)] = &[
    ("JSON", "object", "application/json", 12, object),
    ("JSON", "list", "application/json", 12, list),
    ("JSON", "groups", "application/json", 6, groups),
    ("JSON", "name–value", "application/json", 5, pairs),
    ("JSON", "columns and rows", "application/json", 5, columns),
    ("JSON", "values as keys", "application/json", 3, map),
    ("JSON", "JSON in a string", "application/json", 5, inside),
    ("JSON", "base64", "application/json", 3, base64),
    ("JSON", "query string", "application/json", 3, query),
    ("JSON", "free text", "application/json; charset=utf-8", 8, notes),
    ("JSON", "public", "application/json", 4, public),
    ("GraphQL", "list", "application/graphql-response+json", 2, graphql),
    ("NDJSON", "list", "application/x-ndjson", 3, ndjson),
    ("JSON sequence", "list", "application/json-seq", 2, sequence),
    ("SSE", "list", "text/event-stream", 3, events),
    ("SSE", "split values", "text/event-stream", 3, deltas),
    ("form", "object", "application/x-www-form-urlencoded", 3, form),
    ("multipart", "object", "multipart/form-data; boundary=kd83Zk1", 2, multipart),
    ("XML", "list", "application/xml", 3, xml),
    ("XML", "SOAP", "application/soap+xml", 2, soap),
    ("CSV", "list", "text/csv", 4, csv),
    ("CSV", "no header", "text/csv; header=absent", 2, headless),
    ("CSV", "TSV", "text/tab-separated-values", 2, tsv),
    ("HTML", "fields", "text/html; charset=utf-8", 4, html),
    ("HTML", "free text", "text/html", 2, page),
    ("text", "free text", "text/plain; charset=utf-8", 8, text),
    ("text", "fields", "text/plain", 3, lines),
    ("text", "public", "text/plain", 2, notice),
];

/// So many documents of a half.
pub fn documents(half: &Half, seed: u64, count: usize) -> Vec<Document> {
    let total: usize = RECIPES.iter().map(|(_, _, _, share, _)| share).sum();
    let mut made = Vec::new();
    for (format, shape, content_type, share, recipe) in RECIPES {
        for _ in 0..(count * share).div_ceil(total) {
            let number = made.len();
            let mut maker = Maker::new(Rng::of(seed, half.name, number), &half.words);
            let content = recipe(half, &mut maker);
            made.push(Document {
                number,
                format,
                shape,
                content_type: (*content_type).to_owned(),
                body: content.text,
                marks: content.marks,
            });
        }
    }
    made
}

/// Some fields of one family, personal and other, in an order of their own.
fn pick<'a>(half: &'a Half, maker: &mut Maker, count: usize) -> Vec<Column<'a>> {
    let families = half.families(false);
    let (_, fields) = *maker.rng.pick(&families);
    let mut chosen: Vec<&Field> = fields.iter().collect();
    maker.rng.shuffle(&mut chosen);
    let mut named = std::collections::HashSet::new();
    chosen.retain(|field| named.insert(field.name.to_lowercase()));
    chosen.truncate(count);
    columns_of(half, maker, &chosen)
}

fn columns_of<'a>(half: &Half, maker: &mut Maker, fields: &[&'a Field]) -> Vec<Column<'a>> {
    fields.iter().map(|field| Column::draw(&mut maker.rng, field, half.wrappers.affixes)).collect()
}

fn cells(maker: &mut Maker, columns: &[Column]) -> Vec<Cell> {
    columns.iter().map(|column| maker.cell(column)).collect()
}

/// Records of the same fields, each of another person, each with its own number.
fn records(half: &Half, maker: &mut Maker) -> Vec<Vec<Cell>> {
    let fields = {
        let count = maker.rng.between(4, 10);
        pick(half, maker, count)
    };
    (0..maker.rng.between(2, 5))
        .map(|place| {
            if place > 0 {
                maker.next_record();
            }
            let mut record = vec![row(half, maker)];
            record.extend(cells(maker, &fields));
            record
        })
        .collect()
}

fn row(half: &Half, maker: &mut Maker) -> Cell {
    let number = format!("r{:02}{}", maker.record, maker.rng.hex(6));
    let value = Marked::tagged(&number, Tag::Keep("row".into()));
    Cell { name: Marked::plain(half.wrappers.row), value, bare: false }
}

fn one(half: &Half, maker: &mut Maker) -> Vec<Cell> {
    let count = maker.rng.between(5, 14);
    let fields = pick(half, maker, count);
    cells(maker, &fields)
}

fn envelope(half: &Half, maker: &mut Maker, content: Node) -> Node {
    let [code, message, data] = *maker.rng.pick(half.wrappers.envelopes);
    match maker.rng.below(4) {
        0 => content,
        1 => Node::Object(vec![(key(data), content), (key("total"), Node::Bare(Marked::plain("3")))]),
        _ => Node::Object(vec![
            (key(code), Node::Bare(Marked::plain("0"))),
            (key(message), string("成功")),
            (key(data), content),
        ]),
    }
}

fn json_of(half: &Half, maker: &mut Maker, content: Node) -> Marked {
    let content = envelope(half, maker, content);
    let mut document = Marked::plain(if maker.rng.chance(3) { "\u{feff}" } else { "" });
    document.append(&json::write(&content, Style::draw(&mut maker.rng)));
    document
}

fn object(half: &Half, maker: &mut Maker) -> Marked {
    let content = json::object(&one(half, maker));
    json_of(half, maker, content)
}

fn list(half: &Half, maker: &mut Maker) -> Marked {
    let content = Node::Array(nodes(half, maker));
    json_of(half, maker, content)
}

fn nodes(half: &Half, maker: &mut Maker) -> Vec<Node> {
    records(half, maker).iter().map(|record| json::object(record)).collect()
}

fn groups(half: &Half, maker: &mut Maker) -> Marked {
    let [first, second] = *maker.rng.pick(half.wrappers.groups);
    let cells = one(half, maker);
    let (left, right) = cells.split_at(cells.len() / 2);
    let content = Node::Object(vec![
        (key(first), json::object(left)),
        (key(second), Node::Array(vec![json::object(right)])),
    ]);
    json_of(half, maker, content)
}

fn pairs(half: &Half, maker: &mut Maker) -> Marked {
    let [name, value] = *maker.rng.pick(half.wrappers.pairs);
    let content = json::pairs(&one(half, maker), name, value);
    json_of(half, maker, content)
}

fn columns(half: &Half, maker: &mut Maker) -> Marked {
    let [names, rows] = *maker.rng.pick(half.wrappers.columns);
    let content = json::columns(&records(half, maker), names, rows);
    json_of(half, maker, content)
}

fn map(half: &Half, maker: &mut Maker) -> Marked {
    let fields: Vec<Field> = half.families(false).iter().flat_map(|(_, fields)| fields).copied().collect();
    let named = |id: &str| {
        let of_kind: Vec<Field> =
            fields.iter().filter(|field| field.kind().is_some_and(|kind| kind.id() == id)).copied().collect();
        of_kind
    };
    let kind = *maker.rng.pick(&["basic.mobile", "identity.document.resident-id", "basic.name"]);
    let keyed_by = *maker.rng.pick(&named(kind));
    let mut members = Vec::new();
    for place in 0..maker.rng.between(1, 3) {
        if place > 0 {
            maker.next_record();
        }
        // What names the person is the key itself; nothing tells what it is but its look.
        let column = Column { field: &keyed_by, name: keyed_by.name.to_owned() };
        let name = maker.telling_cell(&column).value;
        let count = maker.rng.between(1, 4);
        let fields = pick(half, maker, count);
        members.push((name, json::object(&cells(maker, &fields))));
    }
    let outer = *maker.rng.pick(half.wrappers.maps);
    let content = Node::Object(vec![(key(outer), Node::Object(members))]);
    json::write(&content, Style::Compact)
}

fn inside(half: &Half, maker: &mut Maker) -> Marked {
    let name = *maker.rng.pick(half.wrappers.parcels);
    let mut inner = json::object(&one(half, maker));
    for _ in 0..maker.rng.between(1, 2) {
        inner = Node::Object(vec![(key(name), json::inside(&inner, Style::Compact))]);
    }
    json_of(half, maker, inner)
}

fn base64(half: &Half, maker: &mut Maker) -> Marked {
    let name = *maker.rng.pick(half.wrappers.parcels);
    let mut fields = pick(half, maker, 40);
    fields.retain(|column| column.field.is_strong());
    fields.truncate(6);
    let inner = json::object(&cells(maker, &fields));
    let content = Node::Object(vec![(key(name), json::base64(&inner))]);
    json_of(half, maker, content)
}

fn query(half: &Half, maker: &mut Maker) -> Marked {
    let name = *maker.rng.pick(half.wrappers.parcels);
    let content = Node::Object(vec![(key(name), json::query(&one(half, maker)))]);
    json_of(half, maker, content)
}

fn free(half: &Half, maker: &mut Maker) -> Marked {
    let templates = half.templates(false);
    let template = **maker.rng.pick(&templates);
    maker.text(&template)
}

fn notes(half: &Half, maker: &mut Maker) -> Marked {
    let name = *maker.rng.pick(half.wrappers.notes);
    let mut elements = Vec::new();
    for place in 0..maker.rng.between(1, 3) {
        if place > 0 {
            maker.next_record();
        }
        elements.push(Node::Object(vec![(key(name), Node::String(free(half, maker)))]));
    }
    let content = if elements.len() == 1 { elements.remove(0) } else { Node::Array(elements) };
    json_of(half, maker, content)
}

fn public(half: &Half, maker: &mut Maker) -> Marked {
    let families = half.families(true);
    let (_, fields) = *maker.rng.pick(&families);
    let fields: Vec<&Field> = fields.iter().collect();
    let fields = columns_of(half, maker, &fields);
    let rows = (0..maker.rng.between(1, 5)).map(|_| json::object(&cells(maker, &fields)));
    let content = Node::Array(rows.collect());
    json_of(half, maker, content)
}

fn graphql(half: &Half, maker: &mut Maker) -> Marked {
    let nodes = nodes(half, maker);
    let edges = nodes.into_iter().map(|node| Node::Object(vec![(key("node"), node)])).collect();
    let content = Node::Object(vec![(
        key("data"),
        Node::Object(vec![(key("investors"), Node::Object(vec![(key("edges"), Node::Array(edges))]))]),
    )]);
    json::write(&content, Style::draw(&mut maker.rng))
}

fn ndjson(half: &Half, maker: &mut Maker) -> Marked {
    let nodes = nodes(half, maker);
    stream::ndjson(&nodes, Style::draw(&mut maker.rng))
}

fn sequence(half: &Half, maker: &mut Maker) -> Marked {
    let nodes = nodes(half, maker);
    stream::sequence(&nodes, Style::draw(&mut maker.rng))
}

fn events(half: &Half, maker: &mut Maker) -> Marked {
    let nodes = nodes(half, maker);
    stream::events(&nodes, Style::draw(&mut maker.rng))
}

fn deltas(half: &Half, maker: &mut Maker) -> Marked {
    let name = *maker.rng.pick(half.wrappers.deltas);
    let text = free(half, maker);
    stream::deltas(&mut maker.rng, &text, name)
}

fn form(half: &Half, maker: &mut Maker) -> Marked {
    plain::form(&one(half, maker))
}

fn multipart(half: &Half, maker: &mut Maker) -> Marked {
    let cells = one(half, maker);
    plain::multipart(&mut maker.rng, &cells, "kd83Zk1")
}

fn xml(half: &Half, maker: &mut Maker) -> Marked {
    let records = records(half, maker);
    markup::xml(&mut maker.rng, &records)
}

fn soap(half: &Half, maker: &mut Maker) -> Marked {
    let cells = one(half, maker);
    markup::soap(&mut maker.rng, &cells)
}

fn csv(half: &Half, maker: &mut Maker) -> Marked {
    let records = records(half, maker);
    Table::csv(&mut maker.rng).write(&records)
}

/// Without names only values that tell what they are can be found.
fn headless(half: &Half, maker: &mut Maker) -> Marked {
    const TELLING: &[&str] =
        &["basic.mobile", "identity.document.resident-id", "basic.email", "wealth.bank.card"];
    let mut fields: Vec<&Field> = half.families(false).iter().flat_map(|(_, fields)| fields).collect();
    fields.retain(|field| field.kind().is_some_and(|kind| TELLING.contains(&kind.id())));
    maker.rng.shuffle(&mut fields);
    fields.truncate(3);
    let fields = columns_of(half, maker, &fields);
    let rows = maker.rng.between(2, 4);
    let mut records = Vec::new();
    for place in 0..rows {
        if place > 0 {
            maker.next_record();
        }
        let mut record = vec![row(half, maker)];
        record.extend(fields.iter().map(|field| maker.telling_cell(field)));
        records.push(record);
    }
    Table { header: false, ..Table::csv(&mut maker.rng) }.write(&records)
}

fn tsv(half: &Half, maker: &mut Maker) -> Marked {
    Table::tsv().write(&records(half, maker))
}

fn html(half: &Half, maker: &mut Maker) -> Marked {
    let records = records(half, maker);
    markup::html(&mut maker.rng, &records)
}

fn page(half: &Half, maker: &mut Maker) -> Marked {
    let texts: Vec<Marked> = (0..maker.rng.between(1, 3)).map(|_| free(half, maker)).collect();
    markup::page(&texts)
}

fn text(half: &Half, maker: &mut Maker) -> Marked {
    free(half, maker)
}

fn lines(half: &Half, maker: &mut Maker) -> Marked {
    let cells = one(half, maker);
    if maker.rng.chance(50) {
        plain::lines(&mut maker.rng, &cells)
    } else {
        plain::line(&mut maker.rng, &cells)
    }
}

fn notice(half: &Half, maker: &mut Maker) -> Marked {
    let templates = half.templates(true);
    let template = **maker.rng.pick(&templates);
    maker.text(&template)
}
