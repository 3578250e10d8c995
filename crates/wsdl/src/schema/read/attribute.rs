//! Attributes and their groups.

use xml::tree::NodeId;

use super::Reader;
use crate::namespace::{ENCODING, ENCODING_12, WSDL};
use crate::schema::builtin::Builtin;
use crate::schema::{
    Array, Attribute, AttributeGroup, AttributeUse, Attributes, Process, Wildcard,
    WildcardNamespaces, builtin,
};

impl Reader<'_> {
    pub(super) fn global_attribute(&mut self, node: NodeId) {
        let Some(name) = self.name(node) else { return };
        self.owner = Some(name.clone());
        let attribute = self.attribute(node, name.clone(), true);
        self.builder.define(&name, attribute, self.report);
    }

    pub(super) fn global_attribute_group(&mut self, node: NodeId) {
        let Some(name) = self.name(node) else { return };
        self.owner = Some(name.clone());
        let group = self.attribute_group(node, name.clone());
        self.builder.define_original(&name, group, self.report);
    }

    pub(super) fn attribute_group(
        &mut self,
        node: NodeId,
        name: xml::name::Name,
    ) -> AttributeGroup {
        let mut attributes = Attributes::default();
        for child in self.children(node) {
            if !self.add_attribute(child, &mut attributes) {
                self.other(child, &["attribute", "attributeGroup", "anyAttribute"]);
            }
        }
        AttributeGroup { name, attributes, is_missing: false, source: self.markup.source(node) }
    }

    fn attribute(&mut self, node: NodeId, name: xml::name::Name, is_global: bool) -> Attribute {
        Attribute {
            name,
            type_id: self.attribute_type(node),
            is_global,
            value: self.value(node),
            documentation: self.markup.documentation(node),
            is_missing: false,
            source: self.markup.source(node),
        }
    }

    fn attribute_type(&mut self, node: NodeId) -> crate::schema::TypeId {
        let mut found = self.referred(node, "type");
        for child in self.children(node) {
            match self.markup.local(child) {
                "simpleType" if found.is_none() => found = Some(self.anonymous(child)),
                _ => self.other(child, &["simpleType"]),
            }
        }
        found.unwrap_or_else(|| builtin(Builtin::AnySimpleType))
    }

    /// Takes an attribute, a group or a wildcard; `false` where it is none of them.
    pub(super) fn add_attribute(&mut self, node: NodeId, attributes: &mut Attributes) -> bool {
        match self.markup.local(node) {
            "attribute" => attributes.uses.extend(self.attribute_use(node)),
            "attributeGroup" => match self.referred(node, "ref") {
                Some(group) => attributes.groups.push(group),
                None if self.markup.attribute(node, "ref").is_none() => self.lacks(node, "ref"),
                None => {}
            },
            "anyAttribute" => attributes.any = Some(self.wildcard(node)),
            _ => return false,
        }
        true
    }

    fn attribute_use(&mut self, node: NodeId) -> Option<AttributeUse> {
        let usage = self.markup.trimmed(node, "use").unwrap_or("optional");
        if !matches!(usage, "optional" | "required" | "prohibited") {
            self.wrong(node, "use", usage, "Write optional, required or prohibited.");
        }
        let attribute = if self.markup.attribute(node, "ref").is_some() {
            self.referred(node, "ref")?
        } else {
            let local = self.name(node)?.local;
            let is_qualified = self.form(node, "form").unwrap_or(self.attributes_qualified);
            let namespace = if is_qualified { self.target.clone() } else { "".into() };
            let name = self.name_in(namespace, &local);
            let attribute = self.attribute(node, name, false);
            self.builder.schemas.attributes.push(attribute)
        };
        Some(AttributeUse {
            attribute,
            is_required: usage == "required",
            is_prohibited: usage == "prohibited",
            value: self.value(node),
            source: self.markup.source(node),
        })
    }

    /// What `wsdl:arrayType` says of an attribute that refers to `arrayType`.
    pub(super) fn array(&mut self, node: NodeId) -> Option<Array> {
        let tree = self.markup.tree;
        let value = tree.attribute(node, WSDL, "arrayType").or_else(|| {
            let encodings = [ENCODING, ENCODING_12];
            encodings.iter().find_map(|encoding| tree.attribute(node, encoding, "arrayType"))
        })?;
        let Some((name, dimensions)) = value.split_once('[') else {
            let help = "Write the type of the items and `[]`, such as `tns:Item[]`.";
            self.wrong(node, "wsdl:arrayType", value, help);
            return None;
        };
        let reference = self.markup.resolve(node, name, self.report)?;
        let item = self.refer(node, reference);
        Some(Array { item, dimensions: format!("[{}", dimensions.trim()).into() })
    }

    pub(super) fn wildcard(&mut self, node: NodeId) -> Wildcard {
        if let Some(kind) = ["notNamespace", "notQName"]
            .iter()
            .find(|name| self.markup.attribute(node, name).is_some())
        {
            let help = "Write the namespaces that are allowed in `namespace`.";
            self.unsupported(node, &format!("`{kind}`"), help);
        }
        let namespaces = self.wildcard_namespaces(node);
        let process = match self.markup.trimmed(node, "processContents") {
            None | Some("strict") => Process::Strict,
            Some("lax") => Process::Lax,
            Some("skip") => Process::Skip,
            Some(other) => {
                self.wrong(node, "processContents", other, "Write strict, lax or skip.");
                Process::Lax
            }
        };
        Wildcard { namespaces, process, source: self.markup.source(node) }
    }

    fn wildcard_namespaces(&self, node: NodeId) -> WildcardNamespaces {
        let value = self.markup.trimmed(node, "namespace").unwrap_or("##any");
        match value {
            "##any" => WildcardNamespaces::Any,
            "##other" => WildcardNamespaces::Other(self.target.clone()),
            _ => WildcardNamespaces::Listed(
                value
                    .split_ascii_whitespace()
                    .map(|one| match one {
                        "##targetNamespace" => self.target.clone(),
                        "##local" => "".into(),
                        other => other.into(),
                    })
                    .collect(),
            ),
        }
    }
}
