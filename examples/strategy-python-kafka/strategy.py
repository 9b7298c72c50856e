"""Publishes the order intents on stdin, one JSON document a line, and prints the gate's decision for each.

    KAFKA_BROKERS=127.0.0.1:9092 SCHEMA_REGISTRY_URL=http://127.0.0.1:8081 python strategy.py --run r-1 < intents.jsonl

The run must have been started (`policygate runs start`). Run it again with the same lines whenever you do not know what became of them: an
intent_id is decided once in its run, and the decision that was made is found again.
"""

import argparse
import os
import sys
import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, Producer, TopicPartition

from wire import Subject, from_json, to_json

PREFIX = os.environ.get("POLICYGATE_TOPIC_PREFIX", "")
BROKERS = os.environ["KAFKA_BROKERS"]
REGISTRY = os.environ["SCHEMA_REGISTRY_URL"]


def publish(run_id: str, intents: list[dict], timeout: float) -> int:
    """Publishes all of them, in order; answers with the partition of the run."""
    schema = Subject(REGISTRY, f"{PREFIX}order-intents-value")
    producer = Producer(
        {
            "bootstrap.servers": BROKERS,
            # A run lives in one partition, found by murmur2 of its id. librdkafka's default is another hash: without this line every intent
            # is denied with "Run is unknown on shard".
            "partitioner": "murmur2_random",
            # No gap and no doubles while this producer lives, and the order is kept.
            "enable.idempotence": True,
            "delivery.timeout.ms": int(timeout * 1000),
        }
    )
    reports = []
    for intent in intents:
        producer.produce(
            f"{PREFIX}order-intents",
            key=run_id.encode("utf-8"),
            value=schema.encode(intent),
            on_delivery=lambda error, message: reports.append((error, message)),
        )
        producer.poll(0)
    producer.flush(timeout)
    errors = [error for error, _ in reports if error is not None]
    if errors or len(reports) < len(intents):
        # They may be in the log or not. The same lines again are safe: an intent that is there already is on record as a repeat, no more.
        raise SystemExit(f"not all were acknowledged ({errors[0] if errors else 'time-out'}): run this again")
    return reports[0][1].partition()


def decisions(run_id: str, partition: int, wanted: set[str], timeout: float):
    """Yields the decision of each wanted intent, as it comes."""
    schema = Subject(REGISTRY, f"{PREFIX}decisions-value")
    consumer = Consumer(
        {
            "bootstrap.servers": BROKERS,
            "group.id": f"{PREFIX}strategy-{run_id}",  # librdkafka wants one; with assign() there is no group
            "enable.auto.commit": False,
            # What was not committed never happened: read_uncommitted shows decisions that nobody made.
            "isolation.level": "read_committed",
        }
    )
    # Decisions are in the partition of their run. From the beginning, since a repeated intent was decided before; on a long log start from
    # consumer.offsets_for_times() with the time at which the run began.
    consumer.assign([TopicPartition(f"{PREFIX}decisions", partition, OFFSET_BEGINNING)])
    deadline = time.monotonic() + timeout
    try:
        while wanted and time.monotonic() < deadline:
            message = consumer.poll(0.5)
            if message is None:
                continue
            if message.error():
                raise KafkaException(message.error())
            decision = schema.decode(message.value())
            if decision["run_id"] == run_id and decision["intent_id"] in wanted:
                wanted.remove(decision["intent_id"])
                yield decision
    finally:
        consumer.close()


def main() -> None:
    options = argparse.ArgumentParser(description="Publish order intents from stdin (JSON lines) and print the decisions.")
    options.add_argument("--run", required=True, help="the run's id")
    options.add_argument("--timeout", type=float, default=30, help="seconds to wait, for the log and for the decisions")
    given = options.parse_args()
    intents = [from_json(line) for line in sys.stdin if line.strip()]
    if not intents:
        return
    partition = publish(given.run, intents, given.timeout)
    wanted = {intent["intent_id"] for intent in intents}
    for decision in decisions(given.run, partition, wanted, given.timeout):
        print(to_json(decision), flush=True)
    if wanted:
        raise SystemExit(f"no decision within {given.timeout:g} s for {', '.join(sorted(wanted))}: is a processor running?")


if __name__ == "__main__":
    main()
