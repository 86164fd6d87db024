//! A decision in words: which rule allowed, which lost and why, under which clause, and what comes of each category.

use crate::condition::Relation;
use crate::decide::{Lost, Outcome, Rule, Situation};
use crate::document::policy::Mode;
use crate::document::scope::Grading;
use crate::{
    Caller, Cause, Decision, Language, Mask, Permit, PolicySet, REFUSALS, Region, Request, Subjects, Text,
    Treatment, View,
};
use std::fmt::Write as _;
use std::sync::Arc;
use yingbi_taxonomy::{Category, Kind, KindSet};

/// Why one request is decided as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Status and code of the refusal; `None` when permitted.
    pub refused: Option<(u16, &'static str)>,
    /// Name of the route.
    pub route: Option<String>,
    /// Purpose of the access.
    pub purpose: Option<String>,
    /// Roles of the caller.
    pub roles: Vec<String>,
    /// Every rule and what it had to say, the deciding ones first.
    pub rules: Vec<RuleWord>,
    /// What kinds count as on this route, where that differs from the standard (T/TSAC 001 §6.3).
    pub overrides: Vec<crate::Override>,
    /// What is stricter for single records.
    pub raises: Vec<RaiseWord>,
    /// What happens to records of the caller's own; `None` where the answer can hold none.
    pub own: Option<Vec<KindWord>>,
    /// What happens to records of others; `None` where the answer can hold none.
    pub other: Option<Vec<KindWord>>,
    /// Rules that say what becomes of what comes in, the deciding ones first.
    pub request_rules: Vec<RuleWord>,
    /// What they do to kinds in requests, where that is anything.
    pub request: Vec<(Kind, Treatment)>,
    /// What happens to records whose subject stands otherwise (granted, consented, restricted), each with its name.
    pub more: Vec<(Text, Vec<KindWord>)>,
}

/// What one rule had to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleWord {
    /// Rule id.
    pub id: String,
    /// Title, as the firm wrote it.
    pub title: String,
    /// Clauses of the standard.
    pub clauses: Vec<String>,
    /// What became of it.
    pub verdict: Verdict,
}

/// What became of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It denied.
    Denied,
    /// It allowed.
    Allowed,
    /// It bounds what is allowed.
    Floor,
    /// It applies, and is only watched.
    Monitored,
    /// Its condition does not hold.
    ConditionFalse,
    /// Its purposes are others.
    OtherPurpose,
    /// Its callers are others.
    OtherCaller,
    /// Its routes are others.
    OtherRoute,
    /// It is off.
    Off,
}

/// What one combination makes stricter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaiseWord {
    /// Id of the combination.
    pub id: String,
    /// Title.
    pub title: String,
    /// Clauses of the standard.
    pub clauses: Vec<String>,
    /// Whether it rules, and is not only watched.
    pub enforced: bool,
    /// When it holds of a record.
    pub cause: Cause,
    /// What it makes of records of the caller's own, where that differs.
    pub own: Vec<(Kind, Treatment)>,
    /// The same of others' records.
    pub other: Vec<(Kind, Treatment)>,
}

/// What happens to one kind, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindWord {
    /// The kind.
    pub kind: Kind,
    /// What is done.
    pub treatment: Treatment,
    /// Rules that gave it; none where no rule allows the kind.
    pub by: Vec<String>,
    /// Rules that gave something else, and why they lost.
    pub lost: Vec<(String, Text)>,
    /// The floor that strengthened it, with its clauses.
    pub floor: Option<(String, Vec<String>)>,
}

impl PolicySet {
    /// Explains the decision of one request.
    pub fn explain(&self, caller: &Caller, request: &Request<'_>) -> Explanation {
        self.explain_about(caller, request, None)
    }

