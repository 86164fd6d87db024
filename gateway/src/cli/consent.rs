//! `yingbi consent add|list|withdraw`: consents of investors, through a running gateway.

use super::Exit;
use super::office::{Ask, Desk, lines, say, word};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

/// Arguments of `yingbi consent`.
#[derive(Debug, Args)]
pub struct ConsentArgs {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    desk: Desk,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Records a consent with its evidence.
    Add(Box<Add>),
    /// Lists the consents of an investor.
    List {
        /// The investor, as the firm's systems number them; stored as a pseudonym.
        #[arg(long)]
        subject: String,
    },
    /// Withdraws: one consent, all to a purpose, or all; from the next request on. Credentials that were signed before
    /// are no consent any more, though they are on no record here.
    Withdraw {
        /// The investor; not needed for one credential.
        #[arg(long, required_unless_present = "id")]
        subject: Option<String>,
        /// Only those to this purpose.
        #[arg(long)]
        purpose: Option<String>,
        /// Only the one of this id: as `consent list` shows it, or of a credential as access records name it (`vc-…`).
        #[arg(long)]
        id: Option<String>,
    },
}

#[derive(Debug, Args)]
struct Add {
    /// The investor, as the firm's systems number them; stored as a pseudonym.
    #[arg(long)]
    subject: String,
    /// A purpose that the policies declare.
    #[arg(long)]
    purpose: String,
    /// Whether it was given for this purpose alone.
    #[arg(long, value_enum)]
    kind: Kind,
    /// Version of the notice that was shown.
    #[arg(long)]
    notice: String,
    /// Where it was given: `app`, `counter` …
    #[arg(long)]
    channel: String,
    /// Digest of what proves it: `sm3:…` or `sha256:…`.
    #[arg(long)]
    evidence: String,
    /// A category it covers; may be given again; without it all that the purpose needs.
    #[arg(long = "category")]
    categories: Vec<String>,
    /// Who receives the data.
    #[arg(long, default_value = "self")]
    recipient: String,
    /// The guardian who gave it for a minor.
    #[arg(long)]
    guardian: Option<String>,
    /// From when, RFC 3339; now by default.
    #[arg(long)]
    from: Option<String>,
    /// Until when, RFC 3339.
    #[arg(long)]
    until: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// For this purpose alone.
    Separate,
    /// Bundled with others.
    General,
}

/// Runs `yingbi consent`.
pub fn run(args: &ConsentArgs) -> Exit {
    let ask =
        |path: &str, body| Ask { method: "POST", path: format!("/api/v1/consents{path}"), body: Some(body) };
    match &args.command {
        Command::Add(add) => {
            let Add { subject, purpose, kind, notice, channel, evidence, categories, recipient, .. } = &**add;
            let kind = match kind {
                Kind::Separate => "separate",
                Kind::General => "general",
            };
            let body = json!({
                "subject": subject, "purpose": purpose, "kind": kind, "notice": notice, "channel": channel,
                "evidence": evidence, "categories": categories, "recipient": recipient, "guardian": add.guardian,
                "from": add.from, "until": add.until,
            });
            args.desk.ask(&ask("", body), |body| word(body, "id"))
        }
        Command::List { subject } => args.desk.ask(&ask("/search", json!({ "subject": subject })), |body| {
            let members =
                ["id", "purpose", "recipient", "notice", "channel", "separate", "from", "until", "withdrawn"];
            let withdrawals = lines(body, "withdrawals", &["id", "purpose", "consent", "at", "by"]);
            let title = say("withdrawn:", "已撤回：");
            format!("{}\n{title}\n{withdrawals}", lines(body, "consents", &members))
        }),
        Command::Withdraw { subject, purpose, id } => {
            let body = json!({ "subject": subject, "purpose": purpose, "id": id });
            args.desk.ask(&ask("/withdraw", body), |body| {
                format!("{}  {}", word(body, "withdrawal"), word(body, "withdrawn"))
            })
        }
    }
}
