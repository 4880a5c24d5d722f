"""A text file as UTF-8 bytes: unpacked, its encoding found, without a byte-order mark."""

import bz2
import gzip
import io
import lzma
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from volcast.pipeline.data.tables.file_names import PACKED_SUFFIXES
from volcast.pipeline.data.tables.synonyms import count_known_names
from volcast.pipeline.errors import DataError

UTF8_MARK, UTF16_MARKS = b"\xef\xbb\xbf", {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
# Encodings of 8-bit text, the most frequent first; the one whose header has most known names is
# taken, so that a Polish or a Japanese header is distinguished from a French one.
OLD_ENCODINGS = (
    *("cp1252", "cp1250", "cp1251", "cp1254", "cp1255", "cp1256"),
    *("shift_jis", "gb18030", "cp949", "cp950"),
)
ZIP_FAULTS = (zipfile.BadZipFile, RuntimeError, NotImplementedError)  # of a password, of a method
HEAD = 4096  # bytes in which a header is looked for
OTHER_KINDS = {
    r"PK\x03\x04": "an Excel workbook; save the sheet as CSV",
    r"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV",
    r"%PDF": "a PDF; save the table as CSV",
    r"PAR1": "a Parquet file; name it with .parquet",
    r"ARROW1|FEA1": "a Feather file; name it with .feather",
    r"\x89HDF": "an HDF5 file; save the table as CSV or Parquet",
    r"SQLite format 3": "a database of SQLite; save the table as CSV",
    r"\x80[\x02-\x05][\x80-\xffc}]": "a Python pickle, which can run code and is therefore not "
    "read; save the table as CSV or Parquet",
    r"7z\xbc\xaf|Rar!": "an archive; unpack it",
    r"<(!|(?i:html)|\?xml)": "a web page or XML; download the table as CSV",
    r"[\[\s]*\{": "JSON; save the table as CSV, with pandas.read_json for example",
}
PACKED = {b"\x1f\x8b": "gzip", b"BZh91AY&SY": "bzip2", b"\xfd7zXZ": "xz", b"PK\x03\x04": "zip"}


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
    """Return the text of a file; gzip, bzip2, xz and zip with one file in it are unpacked.

    Raises
    ------
    DataError
        The file is empty, damaged, or no text.
    OSError
        It cannot be read.
    """
    data = unpack(file.read_bytes(), file)
    if not data.strip():
        raise DataError(f"{file}: the file is empty; it needs a header and at least one row")
    begins = data[:64].removeprefix(UTF8_MARK).lstrip()
    for mark, kind in OTHER_KINDS.items():
        if re.match(mark.encode(), begins):
            raise DataError(f"{file}: this is {kind}")
    text = _decode(data, file)
    if b"\r" in text.data and b"\n" not in text.data:  # the line ends of old Macintoshes
        text = Text(text.data.replace(b"\r", b"\n"), text.encoding)
    return text


def unpack(data: bytes, file: Path) -> bytes:
    """Return the bytes of a file that is packed, whatever its name; of any other unchanged.

    Raises
    ------
    DataError
        It is damaged, or an archive of several files.
    """
    kind = next((name for mark, name in PACKED.items() if data.startswith(mark)), "")
    named = file.suffix.lower()
    if not kind and data and named in PACKED_SUFFIXES:
        raise DataError(f"{file}: the file is damaged, it is not {named[1:]}; get it again")
    try:
        if kind == "gzip":
            return gzip.decompress(data)
        if kind == "bzip2":
            return bz2.decompress(data)
        if kind == "xz":
            return lzma.decompress(data)
        return _unzip(data, file) if kind == "zip" else data
    except (EOFError, OSError, ValueError, zlib.error, lzma.LZMAError, *ZIP_FAULTS) as error:
        what = "Excel workbook or zip archive" if kind == "zip" else f"{kind} file"
        raise DataError(f"{file}: this {what} is damaged, {error}; get it again") from error


def _unzip(data: bytes, file: Path) -> bytes:
    """Return the only file of an archive; the bytes unchanged if it is an Excel workbook."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        names = [name for name in names if not name.startswith("__MACOSX")]
        if "[Content_Types].xml" in names:
            return data
        if len(names) != 1:
            raise DataError(f"{file}: the archive has {len(names)} files; unpack it into a folder")
        return archive.read(names[0])


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
    """Return the kind of UTF-16, by its mark or by every other byte being 0; else empty."""
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
