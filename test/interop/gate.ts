/** The gate on the cluster under test, in this process: topics and subjects of its own, and a processor for every shard. */
import { openClient } from '../../src/bus/kafka/client';
import { openKafkaBus } from '../../src/bus/kafka/kafkaBus';
import type { KafkaOptions } from '../../src/bus/kafka/options';
import { topicName } from '../../src/bus/kafka/options';
import { registeredSchemas, registerSchemas } from '../../src/bus/kafka/schemaRegistry';
import { controlRecords, priceRecords } from '../../src/apps/publishing/lineForms';
import { processorWork } from '../../src/apps/service/works';
import { Codec } from '../../src/contracts/avro/codec';
import { decimal } from '../../src/contracts/decimal';
import type { ControlPayload } from '../../src/contracts/messages';
import type { Topic } from '../../src/contracts/topics';
import type { Bus, BusRecord, OutgoingRecord } from '../../src/processor/bus';
import { recordsTo } from '../../src/processor/readTo';
import { freshTopics } from '../support/kafka/freshTopics';
import { kafkaUnderTest } from '../support/kafka/kafkaUnderTest';
import { settled, testService } from '../support/services';
import type { TestService } from '../support/services';
import { policyText } from '../support/shard';
import { portfolioOf } from '../support/situations';

export interface GateOptions {
  readonly shards?: number;
  readonly kafka?: Partial<KafkaOptions>;
  /** Where the registry is reached; else where the tests have it. */
  readonly registryUrl?: string;
}

export class Gate {
  /** For child processes. */
  readonly environment: Readonly<Record<string, string>>;
  private processors: TestService | undefined;

  private constructor(
    readonly options: KafkaOptions,
    readonly bus: Bus,
    readonly codec: Codec,
    readonly registryUrl: string,
  ) {
    this.environment = {
      KAFKA_BROKERS: options.brokers.join(','),
      SCHEMA_REGISTRY_URL: registryUrl,
      POLICYGATE_TOPIC_PREFIX: options.topicPrefix,
      POLICYGATE_INPUT_TIMESTAMPS: options.inputTimestamps,
    };
  }

  static async open({ shards = 1, kafka = {}, registryUrl = kafkaUnderTest().registryUrl }: GateOptions = {}): Promise<Gate> {
    const options = await freshTopics(kafka, shards);
    await registerSchemas({ url: registryUrl }, options.topicPrefix);
    const codec = new Codec(await registeredSchemas({ url: registryUrl }, options.topicPrefix));
    return new Gate(options, await openKafkaBus(options), codec, registryUrl);
  }

  /** Takes every shard over. */
  start(): Promise<TestService> {
    const { bus, codec, options } = this;
    const brokerStamps = options.inputTimestamps === 'LogAppendTime';
    const work = { codec, batchRecords: 500, brokerStamps, waitMs: 50 };
    const shards = Array.from({ length: bus.shards }, (_, shard) => shard);
    const processors = testService(bus, (metrics) => processorWork({ ...work, metrics }), shards);
    this.processors = processors;
    return processors.service.start().then(() => processors);
  }

  /** Until everything that was published is folded. */
  async settle(): Promise<void> {
    const { bus, processors } = this;
    if (processors === undefined) throw new TypeError('start it first');
    try {
      await settled(bus, [processors]);
    } catch (error) {
      // Why the shard is dropped again and again says more than that it is not at the end.
      const [trouble] = processors.log.lines.filter(({ level }) => level === 'warn' || level === 'error');
      throw trouble === undefined ? error : new Error(`${trouble.message}: ${JSON.stringify(trouble.fields)}`, { cause: error });
    }
  }

  /** Starts a run with 100,000 of equity and these prices. */
  async startRun(runId: string, prices: Readonly<Record<string, string>>, policy = policyText()): Promise<void> {
    const timestamp = Date.now();
    const target = { codec: this.codec, shards: this.bus.shards };
    const market = Object.entries(prices).map(([symbol, price]) => ({ symbol, price: decimal(price) }));
    const payload: ControlPayload = {
      type: 'RunStarted',
      account_id: 'acct_1',
      policy_text: policy,
      portfolio: portfolioOf(),
      execution: {
        orders_last_60s_global: 0,
        orders_last_60s_by_strategy: new Map(),
        violations_last_window: [],
        kill_switch_active: false,
      },
      equity_mode: 'fixed',
    };
    const control = { actor: 'desk', reason: 'the day begins', payload };
    await this.publish([...priceRecords(target, market, timestamp), ...controlRecords(target, runId, control, timestamp)]);
    await this.settle();
  }

  async publish(records: readonly OutgoingRecord[]): Promise<void> {
    const writer = await this.bus.writer('test');
    await writer.commit(records);
    await writer.close();
  }

  /** What a topic holds, partition by partition. */
  async records(topic: Topic): Promise<readonly BusRecord[]> {
    const records: BusRecord[] = [];
    for (let partition = 0; partition < this.bus.shards; partition++)
      for await (const record of recordsTo(this.bus, { topic, partition, offset: 0 })) records.push(record);
    return records;
  }

  nameOf(topic: Topic): string {
    return topicName(this.options, topic);
  }

  /** A client of Kafka that knows nothing of the gate. */
  client(): ReturnType<typeof openClient> {
    return openClient(this.options);
  }

  async stop(): Promise<void> {
    await this.processors?.service.stop();
    await this.bus.close();
  }
}
