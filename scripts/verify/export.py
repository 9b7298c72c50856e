"""An export of `policygate export`: its manifest, and the records of its files with their bytes as they were on the log."""

import hashlib
import io
import json
import os
import struct
import zlib
from dataclasses import dataclass

from fastavro import schemaless_reader
from fastavro.schema import parse_schema

import shown
from audit_schema import canonical_form, decode_audit, known_audit_schema
from faults import Fault, Unusable
from lines import read_line
from strict_json import read_json, whole

AUDIT_RECORDS = "audit-records"
AUDIT_CHECKPOINTS = "audit-checkpoints"

MAGIC = b"Obj\x01"
SYNC_BYTES = 16
MOST_BLOCK_BYTES = 64 * 1024 * 1024
# A checkpoint names its shard in four digits.
MOST_SHARDS = 10_000
# On the log, a zero byte and the schema's id stand before an Avro body.
WIRE_HEADER = struct.Struct(">bI")

# Avro specification, "Object container files".
FILE_HEADER = parse_schema(
    {
        "type": "record",
        "name": "Header",
        "fields": [
            {"name": "magic", "type": {"type": "fixed", "name": "Magic", "size": 4}},
            {"name": "meta", "type": {"type": "map", "values": "bytes"}},
            {"name": "sync", "type": {"type": "fixed", "name": "Sync", "size": SYNC_BYTES}},
        ],
    }
)
# What stands before the value of an exported record.
ENVELOPE = parse_schema(
    {
        "type": "record",
        "name": "Envelope",
        "fields": [
            {"name": "partition", "type": "int"},
            {"name": "offset", "type": "long"},
            {"name": "timestamp", "type": "long"},
            {"name": "key", "type": ["null", "bytes"]},
            {"name": "headers", "type": {"type": "map", "values": "string"}},
            {"name": "schema_id", "type": ["null", "int"]},
            # The branch of the union that `value` is.
            {"name": "branch", "type": "long"},
        ],
    }
)
NULL_BRANCH, BYTES_BRANCH, TYPED_BRANCH = range(3)


@dataclass(frozen=True)
class Record:
    partition: int
    offset: int
    # Wholly as on the log, with its header; None: a tombstone.
    value: bytes | None
    # Where it is in the export, for messages.
    where: str
    # What is wrong with what people read beside the bytes.
    shown_fault: str | None = None


class Schemas:
    """The schemas that an export says its values are of, by id."""

    def __init__(self, texts: dict):
        """Raises ValueError for anything but texts by id."""
        if not isinstance(texts, dict) or not all(name.isdecimal() and isinstance(text, str) for name, text in texts.items()):
            raise ValueError("schemas: expected texts by id")
        self.texts = {int(schema_id): text for schema_id, text in texts.items()}
        self._parsed = {}
        self._audit = {}

    def parsed(self, schema_id: int):
        if schema_id not in self._parsed:
            try:
                self._parsed[schema_id], _ = canonical_form(self._text(schema_id))
            except Fault:
                raise
            except Exception as error:  # a text of unknown origin
                raise Fault(f"schema {schema_id} of the export is no Avro schema") from error
        return self._parsed[schema_id]

    def _text(self, schema_id: int) -> str:
        if schema_id not in self.texts:
            raise Fault(f"a value of schema {schema_id}, which the export does not have")
        return self.texts[schema_id]

    def decode(self, value: bytes | None):
        """What a value says, as it is on the log. Raises a Fault."""
        schema_id, body = _split(value)
        source = io.BytesIO(body)
        decoded = _decoded(source, self.parsed(schema_id), "a value that is none of its schema")
        if source.tell() != len(body):
            raise Fault(f"a value with {len(body) - source.tell()} bytes behind its end")
        return decoded

    def decode_audit(self, value: bytes | None):
        """The body's bytes of an audit record and what they say, as audit_schema.py has it. Raises a Fault."""
        schema_id, body = _split(value)
        if schema_id not in self._audit:
            self._audit[schema_id] = known_audit_schema(self._text(schema_id))
        return body, decode_audit(self._audit[schema_id], body)


