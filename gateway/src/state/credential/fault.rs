//! Why a credential is no consent: a code, and what its holder or issuer must do, never what it held.

/// One way to be no consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Not of the form.
    Malformed,
    /// Larger than is read.
    TooLarge,
    /// An algorithm that is not its key's, or a critical extension.
    Algorithm,
    /// Its issuer is neither trusted nor an investor on record.
    Issuer,
    /// No key of its signer is known.
    Key,
    /// A signature does not hold.
    Signature,
    /// Over, not yet, or for longer than is taken.
    Time,
    /// Its issuer took it back.
    Revoked,
    /// Whether it was taken back can't be told.
    StatusUnknown,
    /// No consent, but another kind of credential.
    Type,
    /// A disclosure that belongs to nothing.
    Disclosure,
    /// Nobody proves to hold it.
    HolderMissing,
    /// The proof of its holder does not hold here and now.
    Holder,
    /// Another caller presented it before.
    Replayed,
    /// Its investor is not known.
    Subject,
    /// It does not say to what purpose.
    Purpose,
    /// The investor has withdrawn since.
    Withdrawn,
    /// Credentials are not accepted here.
    Unaccepted,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 18] = [
        Fault::Malformed,
        Fault::TooLarge,
        Fault::Algorithm,
        Fault::Issuer,
        Fault::Key,
        Fault::Signature,
        Fault::Time,
        Fault::Revoked,
        Fault::StatusUnknown,
        Fault::Type,
        Fault::Disclosure,
        Fault::HolderMissing,
        Fault::Holder,
        Fault::Replayed,
        Fault::Subject,
        Fault::Purpose,
        Fault::Withdrawn,
        Fault::Unaccepted,
    ];

    /// Stable code.
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// What it is and what is missing, in English and Chinese.
    pub fn words(self) -> [[&'static str; 2]; 2] {
        let (_, en, zh) = self.row();
        [en, zh]
    }

    fn row(self) -> (&'static str, [&'static str; 2], [&'static str; 2]) {
        match self {
            Fault::Malformed => (
                "YB0611",
                [
                    "the consent credential is malformed",
                    "present `<credential>~<disclosure>…~<key-binding JWT>` as RFC 9901 has it; JSON without repeated members",
                ],
                [
                    "同意凭证格式有误",
                    "请按 RFC 9901 出示 `<凭证>~<披露>…~<密钥绑定JWT>`；JSON 不得有重复成员",
                ],
            ),
            Fault::TooLarge => (
                "YB0612",
                [
                    "the consent credential is too large",
                    "present at most 8 KiB, and only the disclosures that are needed",
                ],
                ["同意凭证过大", "最多 8 KiB，且只出示必要的披露"],
            ),
            Fault::Algorithm => (
                "YB0613",
                [
                    "the consent credential's algorithm is not accepted",
                    "sign with EdDSA, ES256 or SM2, as the key is; no `crit`",
                ],
                ["同意凭证的签名算法不被接受", "请按密钥类型使用 EdDSA、ES256 或 SM2 签名，且不带 `crit`"],
            ),
            Fault::Issuer => (
                "YB0614",
                [
                    "nobody vouches for the consent credential",
                    "its issuer must be configured, or be the investor's own DID on record",
                ],
                ["同意凭证的签发者不受信任", "签发者须已配置，或为已登记的投资者本人 DID"],
            ),
            Fault::Key => (
                "YB0615",
                [
                    "no key of the consent credential's signer is known",
                    "use did:key or did:jwk, or have the signer's document put into the registry",
                ],
                ["找不到同意凭证签名者的公钥", "请使用 did:key 或 did:jwk，或将其文档登记入册"],
            ),
            Fault::Signature => (
                "YB0616",
                ["a signature of the consent credential does not hold", "present it as it was issued"],
                ["同意凭证签名不成立", "请原样出示凭证"],
            ),
            Fault::Time => (
                "YB0617",
                [
                    "the consent credential is over, not yet valid or valid too long",
                    "it must say until when it holds, within `credentials.lifetime_s`; have it issued anew",
                ],
                [
                    "同意凭证已过期、尚未生效或有效期过长",
                    "凭证须注明有效期，且不超过 `credentials.lifetime_s`，请重新签发",
                ],
            ),
            Fault::Revoked => (
                "YB0618",
                ["the consent credential was revoked", "ask the investor for a new consent"],
                ["同意凭证已被撤销", "请重新征得投资者同意"],
            ),
            Fault::StatusUnknown => (
                "YB0619",
                [
                    "whether the consent credential was revoked can't be told",
                    "its status list must be configured, signed by its issuer and fresh",
                ],
                ["无法确认同意凭证是否已撤销", "其状态列表须已配置、由签发者签名且未过期"],
            ),
            Fault::Type => (
                "YB0620",
                ["the credential is no consent", "its type must be one that is configured for consents"],
                ["凭证类型不是同意凭证", "类型须为配置中的同意凭证类型"],
            ),
            Fault::Disclosure => (
                "YB0621",
                [
                    "a disclosure does not belong to the consent credential",
                    "present disclosures of this credential, each once",
                ],
                ["披露内容与同意凭证不符", "请出示属于该凭证的披露，每项一次"],
            ),
            Fault::HolderMissing => (
                "YB0622",
                [
                    "nobody proves to hold the consent credential",
                    "add a key-binding JWT (`kb+jwt`) by the holder's key",
                ],
                ["缺少持有者证明", "请附上由持有者密钥签名的密钥绑定 JWT（`kb+jwt`）"],
            ),
            Fault::Holder => (
                "YB0623",
                [
                    "the holder's proof does not hold here and now",
                    "sign a fresh one for this audience over exactly what is presented, with a nonce",
                ],
                ["持有者证明此时此处不成立", "请针对本网关重新签名，含 nonce，并覆盖全部出示内容"],
            ),
            Fault::Replayed => (
                "YB0624",
                ["the holder's proof was used by another caller", "each caller needs a proof of its own"],
                ["持有者证明已被其他调用方使用", "每个调用方须取得各自的证明"],
            ),
            Fault::Subject => (
                "YB0625",
                [
                    "the consent credential's investor is not known",
                    "have the investor's DID put on record, or name the investor as the issuer was configured to",
                ],
                ["同意凭证所属投资者不明", "请登记投资者的 DID，或按配置的声明标明投资者"],
            ),
            Fault::Purpose => (
                "YB0626",
                [
                    "the consent credential does not say what it consents to",
                    "it needs `purpose`, and known `categories` if any",
                ],
                ["同意凭证未注明同意事项", "须含 `purpose`；如含 `categories` 则须为已知类别"],
            ),
            Fault::Withdrawn => (
                "YB0627",
                ["the investor has withdrawn this consent since", "ask the investor for a new consent"],
                ["投资者此后已撤回同意", "请重新征得投资者同意"],
            ),
            Fault::Unaccepted => (
                "YB0628",
                [
                    "consent credentials are not accepted here",
                    "record the consent instead, or have `credentials` configured",
                ],
                ["此处不接受同意凭证", "请改为登记同意，或配置 `credentials`"],
            ),
        }
    }
}
