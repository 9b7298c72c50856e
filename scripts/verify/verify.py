"""Proves, with nothing of the gate's own code, that an exported log is whole, or that a decision stood on a signed log.

    python verify.py ./export --key checkpoint.key.pub [--checkpoints checkpoints.jsonl]
    python verify.py audit-records/r-1/2026-02-24.avro
    python verify.py --evidence i-17.evidence.json --key checkpoint.key.pub

A line for each run and checkpoint; `FAULT` before what is not as it must be.
"""

import argparse
import os
import sys

import evidence
from chains import Chains
from checkpoints import ShardCheckpoints, filed, published
from export import AUDIT_CHECKPOINTS, AUDIT_RECORDS, Export, ExportFile
from faults import Fault, Unusable
from notes import PublicKey, read_key

MOST_SHOWN = 20

EPILOG = """
An export is checked whole: the SHA-256 of each file, the hash chain of each run, the RFC 6962 tree of each shard against its checkpoints, and their
Ed25519 signatures. Without --key signatures are not checked. Files alone, and exports of one run or day: the chains of the runs in them, without --key
and --checkpoints, which are about all records of a shard. Whether a decision follows from its facts
and policy is what `policygate verify` checks.

exit codes: 0 whole, 1 a fault was found, 2 could not run
"""


class Report:
    def __init__(self):
        self.faults = 0

    def fault(self, where: str, what: str) -> None:
        self.faults += 1
        if self.faults <= MOST_SHOWN:
            self.say(f"FAULT {where}: {what}")

    def say(self, line: str) -> None:
        print(printable(line))

    def end(self) -> int:
        if self.faults > MOST_SHOWN:
            self.say(f"and {self.faults - MOST_SHOWN} more faults")
        self.say("whole" if self.faults == 0 else f"{self.faults} fault{'' if self.faults == 1 else 's'} found")
        return 0 if self.faults == 0 else 1


def printable(line: str) -> str:
    """Names come from outside: nothing in a line may act on a terminal."""
    return "".join(character if character.isprintable() else f"\\u{ord(character):04x}" for character in line)


