"""Bytes to text, whatever charset a mail claims."""

import codecs
import re

# Python knows codecs that are no charsets, slow ones among them; these are written by programs.
_CHARSET = re.compile(
    r"utf-?8(?:-sig)?|utf-?16(?:-?[lb]e)?|us-ascii|ascii|iso-?8859-\d{1,2}|latin-?1"
    r"|windows-125\d|cp125\d|cp437|cp850|koi8-[ru]|macintosh|gb2312|gbk|gb18030|big5"
    r"|shift_jis|euc-jp|euc-kr|iso-2022-jp",
    re.IGNORECASE,
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decoded(content: bytes, charset: str) -> str:
    """The text; a wrong or unknown charset costs its odd characters, never the rest."""
    for mark, name in _MARKS:
        if content.startswith(mark):
            return content.decode(name, "replace")
    if _CHARSET.fullmatch(charset):
        try:
            return content.decode(charset)
        except (LookupError, UnicodeError):
            pass
    try:
        return content.decode("utf-8")
    except UnicodeError:
        return content.decode("windows-1252", "replace")
