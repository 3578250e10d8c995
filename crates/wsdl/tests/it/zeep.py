"""Says of each WSDL of a JSON list what zeep makes of it, one line of JSON each."""

import json
import logging
import os
import sys

from zeep import Settings
from zeep.transports import Transport
from zeep.wsdl import Document
from zeep.wsdl.bindings.soap import SoapBinding
from zeep.xsd import Attribute, ComplexType, Element, Group

logging.disable(logging.CRITICAL)


# What our reader has built in, by the end of the location: namespace, and file.
KNOWN = {
    "/xmlmime": ("http://www.w3.org/2005/05/xmlmime", "xmlmime.xsd"),
    "/soap-envelope": ("http://www.w3.org/2003/05/soap-envelope", "envelope12.xsd"),
    "/include": ("http://www.w3.org/2004/08/xop/include", "xop.xsd"),
    "/soap/encoding/": ("http://schemas.xmlsoap.org/soap/encoding/", "encoding.xsd"),
    "/2004/08/addressing": ("http://schemas.xmlsoap.org/ws/2004/08/addressing", "addressing2004.xsd"),
}


# What either reader has built in, and need not be the same.
FOREIGN = {"http://www.w3.org/2001/XMLSchema", "http://schemas.xmlsoap.org/soap/envelope/"}
FOREIGN |= {namespace for namespace, _ in KNOWN.values()}


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


def element(operation):
    body = operation.input.body if operation.input is not None else None
    if operation.style != "document" or body is None or not hasattr(body, "qname"):
        return None
    return body.qname.text


def content(operation):
    """The elements in the input, those of groups and bases too, and the attributes."""
    body = operation.input.body if operation.input is not None else None
    return members(getattr(body, "type", None)) if operation.style == "document" else []


def walk(node):
    if isinstance(node, Element):
        yield node.qname.text
    elif isinstance(node, Group):
        yield from walk(node.child)
    elif isinstance(node, list):
        for one in node:
            yield from walk(one)


def members(kind):
    if not isinstance(kind, ComplexType):
        return []
    # The text of a simple content is an element for zeep.
    elements = [one for one in walk(kind._element) if one != "_value_1"]
    attributes = [one.qname.text for _, one in kind.attributes if isinstance(one, Attribute)]
    return elements + sorted("@" + one for one in attributes)


def operation_of(operation):
    return {
        "action": operation.soapaction or "",
        "style": operation.style,
        "input": element(operation),
        "content": content(operation),
    }


def describe(path, names):
    document = Document(path, Local(names), settings=Settings(strict=False))
    services = {}
    for service in document.services.values():
        ports = {}
        for port in service.ports.values():
            found = {"address": (port.binding_options or {}).get("address")}
            if isinstance(port.binding, SoapBinding):
                operations = port.binding.all().items()
                found["operations"] = {name: operation_of(one) for name, one in operations}
            ports[port.name] = found
        services[service.name] = ports
    types = {}
    for kind in document.types.types:
        own = kind.qname is not None and kind.qname.namespace not in FOREIGN
        if own and isinstance(kind, ComplexType):
            types[kind.qname.text] = members(kind)
    return {"services": services, "types": types}


for path, names in json.load(sys.stdin):
    try:
        print(json.dumps(describe(path, names)))
    except Exception as error:
        print(json.dumps({"error": f"{type(error).__name__}: {error}"[:300]}))
