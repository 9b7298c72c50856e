/** The processor and the gateway as what a shard's loop runs. */
import type { Codec } from '../../contracts/avro/codec';
import { CONTROL_EVENTS, DECISIONS, INPUT_TOPICS } from '../../contracts/topics';
import type { Broker } from '../../gateway/broker';
import { Gateway } from '../../gateway/gateway';
import type { GatewaySettings } from '../../gateway/gateway';
import { Processor } from '../../processor/processor';
import { hasLeftovers } from '../../processor/stateRecords';
import { faultPoints } from '../faultPoints';
import { ENGINE_VERSION, realStopwatch, wallClock } from '../session';
import { allOf } from '../../audit/observers';
import { DecisionLog } from './decisionLog';
import { FoldMetrics } from './foldMetrics';
import type { Logger } from './logger';
import type { ServiceMetrics } from './serviceMetrics';
import type { ShardWork } from './shardWork';

export interface WorkOptions {
  readonly codec: Codec;
  /** Inputs that one step takes at most. */
  readonly batchRecords: number;
  readonly metrics: ServiceMetrics;
  /** Whether the broker stamps the inputs with its clock. */
  readonly brokerStamps: boolean;
  /** Where it does not: inputs of this time (ms since 1970) or later were stamped by an intake of this process. Default: none were. */
  readonly stampedSince?: number;
  /** Has a line for each decision; undefined: nobody looks at them. */
  readonly decisionLog?: Logger | undefined;
  /** How long a step waits for inputs: an idle shard shows so often that it lives, and stops as quickly. */
  readonly waitMs?: number;
  /** Called at named points of processor and gateway, so that a test can end the process there. */
  readonly faultPoint?: (point: string) => void;
}

const WAIT_MS = 200;

export const processorWork = ({
  codec,
  batchRecords,
  metrics,
  brokerStamps,
  stampedSince = Infinity,
  decisionLog,
  waitMs = WAIT_MS,
  faultPoint = faultPoints,
}: WorkOptions): ShardWork => ({
  name: 'processor',
  inputs: INPUT_TOPICS,
  takeOver: async ({ shard, bus, owner }) => {
    const figures = new FoldMetrics(metrics, brokerStamps ? 0 : stampedSince);
    const lines = decisionLog?.child({ service: 'processor', shard });
    const processor = await Processor.takeOver({
      bus,
      codec,
      partition: shard,
      owner,
      engineVersion: ENGINE_VERSION,
      stopwatch: realStopwatch,
      observer: lines === undefined ? figures : allOf([figures, new DecisionLog(lines)]),
      faultPoint,
    });
    metrics.risk.follow(shard, processor.shard);
    return {
      step: async () => {
        const read = await processor.step({ maxRecords: batchRecords, maxWaitMs: waitMs });
        return { read, pending: hasLeftovers(processor.shard) };
      },
      abandon: () => metrics.risk.forget(shard),
    };
  },
});

export interface GatewayWorkOptions extends WorkOptions {
  readonly broker: Broker;
  readonly settings: GatewaySettings;
  readonly log: Logger;
}

export const gatewayWork = ({
  codec,
  batchRecords,
  metrics,
  broker,
  settings,
  log,
  waitMs = WAIT_MS,
  faultPoint = faultPoints,
}: GatewayWorkOptions): ShardWork => ({
  name: 'gateway',
  inputs: [CONTROL_EVENTS, DECISIONS],
  takeOver: async ({ shard, bus }) => {
    const gateway = await Gateway.takeOver({
      bus,
      codec,
      partition: shard,
      broker,
      settings,
      now: wallClock,
      wallMs: () => Date.now(),
      monotonic: () => performance.now(),
      log: log.child({ service: 'gateway', shard }),
      faultPoint,
    });
    return {
      step: async () => {
        const { read, executions, pending } = await gateway.step({ maxRecords: batchRecords, maxWaitMs: waitMs });
        for (const { event } of executions) metrics.executions.inc({ event: event.event });
        const { status } = gateway;
        metrics.gateway(shard, status);
        // What is to be cancelled is not dealt with before the broker shows it no more; what nobody can find out keeps nobody from ending.
        return { read, pending: pending || status.cancelling > status.unknown };
      },
      finish: () => gateway.finish(),
      abandon: () => gateway.abandon(),
    };
  },
});
