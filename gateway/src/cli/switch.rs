//! `yingbi switch throw|list|reset`: stop a caller, role, recipient or route at once, through a running gateway.

use super::Exit;
use super::office::{Ask, Desk, lines, word};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

/// Arguments of `yingbi switch`.
#[derive(Debug, Args)]
pub struct SwitchArgs {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    desk: Desk,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Stops something, from the next request on.
    Throw {
        /// What is stopped.
        #[arg(value_enum)]
        stops: What,
        /// Which one: a caller's id, a role, a recipient, a route's template.
        name: String,
        /// Why, without personal information.
        #[arg(long)]
        reason: String,
    },
    /// Lists what is stopped.
    List,
    /// Lets it go on.
    Reset {
        /// Id of the switch.
        id: String,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// One caller.
    Caller,
    /// All with a role.
    Role,
    /// All purposes of one recipient.
    Recipient,
    /// One route.
    Route,
}

/// Runs `yingbi switch`.
pub fn run(args: &SwitchArgs) -> Exit {
    let path = "/api/v1/switches";
    match &args.command {
        Command::Throw { stops, name, reason } => {
            let stops = match stops {
                What::Caller => "caller",
                What::Role => "role",
                What::Recipient => "recipient",
                What::Route => "route",
            };
            let body = Some(json!({ "stops": stops, "name": name, "reason": reason }));
            args.desk.ask(&Ask { method: "POST", path: path.to_owned(), body }, |body| word(body, "id"))
        }
        Command::List => args.desk.ask(&Ask { method: "GET", path: path.to_owned(), body: None }, |body| {
            lines(body, "switches", &["id", "stops", "name", "since", "by", "reason"])
        }),
        Command::Reset { id } => {
            let ask = Ask { method: "DELETE", path: format!("{path}/{id}"), body: None };
            args.desk.ask(&ask, |body| word(body, "id"))
        }
    }
}