    /// The same, given what is remembered of investors.
    pub fn explain_about(
        &self,
        caller: &Caller,
        request: &Request<'_>,
        subjects: Option<&Arc<dyn Subjects>>,
    ) -> Explanation {
        let situation = self.situation(caller, request, subjects);
        let outcomes = self.outcomes(&situation);
        let decision = self.decide_caller_about(caller, request, subjects);
        let (refused, route, purpose) = match &decision {
            Decision::Permit(permit) => {
                (None, Some(permit.route().to_string()), permit.purpose().map(str::to_owned))
            }
            Decision::Refuse(refusal) => (
                Some((refusal.status, refusal.code)),
                refusal.route.as_ref().map(|route| route.to_string()),
                refusal.purpose.as_ref().map(|purpose| purpose.to_string()),
            ),
        };
        let words = |rules: &[Rule], outcomes: &[Outcome]| {
            let word = |(at, rule): (usize, &Rule)| RuleWord {
                id: rule.id.to_string(),
                title: rule.title.clone(),
                clauses: rule.clauses.clone(),
                verdict: self.verdict(at, rule, &situation, outcomes),
            };
            let mut words: Vec<RuleWord> = rules.iter().enumerate().map(word).collect();
            words.sort_by_key(|word| word.verdict);
            words
        };
        let rules = words(&self.tables.rules, &outcomes);
        let of_requests: Vec<Outcome> = self.request_outcomes(&situation).collect();
        let request_rules = words(&self.tables.requests, &of_requests);
        let request = match &decision {
            Decision::Permit(permit) => permit.request_view().map(request_words).unwrap_or_default(),
            Decision::Refuse(_) => Vec::new(),
        };
        let view = |relation| {
            let seen = refused.is_none() && situation.is_relevant(relation);
            let scene = self.scene(&situation);
            seen.then(|| Kind::all().map(|kind| self.kind_word(&outcomes, relation, (kind, scene))).collect())
        };
        Explanation {
            refused,
            route,
            purpose,
            roles: caller.roles.iter().map(|role| role.to_string()).collect(),
            rules,
            overrides: situation.bound.map(|bound| bound.binding.overrides.clone()).unwrap_or_default(),
            raises: match &decision {
                Decision::Permit(permit) => self.raise_words(&situation, permit),
                Decision::Refuse(_) => Vec::new(),
            },
            request_rules,
            request,
            own: view(Relation::OWN),
            other: view(Relation::OTHER),
            more: {
                let rest = Relation::within(situation.possible_parts);
                let rest = rest.filter(|relation| ![Relation::OWN, Relation::OTHER].contains(relation));
                rest.filter_map(|relation| Some((named_relation(relation), view(relation)?))).collect()
            },
        }
    }

    /// What one rule came to, by its place among its like.
    fn verdict(&self, at: usize, rule: &Rule, situation: &Situation<'_>, outcomes: &[Outcome]) -> Verdict {
        let outcome = outcomes.iter().find(|outcome| outcome.rule == at);
        let applies = outcome.is_some_and(|outcome| situation.relevant.0 & outcome.applies.0 != 0);
        match () {
            () if rule.mode == Mode::Off => Verdict::Off,
            () if !self.matches_route(rule, situation) => Verdict::OtherRoute,
            () if !self.matches_caller(rule, situation) => Verdict::OtherCaller,
            () if !self.matches_purpose(rule, situation) => Verdict::OtherPurpose,
            () if !applies => Verdict::ConditionFalse,
            () if !rule.rules(situation.caller.lot) => Verdict::Monitored,
            () if rule.is_allow() => Verdict::Allowed,
            () if rule.is_floor() => Verdict::Floor,
            () => Verdict::Denied,
        }
    }

