"""A text file as UTF-8 bytes: unpacked, its encoding found, without a byte-order mark."""

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

from volcast.pipeline.data.tables.synonyms import count_known_names
from volcast.pipeline.errors import DataError

UTF8_MARK, UTF16_MARKS = b"\xef\xbb\xbf", {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
# Encodings of 8-bit text, the most frequent first; the one whose header has most known names is
# taken, so that a Polish or a Japanese header is told from a French one.
OLD_ENCODINGS = ("cp1252", "cp1250", "cp1251", "cp1254", "shift_jis", "gb18030")
HEAD = 4096  # bytes in which a header is looked for
OTHER_KINDS = {
    b"PK\x03\x04": "an Excel workbook or a zip archive; save the sheet as CSV, or unpack it",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV",
    b"%PDF": "a PDF; save the table as CSV",
    b"PAR1": "a Parquet file; name it with .parquet",
    b"<!": "a web page; download the table as CSV",
    b"<html": "a web page; download the table as CSV",
    b"<?xml": "XML; save the table as CSV",
    b"{": "JSON; save the table as CSV",
    b"[{": "JSON; save the table as CSV",
}


@dataclass(frozen=True)
class Text:
    """The content of a text file.

    Parameters
    ----------
    data
        UTF-8, lines ended by a line feed, alone or after a carriage return.
    encoding
        The encoding of the file; empty for UTF-8.
    """

    data: bytes
    encoding: str


def read_text(file: Path) -> Text:
    """Return the text of a file; gzip is unpacked if the name ends in ``.gz``.

    Raises
    ------
    DataError
        The file is empty, damaged, or no text.
    OSError
        It cannot be read.
    """
    data = file.read_bytes()
    if file.suffix.lower() == ".gz":
        data = _unpack(data, file)
    if not data.strip():
        raise DataError(f"{file}: the file is empty; it needs a header and at least one row")
    begins = data[:64].lstrip().lower()
    for mark, kind in OTHER_KINDS.items():
        if begins.startswith(mark.lower()):
            raise DataError(f"{file}: this is {kind}")
    text = _decode(data, file)
    if b"\r" in text.data and b"\n" not in text.data:  # the line ends of old Macintoshes
        text = Text(text.data.replace(b"\r", b"\n"), text.encoding)
    return text


def _unpack(data: bytes, file: Path) -> bytes:
    try:
        return gzip.decompress(data)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{file}: the gzip file is damaged and cannot be read; {error}") from error


def _decode(data: bytes, file: Path) -> Text:
    """Return the bytes of a file as UTF-8, with the name of their encoding."""
    encoding = _find_utf16(data)
    if encoding:
        data, name = data.decode(encoding, "replace").encode(), "UTF-16"
    else:
        name = ""
    data = data.removeprefix(UTF8_MARK)
    if not data.strip():
        raise DataError(f"{file}: the file is empty; it needs a header and at least one row")
    if b"\0" in data:
        raise DataError(f"{file}: this is not text: it contains NUL bytes; save it as CSV in UTF-8")
    if data.isascii():
        return Text(data, name)
    try:
        data.decode()
    except UnicodeDecodeError:
        best = max(OLD_ENCODINGS, key=lambda each: _count_names(data, each))
        return Text(data.decode(best, "replace").encode(), best)
    return Text(data, name)


def _find_utf16(data: bytes) -> str:
    """Return the kind of UTF-16, told by the mark or by every other byte being 0; else empty."""
    if data[:2] in UTF16_MARKS:
        return UTF16_MARKS[data[:2]]
    sample = data[: HEAD - HEAD % 2]
    zeros = [sample[start::2].count(0) for start in (0, 1)]
    most = len(sample) // 2 * 0.9
    if zeros[1] > most and zeros[0] == 0:
        return "utf-16-le"
    return "utf-16-be" if zeros[0] > most and zeros[1] == 0 else ""


def _count_names(data: bytes, encoding: str) -> int:
    return count_known_names(data[:HEAD].decode(encoding, "replace"))
