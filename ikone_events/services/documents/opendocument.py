"""Writing workbooks as ODS (OpenDocument 1.3, part 3), row by row.

odfpy and ezodf are no longer kept up, and odfdo brings lxml and holds whole documents in memory.
"""

import html
import re
import zipfile
from collections.abc import Sequence
from datetime import date
from typing import IO, BinaryIO

from ikone_events.services.documents.workbooks import Book, Cell, Share, Sheet, sheet_name, xml_text

_MIME = "application/vnd.oasis.opendocument.spreadsheet"
_NAMESPACE = "urn:oasis:names:tc:opendocument:xmlns:"
_NAMES = " ".join(
    [
        *(
            f'xmlns:{name}="{_NAMESPACE}{name}:1.0"'
            for name in ("office", "style", "table", "text", "meta", "config", "manifest")
        ),
        f'xmlns:fo="{_NAMESPACE}xsl-fo-compatible:1.0"',
        f'xmlns:number="{_NAMESPACE}datastyle:1.0"',
        'xmlns:dc="http://purl.org/dc/elements/1.1/"',
    ]
)
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_PARTS = ("content.xml", "styles.xml", "meta.xml", "settings.xml")
# Spaces that a reader would drop or fold into one.
_SPACES = re.compile(r"^ +| +$| {2,}", re.MULTILINE)
# The width of a character of the usual font, and of a column that names no width.
_CM_PER_CHARACTER = 0.21
_USUAL_WIDTH = 14
_DATES = {
    "de": "<number:day number:style='long'/><number:text>.</number:text>"
    "<number:month number:style='long'/><number:text>.</number:text>"
    "<number:year number:style='long'/>",
    "en": "<number:day number:style='long'/><number:text>/</number:text>"
    "<number:month number:style='long'/><number:text>/</number:text>"
    "<number:year number:style='long'/>",
}


