//! `yingbi-sample-api`: serves the synthetic investors, issues the demo's tokens, and sets answers side by side.

use clap::{Args, Parser, Subcommand};
use serde_json::{Map, Value, json};
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use yingbi_sample_api::{
    Claims, DEMO_INVESTORS, DEMO_SEED, Expectations, Fetch, Firm, IdentityProvider, Search,
};

#[derive(Parser)]
#[command(name = "yingbi-sample-api", version, about = "A securities-style API over investors nobody is")]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Subcommand)]
enum Command {
    /// Prints a token signed with the demo's key.
    IssueJwt(IssueJwt),
    /// Prints an answer of the API and the gateway's side by side, and checks it.
    Compare(Compare),
    /// Prints every personal value of the demo investors, or searches files for them.
    Canaries(Canaries),
    /// Prints one investor's client number and values as JSON, for scripts.
    Person(PersonArgs),
}

#[derive(Args)]
struct Serve {
    /// Address to listen on; port 0 picks a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: String,
    /// How many investors the firm has.
    #[arg(long, default_value_t = DEMO_INVESTORS)]
    investors: usize,
    /// Seed they are made from.
    #[arg(long, default_value_t = DEMO_SEED)]
    seed: u64,
    /// Key of the demo's identity provider; made when missing. With it `/jwks.json` is served.
    #[arg(long)]
    idp_key: Option<PathBuf>,
}

#[derive(Args)]
struct IssueJwt {
    /// Key of the demo's identity provider; made when missing.
    #[arg(long)]
    key: PathBuf,
    /// `iss`.
    #[arg(long)]
    issuer: String,
    /// `aud`.
    #[arg(long)]
    audience: String,
    /// `sub`.
    #[arg(long)]
    subject: String,
    /// Further claims, as `name=value`; a value that is JSON is taken as such.
    #[arg(long = "claim", value_parser = pair)]
    claims: Vec<(String, String)>,
    /// Lifetime.
    #[arg(long, default_value_t = 3600)]
    lifetime_seconds: u64,
}

#[derive(Args)]
struct Compare {
    /// Where the API answers, such as `http://127.0.0.1:9000`.
    #[arg(long)]
    upstream: String,
    /// Where the gateway answers.
    #[arg(long)]
    gateway: String,
    /// Path and query.
    path: String,
    /// Body; makes it a POST.
    #[arg(long)]
    body: Option<String>,
    /// Headers to the gateway, as `name=value`.
    #[arg(long = "header", value_parser = pair)]
    headers: Vec<(String, String)>,
    /// Status the gateway must answer with.
    #[arg(long)]
    expect_status: Option<u16>,
    /// Pointer (RFC 6901) to a value of the API's answer that the gateway must hide.
    #[arg(long = "hidden")]
    hidden: Vec<String>,
    /// Pointer to a value that must come through as it is.
    #[arg(long = "shown")]
    shown: Vec<String>,
    /// Text that the API's answer holds and the gateway's must not.
    #[arg(long = "absent")]
    absent: Vec<String>,
    /// Text that the gateway's answer must hold.
    #[arg(long = "present")]
    present: Vec<String>,
    /// The body must come through byte for byte.
    #[arg(long)]
    same: bool,
    /// No value of any demo investor may be in the gateway's answer.
    #[arg(long)]
    no_canary: bool,
    /// Width of the print.
    #[arg(long, default_value_t = 132)]
    columns: usize,
    /// Lines printed at most.
    #[arg(long, default_value_t = 40)]
    rows: usize,
}

#[derive(Args)]
struct Canaries {
    /// Files and directories to search; without any the values are printed.
    #[arg(long = "scan", num_args = 1..)]
    scan: Vec<PathBuf>,
}

#[derive(Args)]
struct PersonArgs {
    /// Which one, from 0.
    #[arg(long, default_value_t = 0)]
    index: usize,
    /// Only this member.
    #[arg(long)]
    field: Option<String>,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        None => serve(&cli.serve),
        Some(Command::IssueJwt(arguments)) => issue_jwt(arguments),
        Some(Command::Compare(arguments)) => compare(arguments),
        Some(Command::Canaries(arguments)) => canaries(&arguments),
        Some(Command::Person(arguments)) => person(&arguments),
    };
    done.unwrap_or_else(|error| {
        complain(&error.to_string());
        ExitCode::from(EX_FAILED)
    })
}

