"""An SVG that can stand in a page beside others, and that can be read out. Pure."""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree

SVG: Final = "http://www.w3.org/2000/svg"
XLINK: Final = "http://www.w3.org/1999/xlink"
USED: Final = re.compile(r"url\(#([^)]+)\)")


def tidy(drawn: str, name: str, title: str, words: str) -> str:
    """`drawn`, as matplotlib wrote it, with `title` and `words` for screen readers, and nothing that is not shown.

    `name`: letters, digits and dashes; ids begin with it. Size is the page's business: only the proportions stay.
    """
    root = ElementTree.fromstring(drawn)
    # A date and a version, which would make another picture of the same figures.
    _drop(root, f"{{{SVG}}}metadata")
    # matplotlib's style is for every element of the page the picture stands in; as an attribute it is inherited.
    _drop(root, f"{{{SVG}}}style")
    _own_ids(root, name)
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    root.set("style", "stroke-linejoin: round; stroke-linecap: butt")
    root.set("role", "img")
    root.set("aria-labelledby", f"{name}-title {name}-words")
    for tag, text in (("desc", words), ("title", title)):
        element = ElementTree.Element(f"{{{SVG}}}{tag}", {"id": f"{name}-{'title' if tag == 'title' else 'words'}"})
        element.text, element.tail = text, "\n"
        root.insert(0, element)
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _drop(root: ElementTree.Element, tag: str) -> None:
    for parent in list(root.iter()):
        for child in parent.findall(tag):
            parent.remove(child)


def _own_ids(root: ElementTree.Element, name: str) -> None:
    """Take the ids away that nothing refers to, and give the others the picture's name: a page has many pictures."""
    link = f"{{{XLINK}}}href"
    used: set[str] = set()
    for element in root.iter():
        for attribute, value in element.attrib.items():
            used.update([value.removeprefix("#")] if attribute == link else USED.findall(value))
    for element in root.iter():
        for attribute, value in list(element.attrib.items()):
            if attribute == "id":
                if value in used:
                    element.set("id", f"{name}-{value}")
                else:
                    del element.attrib["id"]
            elif attribute == link:
                element.set(link, f"#{name}-{value.removeprefix('#')}")
            else:
                element.set(attribute, USED.sub(lambda match: f"url(#{name}-{match[1]})", value))
