"""Checkpoints beside the tree that the records really have. Roots that follow from one sequence of records are consistent with each other."""

import json
from datetime import datetime, timezone

from export import Export
from faults import Fault, Unusable
from merkle import Tree
from notes import PublicKey, read_head

TOPIC = "audit-checkpoints"


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
        for record in export.records(TOPIC, shard):
            try:
                _, _, decoded = export.schemas.decode(record.value)
                head = read_head(decoded["note"], key)
                repeated = (decoded["origin"], decoded["tree_size"], decoded["root_hash"], decoded["audit_offset"], decoded["made_at"])
                if repeated != (f"{head.name}/{head.shard}", head.size, head.root, head.audit_offset, milliseconds(head.made_at)):
                    raise Fault("what it says beside the note is not what the note says, which alone is signed")
                if Tree(decoded["frontier"]).root() != head.root:
                    raise Fault("its frontier does not lead to the signed root")
                if head.shard != shard:
                    raise Fault(f"a checkpoint of shard {head.shard}; expected one of shard {shard}")
                heads.append((record.where, head))
            except (Fault, KeyError, TypeError, ValueError) as fault:
                report(record.where, str(fault))
    except Fault as fault:
        report(f"{TOPIC}/{shard}", str(fault))
    return heads


def filed(path: str, key: PublicKey | None, report) -> list:
    """Those of a file that `policygate checkpoint publish --out` wrote: a copy that an auditor has kept elsewhere."""
    heads = []
    try:
        with open(path, encoding="utf-8") as source:
            for number, line in enumerate(source, 1):
                if line.strip() == "":
                    continue
                where = f"{path}:{number}"
                try:
                    heads.append((where, read_head(json.loads(line)["note"], key)))
                except (ValueError, KeyError, TypeError):
                    report(where, "expected a checkpoint as a line of JSON with its `note`")
                except Fault as fault:
                    report(where, str(fault))
    except OSError as error:
        raise Unusable(f"{path}: cannot be read ({error.strerror})") from error
    return heads
