use crate::Level;
use std::fmt;

macro_rules! categories {
    ($($variant:ident, $id:literal, $group:literal, $row:literal, $en:literal, $level:ident, $sensitive:literal;)*) => {
        /// One row of Appendix A, in the order of the standard's table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Category {
            $(#[doc = concat!($group, " / ", $row, " — ", $en, " (`", $id, "`)")] $variant,)*
        }

        static ROWS: &[Row] = &[$(Row {
            category: Category::$variant, id: $id, group: $group, row: $row, en: $en, level: Level::$level,
            sensitive: $sensitive,
        },)*];
    };
}

struct Row {
    category: Category,
    id: &'static str,
    group: &'static str,
    row: &'static str,
    en: &'static str,
    level: Level,
    sensitive: bool,
}

// The table of Appendix A: variant, id, 个人信息, 子类, English, 分级, 敏感. Level and flag are two columns because ten
// rows of level 3 carry no flag.
categories! {
    Basic, "basic", "投资者个人基本信息", "/", "basic personal information", L3, false;
    IdentityDocument, "identity.document", "投资者个人身份信息", "个人身份证件信息", "identity documents", L3, true;
    IdentitySpecial, "identity.special", "投资者个人身份信息", "特定身份信息", "special identity", L3, true;
    CredentialAccount, "credential.account", "投资者个人鉴别信息", "投资者账户认证", "account authentication", L4, true;
    CredentialBiometric, "credential.biometric", "投资者个人鉴别信息", "个人生物识别信息", "biometric authentication", L4, true;
    AccountOpening, "account.opening", "投资者个人账户信息", "开户/账户信息", "account opening and accounts", L3, true;
    AccountInvestorCode, "account.investor-code", "投资者个人账户信息", "投资者编码", "investor code", L2, false;
    TradeFill, "trade.fill", "投资者个人交易信息", "成交信息", "executed trades", L3, true;
    TradeOrder, "trade.order", "投资者个人交易信息", "委托信息", "orders", L3, true;
    TradeBankTransfer, "trade.bank-transfer", "投资者个人交易信息", "银证转账", "bank-securities transfers", L3, true;
    TradeParameters, "trade.parameters", "投资者个人交易信息", "交易业务参数信息", "trading parameters", L2, false;
    TradeLog, "trade.log", "投资者个人交易信息", "交易日志信息", "trading logs", L3, false;
    TradeOther, "trade.other", "投资者个人交易信息", "其他交易信息", "other trade records", L3, false;
    WealthPosition, "wealth.position", "投资者个人财产信息", "持仓信息", "positions", L3, true;
    WealthBank, "wealth.bank", "投资者个人财产信息", "银行账务信息", "bank accounts", L3, false;
    WealthCash, "wealth.cash", "投资者个人财产信息", "资金状况信息", "funds and income", L3, true;
    Credit, "credit", "投资者个人信用信息", "/", "credit", L3, true;
    Contract, "contract", "投资者个人合约合同", "/", "contracts", L3, true;
    Behaviour, "behaviour", "投资者个人行为信息", "/", "behaviour", L2, false;
    Derived, "derived", "投资者衍生信息", "/", "derived information", L2, false;
    DeviceResettable, "device.resettable", "投资者个人设备信息", "可变更的唯一设备识别码", "resettable device identifiers", L3, false;
    DevicePermanent, "device.permanent", "投资者个人设备信息", "不可变更的唯一设备识别码", "permanent device identifiers", L3, false;
    DeviceApps, "device.apps", "投资者个人设备信息", "应用软件列表", "installed applications", L3, false;
    LocationCoarse, "location.coarse", "投资者个人位置信息", "粗略位置信息", "coarse location", L2, false;
    LocationTrack, "location.track", "投资者个人位置信息", "行踪轨迹信息", "movements and precise location", L3, true;
    HealthStatus, "health.status", "个人健康生理信息、医疗信息", "健康状况信息", "health status", L3, true;
    HealthMedical, "health.medical", "个人健康生理信息、医疗信息", "医疗健康信息", "medical records", L3, true;
    EducationWork, "education-work", "个人教育工作信息", "/", "education and work", L3, false;
    Other, "other", "个人其他信息", "/", "other personal information", L3, true;
    Relationship, "relationship", "客户关系信息", "/", "customer relationship", L3, false;
    Service, "service", "客户服务信息", "/", "customer service", L3, false;
    OperationAnalysis, "operation-analysis", "客户经营关系", "/", "business analysis of customers", L2, false;
    Channel, "channel", "渠道信息", "/", "channels", L2, false;
    Marketing, "marketing", "市场营销推广信息", "/", "marketing", L2, false;
    ServiceStaff, "service-staff", "服务机构和人员信息", "/", "service units and staff", L2, false;
}

impl Category {
    /// How many rows Appendix A has.
    pub const COUNT: usize = ROWS.len();

    /// Every row in the order of the standard's table.
    pub fn all() -> impl ExactSizeIterator<Item = Category> {
        ROWS.iter().map(|row| row.category)
    }

    /// The row with this stable id, such as `wealth.bank`.
    pub fn from_id(id: &str) -> Option<Category> {
        ROWS.iter().find(|row| row.id == id).map(|row| row.category)
    }

    /// Stable id used by policies, metrics, records and reports.
    pub fn id(self) -> &'static str {
        self.row().id
    }

    /// 个人信息: the group the row belongs to, in the standard's words.
    pub fn group_zh(self) -> &'static str {
        self.row().group
    }

    /// 子类: the row's own name, `None` where the standard writes `/`.
    pub fn sub_zh(self) -> Option<&'static str> {
        Some(self.row().row).filter(|name| *name != "/")
    }

    /// The row's Chinese name: the sub-category, or the group where there is none.
    pub fn zh(self) -> &'static str {
        self.sub_zh().unwrap_or(self.group_zh())
    }

    /// The row's English name.
    pub fn en(self) -> &'static str {
        self.row().en
    }

    /// 分级 (§6.3).
    pub fn level(self) -> Level {
        self.row().level
    }

    /// 敏感 (§3.4): whether the standard's table flags the row as sensitive personal information.
    pub fn is_sensitive(self) -> bool {
        self.row().sensitive
    }

    /// Where the row stands in the standard.
    pub fn clause(self) -> &'static str {
        "T/TSAC 001—2025 附录A"
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "the enum and the table are one macro: every variant has its row"
    )]
    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
