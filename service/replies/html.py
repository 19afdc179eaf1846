"""The words of an HTML mail, without what it quotes. Nothing of it is ever shown as HTML; pure.

One pass over tags and text, however broken they are: parsers that follow the standard can be kept busy for minutes.
"""

import html
import re

TOKEN = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>|[^<]+|<")
UNSEEN = frozenset({"script", "style", "head", "title", "template", "noscript"})
BLOCKS = re.compile(
    "address|article|aside|div|dl|dt|dd|fieldset|figure|footer|form|h[1-6]|header|hr|li|main|nav|ol|p|pre|section|table"
    "|tbody|tr|ul|br"
)
# How mail programs mark what they quote: the element itself, or everything from it on.
QUOTE = re.compile(r"gmail_quote|gmail_extra|yahoo_quoted|moz-cite-prefix|protonmail_quote|zmail_extra|tutanota_quote")
QUOTE_TO_THE_END = re.compile(
    r"divRplyFwdMsg|appendonsend|OLK_SRC_BODY_SECTION|mail-editor-reference-message-container"
)


def plain(markup: str) -> str:
    """The text that a reader of this HTML sees, without its quotes."""
    words: list[str] = []
    skipped: list[str] = []
    for token in TOKEN.finditer(_without_comments(markup)):
        closing, name, attributes = token[1], (token[2] or "").lower(), token[3] or ""
        if skipped:
            _follow(skipped, name, closing=bool(closing))
        elif not name:
            words.append(re.sub(r"\s+", " ", html.unescape(token[0])))
        elif QUOTE_TO_THE_END.search(attributes):
            break
        elif not closing and (name in UNSEEN or name == "blockquote" or QUOTE.search(attributes)):
            skipped.append(name)
        elif BLOCKS.fullmatch(name):
            words.append("\n")
        elif name in {"td", "th"}:
            words.append(" ")
    lines = [line.strip() for line in "".join(words).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _follow(skipped: list[str], name: str, *, closing: bool) -> None:
    """Find the end of the element that is left out, which may hold others of its name."""
    if name == skipped[-1]:
        if closing:
            skipped.pop()
        else:
            skipped.append(name)


def _without_comments(markup: str) -> str:
    kept: list[str] = []
    at = 0
    while (start := markup.find("<!--", at)) >= 0:
        kept.append(markup[at:start])
        end = markup.find("-->", start)
        if end < 0:
            return "".join(kept)
        at = end + 3
    return "".join(kept) + markup[at:]