def main(arguments: list) -> int:
    options = argparse.ArgumentParser(
        description="Verify an export of policygate, or evidence of a decision, without any of its code.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("export", nargs="*", help="the folder of an export, or files of audit-records")
    options.add_argument("--key", metavar="FILE", help="public key: the .pub file of `policygate checkpoint keygen`, or a verifier key")
    options.add_argument("--checkpoints", metavar="FILE", help="checkpoints that were kept elsewhere (`checkpoint publish --out`)")
    options.add_argument("--evidence", metavar="FILE", help="evidence of a decision (`policygate prove`)")
    given = options.parse_args(arguments)
    try:
        key = None if given.key is None else key_of(given.key)
        report = Report()
        if given.evidence is not None:
            verify_evidence(given, key, report)
        elif len(given.export) == 1 and os.path.isdir(given.export[0]):
            verify_export(Export(given.export[0]), key, given.checkpoints, report)
        elif given.export:
            verify_files(given, report)
        else:
            raise Unusable("expected the folder of an export, or --evidence; --help shows what there is")
        return report.end()
    except Unusable as error:
        print(f"Error: {printable(str(error))}", file=sys.stderr)
        return 2
    except Exception as error:  # nothing has been found out then: 1 would say that something was
        print(f"Error: it could not be checked: {type(error).__name__}: {printable(str(error))[:200]}", file=sys.stderr)
        return 2


def key_of(path: str) -> PublicKey:
    try:
        with open(path, "rb") as source:
            return read_key(source.read(65_536).decode("utf-8"))
    except OSError as error:
        raise Unusable(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise Unusable(f"{path}: {error}") from error


def verify_evidence(given, key: PublicKey | None, report: Report) -> None:
    if given.export or given.checkpoints is not None:
        raise Unusable("--evidence needs the public key and nothing else")
    if key is None:
        raise Unusable("--key is missing: evidence proves nothing without the public key")
    try:
        for line in evidence.verify(evidence.read(given.evidence), key):
            report.say(line)
    except Fault as fault:
        report.fault(given.evidence, str(fault))


def verify_files(given, report: Report) -> None:
    if given.checkpoints is not None or given.key is not None:
        raise Unusable("--key and --checkpoints need the folder of an export: what is signed is the tree of all records of a shard")
    chains = Chains(report.fault, from_the_start=False)
    for path in given.export:
        try:
            file = ExportFile(path, path)
            if file.topic != AUDIT_RECORDS:
                raise Unusable(f"{path}: holds {file.topic}; expected {AUDIT_RECORDS}")
            for record in file.records():
                chains.add(file.schemas, record)
        except OSError as error:
            raise Unusable(f"{path}: cannot be read ({error.strerror})") from error
        except Fault as fault:
            report.fault(path, str(fault))
    say_runs(chains, report)


def verify_export(export: Export, key: PublicKey | None, checkpoints_file: str | None, report: Report) -> None:
    whole = export.run_id is None and export.day is None
    if not whole and (key is not None or checkpoints_file is not None):
        raise Unusable(
            f"{export.folder}: by its manifest it has one run or one day alone, but what is signed is the tree of all records of a shard; "
            "export everything, or leave out --key and --checkpoints"
        )
    for topic in (AUDIT_RECORDS, AUDIT_CHECKPOINTS):
        if export.topics is not None and topic not in export.topics:
            raise Unusable(f"{export.folder}: it was exported without {topic}; export it again with all topics")
    kept = [] if checkpoints_file is None else filed(checkpoints_file, key, report.fault)
    before = report.faults
    for what in export.checksum_faults():
        report.fault("manifest.json", what)
    if report.faults == before:
        report.say(f"files: {len(export.files)}, each as its SHA-256 in the manifest says")
    if not export.is_complete:
        report.fault("manifest.json", "the export is not complete: its command was interrupted")
    for where, head in kept:
        if head.shard >= export.shards:
            report.fault(where, f"a checkpoint of shard {head.shard}; the export has {export.shards} shards")
    if not whole:
        report.say("trees and checkpoints: not checked, since the export has one run or one day alone")
    bound = 0
    for shard in range(export.shards):
        own = [one for one in kept if one[1].shard == shard]
        heads = published(export, key, shard, report.fault) + own if whole else []
        # Those that the export brings itself bind nothing as long as nobody has looked at their signatures.
        binding = max((head.size for _, head in (own if key is None else heads)), default=0)
        bound += binding
        records = verify_shard(export, shard, heads, whole, key is not None, report)
        if records > 0 and binding == 0 and (key is not None or checkpoints_file is not None):
            report.fault(f"{AUDIT_CHECKPOINTS}/{shard}", f"there is no checkpoint of shard {shard}{by(key)}: nothing proves its {records} records")
    if bound == 0 and (key is not None or checkpoints_file is not None):
        report.fault(AUDIT_CHECKPOINTS, f"there is no checkpoint{by(key)}: nothing proves that the end was not cut off")


def by(key: PublicKey | None) -> str:
    return " in the file that was given" if key is None else " that the key has signed"


def verify_shard(export: Export, shard: int, heads: list, whole: bool, is_signed: bool, report: Report) -> int:
    """How many audit records it has."""
    chains = Chains(report.fault, from_the_start=export.day is None)
    checkpoints = ShardCheckpoints(heads, report.fault)
    try:
        for record in export.records(AUDIT_RECORDS, shard):
            checkpoints.add(chains.add(export.schemas, record), record.offset)
    except Fault as fault:
        report.fault(f"{AUDIT_RECORDS}/{shard}", f"{fault}; what comes after it was not looked at")
    checkpoints.finish(shard)
    say_runs(chains, report)
    for where, head in checkpoints.fitting:
        signature = f"signed by {head.name}" if is_signed else "signature not checked, since there is no --key"
        report.say(f"checkpoint {where}: {head.size} records of shard {shard} at {head.made_at}, root {head.root.hex()}, {signature}")
    if whole:
        tree = checkpoints.tree
        unsigned = tree.size - max((head.size for _, head in checkpoints.fitting), default=0)
        report.say(f"shard {shard}: {tree.size} audit records, root {tree.root().hex()}; {unsigned} behind the last checkpoint")
    return checkpoints.tree.size


def say_runs(chains: Chains, report: Report) -> None:
    for run_id, run in sorted(chains.runs.items()):
        state = "whole" if run["faults"] == 0 else f"{run['faults']} faults"
        report.say(f"run {run_id}: {run['records']} records, seq {run['first']} to {run['seq']}, last hash {run['hash'].hex()}: {state}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
