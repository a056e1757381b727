//! `$metadata`: the types of the service in OData's own language (CSDL XML 4.01).

use super::operations::{self, Gives, Operation, Takes};
use super::types::{self, EntityType, Form, Reached, Typed};
use crate::request::Version;
use crate::schema::edm::{ComplexType, Edm, EnumType};
use std::collections::BTreeSet;
use std::fmt::Write;

/// The document of a version. No name in it needs to be escaped: each is a name of OData.
pub(super) fn document(version: Version) -> String {
    let entities = types::entities(version);
    let actions = actions();
    let of_actions = operations::all().flat_map(|operation| parameters(&operation).to_vec()).map(|(_, edm)| edm);
    let of_answers = operations::all().filter_map(|operation| match operation.described.gives {
        Gives::One(edm) => Some(edm),
        Gives::Values(of) => Some(Edm::Complex(of)),
        _ => None,
    });
    let of_entities = entities.iter().flat_map(|entity| entity.properties.iter().map(|one| one.edm));
    let reached = Reached::from(of_entities.chain(of_actions).chain(of_answers));
    let mut out = String::from(HEAD);
    reached.enums.values().for_each(|one| enumeration(&mut out, one));
    entities.iter().for_each(|one| entity(&mut out, one));
    reached.complex.values().for_each(|one| complex(&mut out, one));
    actions.iter().for_each(|action| out.push_str(action));
    container(&mut out);
    out + TAIL
}

const HEAD: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">
  <edmx:DataServices>
    <Schema Namespace="microsoft.graph" Alias="graph" xmlns="http://docs.oasis-open.org/odata/ns/edm">
"#;
const TAIL: &str = "    </Schema>\n  </edmx:DataServices>\n</edmx:Edmx>\n";

/// Writes a line of XML, within the schema.
macro_rules! line {
    ($out:expr, $($text:tt)*) => {
        // Writing to a string doesn't fail.
        let _ = writeln!($out, $($text)*);
    };
}

fn enumeration(out: &mut String, one: &EnumType) {
    let flags = if one.is_flags { r#" IsFlags="true""# } else { "" };
    line!(out, r#"      <EnumType Name="{}"{flags}>"#, one.name);
    for (name, value) in one.members {
        line!(out, r#"        <Member Name="{name}" Value="{value}" />"#);
    }
    line!(out, "      </EnumType>");
}

fn entity(out: &mut String, one: &EntityType) {
    let base = one.base.map(|base| format!(r#" BaseType="graph.{base}""#)).unwrap_or_default();
    let form = match one.form {
        Form::Abstract => r#" Abstract="true""#,
        Form::Open => r#" OpenType="true""#,
        Form::Plain => "",
        Form::OpenStream => r#" OpenType="true" HasStream="true""#,
        Form::Stream => r#" HasStream="true""#,
    };
    line!(out, r#"      <EntityType Name="{}"{base}{form}>"#, one.name);
    if one.base.is_none() {
        line!(out, r#"        <Key><PropertyRef Name="id" /></Key>"#);
    }
    one.properties.iter().for_each(|one| property(out, one));
    for (name, edm) in one.navigation {
        line!(out, r#"        <NavigationProperty Name="{name}" Type="{}" ContainsTarget="true" />"#, edm.csdl());
    }
    line!(out, "      </EntityType>");
}

fn complex(out: &mut String, one: &ComplexType) {
    let base = one.base.map(|base| format!(r#" BaseType="graph.{}""#, base.name)).unwrap_or_default();
    line!(out, r#"      <ComplexType Name="{}"{base}>"#, one.name);
    one.members.iter().for_each(|m| property(out, &Typed { name: m.name, edm: m.edm, nullable: m.nullable }));
    line!(out, "      </ComplexType>");
}

fn property(out: &mut String, one: &Typed) {
    let nullable = if one.nullable { "" } else { r#" Nullable="false""# };
    line!(out, r#"        <Property Name="{}" Type="{}"{nullable} />"#, one.name, one.edm.csdl());
}

/// The actions and functions that are bound to an entity, each once wherever it stands.
fn actions() -> BTreeSet<String> {
    operations::all().filter(|operation| !operation.is_extension()).filter_map(|operation| bound(&operation)).collect()
}

/// What may stand before the name of an action or a function, and what that is bound to.
const BOUND_TO: &[(&str, Edm)] = &[
    ("attachments", Edm::Collection(&Edm::Entity("attachment"))),
    ("mailFolders", Edm::Collection(&Edm::Entity("mailFolder"))),
    ("messages", Edm::Collection(&Edm::Entity("message"))),
    ("outlook", Edm::Entity("outlookUser")),
    ("{mailFolder-id}", Edm::Entity("mailFolder")),
    ("{message-id}", Edm::Entity("message")),
    ("{subscription-id}", Edm::Entity("subscription")),
    ("{user-id}", Edm::Entity("user")),
];

/// An operation whose path ends in a name behind an entity's key or a collection: an action, or a function where it only asks.
fn bound(operation: &Operation) -> Option<String> {
    let path = operation.place.paths().into_iter().next()?;
    let (before, name) = path.rsplit_once('/')?;
    // A function with parameters has them behind its name (OData 4.01 part 2 §4.5.2).
    let (name, has_parameters) = name.split_once('(').map_or((name, false), |(name, _)| (name, true));
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase());
    let (_, of) = BOUND_TO.iter().find(|(segment, _)| before.rsplit('/').next() == Some(segment))?;
    let is_action = operation.dispatched.method == "POST" && !operation.makes_a_member();
    if !is_name || !(is_action || operation.described.is_function) {
        return None;
    }
    let element = if is_action { "Action" } else { "Function" };
    let mut out = String::new();
    line!(out, r#"      <{element} Name="{name}" IsBound="true">"#);
    line!(out, r#"        <Parameter Name="bindingParameter" Type="{}" />"#, of.csdl());
    for (name, edm) in parameters(operation).iter().filter(|_| is_action || has_parameters) {
        line!(out, r#"        <Parameter Name="{name}" Type="{}" />"#, edm.csdl());
    }
    match operation.described.gives {
        Gives::One(edm) => {
            line!(out, r#"        <ReturnType Type="{}" />"#, edm.csdl());
        }
        Gives::List(entity) => {
            line!(out, r#"        <ReturnType Type="Collection(graph.{entity})" />"#);
        }
        Gives::Values(of) => {
            line!(out, r#"        <ReturnType Type="Collection({})" />"#, Edm::Complex(of).csdl());
        }
        Gives::Count | Gives::Nothing | Gives::Object | Gives::Octets(_) => {}
    }
    line!(out, "      </{element}>");
    Some(out)
}

fn parameters(operation: &Operation) -> &'static [(&'static str, Edm)] {
    match operation.described.takes {
        Takes::Parameters(parameters) | Takes::ParametersOrMime(parameters) => parameters,
        Takes::Entity(_) | Takes::Message | Takes::Mime | Takes::Nothing | Takes::Object | Takes::Octets | Takes::Value(_) => &[],
    }
}

fn container(out: &mut String) {
    line!(out, r#"      <EntityContainer Name="GraphService">"#);
    for (name, kind, of) in types::CONTAINER {
        let named = if kind == "EntitySet" { "EntityType" } else { "Type" };
        line!(out, r#"        <{kind} Name="{name}" {named}="microsoft.graph.{of}" />"#);
    }
    line!(out, "      </EntityContainer>");
}