def write_ods(stream: BinaryIO, book: Book) -> int:
    """Write a workbook; returns the number of its rows without headings and sums."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        # First and not compressed, so that the kind of the file can be read at a fixed place.
        archive.writestr("mimetype", _MIME, zipfile.ZIP_STORED)
        archive.writestr("META-INF/manifest.xml", _manifest())
        archive.writestr("meta.xml", _meta(book))
        archive.writestr("styles.xml", _styles(book))
        archive.writestr("settings.xml", _settings(book))
        with archive.open("content.xml", "w", force_zip64=True) as content:
            return _write_content(content, book)


def _write_content(content: IO[bytes], book: Book) -> int:
    widths = sorted({column.width for sheet in book.sheets for column in sheet.columns})
    content.write(
        f'{_HEAD}<office:document-content {_NAMES} office:version="1.3">'
        f"<office:automatic-styles>{_automatic_styles(book, widths)}</office:automatic-styles>"
        "<office:body><office:spreadsheet>".encode()
    )
    number = 0
    for sheet in book.sheets:
        content.write(f"<table:table table:name={_attribute(sheet_name(sheet.name))}>".encode())
        for column in sheet.columns:
            content.write(f'<table:table-column table:style-name="w{column.width}"/>'.encode())
        headings = _row([column.heading for column in sheet.columns], bold=True)
        content.write(f"<table:table-header-rows>{headings}</table:table-header-rows>".encode())
        for cells in sheet.rows:
            content.write(_row(cells).encode())
            number += 1
        for cells in sheet.sums:
            content.write(_row(cells, bold=True).encode())
        content.write(b"</table:table>")
    content.write(b"</office:spreadsheet></office:body></office:document-content>")
    return number


def _row(cells: Sequence[Cell], *, bold: bool = False) -> str:
    parts = [_cell(value, "bold" if bold else "plain") for value in cells]
    return f"<table:table-row>{''.join(parts)}</table:table-row>"


def _cell(value: Cell, kind: str) -> str:
    match value:
        case None | "":
            return "<table:table-cell/>"
        case str():
            parts = [f"<text:p>{_text(line)}</text:p>" for line in xml_text(value).split("\n")]
            return (
                f'<table:table-cell table:style-name="{kind}" office:value-type="string">'
                f"{''.join(parts)}</table:table-cell>"
            )
        case date():
            typed = f'"date" office:date-value="{value.isoformat()}"'
            return f'<table:table-cell table:style-name="{kind}-date" office:value-type={typed}/>'
        case Share():
            typed = f'"percentage" office:value="{value!r}"'
            return f'<table:table-cell table:style-name="{kind}-share" office:value-type={typed}/>'
        case _:
            typed = f'"float" office:value="{value!r}"'
            return f'<table:table-cell table:style-name="{kind}" office:value-type={typed}/>'


def _text(line: str) -> str:
    spaced = _SPACES.sub(lambda found: f'<text:s text:c="{len(found[0])}"/>', html.escape(line))
    return spaced.replace("\t", "<text:tab/>")


def _attribute(text: str) -> str:
    return f'"{html.escape(xml_text(text))}"'


def _automatic_styles(book: Book, widths: Sequence[int]) -> str:
    columns = "".join(
        f'<style:style style:name="w{width}" style:family="table-column">'
        "<style:table-column-properties"
        f' style:column-width="{(width or _USUAL_WIDTH) * _CM_PER_CHARACTER:.2f}cm"/></style:style>'
        for width in widths
    )
    cells = "".join(
        f'<style:style style:name="{kind}{ending}" style:family="table-cell"'
        f' style:parent-style-name="Default"{data}>'
        '<style:table-cell-properties fo:wrap-option="wrap" style:vertical-align="top"/>'
        f'<style:text-properties fo:font-weight="{weight}"/></style:style>'
        for kind, weight in (("plain", "normal"), ("bold", "bold"))
        for ending, data in (
            ("", ""),
            ("-date", ' style:data-style-name="day"'),
            ("-share", ' style:data-style-name="share"'),
        )
    )
    return (
        f'<number:date-style style:name="day">{_DATES[book.language]}</number:date-style>'
        '<number:percentage-style style:name="share"><number:number number:decimal-places="0"'
        ' number:min-integer-digits="1"/><number:text> %</number:text></number:percentage-style>'
        f"{columns}{cells}"
    )


def _styles(book: Book) -> str:
    """The language, and A4 across with the name of the table and the page at its foot."""
    country = "DE" if book.language == "de" else "GB"
    return (
        f'{_HEAD}<office:document-styles {_NAMES} office:version="1.3"><office:styles>'
        '<style:default-style style:family="table-cell"><style:text-properties'
        f' fo:language="{book.language}" fo:country="{country}"/></style:default-style>'
        '<style:style style:name="Default" style:family="table-cell"/></office:styles>'
        '<office:automatic-styles><style:page-layout style:name="across">'
        '<style:page-layout-properties fo:page-width="29.7cm" fo:page-height="21cm"'
        ' style:print-orientation="landscape" fo:margin="1.5cm" style:scale-to-X="1"/>'
        "<style:footer-style/></style:page-layout></office:automatic-styles>"
        '<office:master-styles><style:master-page style:name="Default"'
        ' style:page-layout-name="across"><style:footer><text:p><text:sheet-name>?'
        "</text:sheet-name> · <text:page-number>1</text:page-number>/<text:page-count>1"
        "</text:page-count></text:p></style:footer></style:master-page></office:master-styles>"
        "</office:document-styles>"
    )


def _meta(book: Book) -> str:
    return (
        f'{_HEAD}<office:document-meta {_NAMES} office:version="1.3"><office:meta>'
        f"<dc:title>{html.escape(xml_text(book.title))}</dc:title>"
        f"<dc:creator>{html.escape(xml_text(book.author))}</dc:creator>"
        f"<dc:language>{book.language}</dc:language></office:meta></office:document-meta>"
    )


def _settings(book: Book) -> str:
    """Headings that stay in sight."""
    views = "".join(_view(sheet) for sheet in book.sheets)
    return (
        f'{_HEAD}<office:document-settings {_NAMES} office:version="1.3"><office:settings>'
        '<config:config-item-set config:name="ooo:view-settings">'
        '<config:config-item-map-indexed config:name="Views"><config:config-item-map-entry>'
        f'<config:config-item-map-named config:name="Tables">{views}'
        "</config:config-item-map-named></config:config-item-map-entry>"
        "</config:config-item-map-indexed></config:config-item-set></office:settings>"
        "</office:document-settings>"
    )


def _view(sheet: Sheet) -> str:
    # 2: frozen; below the first row, which is the pane with the cursor.
    items = {"VerticalSplitMode": ("short", 2), "VerticalSplitPosition": ("int", 1)}
    items |= {"ActiveSplitRange": ("short", 2), "PositionBottom": ("int", 1)}
    return (
        f"<config:config-item-map-entry config:name={_attribute(sheet_name(sheet.name))}>"
        + "".join(
            f'<config:config-item config:name="{name}" config:type="{kind}">{value}'
            "</config:config-item>"
            for name, (kind, value) in items.items()
        )
        + "</config:config-item-map-entry>"
    )


def _manifest() -> str:
    files = "".join(
        f'<manifest:file-entry manifest:full-path="{part}" manifest:media-type="text/xml"/>'
        for part in _PARTS
    )
    return (
        f'{_HEAD}<manifest:manifest {_NAMES} manifest:version="1.3">'
        f'<manifest:file-entry manifest:full-path="/" manifest:version="1.3"'
        f' manifest:media-type="{_MIME}"/>{files}</manifest:manifest>'
    )
