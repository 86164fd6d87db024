//! Checks of `admin.officers` and `admin.webhooks`.

use super::Check;
use crate::admin::{OfficerEntry, WebhookEntry};
use crate::config::Secret;
use crate::config::identity::{HashText, Instant};
use crate::config::listen::{OfficerFile, WebhookFile};
use std::collections::HashSet;
use std::sync::Arc;

impl Check {
    pub(super) fn officers(&mut self, written: Vec<OfficerFile>) -> Vec<OfficerEntry> {
        let (mut ids, mut hashes) = (HashSet::new(), HashSet::new());
        let mut officers = Vec::new();
        for (index, officer) in written.into_iter().enumerate() {
            let at = format!("admin.officers.{index}");
            let OfficerFile { id, hash: HashText(hash), roles, acts_as, expires } = officer;
            let is_account = is_name(&id);
            if !is_account || !ids.insert(id.clone()) || !hashes.insert(hash) {
                self.error(
                    "YB0017",
                    &at,
                    (
                        "the officer's id is no account, or id or token are given twice",
                        "人员标识不是账号，或标识、令牌重复",
                    ),
                    ("use an account or staff number, and a token each", "请写账号或工号，每人一个令牌"),
                );
            }
            let joined = roles.iter().flat_map(|role| roles.iter().map(move |other| (role, other)));
            for (role, other) in
                joined.filter(|(role, other)| role.excludes(**other) && role.name() < other.name())
            {
                self.error(
                    "YB0024",
                    &format!("{at}.roles"),
                    (
                        &format!(
                            "`{}` and `{}` are never one person's (T/TSAC 001 7.5 i)",
                            role.name(),
                            other.name()
                        ),
                        &format!(
                            "`{}` 与 `{}` 不得由一人兼任（T/TSAC 001 7.5 i）",
                            role.name(),
                            other.name()
                        ),
                    ),
                    ("give each to somebody else", "请分别指定人员"),
                );
            }
            if roles.is_empty() {
                self.error(
                    "YB0014",
                    &format!("{at}.roles"),
                    ("the officer has no role", "该人员没有角色"),
                    (
                        "use `security-admin`, `approver`, `data-operator`, `auditor` or `platform`",
                        "可用：`security-admin`、`approver`、`data-operator`、`auditor`、`platform`",
                    ),
                );
            }
            let expires = expires.map(|Instant(at)| at);
            officers.push(OfficerEntry { id, hash, roles, acts_as, expires });
        }
        officers
    }

    pub(super) fn webhooks(&mut self, written: Vec<WebhookFile>) -> Vec<WebhookEntry> {
        let mut webhooks: Vec<WebhookEntry> = Vec::new();
        for (index, WebhookFile { id, secret }) in written.into_iter().enumerate() {
            let at = format!("admin.webhooks.{index}");
            if !is_name(&id) || webhooks.iter().any(|other| other.id == id) {
                self.error(
                    "YB0017",
                    &at,
                    ("the source's id is no name, or given twice", "来源标识不合规或重复"),
                    ("use letters, digits, `.`, `_` and `-`", "请用字母、数字、`.`、`_`、`-`"),
                );
            }
            match Secret::read(&self.path(&secret)) {
                Ok(secret) => webhooks.push(WebhookEntry { id, secret: Arc::new(secret) }),
                Err(error) => {
                    let text = error.to_string();
                    self.error(
                        "YB0018",
                        &format!("{at}.secret"),
                        (&text, &text),
                        ("64 hex digits in a file of mode 0600", "权限 0600 的文件，内容为64位十六进制"),
                    );
                }
            }
        }
        webhooks
    }
}

fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}
