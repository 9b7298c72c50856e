"""For the tests: writes the records on stdin, one JSON line each ({"topic", "key", "value"}, bytes as base64 or null), with librdkafka as a foreign
producer would, and prints where each one went: {"partition", "offset"}, in the order given.
"""

import argparse
import base64
import json
import os
import sys

from confluent_kafka import Producer

options = argparse.ArgumentParser()
options.add_argument("--compression", default="none")
given = options.parse_args()

producer = Producer(
    {
        "bootstrap.servers": os.environ["KAFKA_BROKERS"],
        "partitioner": "murmur2_random",
        "compression.type": given.compression,
        "linger.ms": 100,  # several records in one batch: there is something to compress
    }
)


def bytes_of(text):
    return None if text is None else base64.b64decode(text)


places = []
for number, line in enumerate(sys.stdin):
    record = json.loads(line)
    places.append(None)

    def delivered(error, message, number=number):
        if error is not None:
            raise SystemExit(f"record {number}: {error}")
        places[number] = {"partition": message.partition(), "offset": message.offset()}

    producer.produce(record["topic"], key=bytes_of(record["key"]), value=bytes_of(record["value"]), on_delivery=delivered)
    producer.poll(0)
producer.flush(30)
for place in places:
    print(json.dumps(place))
