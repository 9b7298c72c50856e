/**
 * The parts of kafkajs 2.2.4 that have no public types. Its consumer cannot be given partitions, hands out aborted records and never says how far
 * it has read past records that are no more, so readers speak the Fetch request themselves, over kafkajs's connections, authentication and
 * metadata. Why: docs/adr/0006-kafka-bus.md. The version is pinned exactly, and checked here.
 */
import type { Kafka } from 'kafkajs';
import { version } from 'kafkajs/package.json';
import { openEndableClient } from './endableClient';
import type { KafkaOptions } from './options';

const KNOWN_VERSION = '2.2.4';

export interface ApiRequest<T> {
  readonly request: object;
  readonly response: { readonly decode: (payload: Buffer) => T | Promise<T>; readonly parse: (decoded: T) => T };
  readonly requestTimeout?: number;
}

export interface Broker {
  readonly nodeId: string | number;
  readonly connectionPool: { send<T>(request: ApiRequest<T>): Promise<T> };
  initProducerId(request: {
    readonly transactionalId: string;
    readonly transactionTimeout: number;
  }): Promise<{ readonly producerId: string; readonly producerEpoch: number }>;
  addPartitionsToTxn(
    request: ProducerIds & { readonly topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[] },
  ): Promise<unknown>;
  endTxn(request: ProducerIds & { readonly transactionResult: boolean }): Promise<unknown>;
  listOffsets(request: {
    readonly replicaId: number;
    readonly isolationLevel: number;
    readonly topics: readonly { topic: string; partitions: readonly { partition: number; timestamp: string | number }[] }[];
  }): Promise<{
    readonly responses: readonly {
      topic: string;
      partitions: readonly { partition: number; errorCode: number; offset: string }[];
    }[];
  }>;
}

interface ProducerIds {
  readonly transactionalId: string;
  readonly producerId: string;
  readonly producerEpoch: number;
}

interface PartitionMetadata {
  readonly partitionId: number;
  readonly leader: number;
  readonly partitionErrorCode: number;
}

export interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
  findTopicPartitionMetadata(topic: string): readonly PartitionMetadata[];
  findBroker(node: { readonly nodeId: number }): Promise<Broker>;
  findGroupCoordinator(of: { readonly groupId: string; readonly coordinatorType: number }): Promise<Broker>;
}

export const TRANSACTION_COORDINATOR = 1;

/** Node id of a partition's leader, as the cluster's metadata last said. */
export const leaderOf = (cluster: Cluster, name: string, partition: number): number => {
  const metadata = cluster.findTopicPartitionMetadata(name).find(({ partitionId }) => partitionId === partition);
  if (metadata === undefined || metadata.leader < 0) throw new Error(`${name}/${partition} has no leader`);
  return metadata.leader;
};

/** A cluster with the connections of a client. */
export const createCluster = (client: Kafka): Cluster => {
  if (version !== KNOWN_VERSION)
    throw new Error(`kafkajs ${version}: expected ${KNOWN_VERSION}; its internals must be checked again`);
  const symbol = Object.getOwnPropertySymbols(client).find(({ description }) => description === 'private:Kafka:createCluster');
  const create = symbol === undefined ? undefined : (client as unknown as Record<symbol, (options: object) => Cluster>)[symbol];
  if (create === undefined) throw new Error('kafkajs has no way to create a cluster');
  return create({ metadataMaxAge: 300_000, allowAutoTopicCreation: false, isolationLevel: READ_COMMITTED });
};

/** A cluster whose connections can be ended. */
export interface OwnCluster {
  readonly cluster: Cluster;
  /** Ends its connections at once, and every request that waits for an answer. kafkajs's `disconnect` waits for those. */
  readonly discard: () => void;
}

/** Connects nothing yet. */
export const ownCluster = (options: KafkaOptions): OwnCluster => {
  const { client, discard } = openEndableClient(options);
  const cluster = createCluster(client);
  return {
    cluster,
    discard: () => {
      discard();
      void cluster.disconnect().catch(() => undefined);
    },
  };
};

export const READ_UNCOMMITTED = 0;
export const READ_COMMITTED = 1;