    /// The combinations that would change a treatment in this answer.
    fn raise_words(&self, situation: &Situation<'_>, permit: &Permit) -> Vec<RaiseWord> {
        let changed = |relation: Relation, view: &View, id: &str| -> Vec<(Kind, Treatment)> {
            let raise = view.raises().iter().find(|raise| &**raise.id() == id);
            let Some(raise) = raise.filter(|_| situation.is_relevant(relation)) else { return Vec::new() };
            let differing = Kind::all().filter(|kind| raise.treatment(*kind) != view.treatment(*kind));
            differing.map(|kind| (kind, raise.treatment(kind).clone())).collect()
        };
        let words = self.combinations(situation).map(|combination| RaiseWord {
            id: combination.id.to_string(),
            title: combination.title.clone(),
            clauses: combination.clauses.clone(),
            enforced: combination.enforced,
            cause: combination.cause.clone(),
            own: changed(Relation::OWN, permit.views.of(Relation::OWN), &combination.id),
            other: changed(Relation::OTHER, permit.views.of(Relation::OTHER), &combination.id),
        });
        words.filter(|word| !word.own.is_empty() || !word.other.is_empty()).collect()
    }

    fn kind_word(&self, outcomes: &[Outcome], relation: Relation, kind: (Kind, &Grading)) -> KindWord {
        let settled = self.treatment(outcomes, relation, kind, false);
        let kind = kind.0;
        let why = |lost: Lost| match lost {
            Lost::Weaker => Text::new("a stronger treatment wins", "更强的处理优先"),
            Lost::General => Text::new(
                "a rule that names the relation to the subject wins over a general one",
                "针对主体关系的规则优先于一般规则",
            ),
        };
        KindWord {
            kind,
            treatment: settled.treatment,
            by: settled.by.iter().map(|rule| rule.id.to_string()).collect(),
            lost: settled.lost.iter().map(|(rule, lost)| (rule.id.to_string(), why(*lost))).collect(),
            floor: settled.floor.map(|rule| (rule.id.to_string(), rule.clauses.clone())),
        }
    }
}

impl Explanation {
    /// The decision and its rules, in words.
    pub fn decision_text(&self, language: Language) -> String {
        let zh = language == Language::Chinese;
        let mut text = String::new();
        let outcome = match self.refused {
            None => (if zh { "允许" } else { "permitted" }).to_owned(),
            Some((status, code)) => {
                let row = REFUSALS.iter().find(|row| row.code == code);
                let title = row.map_or("", |row| if zh { row.zh } else { row.en });
                format!("{} {status} {code}: {title}", if zh { "拒绝" } else { "refused" })
            }
        };
        let none = if zh { "无" } else { "none" };
        let named = |value: &Option<String>| value.clone().unwrap_or_else(|| none.to_owned());
        let roles = if self.roles.is_empty() { none.to_owned() } else { self.roles.join(", ") };
        let [decision, route, purpose, role, rules] = if zh {
            ["决定", "路由", "目的", "角色", "规则"]
        } else {
            ["decision", "route", "purpose", "roles", "rules"]
        };
        let _ = writeln!(text, "{decision}: {outcome}");
        let _ = writeln!(
            text,
            "{route}: {}\n{purpose}: {}\n{role}: {roles}",
            named(&self.route),
            named(&self.purpose)
        );
        let _ = writeln!(text, "{rules}:");
        for rule in self.rules.iter().filter(|rule| rule.verdict < Verdict::OtherRoute) {
            let clauses = if rule.clauses.is_empty() {
                String::new()
            } else {
                format!(" [{}]", rule.clauses.join(", "))
            };
            let title = if rule.title.is_empty() { String::new() } else { format!(" {}", rule.title) };
            let _ = writeln!(text, "  {} — {}{title}{clauses}", rule.id, rule.verdict.text().to(language));
        }
        let elsewhere = self.rules.iter().filter(|rule| rule.verdict >= Verdict::OtherRoute).count();
        if elsewhere > 0 {
            let _ = match zh {
                true => writeln!(text, "  另有{elsewhere}条规则针对其他路由或已关闭"),
                false => writeln!(text, "  {elsewhere} more are for other routes or off"),
            };
        }
        self.scene_text(language, &mut text);
        self.request_text(language, &mut text);
        text
    }

