//! Why a head is refused: one table of status, stable code and words. No row holds a byte of the request.

/// How the connection ends. It never goes on: where a head could not be read, the next one's start is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// Nobody is there to read an answer.
    Silently,
    /// Answer, let what the client still sends run into a bounded drain, close.
    AfterAnswer,
}

/// What is told about a refusal, in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// What was wrong.
    pub title: &'static str,
    /// What the client's owner can do.
    pub help: &'static str,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Stable code, `YB1001` …
    pub code: &'static str,
    /// How the connection ends.
    pub close: Close,
    /// In English.
    pub en: Words,
    /// In Chinese.
    pub zh: Words,
}

macro_rules! refusals {
    ($($(#[doc = $doc:literal])+ $name:ident = $status:literal $code:literal $close:ident
        [$en:literal, $en_help:literal] [$zh:literal, $zh_help:literal];)+) => {
        /// Why a head is refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
        pub enum HeadError {
            $($(#[doc = $doc])+ #[error($en)] $name,)+
        }

        impl HeadError {
            /// Every reason, for documentation and metrics.
            pub const ALL: &[HeadError] = &[$(HeadError::$name,)+];

            /// Status, code, close rule and words.
            pub const fn refusal(self) -> Refusal {
                match self {
                    $(HeadError::$name => Refusal {
                        status: $status,
                        code: $code,
                        close: Close::$close,
                        en: Words { title: $en, help: $en_help },
                        zh: Words { title: $zh, help: $zh_help },
                    },)+
                }
            }
        }
    };
}

impl HeadError {
    /// HTTP status.
    pub const fn status(self) -> u16 {
        self.refusal().status
    }

    /// Stable code.
    pub const fn code(self) -> &'static str {
        self.refusal().code
    }
}

refusals! {
    /// The connection broke.
    Connection = 400 "YB1001" Silently
        ["connection broke before the request was complete", "send the request again"]
        ["请求未收完连接已断", "请重新发送请求"];
    /// The client closed within a head.
    Truncated = 400 "YB1002" Silently
        ["connection closed within the request head", "send the request again"]
        ["请求头未发完连接已关闭", "请重新发送请求"];
    /// The head was not complete in time.
    Timeout = 408 "YB1003" AfterAnswer
        ["request head was not complete in time", "send the whole head at once"]
        ["请求头未在限时内收完", "请一次发送完整的请求头"];
    /// The head is larger than read.
    TooLarge = 431 "YB1004" AfterAnswer
        ["request head is too large", "send fewer or shorter headers"]
        ["请求头过大", "请减少或缩短请求头"];
    /// More header lines than read.
    TooManyHeaders = 431 "YB1005" AfterAnswer
        ["too many request headers", "send fewer headers"]
        ["请求头字段过多", "请减少请求头字段"];
    /// A header value longer than read.
    ValueTooLong = 431 "YB1006" AfterAnswer
        ["a request header is too long", "shorten the header's value"]
        ["请求头字段过长", "请缩短该字段的值"];
    /// A target longer than read.
    TargetTooLong = 414 "YB1007" AfterAnswer
        ["request target is too long", "shorten the path or the query"]
        ["请求地址过长", "请缩短路径或查询串"];
    /// Bytes that are no HTTP/1 request: TLS, leading line ends, binary.
    NotHttp = 400 "YB1010" AfterAnswer
        ["not an HTTP/1 request", "start the connection with a request line; check whether TLS is meant"]
        ["不是 HTTP/1 请求", "连接应以请求行开始；请确认是否应使用 TLS"];
    /// A line ended by LF alone, or a CR that ends none.
    LineEnd = 400 "YB1011" AfterAnswer
        ["a line does not end in CR LF", "end every line in CR LF (RFC 9112 2.2)"]
        ["行未以 CR LF 结束", "每行须以 CR LF 结束（RFC 9112 2.2）"];
    /// The request line is not `METHOD SP target SP version`.
    RequestLine = 400 "YB1012" AfterAnswer
        ["malformed request line", "send method, target and version, one space between them"]
        ["请求行格式错误", "请求行应为方法、地址、版本，各隔一个空格"];
    /// A version other than HTTP/1.0 and HTTP/1.1.
    Version = 505 "YB1013" AfterAnswer
        ["HTTP version is not supported", "use HTTP/1.1"]
        ["不支持的 HTTP 版本", "请使用 HTTP/1.1"];
    /// CONNECT, TRACE or a method not known.
    Method = 501 "YB1014" AfterAnswer
        ["method is not implemented", "use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS"]
        ["不支持的请求方法", "请使用 GET、HEAD、POST、PUT、PATCH、DELETE 或 OPTIONS"];
    /// A name is no token.
    HeaderName = 400 "YB1020" AfterAnswer
        ["malformed header name", "use letters, digits and hyphens, then a colon without a space before it"]
        ["请求头字段名格式错误", "字段名使用字母、数字和连字符，其后紧跟冒号"];
    /// A value holds control characters.
    HeaderValue = 400 "YB1021" AfterAnswer
        ["malformed header value", "remove control characters from the value"]
        ["请求头字段值格式错误", "请去掉字段值中的控制字符"];
    /// A header folded over lines.
    Folded = 400 "YB1022" AfterAnswer
        ["a header is folded over several lines", "send every header on one line (RFC 9112 5.2)"]
        ["请求头字段折行", "每个字段须在一行内（RFC 9112 5.2）"];
    /// A name that servers behind may read as another (`Content_Length`).
    Alias = 400 "YB1023" AfterAnswer
        ["a header's name may be mistaken for another", "spell the header with hyphens, or leave it out"]
        ["请求头字段名可能被误认为另一字段", "请使用带连字符的标准写法或去掉该字段"];
    /// A header that may be said once is said twice.
    Duplicate = 400 "YB1024" AfterAnswer
        ["a header that may appear once is repeated", "send it once"]
        ["只能出现一次的请求头字段重复", "该字段只发送一次"];
    /// A header that asks the server behind for another method or target than the one decided upon.
    Override = 400 "YB1025" AfterAnswer
        ["a header overrides the method or the target", "send the meant method and target in the request line"]
        ["请求头字段试图改写方法或地址", "请在请求行中发送真实的方法和地址"];
    /// A `Yingbi-` header that only the gateway sets.
    Reserved = 400 "YB1026" AfterAnswer
        ["a header is reserved to the gateway", "clients may send Yingbi-Purpose, Yingbi-Ticket and Yingbi-Consent only"]
        ["该请求头字段仅限网关使用", "客户端只可发送 Yingbi-Purpose、Yingbi-Ticket、Yingbi-Consent"];
    /// `Connection` is malformed, or names a header that is meant for the far end.
    ConnectionOption = 400 "YB1027" AfterAnswer
        ["Connection names a header that must not be removed", "name only hop-by-hop headers in Connection"]
        ["Connection 列出了不可去除的字段", "Connection 中只可列出逐跳字段"];
    /// An upgrade is asked for.
    Upgrade = 501 "YB1028" AfterAnswer
        ["protocol upgrade is not supported", "set the client to HTTP/1.1 without upgrade"]
        ["不支持协议升级", "请将客户端设为 HTTP/1.1 且不请求升级"];
    /// An expectation other than `100-continue`.
    Expectation = 417 "YB1029" AfterAnswer
        ["expectation is not supported", "leave Expect out or send 100-continue"]
        ["不支持的 Expect", "请去掉 Expect 或使用 100-continue"];
    /// `Host` is absent, empty or malformed.
    Host = 400 "YB1030" AfterAnswer
        ["Host is missing or malformed", "send one Host with a name and at most a port"]
        ["Host 缺失或格式错误", "请发送一个 Host，内容为主机名及可选端口"];
    /// The target names another host than `Host` does.
    HostMismatch = 400 "YB1031" AfterAnswer
        ["target and Host name different hosts", "send the same authority in both, or a target that starts with a slash"]
        ["请求地址与 Host 不一致", "两处主机须相同，或使用以斜杠开头的地址"];
    /// `Content-Length` is no plain number.
    ContentLength = 400 "YB1040" AfterAnswer
        ["malformed Content-Length", "send one Content-Length of decimal digits"]
        ["Content-Length 格式错误", "请发送一个由十进制数字组成的 Content-Length"];
    /// A transfer coding other than `chunked`.
    TransferCoding = 501 "YB1041" AfterAnswer
        ["transfer coding is not implemented", "send Transfer-Encoding: chunked or Content-Length"]
        ["不支持的传输编码", "请使用 Transfer-Encoding: chunked 或 Content-Length"];
    /// More than one framing of the body, or chunked in HTTP/1.0.
    Framing = 400 "YB1042" AfterAnswer
        ["the body's length is said in conflicting ways", "send either Content-Length or Transfer-Encoding, never both, and neither twice"]
        ["请求体长度的表述相互矛盾", "Content-Length 与 Transfer-Encoding 只可取其一且不重复"];
    /// GET or HEAD with a body.
    UnexpectedBody = 400 "YB1043" AfterAnswer
        ["GET and HEAD take no body", "send the parameters in the query, or use POST"]
        ["GET 和 HEAD 不可带请求体", "请将参数放入查询串，或改用 POST"];
    /// The target holds characters or a form that no target has.
    Target = 400 "YB1050" AfterAnswer
        ["malformed request target", "send an absolute path, percent-encoded, without a fragment"]
        ["请求地址格式错误", "请发送绝对路径，按百分号编码，不带片段"];
    /// The path has more than one reading: dot segments, empty segments, encoded separators, parameters.
    AmbiguousPath = 400 "YB1051" AfterAnswer
        ["the path has more than one reading", "leave out dot segments, empty segments, path parameters, encoded slashes and double encoding"]
        ["路径存在多种解读", "请去掉点段、空段、路径参数、编码的斜杠和二次编码"];
    /// The path is not UTF-8.
    PathCharset = 400 "YB1052" AfterAnswer
        ["the path is not UTF-8", "percent-encode the path's UTF-8 bytes"]
        ["路径不是 UTF-8", "请对路径的 UTF-8 字节作百分号编码"];
}
