"""Evidence of one decision, as `policygate prove` writes it: from the signature to the tree, from the tree to the bytes, from the bytes to what they say."""

import base64
import hashlib
import io
import json
import zlib
from decimal import Decimal

from fastavro import schemaless_reader

from audit_schema import KNOWN_AUDIT_SCHEMAS, canonical_form
from faults import Fault, Unusable
from merkle import leaf_hash, verify_inclusion
from notes import PublicKey, read_head

FORMAT = "policygate-evidence/1"
MOST_SCHEMA_BYTES = 256 * 1024


def read(path: str) -> dict:
    try:
        with open(path, encoding="utf-8") as source:
            document = json.load(source, parse_float=Decimal)
    except OSError as error:
        raise Unusable(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise Fault(f"{path}: no JSON ({error})") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise Unusable(f"{path}: expected evidence of the format {FORMAT}")
    return document


def verify(document: dict, key: PublicKey) -> list:
    """Lines that say what is proven. Raises a Fault that names the first step which fails."""
    try:
        head = read_head(document["checkpoint"], key)
        prev_hash, own_hash = bytes.fromhex(document["prev_hash"]), bytes.fromhex(document["hash"])
        body = base64.b64decode(document["body_base64"], validate=True)
        proof = [bytes.fromhex(one) for one in document["inclusion_proof"]]
        index, size = document["leaf_index"], document["tree_size"]
    except (KeyError, TypeError, ValueError) as error:
        raise Fault(f"a field is missing or malformed ({error})") from error
    if type(index) is not int or index < 0 or size != head.size:
        raise Fault(f"tree_size: {size}, but the checkpoint is over {head.size} records")
    if not verify_inclusion(index, size, leaf_hash(own_hash), proof, head.root):
        raise Fault("inclusion_proof: it does not lead from the record to the signed root")
    computed = hashlib.sha256(prev_hash + body).digest()
    if computed != own_hash:
        raise Fault(f"hash: SHA-256 over prev_hash and the bytes is {computed.hex()}: the record was changed")
    record = _record(document, body, own_hash)
    if record["prev_hash"] != prev_hash or record["hash"] != own_hash:
        raise Fault("prev_hash: it is not the one in the record")
    _compare_shown(document.get("record"), record)
    _compare_policy(document.get("policy_text"), record["policy_hash"])
    decision, intent = record["decision"], record["intent"]
    if decision is None or intent is None:
        raise Fault("record: it is not the record of a decision")
    rules = ", ".join(violation["rule_id"] for violation in decision["violations"])
    order = decision["order"]
    sent = "nothing" if order is None else f"{order['side']} {_plain(_decimal(order['qty']))} {order['instrument']['symbol']}"
    return [
        f"asked: {intent['side']} {_plain(_decimal(intent['qty']))} {intent['instrument']['symbol']}, intent {intent['intent_id']}",
        f"decided: {decision['decision']}, to send: {sent}{f', because of {rules}' if rules else ''}",
        f"on the log: run {record['run_id']}, seq {record['seq']}; audit record {index} of {size} of {head.name}/{head.shard}",
        f"signed: at {head.made_at} by {head.name}",
    ]


def _record(document: dict, body: bytes, own_hash: bytes) -> dict:
    try:
        inflater = zlib.decompressobj(-15)
        text = inflater.decompress(base64.b64decode(document["schema_deflate_base64"], validate=True), MOST_SCHEMA_BYTES).decode()
        stated = document["schema_sha256"]
        canonical, found = canonical_form(text)
        if found != stated:
            raise Fault("schema: it is not the one of its SHA-256")
        if stated not in KNOWN_AUDIT_SCHEMAS:
            raise Fault(f"schema: {stated} is none that was released, or newer than this verifier")
        source = io.BytesIO(body + own_hash)
        # By the canonical form alone: nothing else of the text, such as the scale of a decimal, is part of its identity.
        record = schemaless_reader(source, canonical)
    except Fault:
        raise
    except Exception as error:  # bytes may be anything
        raise Fault("record: the bytes cannot be read by the schema") from error
    if source.tell() != len(body) + len(own_hash):
        raise Fault("record: there are bytes behind its end")
    return record


def _compare_shown(shown, record: dict) -> None:
    """What people look at first must be what the signed bytes say: who, what, how much, the verdict and its rules."""
    intent, decision = record["intent"], record["decision"] or {}
    try:
        pairs = {
            "run_id": (shown["run_id"], record["run_id"]),
            "seq": (shown["seq"], record["seq"]),
            "kind": (shown["kind"], record["kind"]),
            "engine_version": (shown["engine_version"], record["engine_version"]),
            "hash": (shown["hash"], record["hash"].hex()),
            "prev_hash": (shown["prev_hash"], record["prev_hash"].hex()),
            "policy_hash": (shown.get("policy_hash"), record["policy_hash"].hex() if record["policy_hash"] else None),
            "decision.decision": (shown["decision"]["decision"], decision.get("decision")),
            "decision.violations": (
                [[one["rule_id"], one["message"]] for one in shown["decision"]["violations"]],
                [[one["rule_id"], one["message"]] for one in decision.get("violations", [])],
            ),
            "decision.order": (_order(shown["decision"]["order"]), _order(decision.get("order"))),
            "intent": (_order(shown["intent"]), _order(intent)),
        }
    except (KeyError, TypeError, ArithmeticError) as error:
        raise Fault(f"record: a field is missing or malformed ({error})") from error
    for name, (said, signed) in pairs.items():
        if said != signed:
            raise Fault(f"record.{name}: what is shown is not what the signed bytes say")


def _order(order):
    """An order or intent, with its numbers exact, whichever way they are written."""
    if order is None:
        return None
    plain = {name: value for name, value in order.items() if name not in ("qty", "limit_price")}
    limit = order["limit_price"]
    return {**plain, "qty": _decimal(order["qty"]), "limit_price": None if limit is None else _decimal(limit)}


def _decimal(value) -> Decimal:
    """Of JSON, a number or a text; of a record, 16 bytes of a whole number in units of 10^-18: the canonical schema has no logical types."""
    if not isinstance(value, bytes):
        return Decimal(value)
    units = int.from_bytes(value, "big", signed=True)
    # Not scaleb(): Python's default context rounds to 28 digits.
    return Decimal((int(units < 0), tuple(int(digit) for digit in str(abs(units))), -18))


def _compare_policy(text, policy_hash) -> None:
    if policy_hash is None:
        if text is not None:
            raise Fault("policy_text: no policy was in force for this record")
        return
    if not isinstance(text, str) or hashlib.sha256(text.encode()).digest() != policy_hash:
        raise Fault(f"policy_text: it is not the policy with the SHA-256 {policy_hash.hex()}, under which was decided")


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