    /// What becomes of what comes in, and by which rules.
    fn request_text(&self, language: Language, text: &mut String) {
        let zh = language == Language::Chinese;
        let mut rules =
            self.request_rules.iter().filter(|rule| rule.verdict < Verdict::OtherRoute).peekable();
        if rules.peek().is_some() {
            text.push_str(if zh { "请求规则:\n" } else { "rules for requests:\n" });
        }
        for rule in rules {
            let clauses = listed(&rule.clauses);
            let title = if rule.title.is_empty() { String::new() } else { format!(" {}", rule.title) };
            // What it says of requests is a treatment.
            let verdict = match rule.verdict {
                Verdict::Allowed => Text::new("applies", "生效"),
                other => other.text(),
            };
            let _ = writeln!(text, "  {} — {}{title}{clauses}", rule.id, verdict.to(language));
        }
        let mut groups: Vec<(Text, Vec<&str>)> = Vec::new();
        for (kind, treatment) in &self.request {
            let word = match treatment {
                Treatment::Block => Text::new("refuses the request", "拒绝该请求"),
                other => other.text(),
            };
            match groups.iter_mut().find(|(own, _)| *own == word) {
                Some((_, kinds)) => kinds.push(kind.id()),
                None => groups.push((word, vec![kind.id()])),
            }
        }
        for (word, kinds) in groups {
            let _ = writeln!(text, "    {}: {}", word.to(language), kinds.join(" "));
        }
    }

    /// What counts otherwise on this route, and what raises single records.
    fn scene_text(&self, language: Language, text: &mut String) {
        let zh = language == Language::Chinese;
        if !self.overrides.is_empty() {
            text.push_str(if zh {
                "本路由上的级别与类别:\n"
            } else {
                "levels and categories on this route:\n"
            });
        }
        for one in &self.overrides {
            let clauses = listed(&one.clauses);
            let _ = writeln!(text, "  {} — {}{clauses}", one.text().to(language), one.reason);
        }
        if !self.raises.is_empty() {
            text.push_str(if zh {
                "单条记录更严的处理:\n"
            } else {
                "stricter for single records:\n"
            });
        }
        for raise in &self.raises {
            let (clauses, cause) = (listed(&raise.clauses), raise.cause.text());
            let title = if raise.title.is_empty() { String::new() } else { format!(" {}", raise.title) };
            let watched = match (raise.enforced, zh) {
                (true, _) => "",
                (false, true) => "（仅监测）",
                (false, false) => " (only monitored)",
            };
            let _ = writeln!(text, "  {}{watched} — {}{title}{clauses}", raise.id, cause.to(language));
            let views = [
                (if zh { "本人记录" } else { "own records" }, &raise.own),
                (if zh { "他人记录" } else { "others' records" }, &raise.other),
            ];
            for (whose, changed) in views.into_iter().filter(|(_, changed)| !changed.is_empty()) {
                let mut groups: Vec<(Text, Vec<&str>)> = Vec::new();
                for (kind, treatment) in changed {
                    let word = treatment.text();
                    match groups.iter_mut().find(|(own, _)| *own == word) {
                        Some((_, kinds)) => kinds.push(kind.id()),
                        None => groups.push((word, vec![kind.id()])),
                    }
                }
                for (word, kinds) in groups {
                    let _ = writeln!(text, "    {whose}: {}: {}", word.to(language), kinds.join(" "));
                }
            }
        }
    }

