/** Fetch, version 11, as this bus speaks it. Source: Kafka's protocol guide. */
import fetchRequest from 'kafkajs/src/protocol/requests/fetch/v11/request';
import type { AbortedTransaction } from './committedRecords';
import type { ApiRequest } from './internals';
import { READ_COMMITTED } from './internals';
import { WireReader } from './wire';

export interface FetchPartition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface FetchOptions {
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly maxPartitionBytes: number;
}

export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly aborted: readonly AbortedTransaction[];
  /** Record batches, one behind the other. */
  readonly recordSet: Buffer;
}

/** Beside what the broker may wait by itself. */
const ANSWER_MS = 5_000;

export const fetchOf = (
  partitions: readonly FetchPartition[],
  { maxWaitMs, maxBytes, maxPartitionBytes }: FetchOptions,
): ApiRequest<FetchResponse> => {
  const byTopic = new Map<string, { partition: number; fetchOffset: string; maxBytes: number }[]>();
  for (const { topic, partition, offset } of partitions) {
    const of = byTopic.get(topic) ?? [];
    of.push({ partition, fetchOffset: String(offset), maxBytes: maxPartitionBytes });
    byTopic.set(topic, of);
  }
  return {
    request: fetchRequest({
      replicaId: -1,
      maxWaitTime: maxWaitMs,
      minBytes: 1,
      maxBytes,
      isolationLevel: READ_COMMITTED,
      topics: [...byTopic].map(([topic, ofTopic]) => ({ topic, partitions: ofTopic })),
    }),
    response: { decode: decodeFetch, parse: (decoded) => decoded },
    requestTimeout: maxWaitMs + ANSWER_MS,
  };
};

export interface FetchResponse {
  /** kafkajs waits so long before the next request. */
  readonly clientSideThrottleTime: number;
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
}

const decodeFetch = (payload: Buffer): FetchResponse => {
  const cursor = new WireReader(payload);
  const clientSideThrottleTime = cursor.int32();
  const errorCode = cursor.int16();
  cursor.int32(); // session id: none is kept
  const partitions: FetchedPartition[] = [];
  for (let topics = cursor.int32(); topics > 0; topics--) {
    const topic = cursor.text();
    for (let count = cursor.int32(); count > 0; count--) partitions.push(partitionOf(topic, cursor));
  }
  return { clientSideThrottleTime, errorCode, partitions };
};

const partitionOf = (topic: string, cursor: WireReader): FetchedPartition => {
  const partition = cursor.int32();
  const errorCode = cursor.int16();
  cursor.int64(); // high watermark
  cursor.int64(); // last stable offset
  cursor.int64(); // log start offset
  const aborted: AbortedTransaction[] = [];
  for (let count = cursor.int32(); count > 0; count--) {
    const producerId = cursor.int64();
    aborted.push({ producerId, firstOffset: Number(cursor.int64()) });
  }
  cursor.int32(); // preferred read replica: the leader answers
  return { topic, partition, errorCode, aborted, recordSet: cursor.bytes() };
};
