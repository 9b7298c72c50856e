"""What the bytes of an audit record mean. With another schema, the same bytes could say the opposite: only those that were released are believed."""

import hashlib
import json

from fastavro.schema import parse_schema, to_parsing_canonical_form

# SHA-256 of the Parsing Canonical Form (Avro specification) of every AuditRecord schema that was ever released, oldest first.
KNOWN_AUDIT_SCHEMAS = [
    "76980102ee95a6fdf49c5d0c995354603f3ac4d6a236f09e0de3f3bc7b70f7a5",  # engine 0.2 and 0.3
    "7b2ead3359dc727af7106f256c9a0bb57f69c543a78159aae135a794099617c0",  # from engine 0.4
]


def canonical_form(text: str):
    """The Parsing Canonical Form of a schema as JSON, parsed, and its SHA-256. Raises whatever a parser raises."""
    canonical = to_parsing_canonical_form(json.loads(text))
    return parse_schema(json.loads(canonical)), hashlib.sha256(canonical.encode()).hexdigest()
