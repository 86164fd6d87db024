//! Officers of a firm, and what they do through the administration port.

use crate::{Gateway, Setup, token};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

impl Setup {
    /// An officer with a token of this id, roles there, and roles of the policies in whose name they act.
    pub fn officer(mut self, id: &str, roles: &[&str], acts_as: &[&str]) -> Setup {
        let hash = yingbi::exchange::identity::token_hash(&token(id));
        let mut lines = String::new();
        if !self.admin_lines().contains("officers:") {
            lines.push_str("  officers:\n");
        }
        let (roles, acts_as) = (roles.join(", "), acts_as.join(", "));
        let _ =
            writeln!(lines, "    - {{id: {id}, hash: \"{hash}\", roles: [{roles}], acts_as: [{acts_as}]}}");
        self = self.admin(&lines);
        self
    }
}

impl Gateway {
    /// What an officer asks of the administration port: status and JSON.
    pub fn office(&self, officer: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let authorization = match officer {
            "" => String::new(),
            id => format!("Authorization: Bearer {}\r\n", token(id)),
        };
        self.admin_ask(method, path, &authorization, &body)
    }

    /// The same with header lines of the test's own.
    ///
    /// # Panics
    /// It doesn't answer in HTTP.
    pub fn admin_ask(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect_timeout(&self.admin, Duration::from_secs(5)).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a socket");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
            self.admin,
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("it reads");
        stream.write_all(body.as_bytes()).expect("it reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.get(9..12).and_then(|status| status.parse().ok()).expect("a status");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// Details of the events of this name in the access log, oldest first.
    pub fn events(&self, name: &str) -> Vec<Value> {
        const START: &str = "{\"type\":\"event\"";
        let mut files: Vec<_> = std::fs::read_dir(self.audit_dir())
            .expect("a log")
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .collect();
        files.sort();
        let mut found = Vec::new();
        for bytes in files.iter().filter_map(|file| std::fs::read(file).ok()) {
            for at in memchr::memmem::find_iter(&bytes, START) {
                let mut values = serde_json::Deserializer::from_slice(&bytes[at..]).into_iter::<Value>();
                let Some(Ok(event)) = values.next() else { continue };
                if event["event"] == name {
                    found.push(event["detail"].clone());
                }
            }
        }
        found
    }
}