fn serve(arguments: &Serve) -> io::Result<ExitCode> {
    let provider = arguments.idp_key.as_deref().map(IdentityProvider::open).transpose()?;
    let firm = Arc::new(Firm::new(arguments.seed, arguments.investors, provider));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(&arguments.listen).await?;
        println!(
            "{}",
            json!({"listening": listener.local_addr()?.to_string(), "investors": arguments.investors})
        );
        axum::serve(listener, yingbi_sample_api::router(firm)).await
    })?;
    Ok(ExitCode::SUCCESS)
}

fn issue_jwt(arguments: IssueJwt) -> io::Result<ExitCode> {
    let more: Map<String, Value> = arguments
        .claims
        .into_iter()
        .map(|(name, text)| (name, serde_json::from_str(&text).unwrap_or(Value::String(text))))
        .collect();
    let claims = Claims {
        issuer: arguments.issuer,
        audience: arguments.audience,
        subject: arguments.subject,
        more,
        lifetime: Duration::from_secs(arguments.lifetime_seconds),
    };
    println!("{}", IdentityProvider::open(&arguments.key)?.issue(&claims));
    Ok(ExitCode::SUCCESS)
}

fn compare(arguments: Compare) -> io::Result<ExitCode> {
    let body = arguments.body.as_deref();
    let before = Fetch::get(&format!("{}{}", arguments.upstream, arguments.path), &[], body)?;
    let after = Fetch::get(&format!("{}{}", arguments.gateway, arguments.path), &arguments.headers, body)?;
    let expect = Expectations {
        status: arguments.expect_status,
        hidden: arguments.hidden,
        shown: arguments.shown,
        same: arguments.same,
        absent: arguments.absent,
        present: arguments.present,
    };
    let comparison = yingbi_sample_api::compare(&before, &after, &expect, arguments.columns, arguments.rows);
    print!("{}", comparison.table);
    let mut failures = comparison.failures;
    if arguments.no_canary {
        let found = Search::new(&yingbi_sample_api::canaries()).find(&after.body);
        if !found.is_empty() {
            failures.push(format!("{} personal values came through", found.len()));
        }
    }
    let colour = io::stdout().is_terminal();
    for failure in &failures {
        println!("{} {failure}", if colour { "\x1b[31m✗\x1b[0m" } else { "✗" });
    }
    Ok(ExitCode::from(if failures.is_empty() { 0 } else { EX_FAILED }))
}

fn canaries(arguments: &Canaries) -> io::Result<ExitCode> {
    let values = yingbi_sample_api::canaries();
    if arguments.scan.is_empty() {
        values.iter().for_each(|value| println!("{value}"));
        return Ok(ExitCode::SUCCESS);
    }
    let search = Search::new(&values);
    let (mut files, mut finds) = (0, 0);
    for path in &arguments.scan {
        files += search.find_in(path, &mut |file, found| {
            finds += 1;
            println!("✗ {}: personal value {} at byte {}", file.display(), found.canary, found.offset);
        })?;
    }
    println!("searched {files} files for {} values: {finds} found", values.len());
    Ok(ExitCode::from(if finds == 0 && files > 0 { 0 } else { EX_FAILED }))
}

fn person(arguments: &PersonArgs) -> io::Result<ExitCode> {
    let people = yingbi_sample_api::people(DEMO_SEED, arguments.index + 1);
    let person = people.last().ok_or_else(|| io::Error::other("no such person"))?;
    let values = json!({
        "client_id": person.client_id, "name": person.name, "mobile": person.mobile, "id_no": person.id_no,
        "email": person.email, "address": person.address, "bank_card": person.bank_card,
        "fund_account": person.fund_account,
    });
    match &arguments.field {
        None => println!("{values}"),
        Some(field) => {
            let value = values.get(field).and_then(Value::as_str);
            println!("{}", value.ok_or_else(|| io::Error::other(format!("no member `{field}`")))?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stderr, reason = "a command line's own errors go to its terminal")]
fn complain(message: &str) {
    eprintln!("yingbi-sample-api: {message}");
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write `name=value`")?;
    Ok((name.to_owned(), value.to_owned()))
}

const EX_FAILED: u8 = 1;
