//! The house stays as drawn: which crate may know which, what no source file may contain, what may be depended on.

use cargo_metadata::{Metadata, MetadataCommand, Package};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every arrow between crates of this workspace; `yingbi-tests` may use any.
const ARROWS: &[(&str, &[&str])] = &[
    ("yingbi-taxonomy", &[]),
    ("yingbi-classifiers", &["yingbi-taxonomy"]),
    ("yingbi-policies", &["yingbi-taxonomy"]),
    ("yingbi-crypto", &[]),
    ("yingbi-audit", &["yingbi-taxonomy", "yingbi-crypto"]),
    ("yingbi-protect", &["yingbi-taxonomy", "yingbi-classifiers", "yingbi-policies", "yingbi-crypto"]),
    (
        "yingbi",
        &[
            "yingbi-taxonomy",
            "yingbi-classifiers",
            "yingbi-policies",
            "yingbi-crypto",
            "yingbi-audit",
            "yingbi-protect",
        ],
    ),
    ("yingbi-sample-api", &[]),
    ("yingbi-sdf-double", &[]),
];

/// The one crate that may know all.
const TESTS: &str = "yingbi-tests";

/// Licences of dependencies that Apache-2.0 software may be shipped with.
const LICENCES: &[&str] = &[
    "Apache-2.0",
    "MIT",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "CC0-1.0",
    "Unlicense",
    "BSL-1.0",
    "Unicode-3.0",
    "CDLA-Permissive-2.0",
];

/// Where `unsafe` may stand: one SIMD module each of the crypto and protect crates, beside a safe twin; the calls into a
/// module's C library (GM/T 0018), and the double of such a library.
const UNSAFE_MODULES: &[&str] = &[
    "gateway/crypto/src/simd",
    "gateway/protect/src/json/classes",
    "gateway/src/keys/provider/sdf/device",
    "tests/sdf-double/src",
];

#[test]
fn only_the_drawn_arrows_exist() {
    let metadata = metadata(true);
    let members: BTreeMap<&str, &Package> =
        metadata.workspace_packages().into_iter().map(|package| (package.name.as_str(), package)).collect();
    let drawn: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).chain([TESTS]).collect();
    assert_eq!(
        members.keys().copied().collect::<BTreeSet<_>>(),
        drawn,
        "the workspace has other rooms than drawn"
    );
    for (name, allowed) in ARROWS {
        for dependency in &members[name].dependencies {
            let to = dependency.name.as_str();
            assert!(
                !members.contains_key(to) || allowed.contains(&to),
                "no arrow is drawn from {name} to {to}"
            );
        }
    }
}

#[test]
fn every_crate_inherits_the_workspace_lints() {
    for package in metadata(true).workspace_packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        let lints = manifest.split("\n[lints]\n").nth(1).unwrap_or_default();
        assert!(lints.trim_start().starts_with("workspace = true"), "{} has lints of its own", package.name);
        assert_eq!(package.license.as_deref(), Some("Apache-2.0"), "{}", package.name);
    }
}

#[test]
fn unsafe_stands_only_where_it_is_drawn() {
    for (name, text) in sources() {
        let code = code_only(&text);
        let simd = UNSAFE_MODULES.iter().any(|module| name.starts_with(*module));
        for word in ["unsafe", "unsafe_code"] {
            assert!(simd || words(&code).all(|other| other != word), "{name} holds `{word}`");
        }
    }
}

#[test]
fn no_test_is_ignored_and_nothing_is_left_to_do() {
    let banned = [["#[", "ignore"].concat(), ["todo", "!("].concat(), ["unimplemented", "!("].concat()];
    for (name, text) in sources() {
        let code = code_only(&text);
        for word in &banned {
            assert!(!code.contains(word.as_str()), "{name} holds `{word}`");
        }
    }
}

#[test]
fn the_lock_file_is_committed() {
    assert!(root().join("Cargo.lock").is_file());
    if let Some(tracked) = tracked_files() {
        assert!(tracked.iter().any(|file| file == "Cargo.lock"), "Cargo.lock is not tracked");
    }
}

