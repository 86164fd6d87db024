//! What officers' commands share: the administration port of a running gateway, asked with their own token. A command has
//! no rights of its own; what it does is decided and recorded there.

use super::{Exit, Format, err, out, report};
use crate::config::Config;
use clap::Args;
use serde_json::Value;
use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;
use yingbi_policies::{Language, Text};
use zeroize::Zeroizing;

/// Where the gateway is, and who asks.
#[derive(Debug, Args)]
pub(super) struct Desk {
    /// The gateway's configuration file: it says where its administration port is.
    #[arg(long, global = true)]
    config: Option<PathBuf>,
    /// The administration port, such as `http://127.0.0.1:9180`.
    #[arg(long, global = true, conflicts_with = "config")]
    admin: Option<String>,
    /// File with the officer's token; without it `YINGBI_OFFICER_TOKEN`. Arguments would show it to every user.
    #[arg(long, global = true)]
    token_file: Option<PathBuf>,
    /// How results are printed.
    #[arg(long, global = true, value_enum, default_value_t)]
    format: Format,
}

/// What is asked.
pub(super) struct Ask {
    pub method: &'static str,
    pub path: String,
    pub body: Option<Value>,
}

impl Desk {
    /// Asks, prints the answer as `shown` has it, and says how it ended.
    pub(super) fn ask(&self, ask: &Ask, shown: impl FnOnce(&Value) -> String) -> Exit {
        self.ask_and(ask, shown, |_| {})
    }

    /// The same, and looks at a good answer.
    pub(super) fn ask_and(
        &self,
        ask: &Ask,
        shown: impl FnOnce(&Value) -> String,
        look: impl FnOnce(&Value),
    ) -> Exit {
        match self.answer(ask) {
            Ok((status, body)) if (200..300).contains(&status) => {
                look(&body);
                out(&match self.format {
                    Format::Json => body.to_string(),
                    Format::Text => shown(&body),
                });
                Exit::Good
            }
            Ok((status, body)) => {
                match self.format {
                    Format::Json => out(&body.to_string()),
                    Format::Text => {
                        let word =
                            |name: &str| body.get(name).and_then(Value::as_str).unwrap_or("?").to_owned();
                        err(&format!("yingbi: {status} {}: {}", word("code"), word("title")));
                    }
                }
                if status == 401 || status == 403 { Exit::Refused } else { Exit::Problem }
            }
            Err(exit) => exit,
        }
    }

    fn answer(&self, ask: &Ask) -> Result<(u16, Value), Exit> {
        let base = match (&self.admin, &self.config) {
            (Some(admin), _) => admin.trim_end_matches('/').to_owned(),
            (None, Some(config)) => {
                let address = Config::admin_address(config).map_err(|problems| {
                    report(&problems, self.format);
                    Exit::Config
                })?;
                format!("http://{address}")
            }
            (None, None) => {
                err(&say(
                    "give `--config FILE` or `--admin URL`: where the gateway is",
                    "请给出 `--config FILE` 或 `--admin URL`：网关所在之处",
                ));
                return Err(Exit::Usage);
            }
        };
        let authorization = Zeroizing::new(format!("Bearer {}", self.token()?.trim()));
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .build()
            .into();
        let url = format!("{base}{}", ask.path);
        let request = http::Request::builder()
            .method(ask.method)
            .uri(&url)
            .header("authorization", authorization.as_str())
            .header("content-type", "application/json");
        let answer = match &ask.body {
            Some(body) => agent.run(request.body(body.to_string()).map_err(|_| Exit::Usage)?),
            None => agent.run(request.body(()).map_err(|_| Exit::Usage)?),
        };
        let mut answer = answer.map_err(|_| {
            err(&say("the administration port does not answer", "管理端口无应答"));
            Exit::Problem
        })?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().read_to_string().unwrap_or_default();
        Ok((status, serde_json::from_str(&body).unwrap_or(Value::Null)))
    }

    fn token(&self) -> Result<Zeroizing<String>, Exit> {
        let missing = || {
            err(&say(
                "give the officer's token in `--token-file` or in YINGBI_OFFICER_TOKEN",
                "请以 `--token-file` 或环境变量 YINGBI_OFFICER_TOKEN 给出人员令牌",
            ));
            Exit::Usage
        };
        let Some(file) = &self.token_file else {
            return std::env::var("YINGBI_OFFICER_TOKEN").map(Zeroizing::new).map_err(|_| missing());
        };
        let mut token = Zeroizing::new(String::new());
        let file = std::fs::File::open(file).map_err(|_| missing())?;
        file.take(TOKEN_BYTES).read_to_string(&mut token).map_err(|_| missing())?;
        Ok(token)
    }
}

/// One of two texts.
pub(super) fn say(en: &str, zh: &str) -> String {
    Text::new(en, zh).to(Language::of_environment()).to_owned()
}

/// A member of an answer as text.
pub(super) fn word(value: &Value, name: &str) -> String {
    match value.get(name) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => "-".to_owned(),
        Some(other) => other.to_string(),
    }
}

/// A line for each element of a list, of these members.
pub(super) fn lines(body: &Value, list: &str, members: &[&str]) -> String {
    let rows = body.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let line = |row: &Value| members.iter().map(|name| word(row, name)).collect::<Vec<_>>().join("  ");
    match rows {
        [] => say("none", "无"),
        rows => rows.iter().map(line).collect::<Vec<_>>().join("\n"),
    }
}

/// How long the gateway may take: its disk may be slow.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest token that is read.
const TOKEN_BYTES: u64 = 16 << 10;
