"""Evidence of one decision, as `policygate prove` writes it: from the signature to the tree, from the tree to the bytes, from the bytes to what they say."""

import hashlib
import re
import zlib
from dataclasses import dataclass

import shown
from audit_schema import decode_audit, known_audit_schema
from faults import Fault, Unusable
from merkle import leaf_hash, verify_inclusion
from notes import PublicKey, canonical_base64, read_head
from strict_json import differing_path, read_json, whole

FORMAT = "policygate-evidence/1"
MOST_BYTES = 1024 * 1024
MOST_SCHEMA_BYTES = 256 * 1024
DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Evidence:
    """The fields of docs/contracts.md, "Evidence of one decision"; hexadecimal and base64 as bytes."""

    format: str
    record: object
    policy_text: str | None
    prev_hash: bytes
    body_base64: bytes
    hash: bytes
    schema_sha256: str
    schema_deflate_base64: bytes
    leaf_index: int
    tree_size: int
    inclusion_proof: list
    checkpoint: str


def read(path: str) -> Evidence:
    """Raises Unusable for whatever is not of the form: a field that is missing, unknown or malformed."""
    try:
        with open(path, "rb") as source:
            document = read_json(source.read(MOST_BYTES + 1), MOST_BYTES)
    except OSError as error:
        raise Unusable(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise Unusable(f"{path}: expected evidence as JSON ({error})") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise Unusable(f"{path}: expected evidence of the format {FORMAT}")
    readers = {
        "format": _text,
        "record": lambda value: value,
        "policy_text": lambda value: None if value is None else _text(value),
        "prev_hash": _digest,
        "body_base64": _base64,
        "hash": _digest,
        "schema_sha256": _text,
        "schema_deflate_base64": _base64,
        "leaf_index": _count,
        "tree_size": _count,
        "inclusion_proof": lambda value: [_digest(one) for one in _list(value)],
        "checkpoint": _text,
    }
    for name in [*readers, *document]:
        if name not in document:
            raise Unusable(f"{path}: `{name}` is missing")
        if name not in readers:
            raise Unusable(f"{path}: {name[:80]!a} is no field of evidence")
    fields = {}
    for name, reader in readers.items():
        try:
            fields[name] = reader(document[name])
        except ValueError as error:
            raise Unusable(f"{path}: {name}: expected {error}") from error
    return Evidence(**fields)


def verify(evidence: Evidence, key: PublicKey) -> list:
    """Lines that say what is proven. Raises a Fault that names the first step which fails."""
    head = read_head(evidence.checkpoint, key)
    index, size = evidence.leaf_index, evidence.tree_size
    if size != head.size:
        raise Fault(f"tree_size: {size}, but the checkpoint is over {head.size} records")
    if not verify_inclusion(index, size, leaf_hash(evidence.hash), evidence.inclusion_proof, head.root):
        raise Fault("inclusion_proof: it does not lead from the record to the signed root")
    computed = hashlib.sha256(evidence.prev_hash + evidence.body_base64).digest()
    if computed != evidence.hash:
        raise Fault(f"hash: SHA-256 over prev_hash and the bytes is {computed.hex()}: the record was changed")
    schema = known_audit_schema(_inflated(evidence.schema_deflate_base64), evidence.schema_sha256)
    try:
        record = decode_audit(schema, evidence.body_base64 + evidence.hash)
        differing = differing_path(shown.audit_record(record), evidence.record)
    except Fault as fault:
        raise Fault(f"record: {fault}") from fault
    if record["prev_hash"] != evidence.prev_hash or record["hash"] != evidence.hash:
        raise Fault("prev_hash: it is not the one in the record")
    if differing is not None:
        raise Fault(f"record{f'.{differing}' if differing else ''}: what is shown is not what the signed bytes say")
    _compare_policy(evidence.policy_text, record["policy_hash"])
    decision, intent = record["decision"], record["intent"]
    if record["kind"] != "DECISION" or decision is None or intent is None:
        raise Fault(f"record: a {record['kind']}; expected the record of a decision")
    rules = ", ".join(violation["rule_id"] for violation in decision["violations"])
    order = decision["order"]
    sent = "nothing" if order is None else f"{order['side']} {shown.decimal_text(order['qty'])} {order['instrument']['symbol']}"
    return [
        f"asked: {intent['side']} {shown.decimal_text(intent['qty'])} {intent['instrument']['symbol']}, intent {intent['intent_id']}",
        f"decided: {decision['decision']}, to send: {sent}{f', because of {rules}' if rules else ''}",
        f"on the log: run {record['run_id']}, seq {record['seq']}; audit record {index} of {size} of {head.name}/{head.shard}",
        f"signed: at {head.made_at} by {head.name}",
    ]


def _inflated(deflated: bytes) -> str:
    inflater = zlib.decompressobj(-15)
    try:
        text = inflater.decompress(deflated, MOST_SCHEMA_BYTES)
        if not inflater.eof or inflater.unused_data:
            raise ValueError("not one deflated text")
        return text.decode()
    except (ValueError, zlib.error) as error:
        raise Fault(f"schema: expected at most {MOST_SCHEMA_BYTES} bytes of text as raw deflate") from error


def _compare_policy(text: str | None, policy_hash: bytes | None) -> None:
    if policy_hash is None:
        if text is not None:
            raise Fault("policy_text: no policy was in force for this record")
        return
    if text is None:
        raise Fault(f"policy_text: missing; expected the policy with the SHA-256 {policy_hash.hex()}")
    # What a policy's hash is of has line feeds alone at the ends of its lines.
    if hashlib.sha256(text.replace("\r\n", "\n").replace("\r", "\n").encode()).digest() != policy_hash:
        raise Fault(f"policy_text: it is not the policy with the SHA-256 {policy_hash.hex()}, under which was decided")


def _text(value) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def _list(value) -> list:
    if not isinstance(value, list):
        raise ValueError("a list of hashes")
    return value


def _digest(value) -> bytes:
    if not isinstance(value, str) or DIGEST.fullmatch(value) is None:
        raise ValueError("64 lowercase hexadecimal digits")
    return bytes.fromhex(value)


def _base64(value) -> bytes:
    data = canonical_base64(value) if isinstance(value, str) else None
    if data is None:
        raise ValueError("bytes in base64")
    return data


def _count(value) -> int:
    count = whole(value)
    if count is None:
        raise ValueError("a whole number")
    return count
