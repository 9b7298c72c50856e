/**
 * A chain of cells on one data directory and one broker: orders, a kind of trouble at the broker, a process that is killed, and again, with each kill
 * in turn; then everything goes on without faults until all has ended, and is judged.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ENGINE_VERSION, openSession, realStopwatch } from '../../../src/apps/session';
import type { Codec } from '../../../src/contracts/avro/codec';
import type { OutgoingRecord } from '../../../src/processor/bus';
import { Processor } from '../../../src/processor/processor';
import { checkLog } from '../../checks/checkLog';
import { DecodedLog } from '../../checks/decodedLog';
import { Findings } from '../../checks/findings';
import type { OrderLog } from '../../checks/orders/orderLog';
import { orderLogOf } from '../../checks/orders/orderLog';
import { logOf } from '../../checks/rawLog';
import { Random } from '../../support/random';
import { OrderFlow } from './flow';
import type { Kill } from './kills';
import { hasEnded, outcomeOf, unknownOf } from './outcome';
import type { ChainOutcome } from './outcome';
import type { Figures } from './program';
import { RunningProgram } from './program';
import type { TroubleAtBroker } from './troubles';
import { judge } from './verdict';
import type { Tripped } from './verdict';
import { CANCEL_TAKES_MS, endOfDay, finishCancels, mayStayUnknown, openVenue } from './venue';
import type { DialectName, Venue } from './venue';

export interface ChainOptions {
  /** Folder of the build. */
  readonly program: string;
  /** The chain's own; must not exist. */
  readonly folder: string;
  readonly dialect: DialectName;
  readonly trouble: TroubleAtBroker;
  readonly kills: readonly Kill[];
  readonly ordersEach: number;
  readonly seed: number;
}

const CELL_MS = 9_000;
const SETTLE_MS = 20_000;
const STILL_MS = 400;
/** Long enough for a look-up that was put off once. */
const UNKNOWN_STILL_MS = 1_400;
const LATE_STILL_MS = 6_500;
const SETTLE_ATTEMPTS = 4;

export const runChain = async (options: ChainOptions): Promise<ChainOutcome> => {
  const venue = await openVenue(options.dialect, options.trouble.slowCancels === true ? 'pending' : 'done');
  try {
    return await new Chain(options, venue).run();
  } finally {
    await venue.server.stop();
  }
};

class Chain {
  private readonly findings = new Findings();
  private readonly random: Random;
  private readonly dataDir: string;
  private readonly tripped: Tripped[] = [];
  private readonly killed = new Map<string, number>();
  private readonly missed: string[] = [];
  private intents = 0;
  private resolved = 0;
  private isTripped = false;
  private flow: OrderFlow | undefined;

  constructor(
    private readonly options: ChainOptions,
    private readonly venue: Venue,
  ) {
    this.random = new Random(options.seed);
    mkdirSync(options.folder, { recursive: true });
    this.dataDir = join(options.folder, 'data');
  }

  async run(): Promise<ChainOutcome> {
    const { kills, trouble } = this.options;
    const cancels = setInterval(() => finishCancels(this.venue), CANCEL_TAKES_MS);
    try {
      await this.publish((flow) => flow.opening());
      for (const [at, kill] of kills.entries()) await this.cell(kill, trouble.trips === true && at % 2 === 0);
      await this.settle();
      const log = await this.readDecoded();
      judge({
        ...{ log, server: this.venue.server, tripped: this.tripped, findings: this.findings },
        ...{ restates: trouble.restates === true, namesAreKeys: this.venue.dialect === 'alpaca' },
      });
      await this.checkLog();
      return outcomeOf({
        ...{ name: this.name, seed: this.options.seed, findings: this.findings, kills: this.killed, missed: this.missed },
        ...{
          log: orderLogOf(log, 0),
          server: this.venue.server,
          intents: this.intents,
          trips: this.tripped.length,
          resolved: this.resolved,
          spoils: trouble.spoils === true,
        },
      });
    } finally {
      clearInterval(cancels);
    }
  }

  private async cell(kill: Kill, trips: boolean): Promise<void> {
    const { trouble, ordersEach } = this.options;
    const { server } = this.venue;
    await this.publish((flow) => flow.orders(ordersEach));
    this.intents += ordersEach;
    trouble.prepare(server, this.random);
    // Orders are open, or on their way, or about to be: then the trip comes.
    if (trips) await this.interrupted();
    const from = Date.now();
    if (trips) await this.publish((flow) => [flow.trip()]);
    this.isTripped = trips;
    const program = new RunningProgram(this.program, kill);
    await program.watch((figures) => this.isSettled(figures), STILL_MS, CELL_MS);
    if (program.isRunning) {
      this.missed.push(`${this.name}: ${kill.name}@${kill.nth}`);
      await this.stop(program);
    } else await this.died(program, kill);
    if (!trips) return;
    server.clearFaults();
    await this.untilStill(UNKNOWN_STILL_MS);
    for (const order of server.market.openOrders())
      this.findings.add('kill: open at the end', `order ${order.clientOrderId} is open at the broker behind a trip`);
    this.tripped.push({ from, to: Date.now() });
    this.isTripped = false;
    await this.publish((flow) => [flow.reset()]);
  }

