//! What of HTML is too much to be made safe in good time: mail is never so, and what is made to be slow takes time that
//! grows with the square of it.
//!
//! The parser's own looks are counted, not the time they take, so that a text is always judged alike.

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::{Attribute, ExpandedName, ParseOpts, QualName, local_name, ns, parse_fragment};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::rc::Rc;

/// Deeper nesting is shown as text. Chains of quoted replies nest some hundred elements.
const MAX_DEPTH: usize = 400;
/// A tag with more attributes is compared with itself for too long: each name with all before it.
const MAX_ATTRIBUTES: u32 = 500;
/// Elements for each so many octets, beside a few thousand: a tag has three. More come from formatting elements that are
/// never closed and are opened anew in each paragraph (HTML §13.2.4.3).
const OCTETS_OF_ELEMENT: usize = 3;
const ELEMENTS: usize = 10_000;
/// Looks at open elements and siblings for each octet, beside a million.
const LOOKS_OF_OCTET: usize = 64;
const LOOKS: usize = 1_000_000;
/// Octets that are read before what they cost is looked at.
const STEP: usize = 4096;

/// Whether HTML is too deep, or would take too long, to be cleaned.
pub(super) fn is_too_much(html: &str) -> bool {
    most_attributes(html) > MAX_ATTRIBUTES || !is_soon_parsed(html)
}

/// The most attributes that any tag may have, wherever one may begin: within a comment or a value, `<a` counts as well, so
/// that no text is read otherwise here than by the parser. All readings go on side by side, those in the same state as the
/// one with the most attributes so far (HTML §13.2.5.32 to 39).
fn most_attributes(html: &str) -> u32 {
    let octets = html.as_bytes();
    let mut readings = Readings::default();
    let mut most = 0;
    for (at, &octet) in octets.iter().enumerate() {
        readings = readings.after(octet);
        let opens = octet == b'<' || octet == b'/' && at > 0 && octets[at - 1] == b'<';
        if opens && octets.get(at + 1).is_some_and(u8::is_ascii_alphabetic) {
            readings.tag_name = Some(0);
        }
        most = most.max(readings.attribute_name.unwrap_or(0));
    }
    most
}

/// How many attributes a tag has that is being read, for each state in which the reading may be.
#[derive(Default)]
struct Readings {
    tag_name: Option<u32>,
    before_attribute: Option<u32>,
    attribute_name: Option<u32>,
    after_name: Option<u32>,
    before_value: Option<u32>,
    double_quoted: Option<u32>,
    single_quoted: Option<u32>,
    unquoted: Option<u32>,
}

impl Readings {
    fn after(self, octet: u8) -> Readings {
        let quoted = Readings { double_quoted: self.double_quoted, single_quoted: self.single_quoted, ..Readings::default() };
        let named = self.attribute_name.max(self.after_name);
        match octet {
            b'>' => quoted,
            b'\t' | b'\n' | b'\x0c' | b'\r' | b' ' => Readings {
                before_attribute: self.before_attribute.max(self.tag_name).max(self.unquoted),
                after_name: named,
                before_value: self.before_value,
                ..quoted
            },
            b'/' => Readings {
                before_attribute: self.before_attribute.max(self.tag_name).max(named),
                unquoted: self.unquoted.max(self.before_value),
                ..quoted
            },
            b'=' => Readings {
                tag_name: self.tag_name,
                attribute_name: self.before_attribute.map(more),
                before_value: named,
                unquoted: self.unquoted.max(self.before_value),
                ..quoted
            },
            b'"' => {
                Readings { before_attribute: self.double_quoted, double_quoted: self.before_value, ..self.within_names(quoted) }
            }
            b'\'' => {
                Readings { before_attribute: self.single_quoted, single_quoted: self.before_value, ..self.within_names(quoted) }
            }
            _ => Readings { unquoted: self.unquoted.max(self.before_value), ..self.within_names(quoted) },
        }
    }

    /// What goes on, and what a new name begins.
    fn within_names(&self, quoted: Readings) -> Readings {
        Readings {
            tag_name: self.tag_name,
            attribute_name: self.attribute_name.max(self.before_attribute.map(more)).max(self.after_name.map(more)),
            unquoted: self.unquoted,
            ..quoted
        }
    }
}

fn more(attributes: u32) -> u32 {
    attributes.saturating_add(1)
}

fn is_soon_parsed(html: &str) -> bool {
    let context = QualName::new(None, ns!(html), local_name!("div"));
    let mut parser = parse_fragment(Tree::default(), ParseOpts::default(), context, Vec::new(), false);
    let (elements, looks) = (ELEMENTS + html.len() / OCTETS_OF_ELEMENT, LOOKS + html.len() * LOOKS_OF_OCTET);
    let mut rest = html;
    while !rest.is_empty() {
        let (step, after) = rest.split_at(rest.floor_char_boundary(STEP));
        parser.process(step.into());
        let tree = &parser.tokenizer.sink.sink;
        if tree.children.borrow().len() > elements || tree.looks.get() > looks {
            return false;
        }
        rest = after;
    }
    parser.finish() <= MAX_DEPTH
}

/// A tree of elements that are only counted.
#[derive(Default)]
struct Tree {
    /// Of each node.
    children: RefCell<Vec<HashSet<usize>>>,
    parents: RefCell<Vec<Option<usize>>>,
    looks: Cell<usize>,
}

#[derive(Clone)]
struct Node {
    number: usize,
    name: Rc<QualName>,
}

impl Tree {
    fn node(&self, name: QualName) -> Node {
        let mut children = self.children.borrow_mut();
        children.push(HashSet::new());
        self.parents.borrow_mut().push(None);
        Node { number: children.len() - 1, name: Rc::new(name) }
    }

