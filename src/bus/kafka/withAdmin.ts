/** One piece of work of an administrator, on a connection of its own; and what kafkajs makes of a connection that is lost under it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, Kafka } from 'kafkajs';
import { busErrorOf } from './failures';
import { answered } from './waiting';

/** Rejects with a BusError. */
export const withAdmin = async <T>(client: Kafka, brokers: readonly string[], work: (admin: Admin) => Promise<T>): Promise<T> => {
  const admin = client.admin();
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    throw busErrorOf(error, brokers.join(', '), 'BUS_FAILED');
  } finally {
    await answered(admin.disconnect()).catch(() => undefined); // what it says no longer matters
  }
};

const TRIES = 5;
const PAUSE_MS = 200;

/**
 * Asks again where a connection was lost under the question: kafkajs then takes `null` for the answer, reads it, and what it throws is no error of a broker (`withBroker` in
 * cluster/brokerPool.js).
 */
export const askedAgain = async <T>(ask: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries += 1)
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof TypeError && READS_NULL.test(error.message))) throw error;
      if (tries === TRIES) throw new Error(`no answer within ${TRIES} tries: the connection was lost each time`);
      await sleep(PAUSE_MS);
    }
};

const READS_NULL = /\bof null\b/;
