//! Rules for what arrives (Graph: messageRule, messageRulePredicates, messageRuleActions): read from JSON, and shown. What is
//! not set is not shown.

use super::draft::recipient;
use super::edm::{self, Edm};
use super::json::Members;
use super::message::recipients;
use super::property::{Property, object, types};
use crate::error::ApiError;
use crate::ids;
use crate::query::{Declared, Kind};
use mailbox::{Actions, Importance, InboxRule, MessageActionFlag, Predicates, RuleChange, Sensitivity, SizeRange};
use serde_json::{Map, Value, json};
use store::{FolderId, Recipient};

/// Longest name of a rule, in characters, as Exchange has it.
const MAX_NAME: usize = 512;

/// In Graph's order.
const PROPERTIES: &[Property<InboxRule>] = &[
    Property::by_default("id", Edm::String, |rule| ids::rule(rule.id).into()),
    Property::by_default("displayName", Edm::String, |rule| rule.display_name.as_str().into()),
    Property::by_default("sequence", Edm::Int32, |rule| rule.sequence.into()),
    Property::by_default("isEnabled", Edm::Boolean, |rule| rule.is_enabled.into()),
    Property::by_default("hasError", Edm::Boolean, |rule| rule.has_error.into()),
    Property::by_default("isReadOnly", Edm::Boolean, |_| false.into()),
    Property::by_default("conditions", Edm::Complex(&edm::MESSAGE_RULE_PREDICATES), |rule| shown(&rule.conditions)),
    Property::by_default("exceptions", Edm::Complex(&edm::MESSAGE_RULE_PREDICATES), |rule| shown(&rule.exceptions)),
    Property::by_default("actions", Edm::Complex(&edm::MESSAGE_RULE_ACTIONS), |rule| done(&rule.actions)),
];

/// What may be asked for by `$filter` and `$orderby`.
pub(crate) const DECLARED: &[Declared] = &[
    Declared::new("displayName", Kind::Text),
    Declared::new("hasError", Kind::Boolean),
    Declared::new("id", Kind::Exact),
    Declared::new("isEnabled", Kind::Boolean),
    Declared::new("isReadOnly", Kind::Boolean),
    Declared::new("sequence", Kind::Number),
];

/// The names of the properties, and their types.
pub(crate) fn property_types() -> Vec<(&'static str, Edm)> {
    types(PROPERTIES)
}

/// The properties that are asked for.
///
/// # Errors
/// For a name that is none of them.
pub(crate) fn selected(select: Option<&[String]>) -> Result<Vec<&'static Property<InboxRule>>, ApiError> {
    super::property::selected(PROPERTIES, select, "messageRule")
}

/// A rule as JSON.
pub(crate) fn render(properties: &[&Property<InboxRule>], rule: &InboxRule) -> Value {
    let mut rendered = object(properties, rule);
    rendered.retain(|_, value| !value.is_null());
    rendered.into()
}

/// What stands in the body of a request. A new rule must say its name, its place and what it does (Graph:
/// mailfolder-post-messagerules); what only the service says is passed over.
pub(crate) fn read(value: &Value, is_new: bool) -> Result<RuleChange, ApiError> {
    let m = Members::of(value, "")?;
    // Null takes them away (both are nullable).
    let given = |name: &str| match value.get(name) {
        Some(Value::Null) => Ok(Some(Predicates::default())),
        _ => m.object(name)?.map(|given| predicates(&given)).transpose(),
    };
    let change = RuleChange {
        sequence: m.get("sequence").map(|_| whole_number(&m, "sequence")).transpose()?,
        display_name: m.text("displayName")?.map(|name| display_name(&m, name)).transpose()?,
        is_enabled: m.boolean("isEnabled")?,
        conditions: given("conditions")?,
        exceptions: given("exceptions")?,
        actions: m.object("actions")?.map(|given| actions(&given)).transpose()?,
    };
    for (name, is_missing, what) in [
        ("displayName", change.display_name.is_none(), "a name"),
        ("sequence", change.sequence.is_none(), "a whole number"),
        ("actions", change.actions.is_none(), "what is to be done"),
    ] {
        if is_new && is_missing {
            return Err(m.wrong(name, what));
        }
    }
    Ok(change)
}

