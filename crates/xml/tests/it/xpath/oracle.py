"""Evaluates XPath expressions with lxml.

Reads {"namespaces", "documents", "cases": [[document, context, expression], ...]} as JSON, and
writes one JSON value for each case: how crates/xml/tests/it/xpath.rs shows it.
"""

import json
import math
import sys

from lxml import etree


def numbered(tree):
    """Numbers elements, comments and instructions in document order."""
    root = tree.getroot()
    before = list(root.itersiblings(preceding=True))[::-1]
    after = list(root.itersiblings())
    nodes = before + list(root.iter()) + after
    return {node: number for number, node in enumerate(nodes)}


def shown_node(node, numbers):
    if not isinstance(node, str):
        return f"node {numbers[node]}"
    parent = numbers[node.getparent()]
    if node.is_attribute:
        return f"attribute {parent} {node.attrname}"
    return f"{'tail' if node.is_tail else 'text'} {parent}"


def shown(value, numbers):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if math.isnan(value):
            return "number NaN"
        if math.isinf(value):
            return "number " + ("Infinity" if value > 0 else "-Infinity")
        return f"number {value + 0.0:.6f}"
    if isinstance(value, str):
        return f"text {value}"
    return "nodes " + ", ".join(shown_node(node, numbers) for node in value)


def main():
    request = json.load(sys.stdin)
    trees = [etree.fromstring(text).getroottree() for text in request["documents"]]
    numbers = [numbered(tree) for tree in trees]
    for document, context, expression in request["cases"]:
        try:
            path = etree.XPath(expression, namespaces=request["namespaces"])
            value = path(trees[document].xpath("//*")[context])
            answer = shown(value, numbers[document])
        except etree.XPathError as error:
            answer = f"error {error}"
        print(json.dumps(answer))


main()
