"""Says of each document of a JSON list whether libxml2 reads it, and what it is in canonical form."""

import json
import sys

from lxml import etree

for text in json.load(sys.stdin):
    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_blank_text=False)
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
        faults = [entry for entry in parser.error_log if not entry.type_name.startswith(("WAR_", "ERR_RESERVED"))]
        if faults or root.getroottree().docinfo.doctype:
            answer = None
        else:
            answer = etree.tostring(root.getroottree(), method="c14n").decode("utf-8")
    except etree.C14NError:
        answer = "?"
    except (etree.XMLSyntaxError, ValueError):
        # Namespaces that are no URIs are nothing that a document is refused for here.
        is_uri = all(entry.type_name != "WAR_NS_URI" for entry in parser.error_log)
        answer = None if is_uri else "?"
    print(json.dumps(answer))
