//! Refusals as the client reads them: `application/problem+json` (RFC 9457) with a stable code. Never a value.

use super::coding::CodingError;
use super::front::{HeadError, Words};
use super::identity::{IdentityError, Reason};
use super::input::InputError;
use super::upstream::Failure;
use crate::metrics::InspectFailure;
use crate::state::credential::Fault;
use pingora_http::ResponseHeader;
use serde::Serialize;
use yingbi_audit::AuditError;
use yingbi_policies::Refusal;
use yingbi_protect::Uninspectable;

/// One way to be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// Stable code, the same in every language.
    pub code: &'static str,
    /// In English.
    pub en: Words,
    /// In Chinese.
    pub zh: Words,
}

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $status:literal $code:literal
        [$en:literal, $en_help:literal] [$zh:literal, $zh_help:literal];)*) => {
        $($(#[$doc])* pub const $name: Problem = Problem {
            status: $status,
            code: $code,
            en: Words { title: $en, help: $en_help },
            zh: Words { title: $zh, help: $zh_help },
        };)*
        /// Every problem of this table, for documentation and metrics.
        pub const ALL: &[Problem] = &[$($name),*];
    };
}

// YB13… the request's body · YB21… what the policy says of an answer · YB40… the API behind · YB41… its content ·
// YB50… the gateway. The head reader (YB10…), the identity check (YB12…) and the policies (YB20…) keep their own tables.
problems! {
    /// The request's body is larger than the configured limit.
    REQUEST_TOO_LARGE = 413 "YB1301"
        ["request body too large", "send less at once, or have `limits.request_body_bytes` raised"]
        ["请求正文过大", "请减小单次请求，或调高 `limits.request_body_bytes`"];
    /// The request's body ended early or stalled.
    REQUEST_BODY = 400 "YB1302"
        ["request body incomplete", "send the whole body, with correct framing, without long pauses"]
        ["请求正文不完整", "请完整发送正文，分帧正确，中途不要长时间停顿"];
    /// The client rules out everything that could be sent.
    NOT_ACCEPTABLE = 406 "YB1303"
        ["no acceptable content coding", "accept `identity`, `gzip`, `br` or `zstd`"]
        ["没有可接受的内容编码", "请在 Accept-Encoding 中接受 identity、gzip、br 或 zstd"];
    /// The binding asks for data that comes in to be right, and some is not; the document names where, and the rule.
    INPUT_WRONG = 422 "YB1310"
        ["the request holds personal information that can't be right", "see `errors`: each names a path, what should stand there, and the rule it breaks"]
        ["请求中的个人信息有误", "见 `errors`：逐项给出路径、应为何种信息及所违反的规则"];
    /// Data that is to be checked can't be read.
    INPUT_UNREADABLE = 422 "YB1311"
        ["the request can't be read, so it can't be checked", "see `errors` for the place; its body and query must be of the type, charset and coding they claim, in UTF-8 or GB18030"]
        ["请求无法读取，因而无法校验", "位置见 `errors`；正文与查询串须与所声明的类型、字符集和编码一致，字符集为UTF-8或GB18030"];
    /// Data that is to be checked is of a type that isn't read.
    INPUT_TYPE = 415 "YB1312"
        ["the request's content type can't be checked", "send JSON, XML, CSV, a form or multipart parts of these, or have the route's binding ask for no validation"]
        ["请求的内容类型无法校验", "请发送JSON、XML、CSV、表单或由其组成的multipart，或由绑定取消该路由的校验"];
    /// A rule for requests says that one that holds this category must not go on.
    INPUT_BLOCKED = 403 "YB0711"
        ["the request holds a category that the policy doesn't let pass", "leave it out, or ask the security team for another rule"]
        ["请求含有策略禁止传入的信息类别", "请去掉该信息，或联系安全团队调整策略"];
    /// A rule says that an answer that holds this category must not be released at all.
    BLOCKED_BY_POLICY = 403 "YB2101"
        ["the answer holds a category that the policy blocks", "ask for less, or ask the security team for another rule"]
        ["响应含有策略禁止放行的信息类别", "请缩小查询范围，或联系安全团队调整策略"];
    /// Some records look like so few others that they single people out.
    SMALL_GROUPS = 403 "YB0740"
        ["some records look like too few others", "what is asked for would single people out; ask for more, or for less detail"]
        ["部分记录可识别到个人", "结果中相似记录过少，可能识别到个人；请扩大范围或降低粒度"];
    /// The firm's directory says that the caller has left.
    LEFT = 403 "YB2109"
        ["the caller's account is closed", "the firm's directory says that its holder has left; ask whoever keeps it"]
        ["账号已停用", "机构人员目录标明其已离职，请联系目录维护者"];
    /// A kill switch is thrown for the caller, a role of theirs, the recipient or the route.
    STOPPED = 403 "YB2110"
        ["this access is stopped", "an officer stopped the caller, role, recipient or route; ask the security team"]
        ["此访问已被紧急停止", "来访者、角色、接收方或路由已被停止，请联系安全团队"];
    /// The answer would show more distinct investors than a limit allows.
    LIMIT = 429 "YB2111"
        ["more investors than the limit allows", "wait until fewer were seen in the limit's period, or have a grant approved that lifts it"]
        ["涉及的投资者人数超出上限", "请等待统计周期滑过，或申请经审批可解除上限的授权"];
    /// A grant that may be used once was used before.
    GRANT_USED = 403 "YB2112"
        ["the grant was used already", "it may be used once; ask for another"]
        ["授权已使用", "该授权仅可使用一次，请重新申请"];
    /// What the caller asks is unusual by what they did before, and the firm has that refused.
    UNUSUAL = 403 "YB2113"
        ["the access is unusual for this caller", "the record of this decision says in what; ask the security office, which `identity.behaviour.block` speaks for"]
        ["该访问与来访者以往行为不符", "本次决定的记录载明异常之处，请联系安全部门（见 `identity.behaviour.block`）"];
    /// A caller abroad asks to a purpose that names no country.
    ABROAD = 403 "YB0630"
        ["the caller is abroad and the purpose is not", "name a purpose that declares the recipient and its country, with its consent and yearly limits"]
        ["来访者在境外，而该目的未声明向境外提供", "请使用已声明境外接收方及其所在国家或地区、单独同意与年度上限的目的"];
    /// The account is bound to other devices.
    DEVICE = 403 "YB0631"
        ["the account is bound to other devices", "come from a device that the directory lists, with its client certificate"]
        ["账号已绑定其他设备", "请使用目录中登记的设备，并出示其客户端证书"];
    /// No connection to the API behind.
    UPSTREAM_CONNECT = 502 "YB4001"
        ["the API behind can't be reached", "check that it runs at `upstream.address`"]
        ["无法连接上游接口", "请检查 `upstream.address` 处的服务是否运行"];
    /// The API behind did not answer in time.
    UPSTREAM_TIMEOUT = 504 "YB4002"
        ["the API behind did not answer in time", "try again; if it is slow by nature, raise the `upstream` time limits"]
        ["上游接口响应超时", "请重试；若接口本就较慢，请调高 `upstream` 的超时"];
    /// The API behind does not speak clean HTTP.
    UPSTREAM_MALFORMED = 502 "YB4003"
        ["the answer of the API behind is malformed", "its framing or headers break HTTP; mend the API"]
        ["上游响应不合规范", "其分帧或头部不符合 HTTP，请修复该接口"];
    /// The API behind broke off.
    UPSTREAM_TRUNCATED = 502 "YB4004"
        ["the answer of the API behind is incomplete", "it closed before its answer was whole; nothing of it was released"]
        ["上游响应不完整", "上游在响应结束前断开，未放行任何内容"];
    /// The answer is larger than what is inspected.
    UPSTREAM_TOO_LARGE = 502 "YB4005"
        ["the answer of the API behind is too large to inspect", "ask for less, or raise `limits.response_body_bytes`"]
        ["上游响应过大，无法检查", "请缩小查询范围，或调高 `limits.response_body_bytes`"];
    /// The API behind wanted to switch protocols.
    UPSTREAM_UPGRADE = 502 "YB4006"
        ["the API behind wanted to switch protocols", "only HTTP is inspected; nothing else passes"]
        ["上游要求切换协议", "网关只检查 HTTP，其他协议不放行"];
    /// The content type is not one that can be inspected.
    CONTENT_TYPE = 502 "YB4101"
        ["the answer's content type can't be inspected", "send JSON, HTML or plain text, or have a binding declare the type opaque"]
        ["响应的内容类型无法检查", "请使用 JSON、HTML 或纯文本，或在绑定中将该类型声明为 opaque"];
    /// The content coding can't be undone within bounds.
    CONTENT_CODING = 502 "YB4102"
        ["the answer's content coding can't be undone", "use gzip, deflate, br or zstd, at most two layers, no bombs"]
        ["响应的内容编码无法还原", "请使用 gzip、deflate、br 或 zstd，至多两层，且不超过膨胀上限"];
    /// The character set can't be read.
    CHARSET = 502 "YB4103"
        ["the answer's character set can't be read", "send UTF-8 or GB18030 and say so in Content-Type"]
        ["响应的字符集无法识别", "请使用 UTF-8 或 GB18030，并在 Content-Type 中注明"];
    /// The body is not what its content type says.
    BODY_MALFORMED = 502 "YB4104"
        ["the answer's body is malformed", "its content type and its body must agree"]
        ["响应正文格式错误", "正文必须与其内容类型一致"];
    /// The body nests deeper than is read.
    BODY_TOO_DEEP = 502 "YB4105"
        ["the answer's body is nested too deep", "nest less, or raise `limits.json_depth`"]
        ["响应正文嵌套过深", "请减少嵌套，或调高 `limits.json_depth`"];
    /// A part of a document can't be inspected.
    PARTIAL_CONTENT = 502 "YB4106"
        ["the answer is only a part of a document", "a part can't be judged without its whole; ranges are not supported here"]
        ["响应只是文档的一部分", "片段无法脱离整体判断，此处不支持范围请求"];
    /// The record of the access could not be made durable.
    AUDIT_UNAVAILABLE = 503 "YB5001"
        ["the access can't be recorded now", "nothing was released; the operator must look at the disk of `data_dir`"]
        ["访问记录暂不可用", "未放行任何内容，请运维检查 `data_dir` 所在磁盘"];
    /// More is under way than the gateway takes.
    OVERLOADED = 503 "YB5002"
        ["the gateway is overloaded", "try again in a moment"]
        ["网关过载", "请稍后重试"];
    /// The exchange took longer than allowed.
    EXCHANGE_TIMEOUT = 504 "YB5003"
        ["the exchange took too long", "try again, or raise `limits.exchange_timeout_ms`"]
        ["处理超时", "请重试，或调高 `limits.exchange_timeout_ms`"];
    /// A defect of the gateway; nothing was released.
    INTERNAL = 500 "YB5004"
        ["internal error", "nothing was released; report the decision id"]
        ["内部错误", "未放行任何内容，请报告决策编号"];
}

