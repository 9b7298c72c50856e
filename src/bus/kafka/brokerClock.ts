/**
 * How far the broker's clock is from this machine's. Kafka tells its time in one place only: on a topic with LogAppendTime, in the answer to a write. So
 * one record is written in a transaction that is then aborted: no reader of committed records ever sees it, and readers wait for the abort some
 * milliseconds at most (10 s, the transaction's time-out, should this process die in between).
 */
import type { Kafka } from 'kafkajs';

const TRANSACTION_TIMEOUT_MS = 10_000;

/**
 * Milliseconds that the broker's clock is ahead (negative: behind), at least: the record was stamped at some moment between asking and the
 * answer, and inside that span the two clocks agree. Undefined: the broker gave no time.
 */
export const brokerAheadMs = async (client: Kafka, topic: string, transactionalId: string): Promise<number | undefined> => {
  const producer = client.producer({
    transactionalId,
    idempotent: true,
    maxInFlightRequests: 1,
    transactionTimeout: TRANSACTION_TIMEOUT_MS,
  });
  try {
    await producer.connect();
    const transaction = await producer.transaction();
    try {
      const send = async (): Promise<number | undefined> => {
        const asked = Date.now();
        const [written] = await transaction.send({
          topic,
          acks: -1,
          messages: [{ partition: 0, key: 'policygate-doctor', value: null }],
        });
        return aheadOf(Number(written?.logAppendTime ?? -1), asked, Date.now());
      };
      await send(); // the first one looks the topic up, too
      return await send();
    } finally {
      await transaction.abort();
    }
  } finally {
    await producer.disconnect().catch(() => undefined); // what it says no longer matters
  }
};

const aheadOf = (stamped: number, asked: number, answered: number): number | undefined => {
  if (stamped < 0) return undefined;
  if (stamped > answered) return stamped - answered;
  return stamped < asked ? stamped - asked : 0;
};
