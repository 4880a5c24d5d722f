"""The outline of a page, for tests: its tags, ids, links and headings."""

import html.parser
import re

VOID = {"meta", "br", "img", "link", "hr", "path", "use", "rect", "input"}


class Outline(html.parser.HTMLParser):
    """Collects tags, ids and links, and checks that elements are closed in order."""

    def __init__(self):
        super().__init__()
        self.tags, self.ids, self.links, self.headings = [], [], [], []
        self.open = []

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes[key] for key in ("href", "src") if key in attributes]
        self.headings += [int(tag[1])] if re.fullmatch(r"h[1-6]", tag) else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


def outline(page):
    parser = Outline()
    parser.feed(page)
    parser.close()
    assert not parser.open
    return parser
