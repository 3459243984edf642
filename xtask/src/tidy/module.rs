//! The modules of a crate: which file each is in, what it imports and which types it defines.
//!
//! It reads tokens and not syntax trees, so that paths inside `html! {}` and the crate's other macros count too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The names of a path: `crate::a::B`.
type Names = Vec<String>;

/// A path in the source, and its line.
pub struct Mention {
    pub names: Names,
    pub line: usize,
}

/// What one file says, without its tests.
#[derive(Default)]
pub struct Source {
    /// From the crate's `src` folder: `session/table.rs`.
    pub file: String,
    pub mentions: Vec<(Names, Mention)>,
    /// Names that it passes on by `pub use`. That alone is no import, unless the file uses the name itself.
    passed_on: Vec<(String, Names, Mention)>,
    words: BTreeSet<String>,
    /// Public types and their lines.
    pub types: Vec<(String, usize)>,
    /// Whether it is only for tests.
    pub is_test: bool,
}

/// A crate's own modules.
#[derive(Default)]
pub struct Crate {
    pub sources: Vec<Source>,
    /// The file of each module, inline ones included.
    modules: BTreeMap<Names, usize>,
    /// What each module calls by a name of its own: `use a::B as C`.
    imports: BTreeMap<(Names, String), Names>,
    globs: BTreeMap<Names, Vec<Names>>,
    defined: BTreeSet<(Names, String)>,
    tests: BTreeSet<Names>,
}

/// A reader of one file.
struct Walk<'a> {
    made: &'a mut Crate,
    source: Source,
    number: usize,
}

impl Crate {
    /// Reads a crate from its files below `src`: path and text of each.
    pub fn read<'a>(files: impl Iterator<Item = (&'a str, String)>) -> Result<Self, String> {
        let mut made = Self::default();
        for (file, text) in files {
            let tokens: TokenStream = text.parse().map_err(|e| format!("{file}: {e}"))?;
            let (module, number) = (module_of(file), made.sources.len());
            made.modules.insert(module.clone(), number);
            let source = Source { file: file.to_owned(), ..Source::default() };
            let mut walk = Walk { made: &mut made, source, number };
            walk.tokens(&tokens.into_iter().collect::<Vec<_>>(), &module);
            let mut source = walk.source;
            let passed_on = std::mem::take(&mut source.passed_on).into_iter();
            let used = passed_on.filter(|(name, ..)| source.words.contains(name));
            source.mentions.extend(used.map(|(_, module, mention)| (module, mention)));
            made.sources.push(source);
        }
        made.forget_tests();
        Ok(made)
    }

    /// The file in which a path is defined, as seen from a module; none if it is not of this crate.
    pub fn file_of(&self, module: &[String], path: &[String]) -> Option<usize> {
        let found = self.resolve(module, path, 0)?;
        self.modules.get(&found).copied()
    }

    /// Modules of tests that have files of their own: `#[cfg(test)] mod tests;`.
    fn forget_tests(&mut self) {
        let tests = std::mem::take(&mut self.tests);
        let gone = |module: &Names| {
            (1..=module.len()).any(|n| module.get(..n).is_some_and(|part| tests.contains(part)))
        };
        let files: BTreeSet<usize> = self
            .modules
            .iter()
            .filter(|(module, _)| gone(module))
            .map(|(_, number)| *number)
            .collect();
        for number in files {
            if let Some(source) = self.sources.get_mut(number) {
                source.is_test = true;
                source.mentions.clear();
                source.types.clear();
            }
        }
    }

    /// The module that defines what a path names.
    fn resolve(&self, module: &[String], path: &[String], depth: u8) -> Option<Names> {
        let (first, mut rest) = path.split_first()?;
        let mut at: Names = match first.as_str() {
            "crate" => Vec::new(),
            "self" => module.to_vec(),
            "super" => {
                let ups = path.iter().take_while(|name| *name == "super").count();
                rest = path.get(ups..)?;
                module.get(..module.len().checked_sub(ups)?)?.to_vec()
            }
            _ => self.known(module, first, depth)?,
        };
        for name in rest {
            match self.known(&at, name, depth) {
                Some(found) => at = found,
                // An item, or what belongs to one: it is in the module reached so far.
                None => break,
            }
        }
        Some(at)
    }

    /// The module that a name inside a module leads to, if not to an item of that module itself.
    fn known(&self, module: &[String], name: &str, depth: u8) -> Option<Names> {
        let mut child = module.to_vec();
        child.push(name.to_owned());
        if self.modules.contains_key(&child) {
            return Some(child);
        }
        if depth > 8 || self.defined.contains(&(module.to_vec(), name.to_owned())) {
            return None;
        }
        if let Some(target) = self.imports.get(&(module.to_vec(), name.to_owned())) {
            return self.resolve(module, target, depth + 1);
        }
        let globs = self.globs.get(module)?;
        globs.iter().filter_map(|glob| self.resolve(module, glob, depth + 1)).find_map(|all| {
            if self.defined.contains(&(all.clone(), name.to_owned())) {
                return Some(all);
            }
            self.known(&all, name, depth + 1)
        })
    }
}

