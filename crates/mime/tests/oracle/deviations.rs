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
pub const MEANT: &[Meant] = &[
    meant("comm/malformed_content_disposition.eml", "attachments", UNKNOWN_DISPOSITION),
    meant("comm/malformed_content_disposition.eml", "text", UNKNOWN_DISPOSITION),
    meant("comm/malformed_content_disposition.eml", "textParts", UNKNOWN_DISPOSITION),
    meant("comm/mailformed_subject.eml", "html", LATIN_1),
    meant("comm/plaintext-with-key-and-windows-1252-encoded-eml-attachment.eml", "structure", UNDECLARED),
    meant("comm/plaintext-with-windows-1252-encoded-eml-attachment.eml", "structure", UNDECLARED),
    meant("cpython/msg_14.eml", "text", NO_SUBTYPE),
    meant("cpython/msg_25.eml", "attachments", UNDECLARED),
    meant("cpython/msg_25.eml", "structure", UNDECLARED),
    meant("cpython/msg_31.eml", "structure", UNDECLARED),
    meant("cpython/msg_31.eml", "text", UNDECLARED),
    meant("cpython/msg_31.eml", "textParts", UNDECLARED),
    meant("email-simple/josey-fold.eml", "inReplyTo", PHRASE),
    meant("email-simple/josey-nobody-blank.eml", "inReplyTo", PHRASE),
    meant("email-simple/josey-nobody.eml", "inReplyTo", PHRASE),
    meant("mail-parser/004~49a787.eml", "structure", UNDECLARED),
    meant("mail-parser/004~49a787.eml", "text", UNDECLARED),
    meant("mail-parser/004~49a787.eml", "textParts", UNDECLARED),
    meant("mail-parser/017~713f77.eml", "attachments", NO_SEMICOLON),
    meant("mikel/attachment_pdf_non_ascii_lf.eml", "text", LATIN_1),
    meant("mikel/content_transfer_encoding_7-bit.eml", "html", LATIN_1),
    meant("mikel/content_transfer_encoding_7-bit.eml", "text", LATIN_1),
    meant("mikel/example13.eml", "from", OBSOLETE),
    meant("mikel/example13.eml", "to", OBSOLETE),
    meant("mikel/raw_email4.eml", "structure", PREFIX),
    meant("mikel/raw_email4.eml", "textParts", PREFIX),
    meant("mikel/raw_email_double_at_in_header.eml", "messageId", WHOLE_ID),
    meant("mime4j/ending-boundaries.eml", "structure", PREFIX),
    meant("mime4j/ending-boundaries.eml", "text", PREFIX),
    meant("mime4j/ending-boundaries.eml", "textParts", PREFIX),
    meant("mime4j/malformedHeader-nocrlfcrlf.eml", "subject", UNFOLDED),
    meant("mime4j/multi-frag.eml", "attachments", WITHIN_A_LINE),
    meant("mimekit/simple.mbox-2.eml", "text", EMPTY_BOUNDARY),
    meant("mimekit/simple.mbox-2.eml", "textParts", EMPTY_BOUNDARY),
    meant("sisimai/arf-01.eml", "attachments", LINE_ENDS),
    meant("sisimai/lhost-apachejames-01~451a6c.eml", "structure", UNDECLARED),
    meant("sisimai/lhost-apachejames-01~451a6c.eml", "text", UNDECLARED),
    meant("sisimai/lhost-apachejames-01~451a6c.eml", "textParts", UNDECLARED),
    meant("sisimai/rfc3464-10.eml", "from", COMMENT),
];

const COMMENT: &str = "a comment after an address is the name of one who has no other, as of those who report failures";
const EMPTY_BOUNDARY: &str = "RFC 2046 §5.1.1 has no empty boundary, so no part is found, and the body is shown as it stands";
const LATIN_1: &str = "iso-8859-1 is read as windows-1252, which its senders mean by the octets 80 to 9F";
const LINE_ENDS: &str = "the raw slice of an attached message; the oracle's has its line ends rewritten";
const NO_SEMICOLON: &str = "a parameter is read although a tab stands where its semicolon should";
const NO_SUBTYPE: &str = "RFC 2045 §5.2: what has no valid media type is text/plain";
const OBSOLETE: &str = "RFC 5322 A.6.3's own example, damaged in one fold; the obsolete forms around it are read";
const PHRASE: &str = "RFC 5322 §4.5.4: the words of an old In-Reply-To identify nothing";
const PREFIX: &str = "RFC 2046 §5.1.1: a line that begins with a boundary delimits, whatever stands behind it";
const UNDECLARED: &str = "parts behind a boundary that the multipart doesn't name, as in Microsoft's MIME page, are found";
const UNFOLDED: &str = "a line without a name continues the field above it, as in Microsoft's MIME page";
const UNKNOWN_DISPOSITION: &str = "RFC 2183 §2.8: an unknown disposition is an attachment";
const WHOLE_ID: &str = "an identifier is kept whole, also with an @ too many";
const WITHIN_A_LINE: &str = "a boundary within a line ends a part that nothing else would end";