class ExportFile:
    """
    One file of audit records or checkpoints: an Avro object container, or lines of JSON (schemas and topic are those of the manifest then). Raises a
    Fault, or Unusable.
    """

    def __init__(self, path: str, named: str, manifest_schemas: Schemas | None = None, topic: str | None = None, size: int | None = None):
        self.path = path
        self.shown = named
        # What the manifest says is the file: behind it may be what an interrupted export has left.
        self.size = os.path.getsize(path) if size is None else size
        self.schemas = manifest_schemas
        self.topic = topic
        with open(path, "rb") as source:
            self.is_avro = source.read(len(MAGIC)) == MAGIC
            if self.is_avro:
                source.seek(0)
                self._read_header(source)
            elif manifest_schemas is None:
                raise Unusable(f"{named}: expected an Avro file of an export, or the folder of an export")

    def records(self):
        """In the order of the file."""
        return self._container() if self.is_avro else self._lines()

    def _read_header(self, source) -> None:
        header = _decoded(source, FILE_HEADER, f"{self.shown}: the header of an Avro container cannot be read")
        meta = header["meta"]
        try:
            self.topic = meta["policygate.topic"].decode()
            self.schemas = Schemas(json.loads(meta["policygate.schemas"]))
            typed = meta.get("policygate.schema_id")
            self.typed_id = None if typed is None else int(typed)
            value_field = json.loads(meta["avro.schema"])["fields"][-1]
            branches = value_field["type"]
            expected = ["null", "bytes"] + ([] if typed is None else [json.loads(self.schemas.texts[self.typed_id])])
        except Exception as error:
            raise Fault(f"{self.shown}: the header says nothing of topic and schemas, or nothing that can be read") from error
        if meta.get("avro.codec") != b"deflate" or value_field["name"] != "value" or branches != expected:
            raise Fault(f"{self.shown}: the header is none that `policygate export` writes")
        self.start = source.tell()
        self.sync = header["sync"]

    def _container(self):
        with open(self.path, "rb") as source:
            source.seek(self.start)
            while source.tell() < self.size:
                at = source.tell()
                where = f"{self.shown} at byte {at}"
                count = _decoded(source, "long", f"{where}: no block")
                length = _decoded(source, "long", f"{where}: no block")
                if count < 1 or not 0 <= length <= MOST_BLOCK_BYTES:
                    raise Fault(f"{where}: a block of {count} records and {length} bytes")
                deflated = source.read(length)
                if source.read(SYNC_BYTES) != self.sync:
                    raise Fault(f"{where}: the block does not end with the sync marker of the file")
                yield from self._block(_inflated(deflated, where), count, where)

    def _block(self, raw: bytes, count: int, where: str):
        block = io.BytesIO(raw)
        for number in range(1, count + 1):
            place = f"{where}, record {number} of the block"
            envelope = _decoded(block, ENVELOPE, f"{place}: cannot be read")
            value = self._value(block, raw, envelope, place)
            yield Record(envelope["partition"], envelope["offset"], value, place)
        if block.tell() != len(raw):
            raise Fault(f"{where}: bytes behind the last record of the block")

    def _value(self, block, raw: bytes, envelope, place: str) -> bytes | None:
        branch = envelope["branch"]
        if branch == NULL_BRANCH:
            return None
        if branch == BYTES_BRANCH:
            return _decoded(block, "bytes", f"{place}: cannot be read")
        if branch != TYPED_BRANCH or self.typed_id is None or envelope["schema_id"] != self.typed_id:
            raise Fault(f"{place}: a value of a kind that the header does not know")
        start = block.tell()
        _decoded(block, self.schemas.parsed(self.typed_id), f"{place}: a value that is none of its schema")
        # The bytes as they stand, not as another writer would write them again.
        return WIRE_HEADER.pack(0, self.typed_id) + raw[start : block.tell()]

    def _lines(self):
        with open(self.path, "rb") as source:
            number = 0
            while source.tell() < self.size:
                number += 1
                where = f"{self.shown} line {number}"
                try:
                    is_text_key = self.topic == AUDIT_CHECKPOINTS
                    partition, offset, value, shown_fault = read_line(source.readline(), self.topic, is_text_key, self._shown_value)
                except Fault as fault:
                    raise Fault(f"{where}: {fault}") from fault
                yield Record(partition, offset, value, where, shown_fault)

    def _shown_value(self, value: bytes | None) -> dict:
        if self.topic == AUDIT_RECORDS:
            return shown.audit_record(self.schemas.decode_audit(value)[1])
        try:
            return shown.checkpoint(self.schemas.decode(value))
        except (KeyError, TypeError, AttributeError) as error:
            raise Fault("no checkpoint") from error


