//! `yingbi grant ask|list|approve|refuse|revoke|review`: grants, through a running gateway.

use super::Exit;
use super::office::{Ask, Desk, lines, word};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

/// Arguments of `yingbi grant`.
#[derive(Debug, Args)]
pub struct GrantArgs {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    desk: Desk,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Asks for a grant under a template.
    Ask {
        /// Its template.
        #[arg(long)]
        template: String,
        /// The caller who will use it, as the gateway identifies them.
        #[arg(long)]
        holder: String,
        /// Why, without personal information.
        #[arg(long)]
        reason: String,
        /// The investor whose data it opens; none for one that lifts a limit.
        #[arg(long)]
        subject: Option<String>,
        /// The ticket it belongs to.
        #[arg(long)]
        ticket: Option<String>,
        /// Take it now, without approval; it is reviewed after.
        #[arg(long)]
        break_glass: bool,
    },
    /// Lists grants.
    List {
        /// Only those that somebody must approve.
        #[arg(long, conflicts_with_all = ["active", "review"])]
        requested: bool,
        /// Only those that may be used now.
        #[arg(long, conflicts_with = "review")]
        active: bool,
        /// Only those taken without approval that nobody has looked at.
        #[arg(long)]
        review: bool,
    },
    /// Approves a grant that somebody else asked for.
    Approve {
        /// Its id.
        id: String,
    },
    /// Refuses a grant.
    Refuse {
        /// Its id.
        id: String,
    },
    /// Takes a grant back, from the next request on.
    Revoke {
        /// Its id.
        id: String,
    },
    /// Says what came of looking at a grant that was taken without approval.
    Review {
        /// Its id.
        id: String,
        /// It was justified; without this it was not.
        #[arg(long)]
        justified: bool,
        /// In words, without personal information.
        #[arg(long, default_value = "")]
        note: String,
    },
}

/// Runs `yingbi grant`.
pub fn run(args: &GrantArgs) -> Exit {
    let post =
        |path: String, body| Ask { method: "POST", path: format!("/api/v1/grants{path}"), body: Some(body) };
    let one = |body: &Value| format!("{}  {}", word(body, "id"), word(body, "state"));
    match &args.command {
        Command::Ask { template, holder, reason, subject, ticket, break_glass } => {
            let body = json!({
                "template": template, "holder": holder, "reason": reason, "subject": subject, "ticket": ticket,
                "break_glass": break_glass,
            });
            args.desk.ask(&post(String::new(), body), one)
        }
        Command::List { requested, active, review } => {
            let filter = match (requested, active, review) {
                (true, ..) => "?state=requested",
                (_, true, _) => "?state=active",
                (_, _, true) => "?review=pending",
                _ => "",
            };
            let ask = Ask { method: "GET", path: format!("/api/v1/grants{filter}"), body: None };
            let members = [
                "id",
                "state",
                "template",
                "ticket",
                "asked_by",
                "approved_by",
                "ends",
                "break_glass",
                "reason",
            ];
            args.desk.ask(&ask, |body| lines(body, "grants", &members))
        }
        Command::Approve { id } => args.desk.ask(&post(format!("/{id}/approve"), json!({})), one),
        Command::Refuse { id } => args.desk.ask(&post(format!("/{id}/refuse"), json!({})), one),
        Command::Revoke { id } => args.desk.ask(&post(format!("/{id}/revoke"), json!({})), one),
        Command::Review { id, justified, note } => args
            .desk
            .ask(&post(format!("/{id}/review"), json!({ "justified": justified, "note": note })), one),
    }
}