  /** Runs until some orders were sent, and dies then. */
  private async interrupted(): Promise<void> {
    const program = new RunningProgram(this.program, {
      name: 'some orders sent',
      at: ['submit'],
      nth: this.random.between(2, 5),
    });
    await program.watch((figures) => this.isSettled(figures), STILL_MS, CELL_MS);
    if (program.isRunning) program.kill();
    await program.ended;
  }

  private async died(program: RunningProgram, kill: Kill): Promise<void> {
    const ended = await program.ended;
    if (ended === 'killed') this.killed.set(kill.name, (this.killed.get(kill.name) ?? 0) + 1);
    else this.findings.add('services', `ended by itself: ${program.lastWords.slice(-400)}`);
  }

  private async stop(program: RunningProgram): Promise<void> {
    if ((await program.stop()) === 'failed') this.findings.add('services', `did not end well: ${program.lastWords.slice(-400)}`);
  }

  /** No more faults: what rests fills or expires, what is unknown is looked up, and what nobody can find out an operator says. */
  private async settle(): Promise<void> {
    const { server, dialect } = this.venue;
    const { fillsLate, trips } = this.options.trouble;
    await this.untilStill(STILL_MS, true);
    server.clearFaults();
    const stillMs = fillsLate === true ? LATE_STILL_MS : dialect === 'tradier' || trips === true ? UNKNOWN_STILL_MS : STILL_MS;
    for (let attempt = 0; attempt < SETTLE_ATTEMPTS; attempt++) {
      endOfDay(this.venue);
      await this.untilStill(stillMs);
      const log = await this.read();
      // Only what the broker has never made; what it has made the gateway must find by itself.
      const lost = unknownOf(log).filter(({ name }) => server.market.withClientOrderId(name).length === 0);
      if (lost.length > 0) {
        this.resolved += lost.length;
        await this.publish((flow) => lost.map(({ intentId }) => flow.neverArrived(intentId)));
      } else if (log.decisions.length >= this.intents && hasEnded(log)) return;
    }
  }

  /** Runs without faults until nothing changes any more. */
  private async untilStill(stillMs: number, isFaulty = false): Promise<void> {
    const program = new RunningProgram(this.program);
    const still = await program.watch((figures) => this.isSettled(figures), stillMs, SETTLE_MS);
    if (!still && !isFaulty) this.findings.add('liveness', 'orders were still on their way long after the last fault');
    await this.stop(program);
  }

  /** Nothing is waiting, and nothing is open but what rests at the broker or what nobody can know. */
  private isSettled({ queued, open, unknown }: Figures): boolean {
    const resting = this.venue.server.market.openOrders().length;
    if (this.isTripped && resting > 0) return false;
    return queued === 0 && open === unknown + resting && mayStayUnknown(this.venue, unknown, this.options.trouble.trips === true);
  }

  private async publish(records: (flow: OrderFlow) => readonly OutgoingRecord[]): Promise<void> {
    const session = await openSession(this.dataDir);
    try {
      const writer = await session.bus.writer('campaign');
      await writer.commit(records(this.flowOf(session.codec)));
      await writer.close();
    } finally {
      await session.bus.close();
    }
    await pause(2);
  }

  private async read(): Promise<OrderLog> {
    return orderLogOf(await this.readDecoded(), 0);
  }

  private async readDecoded(): Promise<DecodedLog> {
    const session = await openSession(this.dataDir);
    try {
      return new DecodedLog(await logOf(session.bus), [], this.findings);
    } finally {
      await session.bus.close();
    }
  }

  /** The log as every log is judged, when what the program left behind as it was stopped is folded. */
  private async checkLog(): Promise<void> {
    const { bus, codec } = await openSession(this.dataDir);
    try {
      for (let partition = 0; partition < bus.shards; partition++) {
        const owner = `campaign-${partition}`;
        const processor = await Processor.takeOver({
          ...{ bus, codec, partition, owner, engineVersion: ENGINE_VERSION, stopwatch: realStopwatch },
        });
        while ((await processor.step({ maxRecords: 500, maxWaitMs: 0 })) > 0);
        await processor.close();
      }
      await checkLog({ log: await logOf(bus), codec, findings: this.findings, acknowledged: [], poison: [] });
    } finally {
      await bus.close();
    }
  }

  private flowOf(codec: Codec): OrderFlow {
    return (this.flow ??= new OrderFlow(codec, this.random.fork()));
  }

  private get program(): ConstructorParameters<typeof RunningProgram>[0] {
    return { program: this.options.program, dataDir: this.dataDir, venue: this.venue };
  }

  private get name(): string {
    return `${this.options.dialect}, ${this.options.trouble.name}`;
  }
}