/// The module of a file below `src`.
fn module_of(file: &str) -> Names {
    let mut names: Names = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if names.last().is_some_and(|name| name == "mod") || file == "lib.rs" || file == "main.rs" {
        names.pop();
    }
    names
}

impl Walk<'_> {
    fn tokens(&mut self, all: &[TokenTree], module: &Names) {
        let mut at = 0;
        while let Some(token) = all.get(at) {
            at = match token {
                TokenTree::Punct(mark) if mark.as_char() == '#' => {
                    let (test, next) = attribute(all, at);
                    if test { self.skipped(all, next, module) } else { next }
                }
                TokenTree::Ident(word) if word == "use" && is_import(all.get(at + 1)) => {
                    self.import(all, at + 1, module)
                }
                TokenTree::Ident(word) if word == "mod" => self.inner(all, at + 1, module),
                TokenTree::Ident(_) => self.word(all, at, module),
                TokenTree::Group(group) => {
                    self.tokens(&group.stream().into_iter().collect::<Vec<_>>(), module);
                    at + 1
                }
                _ => at + 1,
            };
        }
    }

    /// Where a test ends that begins here, its other attributes included.
    fn skipped(&mut self, all: &[TokenTree], mut at: usize, module: &Names) -> usize {
        while all.get(at).is_some_and(|token| is_mark(token, '#')) {
            at = attribute(all, at).1;
        }
        let begin = at;
        let import = word_at(all, at).is_some_and(|word| word == "use");
        while let Some(token) = all.get(at) {
            at += 1;
            match token {
                TokenTree::Ident(word) if word == "mod" && at == begin + 1 => {
                    self.made.tests.extend(word_at(all, at).map(|name| joined(module, &name)));
                }
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && !import => {
                    break;
                }
                token if is_mark(token, ';') => break,
                _ => {}
            }
        }
        at
    }

    /// `mod name;` or `mod name { .. }`, after its first word.
    fn inner(&mut self, all: &[TokenTree], at: usize, module: &Names) -> usize {
        let (Some(name), Some(TokenTree::Group(body))) = (word_at(all, at), all.get(at + 1)) else {
            return at;
        };
        let inner = joined(module, &name);
        self.made.modules.insert(inner.clone(), self.number);
        self.tokens(&body.stream().into_iter().collect::<Vec<_>>(), &inner);
        at + 2
    }

    /// A path, or a word that defines something.
    fn word(&mut self, all: &[TokenTree], at: usize, module: &Names) -> usize {
        let (names, next) = path(all, at);
        self.source.words.extend(names.first().cloned());
        if names.len() > 1 && !(at > 0 && all.get(at - 1).is_some_and(|t| is_mark(t, ':'))) {
            let line = all.get(at).map_or(0, |token| token.span().start().line);
            self.source.mentions.push((module.clone(), Mention { names, line }));
            return next;
        }
        let defines = ["struct", "enum", "trait", "type", "union", "fn", "const", "static"];
        if let Some(kind) = names.first().filter(|word| defines.contains(&word.as_str()))
            && let Some(name) = word_at(all, next)
        {
            self.made.defined.insert((module.clone(), name.clone()));
            let is_type = !["fn", "const", "static"].contains(&kind.as_str());
            if is_type && at > 0 && word_at(all, at - 1).is_some_and(|word| word == "pub") {
                let line = all.get(at).map_or(0, |token| token.span().start().line);
                self.source.types.push((name, line));
            }
        }
        next
    }

    /// The names that a `use` brings, up to its semicolon.
    fn import(&mut self, all: &[TokenTree], mut at: usize, module: &Names) -> usize {
        let begin = at;
        while all.get(at).is_some_and(|token| !is_mark(token, ';')) {
            at += 1;
        }
        // Before the `use` itself: `pub`, or `pub(crate)`.
        let before = |back: usize| begin.checked_sub(back).and_then(|n| word_at(all, n));
        let is_pub = |back| before(back).is_some_and(|word| word == "pub");
        let is_group =
            begin.checked_sub(2).is_some_and(|n| matches!(all.get(n), Some(TokenTree::Group(_))));
        let passes_on = is_pub(2) || (is_group && is_pub(3));
        self.tree(all.get(begin..at).unwrap_or_default(), &Vec::new(), module, passes_on);
        at + 1
    }

    /// One branch of a `use`, below the names that lead to it.
    fn tree(&mut self, all: &[TokenTree], above: &Names, module: &Names, passes_on: bool) {
        for branch in all.split(|token| is_mark(token, ',')) {
            let mut names = above.clone();
            let mut alias = None;
            let mut at = 0;
            while let Some(token) = branch.get(at) {
                match token {
                    TokenTree::Ident(word) if word == "as" => {
                        alias = word_at(branch, at + 1);
                        break;
                    }
                    TokenTree::Ident(word) => names.push(word.to_string()),
                    TokenTree::Group(group) => {
                        self.tree(
                            &group.stream().into_iter().collect::<Vec<_>>(),
                            &names,
                            module,
                            passes_on,
                        );
                        names.clear();
                    }
                    TokenTree::Punct(mark) if mark.as_char() == '*' => {
                        self.made.globs.entry(module.clone()).or_default().push(names.clone());
                        if passes_on {
                            names.clear();
                        }
                    }
                    _ => {}
                }
                at += 1;
            }
            // `use a::{self, B}` brings `a`.
            if names.len() > 1 && names.last().is_some_and(|name| name == "self") {
                names.pop();
            }
            let Some(last) = names.last() else { continue };
            let name = alias.unwrap_or_else(|| last.clone());
            let line = branch.first().map_or(0, |token| token.span().start().line);
            self.made.imports.insert((module.clone(), name.clone()), names.clone());
            let mention = Mention { names, line };
            if passes_on {
                self.source.passed_on.push((name, module.clone(), mention));
            } else {
                self.source.mentions.push((module.clone(), mention));
            }
        }
    }
}

