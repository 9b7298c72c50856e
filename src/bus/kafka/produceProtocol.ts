/** Produce, version 7, with batches that are encoded already. Source: Kafka's protocol guide. */
import Encoder from 'kafkajs/src/protocol/encoder';
import { createErrorFromCode } from 'kafkajs/src/protocol/error';
import type { ApiRequest } from './internals';
import { WireReader } from './wire';

export interface ProducedBatch {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
}

export interface ProduceResponse {
  readonly clientSideThrottleTime: number;
  /** Offset of each batch's first record, in the order of the batches. */
  readonly baseOffsets: readonly number[];
}

const PRODUCE = 0;
const VERSION = 7;
/** Every replica that is in sync has it. */
const ACKS_FROM_ALL = -1;

/** At most one batch of each partition. Its parse throws the broker's error for the first partition that was refused. */
export const produceOf = (
  transactionalId: string,
  batches: readonly ProducedBatch[],
  timeoutMs: number,
): ApiRequest<ProduceResponse> => ({
  request: {
    apiKey: PRODUCE,
    apiVersion: VERSION,
    apiName: 'Produce',
    expectResponse: () => true,
    // eslint-disable-next-line @typescript-eslint/require-await -- kafkajs awaits it
    encode: async () => encodeProduce(transactionalId, batches, timeoutMs),
  },
  response: {
    decode: (payload) => decodeProduce(payload, batches),
    parse: (decoded) => decoded,
  },
});

const encodeProduce = (transactionalId: string, batches: readonly ProducedBatch[], timeoutMs: number): Encoder => {
  const byTopic = new Map<string, ProducedBatch[]>();
  for (const batch of batches) {
    const ofTopic = byTopic.get(batch.topic);
    if (ofTopic === undefined) byTopic.set(batch.topic, [batch]);
    else ofTopic.push(batch);
  }
  const encoder = new Encoder()
    .writeString(transactionalId)
    .writeInt16(ACKS_FROM_ALL)
    .writeInt32(timeoutMs)
    .writeInt32(byTopic.size);
  for (const [topic, ofTopic] of byTopic) {
    encoder.writeString(topic).writeInt32(ofTopic.length);
    for (const { partition, bytes } of ofTopic) encoder.writeInt32(partition).writeInt32(bytes.length).writeBuffer(bytes);
  }
  return encoder;
};

const decodeProduce = (payload: Buffer, batches: readonly ProducedBatch[]): ProduceResponse => {
  const reader = new WireReader(payload);
  const offsets = new Map<string, number>();
  for (let topics = reader.int32(); topics > 0; topics--) {
    const topic = reader.text();
    for (let count = reader.int32(); count > 0; count--) {
      const partition = reader.int32();
      const errorCode = reader.int16();
      if (errorCode !== 0) throw createErrorFromCode(errorCode);
      offsets.set(`${topic}/${partition}`, Number(reader.int64()));
      reader.int64(); // log append time
      reader.int64(); // log start offset
    }
  }
  const baseOffsets = batches.map(({ topic, partition }) => {
    const offset = offsets.get(`${topic}/${partition}`);
    if (offset === undefined) throw new Error(`no offset came back for ${topic}/${partition}`);
    return offset;
  });
  return { clientSideThrottleTime: reader.int32(), baseOffsets };
};
