"""What the bytes of an audit record mean. With another schema, the same bytes could say the opposite: only those that were released are believed."""

import hashlib
import io
import json

from fastavro import schemaless_reader
from fastavro.schema import parse_schema, to_parsing_canonical_form

from faults import Fault
from strict_json import unique

# SHA-256 of the Parsing Canonical Form (Avro specification) of every AuditRecord schema that was ever released, oldest first.
KNOWN_AUDIT_SCHEMAS = [
    "76980102ee95a6fdf49c5d0c995354603f3ac4d6a236f09e0de3f3bc7b70f7a5",  # engine 0.2 and 0.3
    "7b2ead3359dc727af7106f256c9a0bb57f69c543a78159aae135a794099617c0",  # from engine 0.4
]

# The canonical form leaves out what makes a decimal of bytes. A text that says anything else than these would mislead other readers.
DECIMALS = {
    "Decimal18": {"logicalType": "decimal", "precision": 38, "scale": 18},
    "Notional36": {"logicalType": "decimal", "precision": 76, "scale": 36},
}
DECIMAL_ATTRIBUTES = ("logicalType", "precision", "scale")


def canonical_form(text: str):
    """The Parsing Canonical Form of a schema as JSON, parsed, and its SHA-256. Raises whatever a parser raises."""
    canonical = to_parsing_canonical_form(json.loads(text, object_pairs_hook=unique))
    return parse_schema(json.loads(canonical)), hashlib.sha256(canonical.encode()).hexdigest()


def known_audit_schema(text: str, stated: str | None = None):
    """An AuditRecord schema as `decode_audit` takes it. `stated`: the identity that it is said to have. Raises a Fault for all but those that were released."""
    try:
        canonical, found = canonical_form(text)
    except Exception as error:  # a text of unknown origin
        raise Fault("schema: expected one in Avro's JSON") from error
    if stated is not None and found != stated:
        raise Fault("schema: it is not the one of its SHA-256")
    if found not in KNOWN_AUDIT_SCHEMAS:
        raise Fault(f"schema: {found} is none that was released, or newer than this verifier")
    _check_decimals(json.loads(text))
    return canonical


def decode_audit(canonical, body: bytes) -> dict:
    """
    All that a record says, its hash included. Decimals are bytes: their scale is known, and is none of the schema's business. Records in the union of a
    control event's payload are pairs of their name and fields. Raises a Fault.
    """
    source = io.BytesIO(body)
    try:
        record = schemaless_reader(source, canonical, return_record_name=True, return_record_name_override=True)
    except Exception as error:  # bytes may be anything
        raise Fault("the bytes cannot be read by the schema") from error
    if source.tell() != len(body):
        raise Fault(f"{len(body) - source.tell()} bytes behind the end of the record")
    return record


def _check_decimals(schema) -> None:
    if isinstance(schema, list):
        for one in schema:
            _check_decimals(one)
    elif isinstance(schema, dict):
        name = str(schema.get("name")).split(".")[-1]
        expected = DECIMALS.get(name, {}) if schema.get("type") == "fixed" else {}
        found = {attribute: schema[attribute] for attribute in DECIMAL_ATTRIBUTES if attribute in schema}
        if found != expected:
            raise Fault(f"schema: {name[:80]!a} has {found!a:.200}; expected {expected}")
        for value in schema.values():
            if isinstance(value, (dict, list)):
                _check_decimals(value)