#[test]
fn dependencies_have_known_licences() {
    for package in &metadata(false).packages {
        let licence = package.license.as_deref().unwrap_or("none");
        assert!(licence_is_known(licence), "{} {} is under {licence}", package.name, package.version);
    }
}

/// Every part of a conjunction, one part of a choice.
fn licence_is_known(expression: &str) -> bool {
    let expression = expression.replace(" / ", " OR ").replace('/', " OR ");
    expression.split(" AND ").all(|part| {
        part.trim_matches(['(', ')', ' '])
            .split(" OR ")
            .any(|one| LICENCES.contains(&one.trim_matches(['(', ')', ' '])))
    })
}

#[test]
fn licence_expressions_are_read_rightly() {
    for (expression, known) in [
        ("MIT OR GPL-3.0", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("GPL-2.0/MIT", true),
        ("AGPL-3.0", false),
        ("none", false),
    ] {
        assert_eq!(licence_is_known(expression), known, "{expression}");
    }
}

#[test]
fn no_file_names_a_path_of_a_machine() {
    let machine_paths =
        [["/wo", "rk/"].concat(), ["/ho", "me/"].concat(), ["/ro", "ot/"].concat(), ["/tmp/", "wt"].concat()];
    for (name, text) in files(&["rs", "toml", "yaml", "yml", "md", "json", "sh", "service", ""]) {
        for path in &machine_paths {
            assert!(!text.contains(path.as_str()), "{name} names `{path}…`");
        }
    }
}

#[test]
fn readme_commands_exist() {
    let mut seen = 0;
    for readme in ["README.md", "README.zh-CN.md"] {
        let text = std::fs::read_to_string(root().join(readme)).unwrap();
        for line in shell_lines(&text) {
            let mut words = line.split_whitespace();
            let command = words.next().unwrap_or_default();
            if command.starts_with("deploy/") || command.starts_with("tests/") || command.starts_with(".ci/")
            {
                assert!(is_executable(&root().join(command)), "{readme}: {command} is not there to run");
                seen += 1;
            }
            if command == "yingbi" {
                let problem = unknown_to_yingbi(words);
                assert!(
                    problem.is_none(),
                    "{readme}: `{line}`: yingbi has no {}",
                    problem.unwrap_or_default()
                );
                seen += 1;
            }
        }
    }
    assert!(seen >= 4, "the READMEs show too few commands: {seen}");
}

#[test]
fn readme_links_lead_somewhere() {
    for readme in ["README.md", "README.zh-CN.md"] {
        let text = std::fs::read_to_string(root().join(readme)).unwrap();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.starts_with("https://")) {
            assert!(root().join(link).exists(), "{readme}: {link} leads nowhere");
        }
    }
}

