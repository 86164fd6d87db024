use crate::{Category, Level};
use std::fmt;

macro_rules! kinds {
    ($($variant:ident, $id:literal, $category:ident, $zh:literal, $en:literal;)*) => {
        /// What a value is, one step finer than a [`Category`]: masks and recognizers are chosen by kind.
        ///
        /// Every category has one general kind that bears the category's own id, for values known only by their row.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Kind {
            $(#[doc = concat!($zh, " — ", $en, " (`", $id, "`)")] $variant,)*
        }

        static KINDS: &[KindRow] = &[$(KindRow {
            kind: Kind::$variant, id: $id, category: Category::$category, zh: $zh, en: $en,
        },)*];
    };
}

struct KindRow {
    kind: Kind,
    id: &'static str,
    category: Category,
    zh: &'static str,
    en: &'static str,
}

kinds! {
    Basic, "basic", Basic, "个人基本信息", "basic personal information";
    Name, "basic.name", Basic, "姓名", "personal name";
    Gender, "basic.gender", Basic, "性别", "gender";
    Ethnicity, "basic.ethnicity", Basic, "民族", "ethnicity";
    Nationality, "basic.nationality", Basic, "国籍", "nationality";
    BirthDate, "basic.birth-date", Basic, "出生日期", "birth date";
    BirthPlace, "basic.birth-place", Basic, "出生地", "birth place";
    Age, "basic.age", Basic, "年龄", "age";
    Address, "basic.address", Basic, "地址", "address";
    Postcode, "basic.postcode", Basic, "邮政编码", "postal code";
    Mobile, "basic.mobile", Basic, "移动电话", "mobile number";
    Phone, "basic.phone", Basic, "固定电话", "landline or fax number";
    Email, "basic.email", Basic, "电子邮件", "e-mail address";
    Contact, "basic.contact", Basic, "其他联系方式", "other means of contact";
    IdentityDocument, "identity.document", IdentityDocument, "身份证件信息", "identity document data";
    IdNumber, "identity.document.number", IdentityDocument, "证件号码", "identity document number";
    ResidentId, "identity.document.resident-id", IdentityDocument, "居民身份号码", "resident identity number";
    Passport, "identity.document.passport", IdentityDocument, "护照号码", "passport number";
    Permit, "identity.document.permit", IdentityDocument, "通行证、居留证号码", "travel or residence permit number";
    TaxId, "identity.document.tax-id", IdentityDocument, "个人税号", "personal tax number";
    IdType, "identity.document.type", IdentityDocument, "证件类型", "identity document type";
    IdValidity, "identity.document.validity", IdentityDocument, "证件有效期", "identity document validity";
    IdIssuer, "identity.document.issuer", IdentityDocument, "签发机关", "identity document issuer";
    IdImage, "identity.document.image", IdentityDocument, "证件影像", "identity document image";
    IdentitySpecial, "identity.special", IdentitySpecial, "特定身份", "special identity";
    CredentialAccount, "credential.account", CredentialAccount, "账户认证信息", "account authentication data";
    Password, "credential.account.password", CredentialAccount, "密码", "password, PIN or its hash";
    Otp, "credential.account.otp", CredentialAccount, "动态口令、短信验证码", "one-time password or SMS code";
    SecurityAnswer, "credential.account.answer", CredentialAccount, "口令保护答案", "security answer";
    AccessToken, "credential.account.token", CredentialAccount, "访问令牌、会话凭据", "access token or session secret";
    Certificate, "credential.account.certificate", CredentialAccount, "数字证书", "digital certificate or key";
    CredentialBiometric, "credential.biometric", CredentialBiometric, "生物识别信息", "biometric data";
    Face, "credential.biometric.face", CredentialBiometric, "人脸信息", "face image or template";
    Fingerprint, "credential.biometric.fingerprint", CredentialBiometric, "指纹信息", "fingerprint image or template";
    AccountOpening, "account.opening", AccountOpening, "开户/账户信息", "account data";
    FundAccount, "account.opening.fund-account", AccountOpening, "资金账号", "fund account number";
    SecuritiesAccount, "account.opening.securities-account", AccountOpening, "证券账户", "securities account number";
    UnifiedAccount, "account.opening.unified-account", AccountOpening, "一码通账户", "unified account number";
    TradingAccount, "account.opening.trading-account", AccountOpening, "交易账号", "trading, TA or login account";
    AccountCard, "account.opening.card", AccountOpening, "资金卡号", "fund account card number";
    InvestorCode, "account.investor-code", AccountInvestorCode, "客户号", "investor code";
    TradeFill, "trade.fill", TradeFill, "成交信息", "executed trade data";
    TradeOrder, "trade.order", TradeOrder, "委托信息", "order data";
    TradeBankTransfer, "trade.bank-transfer", TradeBankTransfer, "银证转账", "bank-securities transfer data";
    TradeParameters, "trade.parameters", TradeParameters, "交易业务参数", "trading parameter";
    TradeLog, "trade.log", TradeLog, "交易日志", "trading log data";
    IpAddress, "trade.log.ip", TradeLog, "IP地址", "IP address";
    Terminal, "trade.log.terminal", TradeLog, "终端信息", "terminal description";
    TradeOther, "trade.other", TradeOther, "其他交易信息", "other trade record";
    Position, "wealth.position", WealthPosition, "持仓", "position";
    WealthBank, "wealth.bank", WealthBank, "银行账务信息", "bank account data";
    BankCard, "wealth.bank.card", WealthBank, "银行卡号", "bank card number";
    BankAccount, "wealth.bank.account", WealthBank, "银行账号", "bank account number";
    BankAccountName, "wealth.bank.name", WealthBank, "银行户名", "name on a bank account";
    WealthCash, "wealth.cash", WealthCash, "资金状况", "funds";
    Balance, "wealth.cash.balance", WealthCash, "资金余额", "balance or assets";
    Income, "wealth.cash.income", WealthCash, "收入", "income";
    Credit, "credit", Credit, "信用信息", "credit data";
    Contract, "contract", Contract, "合约合同", "contract data";
    Behaviour, "behaviour", Behaviour, "行为信息", "behaviour data";
    Derived, "derived", Derived, "衍生信息", "derived label, rating or interest";
    DeviceResettable, "device.resettable", DeviceResettable, "可变更设备识别码", "resettable device identifier";
    DevicePermanent, "device.permanent", DevicePermanent, "不可变更设备识别码", "permanent device identifier";
    Mac, "device.permanent.mac", DevicePermanent, "MAC地址", "MAC address";
    Imei, "device.permanent.imei", DevicePermanent, "IMEI", "IMEI";
    DeviceApps, "device.apps", DeviceApps, "应用软件列表", "installed applications";
    LocationCoarse, "location.coarse", LocationCoarse, "粗略位置", "coarse location";
    LocationTrack, "location.track", LocationTrack, "行踪轨迹", "movement or precise location";
    Coordinates, "location.track.coordinates", LocationTrack, "经纬度", "coordinates";
    HealthStatus, "health.status", HealthStatus, "健康状况", "health status";
    HealthMedical, "health.medical", HealthMedical, "医疗健康信息", "medical record";
    EducationWork, "education-work", EducationWork, "教育工作信息", "education or work";
    Other, "other", Other, "个人其他信息", "other personal information";
    Relationship, "relationship", Relationship, "客户关系信息", "customer relationship data";
    Service, "service", Service, "客户服务信息", "customer service record";
    OperationAnalysis, "operation-analysis", OperationAnalysis, "客户经营分析", "business analysis figure";
    Channel, "channel", Channel, "渠道信息", "channel data";
    Marketing, "marketing", Marketing, "营销推广信息", "marketing data";
    ServiceStaff, "service-staff", ServiceStaff, "服务机构和人员", "service unit or staff data";
}

