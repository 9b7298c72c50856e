"""Records of the gate as bytes: a zero byte, the schema's id (4 bytes, big-endian), the Avro body.

Copy this file beside your client. It needs fastavro and a Confluent-compatible schema registry, and nothing else.
"""

import io
import json
import struct
import urllib.parse
import urllib.request
from decimal import Decimal

from fastavro import parse_schema, schemaless_reader, schemaless_writer

HEADER = struct.Struct(">bI")


class Subject:
    """One subject of the registry, such as `order-intents-value`: every version, asked for once.

    An id that is in no version is an error and is not looked up: whoever can write to a topic could otherwise make you ask the registry for each
    record. Versions that were registered after the start are seen after a restart.
    """

    def __init__(self, registry_url: str, name: str):
        self.name = name
        base = f"{registry_url.rstrip('/')}/subjects/{urllib.parse.quote(name, safe='')}/versions"
        versions = [_get(f"{base}/{number}") for number in sorted(_get(base))]
        # The newest one writes, and is what every record is read as: records of older versions get the defaults of the fields they lack.
        self.id = versions[-1]["id"]
        self.schemas = {version["id"]: parse_schema(json.loads(version["schema"])) for version in versions}

    def encode(self, value: dict) -> bytes:
        out = io.BytesIO()
        out.write(HEADER.pack(0, self.id))
        # `strict` refuses fields that the schema does not know: a typing mistake must not become a default.
        schemaless_writer(out, self.schemas[self.id], value, strict_allow_default=True)
        return out.getvalue()

    def decode(self, data: bytes) -> dict:
        magic, schema_id = HEADER.unpack_from(data)
        if magic != 0 or schema_id not in self.schemas:
            raise ValueError(f"{self.name}: begins with {data[:5].hex()}; expected 00 and one of the ids {sorted(self.schemas)}")
        return schemaless_reader(io.BytesIO(data[HEADER.size :]), self.schemas[schema_id], self.schemas[self.id])


def _get(url: str):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def from_json(text: str) -> dict:
    """JSON with its numbers as exact decimals: a float has lost digits before it gets here."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def to_json(value) -> str:
    """One line. Decimals as plain text to the last digit, digests as hex."""
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value):
    if isinstance(value, Decimal):
        # Not normalize(): Python's default context rounds to 28 digits.
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"{type(value).__name__} has no JSON form here")
