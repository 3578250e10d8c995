"""Makes messages with zeep of the values that ours were made of, and compares both."""

import json
import logging
import os
import sys

from lxml import etree
from zeep import Settings
from zeep.transports import Transport
from zeep.wsdl import Document
from zeep.xsd import AnySimpleType, ComplexType, Element, Group
from zeep.xsd.elements.indicators import Choice

logging.disable(logging.CRITICAL)

# What our reader has built in, by the end of the location: namespace, and file.
KNOWN = {
    "/xmlmime": ("http://www.w3.org/2005/05/xmlmime", "xmlmime.xsd"),
    "/soap-envelope": ("http://www.w3.org/2003/05/soap-envelope", "envelope12.xsd"),
    "/include": ("http://www.w3.org/2004/08/xop/include", "xop.xsd"),
    "/soap/encoding/": ("http://schemas.xmlsoap.org/soap/encoding/", "encoding.xsd"),
    "/2004/08/addressing": ("http://schemas.xmlsoap.org/ws/2004/08/addressing", "addressing2004.xsd"),
}


def known(url):
    for end, (namespace, name) in KNOWN.items():
        if url.endswith(end):
            with open(os.path.join(sys.argv[1], name), encoding="utf-8") as file:
                text = file.read()
            start = f'<xsd:schema targetNamespace="{namespace}" xmlns="{namespace}" '
            return text.replace("<xsd:schema ", start, 1).encode("utf-8")
    return None


class Local(Transport):
    """Reads files, those that are not where they should be by their names, nothing from the web."""

    def __init__(self, names):
        super().__init__()
        self.names = names

    def load(self, url):
        is_url = url.startswith(("http://", "https://"))
        if is_url or not os.path.exists(url):
            url = self.names.get(url.rsplit("/", 1)[-1], url)
        if (text := known(url)) is not None:
            return text
        if url.startswith(("http://", "https://")):
            raise OSError("not local: " + url)
        return super().load(url)


class Unfit(Exception):
    """Something that zeep wants in a way of its own."""


def text(value):
    if value is True:
        return "true"
    if value is False:
        return "false"
    return str(value)


def simple(kind, value):
    if isinstance(value, list):
        return [simple(kind.item_type, one) for one in value] if hasattr(kind, "item_type") else value
    if kind.__class__.__name__ in ("UnionType",) or not isinstance(kind, AnySimpleType):
        return text(value)
    return kind.pythonvalue(text(value))


def value_of(kind, value):
    if value is None:
        return None
    if isinstance(kind, ComplexType):
        if isinstance(value, list):
            raise Unfit("arrays of SOAP's encoding")
        if not isinstance(value, dict):
            value = {"$": value}
        return fields(kind, value)
    return simple(kind, value)


def fields(kind, value):
    found = {}
    for name, element in kind.elements:
        key = element.qname.localname if getattr(element, "qname", None) is not None else name
        if name == "_value_1" and "$" in value:
            found[name] = simple(element.type, value["$"])
        elif key in value and isinstance(element, Element):
            given = value[key]
            if isinstance(given, list) and element.accepts_multiple:
                found[name] = [value_of(element.type, one) for one in given]
            elif isinstance(given, list) and not isinstance(element.type, AnySimpleType):
                raise Unfit("a repeated group")
            else:
                found[name] = value_of(element.type, given)
    for name, attribute in kind.attributes:
        key = "@" + (attribute.qname.localname if getattr(attribute, "qname", None) is not None else name)
        if key in value:
            found[name] = simple(attribute.type, value[key])
    wanted = {key for key in value if key != "$"}
    got = {e.qname.localname for n, e in kind.elements if n in found and getattr(e, "qname", None) is not None}
    got |= {"@" + a.qname.localname for n, a in kind.attributes if n in found and getattr(a, "qname", None) is not None}
    if wanted - got:
        raise Unfit("names that are not found in zeep's type")
    return found


def ours(message):
    return etree.fromstring(message.encode("utf-8"))


def body(envelope):
    return next(child for child in envelope if etree.QName(child).localname == "Body")


XSI = "{http://www.w3.org/2001/XMLSchema-instance}type"


def form(element):
    """What counts: names, attributes, texts; a type is its expanded name."""
    attributes = {}
    for name, one in element.attrib.items():
        if name == XSI:
            prefix, _, local = one.rpartition(":")
            one = f"{{{element.nsmap.get(prefix or None)}}}{local}"
        attributes[name] = one
    children = [form(child) for child in element if isinstance(child.tag, str)]
    content = element.text or "" if not children else ""
    return [element.tag, sorted(attributes.items()), content, children]


def compare(case, document):
    operation = document.services[case["service"]].ports[case["port"]].binding.get(case["operation"])
    if operation.style == "rpc":
        wrapper = next(iter(case["body"].values()))
        kind = operation.input.body.type
        made = operation.create(**fields(kind, wrapper))
    else:
        if len(case["body"]) != 1:
            raise Unfit("several parts")
        [(_, value)] = case["body"].items()
        kind = operation.input.body.type
        given = value_of(kind, value)
        made = operation.create(**given) if isinstance(given, dict) else operation.create(given)
    theirs = body(etree.fromstring(etree.tostring(made.content)))
    own = body(ours(case["ours"]))
    a, b = [form(one) for one in own], [form(one) for one in theirs]
    if a == b:
        # Byte for byte in canonical form too, where prefixes do not matter (inclusive of nothing).
        return {"verdict": "same"}
    if operation.style == "rpc" and strip(a) == strip(b):
        return {"verdict": "same"}
    return {
        "verdict": "different",
        "operation": case["operation"],
        "ours": etree.tostring(own, method="c14n2").decode(),
        "theirs": etree.tostring(theirs, method="c14n2").decode(),
    }


def strip(forms):
    """Without types, which zeep leaves out of some encoded messages."""
    return [
        [tag, [one for one in attributes if one[0] != XSI], content, strip(children)]
        for tag, attributes, content, children in forms
    ]


for path, names, cases in json.load(sys.stdin):
    verdicts = []
    try:
        document = Document(path, Local(names), settings=Settings(strict=False))
    except Exception as error:
        document = None
        why = f"{type(error).__name__}: {error}"[:200]
    for case in cases:
        if document is None:
            verdicts.append({"verdict": "error", "why": why})
            continue
        try:
            verdicts.append(compare(case, document))
        except Exception as error:
            verdicts.append({"verdict": "error", "why": f"{type(error).__name__}: {error}"[:200]})
    print(json.dumps(verdicts))
