"""Bytes become text: in which encoding they are written."""

from __future__ import annotations

import codecs
import io
import re
from pathlib import Path
from typing import IO

from core.errors import UnreadableFileError

CHUNK_BYTES = 256 * 1024

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES = (
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3", "a database"),
)
_CONTROLS_OF_TEXT = b"\t\n\v\f\r\x1a\x1c\x1d\x1e\x1f"

_ALPHABETS = {
    "cp1252": (
        "äöüß",
        "àâæçéèêëîïôœùûüÿ",
        "áéíñóúüçª",
        "ãáàâçéêíóôõúüª",
        "àèéìîòóù",
        "åäöæøéü",
        "áðéíóúýþæö",
        "éëïöüáóè",
    ),
    "cp1250": ("áčďéěíňóřšťúůýžäľĺŕô", "ąćęłńóśźż", "áéíóöőúüű", "ăâîşţ", "čćđšž"),
    "cp1254": ("çğıöşüâîûi̇",),
    "cp1251": ("абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґўђћљњџј",),
    "koi8_r": ("абвгдеёжзийклмнопрстуфхцчшщъыьэюя",),
    "cp1253": ("αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋΐΰ",),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äöüõšž"),
    "cp1255": ("אבגדהוזחטיךכלםמןנסעףפץצקרשת",),
    "cp1256": ("ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژگ",),
    "cp850": ("äöüß", "àâæçéèêëîïôùûü", "áéíñóúü", "ãáàâçéêíóôõúü", "àèéìîòóù", "åäöæøé"),
    "mac_roman": ("äöüß", "àâæçéèêëîïôœùûü", "áéíñóúü", "ãáàâçéêíóôõúü", "àèéìîòóù", "åäöæøé"),
}
"""The letters beyond ASCII of languages written in each code page, the likeliest code page first."""

_SAMPLE_BYTES = 64 * 1024
_BEYOND_ASCII = re.compile(rb"[^\n]{0,80}[\x80-\xff][^\n]{0,80}\n?")
_WORDS = re.compile(r"[^\W\d_]*(?:[^\x00-\x7f][^\W\d_]*)+")
_OTHER_SCRIPTS = "\u0370"  # from here on letters are Greek, Cyrillic, Hebrew, Arabic

_ODD_BYTES = "elbow-room-western"


def _western(error: UnicodeError) -> tuple[str, int]:
    """What to read for bytes that the encoding does not know: two files of different encodings were put together."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    piece = error.object[error.start : error.end]
    text = piece.decode("cp1252", errors="replace") if error.encoding.startswith("utf-8") else "\ufffd"
    return text, error.end


codecs.register_error(_ODD_BYTES, _western)


def open_text(path: Path, encoding: str) -> io.TextIOWrapper:
    """The file's text, line ends untouched; single bytes that are no UTF-8 are read as Windows' Western encoding."""
    return io.TextIOWrapper(path.open("rb"), encoding=encoding, errors=_ODD_BYTES, newline="")


def decode_head(head: bytes, encoding: str) -> str:
    """The text of a file's first bytes, without a character that may be cut at their end."""
    return codecs.getincrementaldecoder(encoding)(errors=_ODD_BYTES).decode(head)


def unicode_encoding(head: bytes) -> str:
    """The Unicode encoding that the first bytes speak for; plain UTF-8 where nothing else does."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    pairs = len(head) // 2
    if pairs >= 2:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        if odd > 0.4 * pairs and even < 0.05 * pairs:
            return "utf-16-le"
        if even > 0.4 * pairs and odd < 0.05 * pairs:
            return "utf-16-be"
    return "utf-8"


def of_all(head: bytes, rest: IO[bytes], encoding: str) -> str:
    """The encoding that fits all bytes: the one given, or a code page where that does not know some of them."""
    decoder = codecs.getincrementaldecoder(encoding)()
    # Elsewhere ASCII stands for itself and needs no decoding, unless a character is cut before it: 0.4 s for 1 a GB.
    wide = encoding.startswith(("utf-16", "utf-32"))
    chunk = head
    while chunk:
        try:
            if wide or decoder.getstate()[0] or not chunk.isascii():
                decoder.decode(chunk)
        except UnicodeDecodeError:
            if encoding.startswith("utf-8") and _is_mostly_utf8(head + chunk):
                return encoding
            return code_page(b"".join(_BEYOND_ASCII.findall(head) + _BEYOND_ASCII.findall(chunk))[:_SAMPLE_BYTES])
        chunk = rest.read(CHUNK_BYTES)
    return encoding


def _is_mostly_utf8(sample: bytes) -> bool:
    """Whether nearly all that is beyond ASCII is UTF-8: a few odd bytes do not make it something else."""
    text = sample.decode("utf-8", errors="replace")
    odd = text.count("\ufffd")
    return sum(not character.isascii() for character in text) - odd > 10 * odd


def code_page(sample: bytes) -> str:
    """The encoding of one byte a character under which the words of the sample look most like a language's own.

    Parameters
    ----------
    sample : bytes that are no UTF-8; all that matters in it is beyond ASCII

    Returns
    -------
    A Python codec that knows every byte of the sample; ISO 8859-1, which knows all, where no code page does.

    Notes
    -----
    Most files are in one language with a few names of others, so a code page is judged by the one alphabet that
    covers most of its letters. No word is of two scripts: what would be a φ among Latin letters is an ö. `charset-
    normalizer` took short files in Western languages for Central European.
    """
    best, best_score = "latin-1", 0.0
    for page, alphabets in _ALPHABETS.items():
        try:
            text = sample.decode(page)
        except UnicodeDecodeError:
            continue
        score = _likeness(text, alphabets)
        if score > best_score or best == "latin-1":
            best, best_score = page, score
    return best


def _likeness(text: str, alphabets: tuple[str, ...]) -> float:
    """The share of characters beyond ASCII in words that one of the alphabets holds; 1 where there are none."""
    inside: list[str] = []
    strange = 0
    for word in _WORDS.findall(text):
        latin = any(character.isascii() for character in word)
        for place, character in enumerate(word):
            if character.isascii():
                continue
            before = word[place - 1] if place else ""
            after = word[place + 1] if place + 1 < len(word) else ""
            if not character.isalpha():
                # A curly quote within a word is one: it’s. Elsewhere signs stand beside words, not in them.
                strange += character != "’" and before.isalpha() and after.isalpha()
            elif (character.isupper() and before.islower()) or (latin and character >= _OTHER_SCRIPTS):
                strange += 1
            else:
                inside.append(character.lower())
    if not inside and not strange:
        return 1.0
    covered = max(sum(character in alphabet for character in inside) for alphabet in alphabets)
    return covered / (len(inside) + strange)


def refuse_non_text(name: str, head: bytes, encoding: str) -> None:
    """Raise for what is plainly no text.

    Raises
    ------
    UnreadableFileError
    """
    for signature, kind in _SIGNATURES:
        if head.startswith(signature):
            raise UnreadableFileError(
                f"{name} is {kind}, not a text file with rows.",
                hint="Export the orders as CSV and upload that file.",
            )
    if encoding.startswith(("utf-16", "utf-32")):
        return
    controls = sum(head.count(byte) for byte in range(32) if byte not in _CONTROLS_OF_TEXT)
    if controls > 0.01 * len(head):
        raise UnreadableFileError(
            f"{name} holds binary data, not text with rows.",
            hint="It may be damaged or of another kind than its name says. Export the orders as CSV again.",
        )