fn display_name(m: &Members<'_>, name: &str) -> Result<String, ApiError> {
    let name = name.trim();
    match name.is_empty() || name.chars().count() > MAX_NAME {
        true => Err(m.wrong("displayName", &format!("a name of up to {MAX_NAME} characters"))),
        false => Ok(name.to_owned()),
    }
}

fn whole_number(m: &Members<'_>, name: &str) -> Result<i32, ApiError> {
    let number = m.get(name).and_then(Value::as_i64).and_then(|number| i32::try_from(number).ok());
    number.filter(|number| *number >= 0).ok_or_else(|| m.wrong(name, "a whole number"))
}

/// The members of one form, each by its name and where it is kept.
type Kept<T, F> = (&'static str, fn(&mut T) -> &mut F);

const TEXTS: [Kept<Predicates, Vec<String>>; 7] = [
    ("bodyContains", |p| &mut p.body_contains),
    ("bodyOrSubjectContains", |p| &mut p.body_or_subject_contains),
    ("categories", |p| &mut p.categories),
    ("headerContains", |p| &mut p.header_contains),
    ("recipientContains", |p| &mut p.recipient_contains),
    ("senderContains", |p| &mut p.sender_contains),
    ("subjectContains", |p| &mut p.subject_contains),
];
const PEOPLE: [Kept<Predicates, Vec<Recipient>>; 2] =
    [("fromAddresses", |p| &mut p.from_addresses), ("sentToAddresses", |p| &mut p.sent_to_addresses)];
const FLAGS: [Kept<Predicates, Option<bool>>; 17] = [
    ("hasAttachments", |p| &mut p.has_attachments),
    ("isApprovalRequest", |p| &mut p.is_approval_request),
    ("isAutomaticForward", |p| &mut p.is_automatic_forward),
    ("isAutomaticReply", |p| &mut p.is_automatic_reply),
    ("isEncrypted", |p| &mut p.is_encrypted),
    ("isMeetingRequest", |p| &mut p.is_meeting_request),
    ("isMeetingResponse", |p| &mut p.is_meeting_response),
    ("isNonDeliveryReport", |p| &mut p.is_non_delivery_report),
    ("isPermissionControlled", |p| &mut p.is_permission_controlled),
    ("isReadReceipt", |p| &mut p.is_read_receipt),
    ("isSigned", |p| &mut p.is_signed),
    ("isVoicemail", |p| &mut p.is_voicemail),
    ("notSentToMe", |p| &mut p.not_sent_to_me),
    ("sentCcMe", |p| &mut p.sent_cc_me),
    ("sentOnlyToMe", |p| &mut p.sent_only_to_me),
    ("sentToMe", |p| &mut p.sent_to_me),
    ("sentToOrCcMe", |p| &mut p.sent_to_or_cc_me),
];
/// Those of a form of their own.
const OTHERS: [&str; 4] = ["importance", "messageActionFlag", "sensitivity", "withinSizeRange"];

const IMPORTANCE: [(&str, Importance); 3] =
    [("low", Importance::Low), ("normal", Importance::Normal), ("high", Importance::High)];
const SENSITIVITY: [(&str, Sensitivity); 4] = [
    ("normal", Sensitivity::Normal),
    ("personal", Sensitivity::Personal),
    ("private", Sensitivity::Private),
    ("confidential", Sensitivity::Confidential),
];
const ACTION_FLAGS: [(&str, MessageActionFlag); 11] = [
    ("any", MessageActionFlag::Any),
    ("call", MessageActionFlag::Call),
    ("doNotForward", MessageActionFlag::DoNotForward),
    ("followUp", MessageActionFlag::FollowUp),
    ("fyi", MessageActionFlag::Fyi),
    ("forward", MessageActionFlag::Forward),
    ("noResponseNecessary", MessageActionFlag::NoResponseNecessary),
    ("read", MessageActionFlag::Read),
    ("reply", MessageActionFlag::Reply),
    ("replyToAll", MessageActionFlag::ReplyToAll),
    ("review", MessageActionFlag::Review),
];

fn predicates(m: &Members<'_>) -> Result<Predicates, ApiError> {
    // One that is passed over would make a rule for everything.
    let known = TEXTS.map(|(name, _)| name).into_iter().chain(PEOPLE.map(|(name, _)| name));
    m.only(&known.chain(FLAGS.map(|(name, _)| name)).chain(OTHERS).collect::<Vec<_>>())?;
    let mut read = Predicates::default();
    for (name, kept) in TEXTS {
        *kept(&mut read) = texts(m, name)?;
    }
    for (name, kept) in PEOPLE {
        *kept(&mut read) = people(m, name)?;
    }
    for (name, kept) in FLAGS {
        *kept(&mut read) = m.boolean(name)?;
    }
    read.importance = m.word("importance", &IMPORTANCE)?;
    read.message_action_flag = m.word("messageActionFlag", &ACTION_FLAGS)?;
    read.sensitivity = m.word("sensitivity", &SENSITIVITY)?;
    read.within_size_range = m.object("withinSizeRange")?.map(|range| size_range(&range)).transpose()?;
    Ok(read)
}

fn size_range(m: &Members<'_>) -> Result<SizeRange, ApiError> {
    let end = |name| m.get(name).map(|_| whole_number(m, name)).transpose();
    Ok(SizeRange { minimum: end("minimumSize")?, maximum: end("maximumSize")? })
}

fn shown(predicates: &Predicates) -> Value {
    let mut of = predicates.clone();
    let mut shown = Map::new();
    let mut show = |name: &str, value: Option<Value>| value.map(|value| shown.insert(name.to_owned(), value));
    for (name, kept) in TEXTS {
        show(name, some(kept(&mut of), |texts| texts.clone().into()));
    }
    for (name, kept) in PEOPLE {
        show(name, some(kept(&mut of), |people| recipients(people)));
    }
    for (name, kept) in FLAGS {
        show(name, kept(&mut of).map(Value::from));
    }
    show("importance", of.importance.map(|one| one.as_str().into()));
    show("messageActionFlag", of.message_action_flag.map(|one| word(&ACTION_FLAGS, one)));
    show("sensitivity", of.sensitivity.map(|one| word(&SENSITIVITY, one)));
    let range = |range: SizeRange| json!({"minimumSize": range.minimum, "maximumSize": range.maximum});
    show("withinSizeRange", of.within_size_range.map(range));
    if shown.is_empty() { Value::Null } else { shown.into() }
}

fn actions(m: &Members<'_>) -> Result<Actions, ApiError> {
    let known = edm::MESSAGE_RULE_ACTIONS.members.iter().map(|member| member.name);
    m.only(&known.collect::<Vec<_>>())?;
    let is_wanted = |name| m.boolean(name).map(Option::unwrap_or_default);
    Ok(Actions {
        assign_categories: texts(m, "assignCategories")?,
        copy_to_folder: folder(m, "copyToFolder")?,
        delete: is_wanted("delete")?,
        forward_as_attachment_to: people(m, "forwardAsAttachmentTo")?,
        forward_to: people(m, "forwardTo")?,
        mark_as_read: is_wanted("markAsRead")?,
        mark_importance: m.word("markImportance", &IMPORTANCE)?,
        move_to_folder: folder(m, "moveToFolder")?,
        permanent_delete: is_wanted("permanentDelete")?,
        redirect_to: people(m, "redirectTo")?,
        stop_processing_rules: is_wanted("stopProcessingRules")?,
    })
}

fn done(actions: &Actions) -> Value {
    let flag = |is_set: bool| is_set.then_some(Value::Bool(true));
    let folder = |folder: Option<FolderId>| folder.map(|id| ids::folder(id).into());
    let of = |people: &Vec<Recipient>| some(people, |people| recipients(people));
    let members = [
        ("assignCategories", some(&actions.assign_categories, |texts| texts.clone().into())),
        ("copyToFolder", folder(actions.copy_to_folder)),
        ("delete", flag(actions.delete)),
        ("forwardAsAttachmentTo", of(&actions.forward_as_attachment_to)),
        ("forwardTo", of(&actions.forward_to)),
        ("markAsRead", flag(actions.mark_as_read)),
        ("markImportance", actions.mark_importance.map(|one| one.as_str().into())),
        ("moveToFolder", folder(actions.move_to_folder)),
        ("permanentDelete", flag(actions.permanent_delete)),
        ("redirectTo", of(&actions.redirect_to)),
        ("stopProcessingRules", flag(actions.stop_processing_rules)),
    ];
    let set = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(set.collect())
}

fn texts(m: &Members<'_>, name: &str) -> Result<Vec<String>, ApiError> {
    let text = |value: &Value, path: &str| {
        let text = value.as_str().filter(|text| !text.is_empty()); // every text contains the empty one
        text.map(str::to_owned).ok_or_else(|| ApiError::unreadable_member(path, "a text"))
    };
    m.list(name, text)
}

fn people(m: &Members<'_>, name: &str) -> Result<Vec<Recipient>, ApiError> {
    m.list(name, |value, path| recipient(value, path).map(|one| Recipient { name: one.name, address: one.address }))
}

fn folder(m: &Members<'_>, name: &str) -> Result<Option<FolderId>, ApiError> {
    m.text(name)?.filter(|id| !id.is_empty()).map(ids::parse_folder).transpose()
}

fn word<T: PartialEq>(words: &[(&'static str, T)], of: T) -> Value {
    words.iter().find(|(_, value)| *value == of).map_or(Value::Null, |(word, _)| (*word).into())
}

fn some<T>(list: &Vec<T>, shown: impl FnOnce(&Vec<T>) -> Value) -> Option<Value> {
    (!list.is_empty()).then(|| shown(list))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    #[test]
    fn what_is_read_is_shown_as_it_was() {
        let person = json!([{"emailAddress": {"name": "Alex", "address": "a@x.org"}}]);
        let mut all = json!({
            "importance": "high", "messageActionFlag": "doNotForward", "sensitivity": "confidential",
            "withinSizeRange": {"minimumSize": 1, "maximumSize": 20}
        });
        TEXTS.iter().for_each(|(name, _)| all[*name] = json!(["a", "b"]));
        PEOPLE.iter().for_each(|(name, _)| all[*name] = person.clone());
        FLAGS.iter().enumerate().for_each(|(at, (name, _))| all[*name] = (at % 2 == 0).into());
        let declared: Vec<_> = edm::MESSAGE_RULE_PREDICATES.members.iter().map(|member| member.name).collect();
        assert_eq!(declared.len(), 30);
        assert!(declared.iter().all(|name| all.get(name).is_some()), "each of {declared:?}");
        let read = predicates(&Members::of(&all, "").expect("an object")).expect("predicates");
        assert_eq!(shown(&read), all);
        let all = json!({
            "assignCategories": ["Red"], "copyToFolder": ids::folder(FolderId([1; 16])), "delete": true,
            "forwardAsAttachmentTo": person, "forwardTo": person, "markAsRead": true, "markImportance": "low",
            "moveToFolder": ids::folder(FolderId([2; 16])), "permanentDelete": true, "redirectTo": person,
            "stopProcessingRules": true
        });
        assert_eq!(done(&actions(&Members::of(&all, "").expect("an object")).expect("actions")), all);
    }

    #[test]
    fn what_would_make_a_rule_for_everything_is_refused() {
        for wrong in [json!({"subjectContain": ["a"]}), json!({"subjectContains": [""]}), json!({"subjectContains": "a"})] {
            let error = predicates(&Members::of(&wrong, "conditions").expect("an object")).expect_err("it is refused");
            assert_eq!(error.code, ErrorCode::RequestBodyRead, "{wrong}");
        }
        assert!(predicates(&Members::of(&json!({"@odata.type": "x"}), "").expect("an object")).is_ok());
    }
}