impl Kind {
    /// How many kinds there are; tables indexed by [`Kind::index`] have this length.
    pub const COUNT: usize = KINDS.len();

    /// Every kind, grouped by category in the order of Appendix A.
    pub fn all() -> impl ExactSizeIterator<Item = Kind> {
        KINDS.iter().map(|row| row.kind)
    }

    /// The kind with this stable id, such as `basic.mobile`.
    pub fn from_id(id: &str) -> Option<Kind> {
        KINDS.iter().find(|row| row.id == id).map(|row| row.kind)
    }

    /// The general kind of a category, for values known only by their row.
    pub fn general(category: Category) -> Kind {
        let general = KINDS.iter().find(|row| row.id == category.id());
        general.map_or(Kind::Other, |row| row.kind)
    }

    /// Position in tables of length [`Kind::COUNT`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Stable id: the category's id, or the category's id and one more word.
    pub fn id(self) -> &'static str {
        self.row().id
    }

    /// The row of Appendix A this kind belongs to.
    pub fn category(self) -> Category {
        self.row().category
    }

    /// Level of the row (§6.3).
    pub fn level(self) -> Level {
        self.category().level()
    }

    /// Chinese name.
    pub fn zh(self) -> &'static str {
        self.row().zh
    }

    /// English name.
    pub fn en(self) -> &'static str {
        self.row().en
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "the enum and the table are one macro: every variant has its row"
    )]
    fn row(self) -> &'static KindRow {
        &KINDS[self as usize]
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// A set of kinds, as one machine word pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KindSet(u128);

const _: () = assert!(Kind::COUNT <= 128, "a kind must fit one bit of KindSet");

impl KindSet {
    /// Whether `kind` is in the set.
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 >> kind.index() & 1 == 1
    }

    /// Adds `kind`.
    pub const fn insert(&mut self, kind: Kind) {
        self.0 |= 1 << kind.index();
    }

    /// Whether the sets share a kind.
    pub const fn meets(self, other: KindSet) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets together.
    pub const fn union(self, other: KindSet) -> KindSet {
        KindSet(self.0 | other.0)
    }

    /// Whether nothing is in the set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds in the set, in taxonomy order.
    pub fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::all().filter(move |kind| self.contains(*kind))
    }
}

impl FromIterator<Kind> for KindSet {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Self {
        let mut set = KindSet::default();
        for kind in kinds {
            set.insert(kind);
        }
        set
    }
}
