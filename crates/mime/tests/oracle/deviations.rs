//! Where we mean to differ from the oracle; docs/decisions/0010-reading-mime.md has the rules.

/// One value that we mean to read otherwise.
#[derive(Debug)]
pub struct Meant {
    /// The message, as the corpus names it.
    pub file: &'static str,
    /// The oracle's field.
    pub field: &'static str,
    /// Why ours is better.
    pub reason: &'static str,
}

const fn meant(file: &'static str, field: &'static str, reason: &'static str) -> Meant {
    Meant { file, field, reason }
}

/// All of them.
pub const MEANT: &[Meant] = &[];
