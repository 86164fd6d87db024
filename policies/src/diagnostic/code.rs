//! Every code a policy file can be answered with, in one table.

use super::Severity;

macro_rules! codes {
    ($($variant:ident, $code:literal, $severity:ident, $lint:literal, $en:literal, $zh:literal;)*) => {
        /// What can be wrong with a policy file.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code { $(#[doc = $en] $variant,)* }

        impl Code {
            pub(crate) const fn id(self) -> &'static str {
                match self { $(Code::$variant => $code,)* }
            }
        }

        /// Every code of the policy language, for documentation and tests.
        pub const CODES: &[CodeRow] = &[$(CodeRow {
            code: $code, severity: Severity::$severity, check_refuses: $lint, en: $en, zh: $zh,
        },)*];
    };
}

/// One row of the table of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeRow {
    /// Stable code.
    pub code: &'static str,
    /// Severity when the gateway loads the file.
    pub severity: Severity,
    /// Whether `yingbi policy check` refuses what the gateway would load with a warning.
    pub check_refuses: bool,
    /// English title.
    pub en: &'static str,
    /// Chinese title.
    pub zh: &'static str,
}

codes! {
    Yaml, "YB0101", Error, true, "not readable as YAML", "不是可读的YAML";
    UnknownKey, "YB0102", Error, true, "unknown key", "未知的键";
    MissingKey, "YB0103", Error, true, "missing key", "缺少键";
    WrongType, "YB0104", Error, true, "wrong type of value", "值的类型不对";
    WrongValue, "YB0105", Error, true, "value not allowed here", "值不被允许";
    ApiVersion, "YB0106", Error, true, "unknown `apiVersion`", "未知的 `apiVersion`";
    UnknownKind, "YB0107", Error, true, "unknown `kind`", "未知的 `kind`";
    NotSupported, "YB0108", Error, true, "not supported by this version", "本版本尚不支持";
    Unreadable, "YB0109", Error, true, "file can't be read", "文件无法读取";
    DuplicateId, "YB0201", Error, true, "two documents bear one id", "两个文档使用同一标识";
    NeedsOverride, "YB0202", Error, true, "shipped document redefined without `override`", "未写 `override` 而重定义随附文档";
    BadOverride, "YB0203", Error, true, "override without reason or target", "覆盖缺少理由或对象";
    FixedFloor, "YB0204", Error, true, "shipped floor can't be overridden", "随附底线不可覆盖";
    UnknownReference, "YB0205", Error, true, "reference to something undefined", "引用了未定义的对象";
    Contradiction, "YB0206", Error, true, "keys contradict each other", "键之间相互矛盾";
    TwoTemplates, "YB0207", Error, true, "two masks for one category", "同一类别有两个脱敏模板";
    EqualBindings, "YB0208", Error, true, "two bindings for one route", "同一路由有两个绑定";
    TwoOverrides, "YB0209", Error, true, "two overrides for one category", "同一类别有两处覆盖";
    TooManyCombinations, "YB0210", Error, true, "too many combinations", "组合过多";
    ConditionSyntax, "YB0301", Error, true, "condition is not valid CEL", "条件不是有效的CEL";
    ConditionName, "YB0302", Error, true, "unknown name in a condition", "条件中有未知的名称";
    ConditionType, "YB0303", Error, true, "condition compares what can't be compared", "条件中的类型不匹配";
    PathInvalid, "YB0401", Error, true, "not a JSONPath", "不是有效的JSONPath";
    PathNotSupported, "YB0402", Error, true, "JSONPath not supported in bindings", "绑定中不支持的JSONPath";
    RoutePattern, "YB0403", Error, true, "not a route", "不是有效的路由";
    PatternSyntax, "YB0404", Error, true, "not a regular expression", "不是有效的正则表达式";
    PatternBounds, "YB0405", Error, true, "pattern without bounds", "模式没有边界";
    DataFile, "YB0406", Error, true, "line of a data file can't be read", "数据文件中有无法读取的行";
    LevelFourClear, "YB0501", Error, true, "level 4 in clear", "明文展示4级信息";
    LevelFourShown, "YB0502", Error, true, "mask shows part of level 4", "脱敏模板会露出4级信息的一部分";
    ClearNotAllowed, "YB0503", Error, true, "treatment in clear of what is not allowed", "明文处理了未被允许的类别";
    NoGround, "YB0504", Warning, true, "others' level 3 in clear without a stated ground", "无依据而明文展示他人3级信息";
    OpaqueProtected, "YB0506", Error, true, "opaque content on a protected route", "受保护路由上有不可检内容";
    PublicLevel, "YB0507", Warning, true, "level 2 or above for the unauthenticated", "向未登录者提供2级及以上信息";
    LevelFourLowered, "YB0508", Error, true, "level 4 lowered", "4级信息被降级";
    RaisesNothing, "YB0509", Warning, true, "combination raises nothing", "组合未提升任何级别";
    Untested, "YB0601", Warning, true, "rule without a test", "规则没有测试";
    NeverFires, "YB0602", Warning, true, "rule can never fire", "规则永远不会生效";
    Shadowed, "YB0603", Warning, true, "rule is shadowed", "规则被遮蔽";
    NoClause, "YB0604", Warning, false, "rule names no clause", "规则未写条款";
    ClassifierTest, "YB0605", Warning, true, "classifier fails its own test", "分类器未通过自带测试";
    Ff1NotAcknowledged, "YB2201", Error, true, "FF1 without saying that no national standard names it", "使用FF1而未声明其非国家标准";
    LevelFourOpened, "YB2202", Error, true, "level 4 decrypted", "解密4级信息";
    RequestRule, "YB2203", Error, true, "not what a rule for requests may say", "请求方向的规则不能这样写";
    Unsigned, "YB2301", Error, true, "policies not signed", "策略未签名";
    SignatureMalformed, "YB2302", Error, true, "not a signature of policies", "不是策略签名文件";
    SignatureOtherVersion, "YB2303", Error, true, "signature for other files", "签名对应其他文件";
    SignatureNoSigner, "YB2304", Error, true, "signed by no configured signer", "无已配置的签署人签名";
    UntestedCondition, "YB2310", Warning, true, "condition without a test", "条件没有测试";
    OnlyDenied, "YB2311", Warning, true, "rule allows only what another denies", "规则所允许者均被另一条禁止";
    Unused, "YB2312", Warning, true, "document that nothing uses", "文档不起任何作用";
    LimitShadowed, "YB2313", Warning, true, "limit that another stops before", "限额总被另一条先行触发";
}
