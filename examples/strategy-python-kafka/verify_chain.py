"""Proves, with nothing of the gate's own code, that no audit record was altered, dropped or put in between. Prints one line for each run.

    KAFKA_BROKERS=127.0.0.1:9092 SCHEMA_REGISTRY_URL=http://127.0.0.1:8081 python verify_chain.py [--records]

Exit 1: a chain is broken; the line says where. Keep the last hash of a run somewhere else: it is what shows that the end was not cut off.
"""

import argparse
import hashlib
import os

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition

from wire import HEADER, Subject, to_json

PREFIX = os.environ.get("POLICYGATE_TOPIC_PREFIX", "")
BROKERS = os.environ["KAFKA_BROKERS"]
REGISTRY = os.environ["SCHEMA_REGISTRY_URL"]
HASH_BYTES = 32


def records(topic: str):
    """Every committed message of the topic, up to its end."""
    consumer = Consumer(
        {
            "bootstrap.servers": BROKERS,
            "group.id": f"{PREFIX}verify-chain",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    try:
        unread = set(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in unread])
        while unread:
            message = consumer.poll(10)
            if message is None:
                raise SystemExit(f"{topic}: nothing came for 10 s")
            if message.error() is None:
                yield message
            elif message.error().code() == KafkaError._PARTITION_EOF:
                unread.discard(message.partition())
            else:
                raise KafkaException(message.error())
    finally:
        consumer.close()


def main() -> None:
    options = argparse.ArgumentParser(description="Verify the hash chains of the audit records.")
    options.add_argument("--records", action="store_true", help="print every record, too")
    given = options.parse_args()
    schema = Subject(REGISTRY, f"{PREFIX}audit-records-value")
    chains = {}
    for message in records(f"{PREFIX}audit-records"):
        where = f"{message.topic()}/{message.partition()}@{message.offset()}"
        record = schema.decode(message.value())
        if given.records:
            print(to_json(record))
        run = record["run_id"]
        seq, last_hash = chains.get(run, (-1, bytes(HASH_BYTES)))
        if record["seq"] != seq + 1:
            raise SystemExit(f"{where}: run {run} has seq {record['seq']} after {seq}")
        if record["prev_hash"] != last_hash:
            raise SystemExit(f"{where}: run {run}, seq {record['seq']} does not follow from the record before")
        # `hash` is the last field of every version of the schema, so the hashed bytes are the body as it stands, without its last 32.
        hashed = message.value()[HEADER.size : -HASH_BYTES]
        if hashlib.sha256(last_hash + hashed).digest() != record["hash"]:
            raise SystemExit(f"{where}: run {run}, seq {record['seq']} was altered: its hash is another")
        chains[run] = (record["seq"], record["hash"])
    for run, (seq, last_hash) in sorted(chains.items()):
        print(to_json({"run_id": run, "records": seq + 1, "last_hash": last_hash}))


if __name__ == "__main__":
    main()
