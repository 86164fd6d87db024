//! temporary
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use yingbi_policies::PolicySet;
#[allow(missing_docs)]
pub struct PolicyStore(Arc<PolicySet>);
#[allow(missing_docs)]
impl PolicyStore {
    pub fn open(dir: &Path) -> Result<PolicyStore, String> {
        let mut sources = vec![];
        for e in std::fs::read_dir(dir).map_err(|e| e.to_string())?.flatten() {
            if e.path().extension().is_some_and(|x| x == "yaml") {
                sources.push(yingbi_policies::Source::new(
                    e.path().display().to_string(),
                    std::fs::read_to_string(e.path()).map_err(|e| e.to_string())?,
                ));
            }
        }
        PolicySet::compile(&sources, "v".into())
            .map(|(s, _)| PolicyStore(Arc::new(s)))
            .map_err(|d| format!("{d:?}"))
    }
    pub fn current(&self) -> Arc<PolicySet> {
        self.0.clone()
    }
    pub fn watch(self: Arc<Self>, _d: Duration, _f: impl Fn(Result<String, String>) + Send + 'static) {}
}