#[test]
fn both_readmes_show_the_same_commands() {
    let commands = |file: &str| {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        shell_lines(&text)
            .map(|line| line.split('#').next().unwrap_or_default().trim().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(commands("README.md"), commands("README.zh-CN.md"));
}

/// Lines of fenced blocks marked `sh`.
fn shell_lines(markdown: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    markdown.lines().filter(move |line| {
        if line.starts_with("```") {
            inside = *line == "```sh";
            return false;
        }
        inside && !line.trim().is_empty()
    })
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// The subcommand or option of a command line that the program's own help does not know.
#[expect(clippy::unwrap_used, reason = "without the program there is nothing to test")]
fn unknown_to_yingbi<'a>(words: impl Iterator<Item = &'a str>) -> Option<String> {
    let words: Vec<&str> = words.take_while(|word| !word.starts_with('#')).collect();
    let is_command = |word: &&&str| {
        !word.starts_with('-') && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    let commands: Vec<&str> = words.iter().take_while(is_command).copied().collect();
    let help = Command::new(yingbi_tests::binary()).args(&commands).arg("--help").output().unwrap();
    if !help.status.success() {
        return Some(commands.join(" "));
    }
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let options = words.into_iter().filter(|word| word.starts_with("--"));
    options.map(str::to_owned).find(|option| !help.split([' ', ',', '\n']).any(|word| word == option))
}

#[expect(clippy::unwrap_used, reason = "a test without cargo has nothing to check")]
fn metadata(no_deps: bool) -> Metadata {
    let mut command = MetadataCommand::new();
    command.manifest_path(root().join("Cargo.toml"));
    if no_deps {
        command.no_deps();
    }
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    // What this test is built from is on disk, so nothing has to be fetched.
    let options = ["--locked", "--offline", "--filter-platform", &platform].map(str::to_owned);
    command.other_options(options).exec().unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources() -> impl Iterator<Item = (String, String)> {
    files(&["rs"])
}

/// Name and text of every file of ours whose extension is one of `extensions`.
fn files(extensions: &'static [&'static str]) -> impl Iterator<Item = (String, String)> {
    let names = tracked_files().unwrap_or_else(|| {
        let mut names = Vec::new();
        walk(&root(), Path::new(""), &mut names);
        names
    });
    names.into_iter().filter_map(|name| {
        let extension = Path::new(&name).extension().map_or("", |extension| extension.to_str().unwrap_or(""));
        let text =
            extensions.contains(&extension).then(|| std::fs::read_to_string(root().join(&name)).ok())??;
        Some((name, text))
    })
}

/// What git tracks or would track; `None` outside a repository.
fn tracked_files() -> Option<Vec<String>> {
    let arguments = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").args(arguments).current_dir(root()).output().ok()?;
    let names = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| names.lines().map(str::to_owned).collect())
}

fn walk(root: &Path, below: &Path, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(root.join(below)).into_iter().flatten().flatten() {
        let name = below.join(entry.file_name());
        if entry.path().is_dir() {
            let skipped = ["target", ".git", ".demo"];
            if !skipped.contains(&entry.file_name().to_str().unwrap_or_default()) {
                walk(root, &name, names);
            }
        } else {
            names.push(name.to_string_lossy().into_owned());
        }
    }
}

/// Source text without comments, strings and character literals.
fn code_only(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(c) = rest.chars().next() {
        let skipped = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            'r' if !code.ends_with(|c: char| c.is_alphanumeric() || c == '_') => {
                raw_string(rest).unwrap_or(0)
            }
            '"' => string(rest),
            '\'' => character(rest).unwrap_or(0),
            _ => 0,
        };
        if skipped == 0 {
            code.push(c);
        } else {
            code.push(' ');
        }
        rest = rest.get(skipped.max(c.len_utf8())..).unwrap_or_default();
    }
    code
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn raw_string(text: &str) -> Option<usize> {
    let hashes = text.strip_prefix('r')?.bytes().take_while(|byte| *byte == b'#').count();
    let body = text.get(1 + hashes..)?.strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    Some(1 + hashes + 1 + body.find(&close)? + close.len())
}

fn character(text: &str) -> Option<usize> {
    let body = text.strip_prefix('\'')?;
    let inside =
        if body.starts_with('\\') { body.get(2..)?.find('\'')? + 2 } else { body.chars().next()?.len_utf8() };
    body.get(inside..)?.starts_with('\'').then_some(1 + inside + 1)
}

#[test]
fn code_is_told_from_comments_and_strings() {
    let source = r##"let a = "unsafe \" x"; // unsafe
        let b = r#"unsafe " "#; let c = '"'; /* unsafe */ fn f<'a>(x: &'a u8) {} unsafe_code"##;
    let code = code_only(source);
    assert!(words(&code).all(|word| word != "unsafe"), "{code}");
    assert!(code.contains("fn f<'a>(x: &'a u8)"), "{code}");
    assert!(words(&code_only("let x = 'b'; unsafe { y }")).any(|word| word == "unsafe"));
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}
