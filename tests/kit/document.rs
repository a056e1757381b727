//! Sections of documents that the tests write from what they ran, and compare with what is committed.

use crate::settings::writes_documents;
use crate::{aloud, workspace};
use std::fs;
use std::sync::Mutex;

/// One at a time: several tests write to one document.
static WRITING: Mutex<()> = Mutex::new(());

/// Demands that a section of a document below `docs` says `text`; with `RESTANTE_WRITE_DOCS` set, makes it so.
///
/// A section stands between `<!-- NAME: … -->` and `<!-- end of NAME -->`.
pub fn demand_section(document: &str, name: &str, text: &str) {
    let _guard = WRITING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let path = workspace().join("docs").join(document);
    let whole = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let begin = whole.find(&format!("<!-- {name}: ")).unwrap_or_else(|| panic!("{document} has a section {name}"));
    let begin = begin + whole[begin..].find("-->\n").expect("the section's first line ends") + 4;
    let end = whole.find(&format!("<!-- end of {name} -->")).unwrap_or_else(|| panic!("the section {name} of {document} ends"));
    if writes_documents() {
        let new = format!("{}\n{}\n\n{}", &whole[..begin], text.trim_end(), &whole[end..]);
        fs::write(&path, new).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        aloud(&format!("wrote the section {name} of docs/{document}"));
    } else {
        let says = whole[begin..end].trim();
        assert_eq!(says, text.trim(), "docs/{document} says otherwise; with RESTANTE_WRITE_DOCS=1 the test writes it");
    }
}