class Export:
    """The folder of an export. Raises Unusable where there is no manifest that can be read."""

    def __init__(self, folder: str):
        self.folder = folder
        try:
            with open(os.path.join(folder, "manifest.json"), "rb") as source:
                manifest = read_json(source.read())
            if not isinstance(manifest, dict) or manifest["format"] != "policygate-export" or whole(manifest["format_version"]) != 1:
                raise ValueError("another format")
            self.schemas = Schemas(manifest["schemas"])
            self.shards = whole(manifest["shards"])
            if self.shards is None or self.shards > MOST_SHARDS:
                raise ValueError("shards: expected a whole number")
            self.is_complete = manifest["complete"] is True
            limits = manifest["filter"]
            # None: all.
            self.topics, self.run_id, self.day = limits["topics"], _text_or_none(limits["run_id"]), _text_or_none(limits["day"])
            if self.topics is not None:
                self.topics = [_checked(topic, str) for topic in _checked(self.topics, list)]
            self.files = [_file(file) for file in _checked(manifest["files"], list)]
        except OSError as error:
            raise Unusable(f"{folder}: expected an export with a manifest.json ({error.strerror})") from error
        except (ValueError, KeyError, TypeError) as error:
            raise Unusable(f"{folder}: expected an export with a manifest.json of format version 1 ({error})") from error

    def checksum_faults(self):
        """What is wrong with the files beside the manifest."""
        for file in self.files:
            path, named = self._path(file), file["path"]
            for part in file["partitions"]:
                if part["partition"] >= self.shards:
                    yield f"{named}: records of shard {part['partition']}, but the manifest says that there are {self.shards} shards"
            try:
                digest, read = hashlib.sha256(), 0
                with open(path, "rb") as source:
                    while read < file["bytes"] and (chunk := source.read(min(1 << 20, file["bytes"] - read))):
                        digest.update(chunk)
                        read += len(chunk)
            except OSError:
                yield f"{named}: the manifest names it, and it cannot be read: it was taken away"
                continue
            if read < file["bytes"]:
                yield f"{named}: {read} bytes, {file['bytes']} in the manifest: it was cut"
            elif digest.hexdigest() != file["sha256"]:
                yield f"{named}: its SHA-256 is {digest.hexdigest()}, {file['sha256']} in the manifest: it was changed"

    def records(self, topic: str, partition: int):
        """The records of a partition in the order of their offsets, whichever files they are in. Raises a Fault."""
        parts = []
        for number, file in enumerate(self.files):
            for part in file["partitions"]:
                if file["topic"] == topic and part["partition"] == partition:
                    parts.append((part["first_offset"], number, file, part))
        parts.sort(key=lambda part: part[:2])
        open_files = []
        while parts or open_files:
            # A file is opened when its first record is next: most of them are read one after the other.
            if parts and (not open_files or parts[0][0] < min(record.offset for record, _ in open_files)):
                _, _, file, part = parts.pop(0)
                reader = self._records_of(file, part)
                record = next(reader, None)
                if record is not None:
                    open_files.append((record, reader))
                continue
            index = min(range(len(open_files)), key=lambda at: open_files[at][0].offset)
            record, reader = open_files[index]
            yield record
            following = next(reader, None)
            if following is None:
                open_files.pop(index)
            else:
                open_files[index] = (following, reader)

    def _records_of(self, file, part):
        """Of one file, the records of one partition: as many, and with the offsets, that the manifest says."""
        named, partition = file["path"], part["partition"]
        path = self._path(file)
        if not os.path.isfile(path):
            raise Fault(f"{named}: the manifest names it, and it is not there")
        read = ExportFile(path, named, self.schemas, file["topic"], file["bytes"])
        if read.topic != file["topic"]:
            raise Fault(f"{named}: holds {read.topic}, in the manifest {file['topic']}")
        listed = {one["partition"] for one in file["partitions"]}
        count, last = 0, -1
        for record in read.records():
            if record.partition not in listed:
                raise Fault(f"{record.where}: a record of partition {record.partition}, of which the manifest says nothing")
            if record.partition != partition:
                continue
            if record.offset <= last or (count == 0 and record.offset != part["first_offset"]):
                raise Fault(f"{record.where}: offset {record.offset} after {last}: not what the manifest says")
            count, last = count + 1, record.offset
            yield record
        if count != part["records"] or last != part["last_offset"]:
            raise Fault(
                f"{named}: {count} records of partition {partition}, the last at offset {last}; "
                f"in the manifest {part['records']}, the last at {part['last_offset']}"
            )

    def _path(self, file) -> str:
        parts = file["path"].split("/")
        if os.path.isabs(file["path"]) or "\\" in file["path"] or "\0" in file["path"] or any(part in ("", ".", "..") for part in parts):
            raise Unusable(f"manifest.json: {file['path'][:200]!a} is no path within an export")
        return os.path.join(self.folder, *parts)


