"""Checkpoints beside the tree that the records really have. Roots that follow from one sequence of records are consistent with each other."""

from datetime import datetime, timezone

from export import AUDIT_CHECKPOINTS, Export
from faults import Fault, Unusable
from merkle import Tree
from notes import PublicKey, read_head
from strict_json import read_json

# A line of a file of checkpoints holds one note.
MOST_LINE_BYTES = 65_536


class ShardCheckpoints:
    """The checkpoints of a shard, in the order of their sizes, compared as the tree grows."""

    def __init__(self, heads: list, report):
        # (where, head)
        self.heads = sorted(heads, key=lambda one: one[1].size)
        self.report = report
        self.tree = Tree()
        self.end = 0
        self.next = 0
        # (where, head) of those that fit.
        self.fitting = []
        self.compare()

    def add(self, leaf: bytes | None, offset: int) -> None:
        if leaf is not None:
            self.tree.add(leaf)
        self.end = offset + 1
        self.compare()

    def compare(self) -> None:
        while self.next < len(self.heads) and self.heads[self.next][1].size == self.tree.size:
            where, head = self.heads[self.next]
            self.next += 1
            root = self.tree.root()
            if root != head.root:
                self.report(where, f"the first {head.size} records have the root {root.hex()}, signed is {head.root.hex()}: "
                                   "they are not those that were signed")
            elif self.end != head.audit_offset:
                self.report(where, f"its {head.size} records end at offset {self.end}, signed is {head.audit_offset}")
            else:
                self.fitting.append((where, head))

    def finish(self, shard: int) -> None:
        for where, head in self.heads[self.next :]:
            self.report(where, f"signed over {head.size} audit records of shard {shard}, which has {self.tree.size}: it was cut")


def milliseconds(time: str) -> int:
    """Since 1970, of RFC 3339 in UTC with as many digits of a second as it takes."""
    seconds = datetime.strptime(time[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    fraction = time[19:].strip(".Z").ljust(3, "0")
    return int(seconds.timestamp()) * 1000 + int(fraction[:3])


def published(export: Export, key: PublicKey | None, shard: int, report) -> list:
    """The checkpoints that the export holds of a shard."""
    heads = []
    try:
        for record in export.records(AUDIT_CHECKPOINTS, shard):
            if record.shown_fault is not None:
                report(record.where, record.shown_fault)
            try:
                decoded = export.schemas.decode(record.value)
                head = read_head(decoded["note"], key)
                repeated = (decoded["origin"], decoded["tree_size"], decoded["root_hash"], decoded["audit_offset"], decoded["made_at"])
                if repeated != (f"{head.name}/{head.shard}", head.size, head.root, head.audit_offset, milliseconds(head.made_at)):
                    raise Fault("what it says beside the note is not what the note says, which alone is signed")
                if Tree(decoded["frontier"]).root() != head.root:
                    raise Fault("its frontier does not lead to the signed root")
                if head.shard != shard:
                    raise Fault(f"a checkpoint of shard {head.shard}; expected one of shard {shard}")
                heads.append((record.where, head))
            except (Fault, KeyError, TypeError, ValueError, AttributeError) as fault:
                report(record.where, str(fault))
    except Fault as fault:
        report(f"{AUDIT_CHECKPOINTS}/{shard}", str(fault))
    return heads


def filed(path: str, key: PublicKey | None, report) -> list:
    """
    Those of a file that `policygate checkpoint publish --out` wrote: a copy that an auditor has kept elsewhere. Raises Unusable where it is none, or has
    no checkpoint in it: it would seem to have been compared.
    """
    heads, lines = [], 0
    try:
        with open(path, "rb") as source:
            for number, line in enumerate(iter(lambda: source.readline(MOST_LINE_BYTES + 1), b""), 1):
                if line.strip() == b"":
                    continue
                lines += 1
                where = f"{path}:{number}"
                try:
                    heads.append((where, read_head(_note(line, where), key)))
                except Fault as fault:
                    report(where, str(fault))
    except OSError as error:
        raise Unusable(f"{path}: cannot be read ({error.strerror})") from error
    if lines == 0:
        raise Unusable(f"{path}: no checkpoint in it")
    return heads


def _note(line: bytes, where: str) -> str:
    try:
        document = read_json(line, MOST_LINE_BYTES)
    except ValueError as error:
        raise Unusable(f"{where}: expected a checkpoint as a line of JSON ({error})") from error
    if not isinstance(document, dict) or not isinstance(document.get("note"), str):
        raise Unusable(f"{where}: expected a checkpoint as a line of JSON with its `note`")
    return document["note"]
