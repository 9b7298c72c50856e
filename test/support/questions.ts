/** The routes that ask and steer, on a bus in memory with processors that decide, a live view that follows and the server in front: all of them real. */
import { Registry } from 'prom-client';
import { questionRoutes } from '../../src/apps/http/routes/questionRoutes';
import type { QuestionOptions } from '../../src/apps/http/routes/questionOptions';
import type { ApiAnswer, ApiRequest, Caller, Role, Route } from '../../src/apps/http/route';
import { openServer } from '../../src/apps/http/server';
import type { HttpServer } from '../../src/apps/http/server';
import { Tokens } from '../../src/apps/http/tokens';
import { LiveLog } from '../../src/apps/live/liveLog';
import { openMemoryBus } from '../../src/bus/memory/memoryBus';
import { AUDIT_RECORDS, EVERY_RUN, EXECUTION_EVENTS, INPUT_TOPICS, MARKET_PRICES, partitionOf } from '../../src/contracts/topics';
import { isInputTopic, POSITION_FIELD } from '../../src/processor/inputs';
import type { OutgoingRecord } from '../../src/processor/bus';
import { Processor } from '../../src/processor/processor';
import { endsOf, TestLog, until } from './services';
import { START, TestShard } from './shard';

export interface QuestionRigOptions {
  readonly shards?: number;
  /** Of the server; undefined: anybody may ask. */
  readonly tokens?: string;
  readonly options?: Partial<QuestionOptions>;
}

export interface Answered {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly bytes: Buffer;
}

const opened: QuestionRig[] = [];
export const closeRigs = async (): Promise<void> => {
  for (const rig of opened.splice(0)) await rig.close();
};

export class QuestionRig {
  /** What the routes take for now, ms. */
  now = START;
  private stopped = false;
  private paused = false;
  private loop: Promise<void> | undefined;

  private constructor(
    readonly shard: TestShard,
    readonly live: LiveLog,
    private readonly processors: readonly Processor[],
    readonly routes: readonly Route[],
    private readonly server: HttpServer,
  ) {}

  static async open({ shards = 1, tokens, options = {} }: QuestionRigOptions = {}): Promise<QuestionRig> {
    const bus = openMemoryBus({ shards });
    const shard = new TestShard(bus);
    const { codec } = shard;
    const log = new TestLog();
    const processors = await Promise.all(
      Array.from({ length: shards }, (_, partition) =>
        Processor.takeOver({
          bus,
          codec,
          partition,
          owner: 'owner',
          engineVersion: '0.0.0-test',
          stopwatch: { now: () => '', timed: (work) => ({ value: work(), measured: { recordedAt: '', evalMs: 0.25 } }) },
          observer: {},
        }),
      ),
    );
    const live = LiveLog.open({ bus, codec, log });
    await live.start();
    const held: { rig?: QuestionRig } = {};
    const routes = questionRoutes({
      bus,
      codec,
      live,
      log,
      defaultRun: () => 'r-1',
      allowSenderPrices: false,
      publicKey: undefined,
      hasTokens: tokens !== undefined,
      watchedPolicy: () => undefined,
      now: () => held.rig?.now ?? START,
      ...options,
    });
    const server = await openServer({
      routes,
      tokens: tokens === undefined ? undefined : await Tokens.open({ file: tokens }),
      host: '127.0.0.1',
      port: 0,
      tls: undefined,
      rateLimit: 0,
      assetsDirectory: undefined,
      registry: new Registry(),
      log,
      logRequests: false,
    });
    const rig = new QuestionRig(shard, live, processors, routes, server);
    held.rig = rig;
    opened.push(rig);
    rig.loop = rig.decide();
    return rig;
  }

  /** Nothing is folded until `resume`. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  /** Publishes each to the shard of its key, and waits until the live view shows what came of it. */
  async feed(...records: readonly OutgoingRecord[]): Promise<void> {
    const { bus } = this.shard;
    for (const record of records) await this.shard.publish(...copies(this.shard, record, bus.shards));
    await this.settled();
  }

  /** Everything that came is folded, and the live view shows it. */
  async settled(): Promise<void> {
    const { bus } = this.shard;
    const ends = await endsOf(bus, [...INPUT_TOPICS, AUDIT_RECORDS]);
    await until('the live view is current', () =>
      ends.every(({ topic, partition, offset }) =>
        topic === AUDIT_RECORDS
          ? (this.live.position()[partition] ?? 0) >= offset
          : isInputTopic(topic) && (this.live.shards[partition]?.positions[POSITION_FIELD[topic]] ?? 0) >= offset,
      ),
    );
    // What was folded has left its records behind; they are read along with the state.
    await until('the journal is current', async () => {
      const journal = await endsOf(bus, [AUDIT_RECORDS]);
      return journal.every(({ partition, offset }) => (this.live.position()[partition] ?? 0) >= offset);
    });
  }

  async ask(
    method: Route['method'],
    url: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answered> {
    const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await this.server.app.inject({
      method,
      url,
      headers: { host: 'localhost', ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(payload === undefined ? {} : { payload }),
    });
    return { status: answer.statusCode, text: answer.payload, headers: answer.headers, bytes: answer.rawPayload };
  }

  /** Past the server, for answers without an end. */
  handle(
    operationId: string,
    request: Partial<ApiRequest> & { readonly headers?: Readonly<Record<string, string>> },
  ): Promise<ApiAnswer> {
    const route = this.routes.find((each) => each.operationId === operationId);
    if (route === undefined) throw new Error(`there is no operation ${operationId}`);
    const { headers = {}, ...given } = request;
    const asked: ApiRequest = {
      params: {},
      query: {},
      header: (name) => headers[name],
      body: Buffer.alloc(0),
      caller: callerOf('read'),
      signal: new AbortController().signal,
      ...given,
    };
    return Promise.resolve(route.handle(asked));
  }

  async close(): Promise<void> {
    await this.server.close();
    this.stopped = true;
    await this.loop;
    await this.live.stop();
    await this.shard.bus.close();
  }

  private async decide(): Promise<void> {
    while (!this.stopped) {
      for (const processor of this.processors) if (!this.paused) await processor.step({ maxRecords: 100, maxWaitMs: 0 });
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

/** Prices, and what is meant for every run, go to every shard. */
const copies = ({ codec }: TestShard, record: OutgoingRecord, shards: number): readonly OutgoingRecord[] => {
  const { topic, key } = record;
  const everywhere = topic === MARKET_PRICES || (key !== null && Buffer.from(key).toString() === EVERY_RUN);
  if (everywhere) return Array.from({ length: shards }, (_, partition) => ({ ...record, partition }));
  const about = topic === EXECUTION_EVENTS ? codec.decodeKey(topic, key) : undefined;
  const run = about?.ok === true ? Buffer.from(about.value.run_id) : (key ?? new Uint8Array());
  return [{ ...record, partition: partitionOf(run, shards) }];
};

export const callerOf = (role: Role, ...strategies: readonly string[]): Caller => ({
  name: 'test',
  roles: new Set([role]),
  strategies: strategies.length === 0 ? undefined : new Set(strategies),
});