/// What a robot reads of an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultCode<'a> {
    result_code: String,
    message: &'a str,
    data: NoData,
}

/// `{}`.
#[derive(Serialize)]
struct NoData {}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    result: Option<ResultCode<'a>>,
    r#type: &'static str,
    title: &'a str,
    title_zh: &'a str,
    status: u16,
    code: &'a str,
    help: &'a str,
    help_zh: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision_id: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [InputError],
}

/// How a refusal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `application/problem+json` (RFC 9457).
    Problem,
    /// With a business result code (T/TSAC 002—2025 §6.1.1.5).
    ResultCode,
}

impl Problem {
    /// Five digits (T/TSAC 002—2025 §6.1.1.7): the first says whether the request (1), the server (2) or a right (3) is at
    /// fault, the others are those of the code; a token that does not hold is 10001, as in §6.1.1.5.
    pub fn result_code(&self) -> String {
        let digits = self.code.trim_start_matches("YB");
        match self.status {
            401 if digits.starts_with("12") => "10001".to_owned(),
            401 | 403 | 429 => format!("3{digits}"),
            400..=499 => format!("1{digits}"),
            _ => format!("2{digits}"),
        }
    }

    /// The document's bytes; `errors` are what is wrong with the request's data.
    pub fn document(&self, form: Form, decision_id: Option<&str>, errors: &[InputError]) -> Vec<u8> {
        let result = (form == Form::ResultCode).then(|| ResultCode {
            result_code: self.result_code(),
            message: self.zh.title,
            data: NoData {},
        });
        let document = Document {
            result,
            r#type: "about:blank",
            title: self.en.title,
            title_zh: self.zh.title,
            status: self.status,
            code: self.code,
            help: self.en.help,
            help_zh: self.zh.help,
            decision_id,
            errors,
        };
        // Serialising a struct of strings can't fail; an empty body would still be a refusal.
        serde_json::to_vec(&document).unwrap_or_default()
    }

