/**
 * Metadata 8 and DescribeGroups 3: the versions that say which operations are allowed, which kafkajs does not speak; and FindCoordinator 1, whose
 * refusal it does not pass on. Source: Kafka's protocol guide.
 */
import Decoder from 'kafkajs/src/protocol/decoder';
import Encoder from 'kafkajs/src/protocol/encoder';
import { createErrorFromCode } from 'kafkajs/src/protocol/error';
import type { ApiRequest } from './internals';

/** kafkajs's reader, as far as it is used here. */
interface Fields {
  readInt16(): number;
  readInt32(): number;
  readBoolean(): boolean;
  readString(): string | null;
  readBytes(): Buffer | null;
  readArray<T>(reader: (fields: Fields) => T): T[];
}

/** As bits. */
export interface AllowedOperations {
  /** By name; none on a topic that is hidden; undefined: there is no such topic. */
  readonly topics: ReadonlyMap<string, number | undefined>;
  readonly cluster: number;
}

/** The operations on these topics, and on the cluster. */
export const allowedOperations = (names: readonly string[]): ApiRequest<AllowedOperations> =>
  // No topic is made by asking.
  requestOf('Metadata', 3, 8, () => encodedNames(names).writeBuffer(Buffer.of(0, 1, 1)), operationsOf);

/** The operations on one group, as bits. Throws the broker's error where it refuses. */
export const groupOperations = (group: string): ApiRequest<number> =>
  requestOf('DescribeGroups', 15, 3, () => encodedNames([group]).writeBuffer(Buffer.of(1)), groupOf);

export const GROUP_COORDINATOR = 0;
export const TRANSACTION_COORDINATOR = 1;

/** Throws the broker's error where this user may not know of the group or the transactional id: kafkajs itself says only that nobody was found. */
export const mayFind = (key: string, kind: number): ApiRequest<true> =>
  requestOf('FindCoordinator', 10, 1, () => new Encoder().writeString(key).writeBuffer(Buffer.of(kind)), refusalOf);

const requestOf = <T>(
  apiName: string,
  apiKey: number,
  apiVersion: number,
  encode: () => Encoder,
  decode: (decoder: Fields) => T,
): ApiRequest<T> => ({
  // eslint-disable-next-line @typescript-eslint/require-await -- kafkajs awaits it
  request: { apiName, apiKey, apiVersion, encode: async () => encode() },
  response: { decode: (payload) => decode(new Decoder(payload) as unknown as Fields), parse: (decoded) => decoded },
});

const encodedNames = (names: readonly string[]): Encoder =>
  names.reduce((encoder, name) => encoder.writeString(name), new Encoder().writeInt32(names.length));

const int32 = (decoder: Fields): number => decoder.readInt32();

const refusalOf = (decoder: Fields): true => {
  decoder.readInt32(); // throttle time
  const errorCode = decoder.readInt16();
  if (errorCode === GROUP_REFUSED || errorCode === TRANSACTIONAL_ID_REFUSED) throw createErrorFromCode(errorCode);
  return true;
};

const GROUP_REFUSED = 30;
const TRANSACTIONAL_ID_REFUSED = 53;

const operationsOf = (decoder: Fields): AllowedOperations => {
  decoder.readInt32(); // throttle time
  decoder.readArray(brokerOf);
  decoder.readString(); // cluster id
  decoder.readInt32(); // controller
  return { topics: new Map(decoder.readArray(topicOf)), cluster: decoder.readInt32() };
};

const brokerOf = (decoder: Fields): void => {
  decoder.readInt32();
  decoder.readString(); // host
  decoder.readInt32();
  decoder.readString(); // rack
};

const UNKNOWN_TOPIC_OR_PARTITION = 3;

const topicOf = (decoder: Fields): readonly [string, number | undefined] => {
  const errorCode = decoder.readInt16();
  const name = decoder.readString() ?? '';
  decoder.readBoolean(); // internal
  decoder.readArray(partitionOf);
  const operations = decoder.readInt32();
  if (errorCode === UNKNOWN_TOPIC_OR_PARTITION) return [name, undefined];
  return [name, errorCode === 0 ? operations : 0];
};

const partitionOf = (decoder: Fields): void => {
  decoder.readInt16();
  for (let field = 0; field < 3; field++) decoder.readInt32(); // partition, leader, its epoch
  for (let list = 0; list < 3; list++) decoder.readArray(int32); // replicas, those in sync, those offline
};

const groupOf = (decoder: Fields): number => {
  decoder.readInt32(); // throttle time
  const [group] = decoder.readArray((one) => {
    const errorCode = one.readInt16();
    for (let field = 0; field < 4; field++) one.readString(); // id, state, protocol and its data
    one.readArray(memberOf);
    return { errorCode, operations: one.readInt32() };
  });
  if (group === undefined) throw new Error('no group came back');
  if (group.errorCode !== 0) throw createErrorFromCode(group.errorCode);
  return group.operations;
};

const memberOf = (decoder: Fields): void => {
  for (let field = 0; field < 3; field++) decoder.readString(); // member, client, host
  decoder.readBytes(); // metadata
  decoder.readBytes(); // assignment
};
