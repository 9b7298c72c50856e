"""A line of a JSONL export of audit records or checkpoints: its bytes, and that what people read beside them is what they say."""

import io
from typing import Callable

from fastavro import schemaless_reader
from fastavro.schema import parse_schema

from faults import Fault
from notes import canonical_base64
from strict_json import Number, differing_path, read_json, whole

FIELDS = {"topic", "partition", "offset", "timestamp", "headers", "key", "value", "key_base64", "value_base64"}
WIRE_HEADER_BYTES = 5
# The key of audit-records.
INTENT_KEY = parse_schema(
    {"type": "record", "name": "IntentKey", "fields": [{"name": "run_id", "type": "string"}, {"name": "intent_id", "type": "string"}]}
)


def read_line(line: bytes, topic: str, is_text_key: bool, shown_value: Callable) -> tuple:
    """
    Partition, offset, value, and what is wrong where the line says anything else than its bytes (else None); headers and time stand in no bytes.
    `shown_value` makes of the value's bytes what people read, and raises a Fault where it cannot. Raises a Fault for what is no line of an export.
    """
    try:
        fields = read_json(line)
    except ValueError as error:
        raise Fault(f"expected a line of `policygate export` ({error})") from error
    if not isinstance(fields, dict):
        raise Fault("expected a line of `policygate export`")
    partition, offset = whole(fields.get("partition")), whole(fields.get("offset"))
    key, value = _bytes(fields, "key_base64"), _bytes(fields, "value_base64")
    headers = fields.get("headers")
    if partition is None or offset is None or fields.get("topic") != topic:
        raise Fault(f"expected a line of `policygate export` with topic {topic}, partition and offset")
    if not isinstance(headers, dict) or not all(isinstance(text, str) for text in headers.values()):
        raise Fault("headers: expected texts")
    if not isinstance(fields.get("timestamp"), (str, Number)):
        raise Fault("timestamp: expected a time")
    try:
        expected = {**fields, "key": _shown_key(key, is_text_key), "value": shown_value(value)}
    except Fault as fault:
        return partition, offset, value, str(fault)
    differing = next((name for name in sorted(FIELDS ^ set(fields))), None) or differing_path(expected, fields)
    said = None if differing is None else f"{differing[:200]}: what the line says is not what its bytes say"
    return partition, offset, value, said


def _bytes(fields: dict, name: str) -> bytes | None:
    text = fields.get(name, "missing")
    data = canonical_base64(text) if isinstance(text, str) else None
    if data is None and text is not None:
        raise Fault(f"{name}: expected bytes in base64")
    return data


def _shown_key(key: bytes | None, is_text: bool):
    if key is None:
        return None
    try:
        if is_text:
            return key.decode()
        source = io.BytesIO(key[WIRE_HEADER_BYTES:])
        decoded = schemaless_reader(source, INTENT_KEY)
        if key[0] != 0 or source.tell() != len(key) - WIRE_HEADER_BYTES:
            raise ValueError("another key")
        return decoded
    except Exception as error:  # bytes may be anything
        raise Fault("key_base64: no key of its topic") from error