    /// The head that goes with a document of `length` bytes.
    pub fn head(&self, form: Form, length: usize) -> Option<ResponseHeader> {
        let mut head = ResponseHeader::build_no_case(self.status, Some(8)).ok()?;
        for (name, value) in self.headers(form) {
            head.insert_header(name, value).ok()?;
        }
        head.insert_header("content-length", length).ok()?;
        Some(head)
    }

    /// A whole HTTP/1.1 answer that closes the connection, for clients that have no session yet.
    pub fn raw_answer(&self) -> Vec<u8> {
        let document = self.document(Form::Problem, None, &[]);
        let reason =
            http::StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason());
        let mut answer = format!("HTTP/1.1 {} {}\r\n", self.status, reason.unwrap_or("Refused"));
        for (name, value) in self.headers(Form::Problem) {
            answer.push_str(&format!("{name}: {value}\r\n"));
        }
        answer.push_str(&format!("content-length: {}\r\nconnection: close\r\n\r\n", document.len()));
        [answer.into_bytes(), document].concat()
    }

    /// What would authenticate (RFC 6750 §3): the error that was made, where there was a credential; for a credential that
    /// is good but not fresh or strong enough, RFC 9470 §3.
    fn challenge(&self) -> &'static str {
        let presented = Reason::ALL.iter().map(|reason| IdentityError::from(*reason));
        match presented.into_iter().find(|error| error.code() == self.code) {
            Some(error) => error.challenge(),
            None if self.code == STEP_UP => {
                r#"Bearer realm="yingbi", error="insufficient_user_authentication", error_description="a fresh strong authentication is needed""#
            }
            None => r#"Bearer realm="yingbi""#,
        }
    }

    fn headers(&self, form: Form) -> impl Iterator<Item = (&'static str, &'static str)> {
        let also = match self.status {
            401 => Some(("www-authenticate", self.challenge())),
            503 => Some(("retry-after", "1")),
            _ => None,
        };
        let media_type = match form {
            Form::Problem => "application/problem+json",
            Form::ResultCode => "application/json;charset=utf-8",
        };
        [("content-type", media_type), ("cache-control", "no-store")].into_iter().chain(also)
    }
}