/// Whether an attribute marks a test, and what comes after it.
pub fn attribute(all: &[TokenTree], at: usize) -> (bool, usize) {
    let inner = all.get(at + 1).is_some_and(|token| is_mark(token, '!'));
    let Some(TokenTree::Group(group)) = all.get(at + 1 + usize::from(inner)) else {
        return (false, at + 1);
    };
    let text = group.stream().to_string();
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let first = words.iter().find(|word| !word.is_empty()).copied().unwrap_or_default();
    let test = match first {
        "cfg" => words.contains(&"test") && !words.contains(&"not"),
        _ => words.iter().rfind(|word| !word.is_empty()).is_some_and(|last| *last == "test"),
    };
    (test && !inner, at + 2 + usize::from(inner))
}

/// The names from here on that `::` joins, and what comes after them.
fn path(all: &[TokenTree], mut at: usize) -> (Names, usize) {
    let mut names = Vec::new();
    while let Some(name) = word_at(all, at) {
        names.push(name);
        at += 1;
        let joined = all.get(at).is_some_and(|token| is_mark(token, ':'))
            && all.get(at + 1).is_some_and(|token| is_mark(token, ':'))
            && word_at(all, at + 2).is_some();
        if !joined {
            break;
        }
        at += 2;
    }
    (names, at)
}

/// Whether a `use` is an import, and not the captures of `impl Trait + use<'a>`.
fn is_import(next: Option<&TokenTree>) -> bool {
    next.is_some_and(|token| !is_mark(token, '<'))
}

pub fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == mark)
}

fn word_at(all: &[TokenTree], at: usize) -> Option<String> {
    match all.get(at)? {
        TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    }
}

fn joined(module: &Names, name: &str) -> Names {
    let mut all = module.clone();
    all.push(name.to_owned());
    all
}

/// Every crate of the product and this automation: its folder's name, and its modules.
pub fn crates(root: &Path, files: &[String]) -> Result<BTreeMap<String, Crate>, String> {
    let mut by_crate: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in files.iter().filter(|file| super::source::is_rust(file)) {
        let rest = file.strip_prefix("crates/").unwrap_or(file);
        if let Some((name, inner)) = rest.split_once("/src/")
            && !name.contains('/')
            && (file.starts_with("crates/") || name == "xtask")
        {
            by_crate.entry(name).or_default().push(inner);
        }
    }
    let mut all = BTreeMap::new();
    for (name, inner) in by_crate {
        let folder = if name == "xtask" { root.join(name) } else { root.join("crates").join(name) };
        let text = |file: &&str| std::fs::read_to_string(folder.join("src").join(file));
        let texts = inner.iter().filter_map(|file| Some((*file, text(file).ok()?)));
        all.insert(name.to_owned(), Crate::read(texts).map_err(|e| format!("{name}: {e}"))?);
    }
    Ok(all)
}
