//! Officers: who they are by their token, and what they may do.

use super::{Refused, Served};
use crate::config::TokenHash;
use axum::http::{HeaderMap, StatusCode, header};
use std::time::SystemTime;

/// An officer as configured.
#[derive(Clone, Debug)]
pub struct OfficerEntry {
    /// Account or staff number: it stands in the log.
    pub id: String,
    /// Hash of the token, as `yingbi token new` prints it.
    pub hash: TokenHash,
    /// What they may do here.
    pub roles: Vec<OfficerRole>,
    /// Roles of the policies in whose name they ask and approve.
    pub acts_as: Vec<String>,
    /// Refused from then on.
    pub expires: Option<SystemTime>,
}

/// What an officer may do (T/TSAC 001—2025 §7.5 i). There is no role that may do all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfficerRole {
    /// 安全管理员: policy, kill switches.
    SecurityAdmin,
    /// 审批人: decides about grants.
    Approver,
    /// 数据操作员: keeps consents, asks for grants.
    DataOperator,
    /// 审计员: reads, and changes nothing.
    Auditor,
    /// 平台运维: keeps the gateway running, may stop, sees no one's data.
    Platform,
}

impl OfficerRole {
    /// All of them.
    pub const ALL: [OfficerRole; 5] = [
        OfficerRole::SecurityAdmin,
        OfficerRole::Approver,
        OfficerRole::DataOperator,
        OfficerRole::Auditor,
        OfficerRole::Platform,
    ];

    /// The word of the configuration.
    pub fn name(self) -> &'static str {
        match self {
            OfficerRole::SecurityAdmin => "security-admin",
            OfficerRole::Approver => "approver",
            OfficerRole::DataOperator => "data-operator",
            OfficerRole::Auditor => "auditor",
            OfficerRole::Platform => "platform",
        }
    }

    /// Roles that one person may not have together: who asks approves nothing, who edits or operates audits nothing.
    pub fn excludes(self, other: OfficerRole) -> bool {
        use OfficerRole::{Approver, Auditor, DataOperator, Platform, SecurityAdmin};
        let pairs = [
            (Auditor, SecurityAdmin),
            (Auditor, DataOperator),
            (Auditor, Approver),
            (Auditor, Platform),
            (Approver, DataOperator),
            (SecurityAdmin, DataOperator),
            (SecurityAdmin, Approver),
        ];
        pairs.contains(&(self, other)) || pairs.contains(&(other, self))
    }
}

/// Who asks, as proven.
#[derive(Clone, Debug)]
pub(in crate::admin) struct Officer {
    pub(in crate::admin) id: String,
    pub(super) roles: Vec<OfficerRole>,
    pub(super) acts_as: Vec<String>,
}

impl Officer {
    /// Who asks.
    pub(super) fn of(served: &Served, headers: &HeaderMap) -> Result<Officer, Refused> {
        const NEEDED: Refused = Refused::new(
            StatusCode::UNAUTHORIZED,
            "YB1905",
            "an officer's token is needed; see `admin.officers`",
        );
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return Err(NEEDED) };
        let token = value.to_str().ok().and_then(|value| value.strip_prefix("Bearer ")).ok_or(NEEDED)?;
        let office = served.admin.office.as_ref().ok_or(NEEDED)?;
        // Hashes of 256 random bits: how long they agree tells nothing of others.
        let hash = TokenHash::of(token);
        let entry = office.officers.iter().find(|entry| entry.hash == hash).ok_or(NEEDED)?;
        if entry.expires.is_some_and(|expires| SystemTime::now() >= expires) {
            return Err(NEEDED);
        }
        Ok(Officer { id: entry.id.clone(), roles: entry.roles.clone(), acts_as: entry.acts_as.clone() })
    }

    pub(super) fn has_any(&self, roles: &[OfficerRole]) -> bool {
        self.roles.iter().any(|role| roles.contains(role))
    }

    /// Whether they act in the name of one of these roles of the policies.
    pub(super) fn acts_as_any<R: AsRef<str>>(&self, roles: &[R]) -> bool {
        roles.iter().any(|role| self.acts_as.iter().any(|own| own == role.as_ref()))
    }
}
