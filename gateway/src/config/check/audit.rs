//! Checks of `audit` and of the key that checkpoints are signed with.

use super::Check;
use crate::config::Audit;
use crate::config::file::KeysFile;
use std::path::{Path, PathBuf};

impl Check {
    /// The key of checkpoints. A named one must be there; the default one is used when it is.
    pub(super) fn checkpoint_key(&mut self, keys: &KeysFile) -> Option<PathBuf> {
        let path = keys.checkpoint();
        let is_there = keys.checkpoint.is_some() || self.path(&path).symlink_metadata().is_ok();
        is_there.then(|| self.secret("keys.checkpoint", &path))
    }

    pub(super) fn audit(&mut self, written: Audit, data_dir: &Path) -> Audit {
        let mut audit = written;
        if audit.readers.is_some() {
            self.error(
                "YB1630",
                "audit.readers",
                ("who reads the log is an officer now", "查阅日志者现为人员角色"),
                (
                    "give the role: `admin.officers[].roles: [auditor]`",
                    "请授予角色：`admin.officers[].roles: [auditor]`",
                ),
            );
        }
        self.positive("audit.checkpoint_interval_ms", audit.checkpoint_interval);
        audit.anchors = audit.anchors.iter().map(|anchor| self.path(anchor)).collect();
        let log = data_dir.join(crate::config::AUDIT);
        for (index, anchor) in audit.anchors.iter().enumerate() {
            if anchor.starts_with(&log) {
                self.error(
                    "YB0026",
                    &format!("audit.anchors.{index}"),
                    ("the anchor lies within the log it is to bear witness to", "锚点位于其所见证的日志之内"),
                    (
                        "name a directory elsewhere, best on another machine",
                        "请指定其他目录，最好在另一台机器上",
                    ),
                );
            }
        }
        for (index, hold) in audit.retention.holds.iter().enumerate() {
            let is_time = |text: &str| text.parse::<jiff::Timestamp>().is_ok();
            if !is_time(&hold.from) || hold.to.as_deref().is_some_and(|to| !is_time(to)) {
                self.error(
                    "YB0005",
                    &format!("audit.retention.holds.{index}"),
                    ("not a time", "不是时间"),
                    ("write it like 2026-11-20T00:00:00+08:00", "请写成 2026-11-20T00:00:00+08:00"),
                );
            }
        }
        audit
    }
}
