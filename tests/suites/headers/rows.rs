//! The rows of the table, each with the headers that prove it.

/// How a message came to be where it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    Draft,
    Import,
    Received,
    Sent,
}

/// A field, and what it becomes.
pub struct Row {
    pub field: &'static str,
    pub property: &'static str,
    pub rule: &'static str,
    pub clause: &'static str,
    pub cases: &'static [Case],
}

/// A header, and the properties that it must give.
pub struct Case {
    pub header: &'static str,
    pub properties: &'static [(&'static str, &'static str)],
}

const fn case(header: &'static str, properties: &'static [(&'static str, &'static str)]) -> Case {
    Case { header, properties }
}

pub const ROWS: &[Row] = &[
    Row {
        field: "From",
        property: "from",
        rule: "the first of several; the owner of the mailbox where a message that is sent from it has none",
        clause: "RFC 5322 §3.6.2",
        cases: &[
            case("From: \"Gr=, A.\" <a@x.example>\n", &[("from", "Gr=, A. <a@x.example>"), ("sender", "Gr=, A. <a@x.example>")]),
            case(
                "From: A <a@x.example>, b@x.example\nSender: s@x.example\n",
                &[("from", "A <a@x.example>"), ("sender", "s@x.example")],
            ),
            case("Subject: none\n", &[("from", "{owner}"), ("sender", "{owner}")]),
        ],
    },
    Row {
        field: "Sender",
        property: "sender",
        rule: "the first of From where there is none",
        clause: "RFC 5322 §3.6.2",
        cases: &[case("From: a@x.example\nSender: S <s@x.example>\n", &[("from", "a@x.example"), ("sender", "S <s@x.example>")])],
    },
    Row {
        field: "Reply-To",
        property: "replyTo",
        rule: "all of them",
        clause: "RFC 5322 §3.6.2",
        cases: &[
            case("Reply-To: R <r@x.example>, q@x.example\n", &[("replyTo", "R <r@x.example>; q@x.example")]),
            case("From: a@x.example\n", &[("replyTo", "")]),
        ],
    },
    Row {
        field: "To, Cc",
        property: "toRecipients, ccRecipients",
        rule: "all of every field of the name; a group's members, not its name",
        clause: "RFC 5322 §3.6.3, §3.4",
        cases: &[
            case(
                "To: A <a@x.example>\nCc: c@x.example\nTo: b@x.example\n",
                &[("toRecipients", "A <a@x.example>; b@x.example"), ("ccRecipients", "c@x.example")],
            ),
            case(
                "To: Team: A <a@x.example>, b@x.example;, undisclosed-recipients:;\n",
                &[("toRecipients", "A <a@x.example>; b@x.example")],
            ),
        ],
    },
    Row {
        field: "Bcc",
        property: "bccRecipients",
        rule: "only in the sender's mailbox; cut out of what others get",
        clause: "RFC 5322 §3.6.3",
        cases: &[case("Bcc: B <b@x.example>\n", &[("bccRecipients", "B <b@x.example>")])],
    },
    Row {
        field: "Subject",
        property: "subject",
        rule: "encoded words decoded, unfolded; empty where there is none",
        clause: "RFC 5322 §3.6.5, RFC 2047",
        cases: &[
            case("Subject: =?utf-8?q?Gr=C3=B6?=\n =?utf-8?b?w59l?= and more\n", &[("subject", "Größe and more")]),
            case("Subject: First\nSubject: Second\n", &[("subject", "First")]),
            case("To: a@x.example\n", &[("subject", "")]),
        ],
    },
    Row {
        field: "Date",
        property: "sentDateTime",
        rule: "as UTC; the moment of drafting, sending or receiving where there is none. `receivedDateTime` is ours, and of an import by default this",
        clause: "RFC 5322 §3.6.1",
        cases: &[case("Date: Fri, 21 Nov 1997 09:55:06 -0600 (CST)\n", &[("sentDateTime", "1997-11-21T15:55:06Z")])],
    },
    Row {
        field: "Message-ID",
        property: "internetMessageId",
        rule: "with its angle brackets; generated where there is none",
        clause: "RFC 5322 §3.6.4",
        cases: &[
            case("Message-ID:\n <one@x.example>\n", &[("internetMessageId", "<one@x.example>")]),
            case("Message-ID: <one@x.example>\nMessage-ID: <two@x.example>\n", &[("internetMessageId", "<one@x.example>")]),
        ],
    },
    Row {
        field: "In-Reply-To, References",
        property: "conversationId",
        rule: "one conversation is what has one first reference; a test compares the ids",
        clause: "RFC 5322 §3.6.4",
        cases: &[case(
            "Message-ID: <3@x.example>\nIn-Reply-To: <2@x.example>\nReferences: <1@x.example>\n <2@x.example>\n",
            &[("field In-Reply-To", "<2@x.example>"), ("field References", "<1@x.example> <2@x.example>")],
        )],
    },
    Row {
        field: "Thread-Topic",
        property: "none in v1.0",
        rule: "carried on by answers",
        clause: "MS-OXOMSG 2.2.1.5",
        cases: &[case("Thread-Topic: Topic\nSubject: RE: Other\n", &[("field Thread-Topic", "Topic"), ("subject", "RE: Other")])],
    },
    Row {
        field: "Thread-Index",
        property: "conversationIndex",
        rule: "where it is one: 22 octets and 5 for each answer",
        clause: "MS-OXOMSG 2.2.1.3",
        cases: &[case(
            "Thread-Index: AQHdfFsyBwcHBwcHBwcHBwcHBwcHBwAAAMr6\n",
            &[("conversationIndex", "AQHdfFsyBwcHBwcHBwcHBwcHBwcHBwAAAMr6")],
        )],
    },
    Row {
        field: "Importance",
        property: "importance",
        rule: "low, normal, high in any case",
        clause: "RFC 2156 §5.3.4",
        cases: &[
            case("Importance: High\n", &[("importance", "high")]),
            case("importance: LOW (really)\nX-Priority: 1\n", &[("importance", "high")]),
            case("Importance: low\nX-Priority: 1\nPriority: urgent\n", &[("importance", "low")]),
            case("To: a@x.example\n", &[("importance", "normal")]),
        ],
    },
    Row {
        field: "X-Priority",
        property: "importance",
        rule: "where there is no Importance: 1 and 2 are high, 4 and 5 low",
        clause: "what mail programs write",
        cases: &[
            case("X-Priority: 1 (Highest)\n", &[("importance", "high")]),
            case("X-Priority: 3\nPriority: urgent\n", &[("importance", "normal")]),
            case("X-Priority: 5\n", &[("importance", "low")]),
        ],
    },
    Row {
        field: "Priority",
        property: "importance",
        rule: "where there is neither: urgent is high, non-urgent low",
        clause: "RFC 2156 §5.3.6",
        cases: &[case("Priority: Urgent\n", &[("importance", "high")]), case("Priority: non-urgent\n", &[("importance", "low")])],
    },
    Row {
        field: "Sensitivity",
        property: "none in v1.0",
        rule: "in `internetMessageHeaders`",
        clause: "RFC 2156 §5.3.5",
        cases: &[case("Sensitivity: Company-Confidential\n", &[("field Sensitivity", "Company-Confidential")])],
    },
    Row {
        field: "Keywords",
        property: "categories",
        rule: "of every such field, each once, until the owner sets others",
        clause: "RFC 5322 §3.6.5, MS-OXCMAIL",
        cases: &[
            case(
                "Keywords: Red category, =?utf-8?q?Stra=C3=9Fe?=, ,\n \"Quoted\"\nKeywords: red Category, Last\n",
                &[("categories", "Red category; Straße; Quoted; Last")],
            ),
            case("To: a@x.example\n", &[("categories", "")]),
        ],
    },
    Row {
        field: "Disposition-Notification-To",
        property: "isReadReceiptRequested",
        rule: "true where it is there",
        clause: "RFC 8098 §2.1",
        cases: &[case(
            "Disposition-Notification-To: a@x.example\n",
            &[("isReadReceiptRequested", "true"), ("isDeliveryReceiptRequested", "false")],
        )],
    },
    Row {
        field: "Return-Receipt-To",
        property: "isDeliveryReceiptRequested",
        rule: "true where it is there",
        clause: "never standardised; MS-OXCMAIL",
        cases: &[case(
            "Return-Receipt-To: a@x.example\n",
            &[("isDeliveryReceiptRequested", "true"), ("isReadReceiptRequested", "false")],
        )],
    },
    Row {
        field: "List-*, Auto-Submitted, Precedence, X-*",
        property: "internetMessageHeaders",
        rule: "as they stand; what says that it is for many is `other` when it comes (docs/mail.md)",
        clause: "RFC 2369, RFC 2919, RFC 3834",
        cases: &[case(
            "List-Unsubscribe: <https://x.example/u>,\n <mailto:u@x.example>\nAuto-Submitted: auto-replied\nX-Odd: a\nX-Odd: b\n",
            &[
                ("field List-Unsubscribe", "<https://x.example/u>, <mailto:u@x.example>"),
                ("field Auto-Submitted", "auto-replied"),
                ("field X-Odd", "a; b"),
            ],
        )],
    },
    Row {
        field: "X-MS-Exchange-Organization-*",
        property: "internetMessageHeaders",
        rule: "kept, and believed by nobody: anybody can write them",
        clause: "Microsoft's MIME page has them in its sample",
        cases: &[case(
            "From: a@x.example\nX-MS-Exchange-Organization-AuthAs: Internal\nX-MS-Exchange-Organization-SCL: 9\n\
             X-MS-Exchange-Organization-OriginalArrivalTime: 01 Jan 2020 00:00:00.0000 (UTC)\n",
            &[
                ("field X-MS-Exchange-Organization-AuthAs", "Internal"),
                ("field X-MS-Exchange-Organization-SCL", "9"),
                ("inferenceClassification", "focused"),
                ("from", "a@x.example"),
            ],
        )],
    },
];