def _split(value: bytes | None):
    """The schema's id, and the body's bytes."""
    if value is None or len(value) < WIRE_HEADER.size or value[0] != 0:
        raise Fault("no Avro value: expected a zero byte and a schema id")
    return WIRE_HEADER.unpack_from(value)[1], value[WIRE_HEADER.size :]


def _file(file: dict) -> dict:
    """What the manifest says of a file. Raises ValueError, KeyError or TypeError."""
    parts = [
        {name: _whole(part[name]) for name in ("partition", "records", "first_offset", "last_offset")}
        for part in _checked(file["partitions"], list)
    ]
    texts = {name: _checked(file[name], str) for name in ("path", "topic", "sha256")}
    return {**texts, "bytes": _whole(file["bytes"]), "partitions": parts}


def _checked(value, kind):
    if not isinstance(value, kind):
        raise ValueError(f"expected a {kind.__name__}")
    return value


def _text_or_none(value) -> str | None:
    return None if value is None else _checked(value, str)


def _whole(value) -> int:
    count = whole(value)
    if count is None:
        raise ValueError("expected a whole number")
    return count


def _inflated(deflated: bytes, where: str) -> bytes:
    inflater = zlib.decompressobj(-15)
    try:
        raw = inflater.decompress(deflated, MOST_BLOCK_BYTES)
    except zlib.error as error:
        raise Fault(f"{where}: the block cannot be inflated") from error
    if not inflater.eof or inflater.unused_data:
        raise Fault(f"{where}: the block cannot be inflated to at most {MOST_BLOCK_BYTES} bytes")
    return raw


def _decoded(source, schema, message: str):
    try:
        return schemaless_reader(source, schema)
    except Exception as error:  # bytes may be anything, and so is what a decoder says of them
        raise Fault(message) from error
