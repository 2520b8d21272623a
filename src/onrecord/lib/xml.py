"""XML as our files have it."""

from lxml import etree


def written(root: etree._Element) -> bytes:
    """A whole document in UTF-8, indented, so that people can read it too."""
    return etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)
