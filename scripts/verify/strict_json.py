"""JSON as policygate reads it: what two readers could understand in two ways is refused, and numbers keep their text."""

import json
from dataclasses import dataclass

MOST_DEPTH = 32


@dataclass(frozen=True)
class Number:
    # As it is written: 35 and 35.0 are not the same.
    text: str


def read_json(data: bytes, most_bytes: int | None = None):
    """The document. Raises ValueError for whatever is no JSON in UTF-8, has a key twice or half a character, or is too large or too deep."""
    if most_bytes is not None and len(data) > most_bytes:
        raise ValueError(f"more than {most_bytes} bytes")
    text = data.decode("utf-8")
    if text.startswith("\ufeff"):
        raise ValueError("a byte order mark; expected JSON without")
    try:
        document = json.loads(text, parse_int=Number, parse_float=Number, parse_constant=_no_number, object_pairs_hook=unique)
    except RecursionError as error:
        raise ValueError(f"more than {MOST_DEPTH} lists and objects inside each other") from error
    _check(document)
    return document


def unique(pairs: list) -> dict:
    """An object of its keys and values. Raises ValueError where a key is there twice: readers differ in which they take."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)[:80]!a} twice")
    return fields


def whole(value) -> int | None:
    """A count as it is written in one way only; None: it is none."""
    if not isinstance(value, Number) or not value.text.isdecimal() or len(value.text) > 16 or str(int(value.text)) != value.text:
        return None
    return int(value.text)


def differing_path(expected, found, path: str = "") -> str | None:
    """Where two documents differ first, such as `decision.evidence[0].limit`; None: nowhere."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for name in [*expected, *(name for name in found if name not in expected)]:
            inside = name if path == "" else f"{path}.{name}"
            if name not in expected or name not in found:
                return inside
            differing = differing_path(expected[name], found[name], inside)
            if differing is not None:
                return differing
        return None
    if isinstance(expected, list) and isinstance(found, list):
        for at in range(max(len(expected), len(found))):
            if at >= len(expected) or at >= len(found):
                return f"{path}[{at}]"
            differing = differing_path(expected[at], found[at], f"{path}[{at}]")
            if differing is not None:
                return differing
        return None
    # In Python True equals 1.
    return None if type(expected) is type(found) and expected == found else path


def _no_number(text: str):
    raise ValueError(f"{text} is no JSON")


def _check(document) -> None:
    left = [(document, 0)]
    while left:
        value, depth = left.pop()
        if depth > MOST_DEPTH:
            raise ValueError(f"more than {MOST_DEPTH} lists and objects inside each other")
        if isinstance(value, str):
            # Half of a surrogate pair, which no UTF-8 has.
            value.encode("utf-8")
        elif isinstance(value, dict):
            left.extend((name, depth) for name in value)
            left.extend((item, depth + 1 if isinstance(item, (dict, list)) else depth) for item in value.values())
        elif isinstance(value, list):
            left.extend((item, depth + 1 if isinstance(item, (dict, list)) else depth) for item in value)
