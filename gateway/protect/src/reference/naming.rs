//! What values say of other values, by plain recursion over the tree.

use super::tree::{Data, Member, Value};
use crate::classify::Classify;
use crate::tree::{Role, role};
use std::collections::HashMap;
use yingbi_classifiers::{KeyMeaning, Signals};

/// By where a value starts: the name it bears, and what names say together in a row or list.
pub(super) type Said = HashMap<usize, (Option<KeyMeaning>, Signals)>;

/// Everything said in a document.
pub(super) fn said<C: Classify>(classifier: &C, value: &Value) -> Said {
    let mut reader = Reader { classifier, said: Said::new() };
    reader.value(value, &[]);
    reader.said
}

struct Reader<'c, C> {
    classifier: &'c C,
    said: Said,
}

impl<C: Classify> Reader<'_, C> {
    fn value(&mut self, value: &Value, beside: &[Member]) {
        match &value.data {
            Data::Object(members) => {
                if is_pair(members)
                    && let Some(key) = self.name_in(members)
                {
                    for member in members {
                        match role(&member.name.decoded()) {
                            Some(Role::Holds) => self.name(member.value.start, key),
                            Some(Role::Names) if self.read(&member.value).flatten().is_some() => {
                                let nobodys = KeyMeaning { denies: true, ..KeyMeaning::UNKNOWN };
                                self.name(member.value.start, nobodys);
                            }
                            _ => {}
                        }
                    }
                }
                members.iter().for_each(|member| self.value(&member.value, members));
            }
            Data::Array(values) => {
                match values.first().map(|first| &first.data) {
                    Some(Data::Object(members)) if is_pair(members) => self.list(value, values),
                    Some(Data::Array(first)) => self.table(value, values, first, beside),
                    _ => {}
                }
                values.iter().for_each(|value| self.value(value, &[]));
            }
            _ => {}
        }
    }

    fn list(&mut self, list: &Value, values: &[Value]) {
        for value in values {
            if let Data::Object(members) = &value.data
                && is_pair(members)
                && let Some(key) = self.name_in(members)
            {
                self.signal(list.start, key.signals);
            }
        }
    }

    fn table(&mut self, table: &Value, values: &[Value], first: &[Value], beside: &[Member]) {
        let rows: Vec<(&Value, &[Value])> = values
            .iter()
            .filter_map(|row| match &row.data {
                Data::Array(cells) => Some((row, cells.as_slice())),
                _ => None,
            })
            .collect();
        let arrays = beside.iter().filter_map(|member| match &member.value.data {
            Data::Array(values) => self.columns(values),
            _ => None,
        });
        let count = |columns: &Vec<Option<KeyMeaning>>| {
            columns.iter().filter(|key| key.is_some_and(|key| key.kind.is_some())).count()
        };
        let beside = arrays.max_by_key(count).filter(|columns| columns.len() >= first.len());
        if beside.is_none() && first.len() == 2 {
            let pairs: Vec<(usize, KeyMeaning)> = rows
                .iter()
                .filter_map(|(_, cells)| match cells {
                    [name, value, ..] => Some((value.start, self.read(name)??)),
                    _ => None,
                })
                .collect();
            let names = pairs.iter().filter(|(_, key)| key.kind.is_some()).count();
            if names >= 1 && (names >= 2 || rows.len() == 1) && pairs.len() * 2 >= rows.len() {
                for (start, key) in pairs {
                    self.signal(table.start, key.signals);
                    self.name(start, key);
                }
                return;
            }
        }
        let head = if beside.is_some() { None } else { self.columns(first) };
        let skip = usize::from(head.is_some());
        let Some(columns) = beside.or(head) else { return };
        for (row, cells) in rows.into_iter().skip(skip) {
            for key in columns.iter().flatten() {
                self.signal(row.start, key.signals);
            }
            for (cell, key) in cells.iter().zip(&columns) {
                if let Some(key) = key {
                    self.name(cell.start, *key);
                }
            }
        }
    }

    fn columns(&self, values: &[Value]) -> Option<Vec<Option<KeyMeaning>>> {
        let read = |value: &Value| match &value.data {
            Data::Text(_) => self.read(value),
            Data::Object(members) => {
                let keys = members.iter().filter_map(|member| self.read(&member.value)?);
                Some(keys.max_by_key(|key| (key.kind.is_some(), key.denies)))
            }
            _ => None,
        };
        let columns: Option<Vec<_>> = values.iter().map(read).collect();
        columns.filter(|columns| columns.iter().flatten().any(|key| key.kind.is_some()))
    }

    fn name_in(&self, members: &[Member]) -> Option<KeyMeaning> {
        let named = members.iter().filter(|member| role(&member.name.decoded()) == Some(Role::Names));
        named
            .filter_map(|member| self.read(&member.value)?)
            .max_by_key(|key| (key.kind.is_some(), key.denies))
    }

    /// `None`: no name; `Some(None)`: a name that says nothing.
    fn read(&self, value: &Value) -> Option<Option<KeyMeaning>> {
        let Data::Text(text) = &value.data else { return None };
        let decoded = text.decoded();
        let digits = decoded.chars().filter(char::is_ascii_digit).count();
        if text.close - text.start - 1 > 96 || digits > 3 {
            return None;
        }
        let key = self.classifier.key(decoded.trim());
        Some((key != KeyMeaning::UNKNOWN).then_some(key))
    }

    fn name(&mut self, start: usize, key: KeyMeaning) {
        self.said.entry(start).or_default().0 = Some(key);
    }

    fn signal(&mut self, start: usize, signals: Signals) {
        let all = &mut self.said.entry(start).or_default().1;
        *all = all.union(signals);
    }
}

fn is_pair(members: &[Member]) -> bool {
    let has = |wanted| members.iter().any(|member| role(&member.name.decoded()) == Some(wanted));
    has(Role::Names) && has(Role::Holds)
}
