/**
 * The client on a Kafka cluster: the intake of `policygate serve` in the strategy's own process. Intents that come together share transactions; a commit that fails is tried again;
 * answers are found by where the intents stand on the log. Source: docs/library.md, "On Kafka".
 */
import { Registry } from 'prom-client';
import { Problem } from '../apps/http/problem';
import { Intake } from '../apps/intake/intake';
import { connect } from '../apps/connection';
import { readSettings } from '../apps/config/readSettings';
import { Failure } from '../apps/failure';
import { kafkaLog, openLog } from '../apps/logging';
import type { Session } from '../apps/session';
import { runIdFault } from '../contracts/runId';
import { ORDER_INTENTS } from '../contracts/topics';
import type { OrderIntent } from '../contracts/messages';
import type { BusError } from '../processor/busError';
import type { Answer, Client, SubmitOptions } from './client';
import { ClientError, closedError, mayPass } from './clientError';
import { sentText } from './intents';
import { waitOf } from './options';
import { RunFollower } from './runFollower';

/** A cluster, and the run that intents are for. */
export interface KafkaClientOptions {
  readonly run: string;
  /** The settings file of docs/configuration.md; the environment is read too, and goes before it. Default: `POLICYGATE_CONFIG`, or the environment alone. */
  readonly config?: string;
  /** Instead of the environment of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** As `publish intents` has it: one right for both. */
const PUBLISHER = `publish-${ORDER_INTENTS}`;

/** Connects to the topics. Rejects with a Failure, BusError or SchemaError of one line. */
export const connectKafka = async ({ run, config, environment = process.env }: KafkaClientOptions): Promise<Client> => {
  const fault = runIdFault(run);
  if (fault !== undefined) throw new Failure(`run: no run id: ${fault.replace(/^key: /, '')}`);
  const settings = await readSettings({ bus: 'kafka', ...(config === undefined ? {} : { config }) }, environment);
  const log = openLog(settings.logLevel);
  const session = await connect(settings, kafkaLog(log));
  try {
    const follower = await RunFollower.start(session, run, log);
    const intake = new Intake({ ...session, live: follower, registry: new Registry(), log, name: PUBLISHER });
    return new KafkaClient(session, follower, intake, run);
  } catch (error) {
    await session.bus.close();
    throw error;
  }
};

class KafkaClient implements Client {
  // Private to the language too: a client that is printed must not show the secrets of its settings.
  #closed: Promise<void> | undefined;
  readonly #session: Session;
  readonly #follower: RunFollower;
  readonly #intake: Intake;
  readonly #run: string;

  constructor(session: Session, follower: RunFollower, intake: Intake, run: string) {
    this.#session = session;
    this.#follower = follower;
    this.#intake = intake;
    this.#run = run;
  }

  async submit(intent: OrderIntent, options?: SubmitOptions): Promise<Answer> {
    const waitMs = waitOf(options);
    if (this.#closed !== undefined) throw closedError();
    sentText(intent);
    const { fault } = this.#follower;
    if (fault !== undefined) throw unheard(fault);
    try {
      const outcome = await this.#intake.submit(this.#run, intent, { waitMs });
      if (outcome.type !== 'decided') return outcome;
      const { record, decision, replayed } = outcome;
      return { type: 'decided', decision, runId: this.#run, seq: record.head.seq, replayed };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      throw new ClientError(error.code, `${error.code}: ${error.message}`, mayPass(error.code), error);
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.end();
    return this.#closed;
  }

  private async end(): Promise<void> {
    await this.#intake.stop();
    await this.#follower.stop();
    await this.#session.bus.close();
  }
}

/** An intent whose decision could not be read is better not sent. */
const unheard = (fault: BusError): ClientError =>
  new ClientError('not_ready', `not_ready: answers cannot be read, nothing was sent: ${fault.message}`, true, fault);
