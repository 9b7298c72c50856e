"""Checkpoints as signed notes (C2SP signed-note and tlog-checkpoint), and the public keys that they are checked with."""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

import ed25519
from faults import Fault

ED25519 = b"\x01"
# What stands before the 32 bytes of a public key in DER: RFC 8410, section 4.
SPKI_PREFIX = bytes.fromhex("302a300506032b6570032100")
SIGNATURE_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
HEAD = re.compile(
    r"(.+)/([0-9]{1,4})\n(0|[1-9][0-9]{0,15})\n([A-Za-z0-9+/=]{44})\n"
    r"audit-offset (0|[1-9][0-9]{0,15})\n(?:last-decision (?:0|[1-9][0-9]{0,15}) [A-Za-z0-9+/=]{44}\n)?made-at ([0-9TZ:.-]{20,30})\n"
)


@dataclass(frozen=True)
class Head:
    """What a checkpoint says of a shard's audit records: how many there were, and the root of the tree over them."""

    name: str
    shard: int
    size: int
    root: bytes
    # Offset in audit-records after the last record that it covers.
    audit_offset: int
    made_at: str


@dataclass(frozen=True)
class PublicKey:
    # None: a key of any name.
    name: str | None
    data: bytes

    def hash_as(self, name: str) -> bytes:
        return hashlib.sha256(name.encode() + b"\n" + ED25519 + self.data).digest()[:4]


def read_key(text: str) -> PublicKey:
    """Of PEM, as `policygate checkpoint keygen` writes the .pub file, or a verifier key `<name>+<hash>+<base64>`. Raises ValueError."""
    if "-----BEGIN" in text:
        if "PRIVATE KEY" in text:
            raise ValueError("expected a public key, found a private one: keep it to itself, and name the .pub file beside it")
        found = re.search(r"-----BEGIN PUBLIC KEY-----\s(.*?)-----END PUBLIC KEY-----", text, re.DOTALL)
        der = canonical_base64("".join(found.group(1).split())) if found else None
        if der is None or len(der) != len(SPKI_PREFIX) + 32 or not der.startswith(SPKI_PREFIX):
            raise ValueError("expected an Ed25519 public key in PEM (BEGIN PUBLIC KEY)")
        name = re.search(r"^Name: (.+)$", text[: text.index("-----")], re.MULTILINE)
        return PublicKey(name.group(1) if name else None, der[len(SPKI_PREFIX) :])
    parts = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", text.strip())
    data = canonical_base64(parts.group(3)) if parts else None
    if data is None or len(data) != 33 or data[:1] != ED25519:
        raise ValueError("expected a public key: PEM (BEGIN PUBLIC KEY), or one line <name>+<hash>+<base64>")
    key = PublicKey(parts.group(1), data[1:])
    if key.hash_as(key.name).hex() != parts.group(2):
        raise ValueError(f"the verifier key of {key.name} does not match its hash: a character was changed")
    return key


def read_head(note: str, key: PublicKey | None) -> Head:
    """What a note says. Raises a Fault where it is none, or where it is not signed by the key (None: any signature, unchecked)."""
    end = note.rfind("\n\n")
    if end == -1 or not note.endswith("\n") or re.search(r"[\x00-\x09\x0b-\x1f]", note):
        raise Fault("no signed note: expected a text, a blank line and signatures")
    text = note[: end + 1]
    signatures = [_signature(line) for line in note[end + 2 : -1].split("\n")]
    own = [one for one in signatures if key is None or (key.name in (None, one[0]) and key.hash_as(one[0]) == one[1])]
    if not own:
        names = ", ".join(f"{name} (key {key_hash.hex()})" for name, key_hash, _ in signatures)
        raise Fault(f"signed by {names}: expected a signature of the key that was given")
    name, _, signature = own[0]
    if key is not None and not ed25519.verify(key.data, text.encode(), signature):
        raise Fault(f"the signature by {name} does not fit the text: it was changed after it was signed")
    parts = HEAD.fullmatch(text)
    root = canonical_base64(parts.group(4)) if parts else None
    if root is None or len(root) != 32:
        raise Fault("a signed text that is no checkpoint; expected origin, size, root, audit-offset and made-at")
    if parts.group(1) != name:
        raise Fault(f"a checkpoint of {parts.group(1)} that {name} signed; a key signs for the log of its name")
    return Head(name, int(parts.group(2)), int(parts.group(3)), root, int(parts.group(5)), parts.group(6))


def _signature(line: str):
    parts = SIGNATURE_LINE.fullmatch(line)
    data = canonical_base64(parts.group(2)) if parts else None
    if data is None or len(data) <= 4:
        raise Fault(f"a note with the line {line[:80]!r}; expected a signature")
    return parts.group(1), data[:4], data[4:]


def canonical_base64(text: str) -> bytes | None:
    """None: not base64 in its one canonical form."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text else None