    /// One view as a table: each row of Appendix A by what happens to it, with reasons.
    pub fn view_text(words: &[KindWord], language: Language) -> String {
        let mut text = String::new();
        let mut groups: Vec<(String, Vec<&'static str>)> = Vec::new();
        for word in words {
            let line = word.text(language);
            match groups.iter_mut().find(|(own, _)| *own == line) {
                Some((_, kinds)) => kinds.push(word.kind.id()),
                None => groups.push((line, vec![word.kind.id()])),
            }
        }
        for (line, kinds) in groups {
            let _ = writeln!(text, "  {line}: {}", kinds.join(" "));
        }
        text
    }
}

/// How a subject stands, in words.
fn named_relation(relation: Relation) -> Text {
    let parts = || Relation::NAMED.iter().filter(|(part, _, _)| relation.has(*part));
    let en: Vec<&str> = parts().map(|(_, en, _)| *en).collect();
    let zh: Vec<&str> = parts().map(|(_, _, zh)| *zh).collect();
    Text::new(en.join(", "), zh.join("、"))
}

/// Clauses in brackets, with a space before.
fn listed(clauses: &[String]) -> String {
    if clauses.is_empty() { String::new() } else { format!(" [{}]", clauses.join(", ")) }
}

impl crate::Override {
    /// What it does, in words.
    pub fn text(&self) -> Text {
        let taken_for = self.taken_for.map(|kind| (format!(" counts as {kind}"), format!("归为 {kind}")));
        let level = self.level.map(|level| (format!(" is of level {level}"), format!("定为{level}级")));
        let (en, zh): (Vec<String>, Vec<String>) = taken_for.into_iter().chain(level).unzip();
        Text::new(format!("`{}`{}", self.of, en.join(" and")), format!("`{}` {}", self.of, zh.join("，")))
    }
}

impl Cause {
    /// When a record is raised, in words.
    pub fn text(&self) -> Text {
        match self {
            Cause::Under { age } => {
                Text::new(format!("a record of somebody under {age}"), format!("记录涉及不满{age}周岁者"))
            }
            Cause::Together { parts, least } => {
                let parts: Vec<String> = parts.iter().map(|part| named(*part)).collect();
                let (count, parts) = (parts.len(), parts.join(" + "));
                match least == &count {
                    true => Text::new(format!("a record with {parts}"), format!("记录同时含有 {parts}")),
                    false => Text::new(
                        format!("a record with {least} of {parts}"),
                        format!("记录含有以下{least}项：{parts}"),
                    ),
                }
            }
        }
    }
}

/// Kinds by their ids, whole rows by the row's.
fn named(kinds: KindSet) -> String {
    let mut names = Vec::new();
    for category in Category::all() {
        let row = || Kind::all().filter(|kind| kind.category() == category);
        match row().all(|kind| kinds.contains(kind)) {
            true => names.push(category.id()),
            false => names.extend(row().filter(|kind| kinds.contains(*kind)).map(Kind::id)),
        }
    }
    names.join("|")
}

impl KindWord {
    /// What is done, by whom and why, without the kind's name.
    pub fn text(&self, language: Language) -> String {
        let zh = language == Language::Chinese;
        let mut text = self.treatment.text().to(language).to_owned();
        if self.by.is_empty() && self.treatment == Treatment::Drop {
            text.push_str(if zh { "（没有规则允许）" } else { " (no rule allows it)" });
        } else if !self.by.is_empty() {
            let _ = write!(text, "{}{}", if zh { "，依" } else { " by " }, self.by.join(", "));
        }
        if let Some((floor, clauses)) = &self.floor {
            let clauses = clauses.join(", ");
            let _ = match zh {
                true => write!(text, "，受底线 {floor} [{clauses}] 约束"),
                false => write!(text, ", raised by floor {floor} [{clauses}]"),
            };
        }
        for (rule, why) in &self.lost {
            let _ = match zh {
                true => write!(text, "；{rule} 未采用：{}", why.zh),
                false => write!(text, "; {rule} lost: {}", why.en),
            };
        }
        text
    }
}

/// What a view does to requests.
fn request_words(view: &View) -> Vec<(Kind, Treatment)> {
    let each = Kind::all().map(|kind| (kind, view.treatment(kind).clone()));
    each.filter(|(_, treatment)| *treatment != Treatment::Clear).collect()
}

impl Verdict {
    /// In words.
    pub fn text(self) -> Text {
        let (en, zh) = match self {
            Verdict::Denied => ("denies", "禁止"),
            Verdict::Allowed => ("allows", "允许"),
            Verdict::Floor => ("bounds what is allowed", "划定底线"),
            Verdict::Monitored => ("applies, but is only monitored", "命中，仅监测"),
            Verdict::ConditionFalse => ("lost: its condition does not hold", "未生效：条件不成立"),
            Verdict::OtherPurpose => ("lost: it is for other purposes", "未生效：针对其他目的"),
            Verdict::OtherCaller => ("lost: it is for other callers", "未生效：针对其他来访者"),
            Verdict::OtherRoute => ("lost: it is for other routes", "未生效：针对其他路由"),
            Verdict::Off => ("off", "已关闭"),
        };
        Text::new(en, zh)
    }
}

impl Treatment {
    /// In words.
    pub fn text(&self) -> Text {
        match self {
            Treatment::Clear => Text::new("clear", "明文"),
            Treatment::Drop => Text::new("dropped", "略去"),
            Treatment::Block => Text::new("blocks the answer", "阻断整个应答"),
            Treatment::Mask(mask) => {
                let shown = mask.text();
                Text::new(format!("masked ({})", shown.en), format!("脱敏（{}）", shown.zh))
            }
        }
    }
}

impl Mask {
    /// What stays visible, in words.
    pub fn text(&self) -> Text {
        match self {
            Mask::Fixed { .. } => Text::new("nothing stays", "全部隐去"),
            Mask::Keep { first: 0, last, .. } => {
                Text::new(format!("last {last} stay"), format!("留后{last}位"))
            }
            Mask::Keep { first, last: 0, .. } => {
                Text::new(format!("first {first} stay"), format!("留前{first}位"))
            }
            Mask::Keep { first, last, .. } => {
                Text::new(format!("first {first} and last {last} stay"), format!("留前{first}后{last}位"))
            }
            Mask::Name => Text::new("surname stays", "留姓"),
            Mask::Phone => Text::new("area code and last 2 stay", "留区号与后2位"),
            Mask::Email => Text::new("first character and domain stay", "留首字符与域名"),
            Mask::Address => Text::new("province, city and district stay", "留省市区"),
            Mask::Region(Region::Province) => Text::new("province stays", "留省"),
            Mask::Region(Region::City) => Text::new("province and city stay", "留省市"),
            Mask::Year => Text::new("year stays", "留年份"),
            Mask::Quarter => Text::new("year and quarter stay", "留年份与季度"),
            Mask::Month => Text::new("year and month stay", "留年月"),
            Mask::AgeBand => Text::new("band of ten stays", "留十年区间"),
            Mask::AmountBand => Text::new("order of magnitude stays", "留数量级区间"),
            Mask::AtLeast { least, .. } => {
                Text::new(format!("only whether it reaches {least} stays"), format!("仅留是否达到{least}"))
            }
            Mask::Mac => Text::new("maker's prefix stays", "留厂商前缀"),
            Mask::Ip => Text::new("first parts stay", "留前段"),
            Mask::Encrypt { to_subject, to_path, .. } => match (to_subject, to_path) {
                (false, false) => Text::new("encrypted with SM4-GCM", "以SM4-GCM加密"),
                (true, false) => {
                    Text::new("encrypted with SM4-GCM, bound to its subject", "以SM4-GCM加密，绑定主体")
                }
                (false, true) => {
                    Text::new("encrypted with SM4-GCM, bound to its place", "以SM4-GCM加密，绑定位置")
                }
                (true, true) => Text::new(
                    "encrypted with SM4-GCM, bound to its subject and its place",
                    "以SM4-GCM加密，绑定主体与位置",
                ),
            },
            Mask::HashToken { .. } => Text::new("keyed token of HMAC-SM3", "HMAC-SM3去标识化标记"),
            Mask::Ff1 => {
                Text::new("of the same form by FF1, no national standard", "FF1保留格式，非国家标准")
            }
            Mask::DateShift => Text::new("date moved by subject", "按主体平移日期"),
        }
    }
}