    fn looked(&self, times: usize) {
        self.looks.set(self.looks.get().saturating_add(times));
    }

    fn put(&self, parent: usize, child: NodeOrText<Node>) {
        if let NodeOrText::AppendNode(child) = child {
            self.take(child.number);
            self.parents.borrow_mut()[child.number] = Some(parent);
            self.children.borrow_mut()[parent].insert(child.number);
        }
    }

    fn take(&self, number: usize) {
        if let Some(parent) = self.parents.borrow_mut()[number].take() {
            let siblings = &mut self.children.borrow_mut()[parent];
            self.looked(siblings.len()); // a parser finds the place among them by looking at each
            siblings.remove(&number);
        }
    }

    /// The depth of the deepest node.
    fn depth(&self) -> usize {
        let children = self.children.borrow();
        let roots = self.parents.borrow();
        let mut open: Vec<(usize, usize)> = (0..children.len()).filter(|&n| roots[n].is_none()).map(|n| (n, 1)).collect();
        let mut deepest = 0;
        while let Some((node, depth)) = open.pop() {
            deepest = deepest.max(depth);
            open.extend(children[node].iter().map(|&child| (child, depth + 1)));
        }
        deepest
    }
}

impl TreeSink for Tree {
    type Handle = Node;
    type Output = usize;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> usize {
        self.depth()
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Node {
        // Only asked for at the start, for the root of what is read.
        self.node(QualName::new(None, ns!(), local_name!("")))
    }

    fn elem_name<'a>(&'a self, target: &'a Node) -> ExpandedName<'a> {
        self.looked(1);
        target.name.expanded()
    }

    fn create_element(&self, name: QualName, _: Vec<Attribute>, _: ElementFlags) -> Node {
        self.node(name)
    }

    fn create_comment(&self, _: StrTendril) -> Node {
        self.node(QualName::new(None, ns!(), local_name!("")))
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Node {
        self.node(QualName::new(None, ns!(), local_name!("")))
    }

    fn append(&self, parent: &Node, child: NodeOrText<Node>) {
        self.put(parent.number, child);
    }

    fn append_based_on_parent_node(&self, element: &Node, previous: &Node, child: NodeOrText<Node>) {
        if self.parents.borrow()[element.number].is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &Node) -> Node {
        target.clone()
    }

    fn same_node(&self, one: &Node, other: &Node) -> bool {
        self.looked(1);
        one.number == other.number
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Node, child: NodeOrText<Node>) {
        let parent = self.parents.borrow()[sibling.number];
        if let Some(parent) = parent {
            self.looked(self.children.borrow()[parent].len());
            self.put(parent, child);
        }
    }

    fn add_attrs_if_missing(&self, _: &Node, attributes: Vec<Attribute>) {
        self.looked(attributes.len());
    }

    fn remove_from_parent(&self, target: &Node) {
        self.take(target.number);
    }

    fn reparent_children(&self, node: &Node, new_parent: &Node) {
        let moved = std::mem::take(&mut self.children.borrow_mut()[node.number]);
        self.looked(moved.len());
        for &child in &moved {
            self.parents.borrow_mut()[child] = Some(new_parent.number);
        }
        self.children.borrow_mut()[new_parent.number].extend(moved);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_counted_as_the_parser_reads_them() {
        for (html, attributes) in [
            ("<a b c=d e='f g' h=\"i j\"k/l>", 6),
            ("<a b=c/d/e>", 1),
            ("<a b = 'c' = d>", 3),
            ("</a b c>", 2),
            ("<a href='data:image/png;base64,AA/BB/CC=='>", 1),
            ("a < b c d e", 0),
            ("<!-- <a b c> --> <p>", 2),
            ("<a b=\"<i x y z w>\">", 4),
        ] {
            assert_eq!(most_attributes(html), attributes, "{html}");
        }
        let hidden = format!("<a b='<c' {}>", "d ".repeat(600));
        assert!(is_too_much(&hidden));
    }

    #[test]
    fn what_is_made_to_be_slow_is_too_much() {
        for (name, html) in [
            ("nesting", "<div>".repeat(100_000)),
            ("nesting that end tags hide", "<div></x>".repeat(100_000)),
            ("nesting that cells hide", "<div><table><tr><td></div></td></tr></table>".repeat(20_000)),
            ("attributes", format!("<a {}>", (0..200_000).map(|n| format!("a{n} ")).collect::<String>())),
            (
                "formatting that is never closed",
                (0..399).map(|n| format!("<b a={n}>")).collect::<String>() + &"<p></p>".repeat(90_000),
            ),
            ("nodes put before a table", "<table>".to_owned() + &"x<i></i>".repeat(100_000)),
        ] {
            assert!(is_too_much(&html), "{name}");
        }
    }

    #[test]
    fn mail_is_not_too_much() {
        let row =
            "<tr><td style=\"color:red\" class='x'><p>a<br><b>b</b> <a href=\"https://x.org/?a=b&amp;c=d\">c</a></td></tr>\n";
        assert!(!is_too_much(&format!("<html><body><table>{}</table></body></html>", row.repeat(20_000))));
        assert!(!is_too_much(&"<p>a<br></p>".repeat(10_000)));
        let quoted = "<blockquote><div>".repeat(150) + "a" + &"</div></blockquote>".repeat(150);
        assert!(!is_too_much(&quoted));
        assert!(!is_too_much(&format!("<img src=\"data:image/png;base64,{}\">", "ab/cd+ef ".repeat(100_000))));
    }
}
