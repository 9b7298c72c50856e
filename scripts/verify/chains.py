"""The hash chain of each run: seq counts from zero without gaps, and every record holds the hash of the one before."""

import hashlib

from export import Record, Schemas
from faults import Fault

HASH_BYTES = 32


class Chains:
    """Takes in audit records in the order of their offsets; `report(where, what)` is told of each fault."""

    def __init__(self, report, from_the_start: bool):
        self.report = report
        # Whether all records are there: an export of one day may begin in the middle of a run.
        self.from_the_start = from_the_start
        # Of each run: how many records, seq of the first and the last, hash of the last, faults.
        self.runs = {}

    def add(self, schemas: Schemas, record: Record) -> bytes | None:
        """The record's hash: the leaf of its shard's tree. None: it is no audit record."""
        if record.shown_fault is not None:
            self.report(record.where, record.shown_fault)
        try:
            body, decoded = schemas.decode_audit(record.value)
        except Fault as error:
            self.report(record.where, f"no audit record: {error}")
            return record.value[-HASH_BYTES:] if record.value is not None and len(record.value) > HASH_BYTES else None
        run_id, seq, prev_hash, own_hash = (decoded[name] for name in ("run_id", "seq", "prev_hash", "hash"))
        run = self.runs.setdefault(run_id, {"records": 0, "first": seq, "seq": seq - 1, "hash": None, "faults": 0})

        def fault(what: str) -> None:
            run["faults"] += 1
            self.report(record.where, f"run {run_id}, seq {seq}: {what}")

        # `hash` is the last field in every version of the schema: what is hashed are the bytes before it, as they stand.
        hashed = body[:-HASH_BYTES]
        if own_hash != body[-HASH_BYTES:]:
            fault("its hash is not its last field")
        computed = hashlib.sha256(prev_hash + hashed).digest()
        if computed != own_hash:
            fault(f"SHA-256 over prev_hash and its bytes is {computed.hex()}, its hash {own_hash.hex()}: it was changed")
        if run["hash"] is None:
            if self.from_the_start and seq != 0:
                fault("the first record of the run; expected seq 0")
            if seq == 0 and prev_hash != bytes(HASH_BYTES):
                fault("the first record of a run, and prev_hash is not all zeros")
        else:
            if seq != run["seq"] + 1:
                fault(f"it comes after seq {run['seq']}: records are missing, or in another order")
            if prev_hash != run["hash"]:
                fault(f"prev_hash is {prev_hash.hex()}, the hash of the record before {run['hash'].hex()}")
        run.update(records=run["records"] + 1, seq=seq, hash=own_hash)
        return own_hash