/// The policy's refusal that asks for a step-up.
const STEP_UP: &str = "YB2006";

impl From<HeadError> for Problem {
    fn from(error: HeadError) -> Self {
        let refusal = error.refusal();
        Problem { status: refusal.status, code: refusal.code, en: refusal.en, zh: refusal.zh }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Connect => UPSTREAM_CONNECT,
            Failure::Timeout => UPSTREAM_TIMEOUT,
            Failure::Malformed => UPSTREAM_MALFORMED,
            Failure::Truncated => UPSTREAM_TRUNCATED,
            Failure::TooLarge => UPSTREAM_TOO_LARGE,
            Failure::Upgrade => UPSTREAM_UPGRADE,
            Failure::RequestTooLarge => REQUEST_TOO_LARGE,
            // A client that has left reads nothing; the code still tells the log what happened.
            Failure::RequestBody | Failure::ClientGone => REQUEST_BODY,
        }
    }
}

impl From<CodingError> for Problem {
    fn from(_: CodingError) -> Self {
        CONTENT_CODING
    }
}

impl From<Uninspectable> for Problem {
    fn from(why: Uninspectable) -> Self {
        match why {
            Uninspectable::Malformed { .. } | Uninspectable::Contradicted => BODY_MALFORMED,
            Uninspectable::TooLarge { .. } => UPSTREAM_TOO_LARGE,
            Uninspectable::Charset { .. } => CHARSET,
            Uninspectable::TooDeep { .. } => BODY_TOO_DEEP,
            Uninspectable::MediaType { .. } => CONTENT_TYPE,
            Uninspectable::Blocked(_) => BLOCKED_BY_POLICY,
            Uninspectable::Classifier => INTERNAL,
        }
    }
}

impl From<&AuditError> for Problem {
    fn from(error: &AuditError) -> Self {
        match error {
            AuditError::Overloaded => OVERLOADED,
            _ => AUDIT_UNAVAILABLE,
        }
    }
}

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        let row = yingbi_policies::REFUSALS.iter().find(|row| row.code == refusal.code);
        row.map_or(INTERNAL, |row| Problem {
            status: refusal.status,
            code: row.code,
            en: Words { title: row.en, help: row.help_en },
            zh: Words { title: row.zh, help: row.help_zh },
        })
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let [en, zh] = fault.words().map(|[title, help]| Words { title, help });
        Problem { status: 403, code: fault.code(), en, zh }
    }
}

impl From<IdentityError> for Problem {
    fn from(error: IdentityError) -> Self {
        let (en, zh) = error.words();
        Problem { status: error.status(), code: error.code(), en, zh }
    }
}

impl Problem {
    /// How inspection failed, if it was inspection that did.
    pub fn inspect_failure(&self) -> Option<InspectFailure> {
        let failures = [
            (CONTENT_TYPE, InspectFailure::MediaType),
            (CONTENT_CODING, InspectFailure::Coding),
            (CHARSET, InspectFailure::Charset),
            (BODY_MALFORMED, InspectFailure::Malformed),
            (BODY_TOO_DEEP, InspectFailure::Depth),
            (PARTIAL_CONTENT, InspectFailure::Malformed),
            (BLOCKED_BY_POLICY, InspectFailure::Blocked),
            (INTERNAL, InspectFailure::Internal),
        ];
        failures.into_iter().find(|(problem, _)| problem == self).map(|(_, failure)| failure)
    }
}

#[cfg(test)]
mod tests;
