/** Why a gateway stops for good: sending on would be worse. Each is known by its name to whoever runs it (apps/service/answer.ts). */
import { DECISIONS } from '../contracts/topics';
import type { Trouble } from './broker';
import type { GatewayOrder } from './orders';

/** A decision that cannot be read: nobody knows what was allowed, so nothing is sent any more. */
export class DecisionError extends Error {
  override readonly name = 'DecisionError';
  constructor(partition: number, offset: number, what: string) {
    super(
      `${DECISIONS}/${partition}@${offset}: ${what}; only the processor writes this topic: find out who else does, and restore it from a copy`,
    );
  }
}

/** Orders are open at another broker, environment or account than this gateway would look for them. */
export class VenueError extends Error {
  override readonly name = 'VenueError';
  constructor(partition: number, { runId, intentId, venue }: GatewayOrder, here: string, count: number) {
    super(
      `shard ${partition}: ${count === 1 ? 'an open order was' : `${count} open orders were`} sent to ${venue}, such as ${runId}/${intentId}, and this gateway sends to ${here}; ` +
        'start the gateway with that broker until they have ended',
    );
  }
}

/** A final error of the broker: fail loud. Its order is on record as ORDER_REJECTED. */
export class BrokerFailure extends Error {
  override readonly name = 'BrokerFailure';
  constructor(broker: string, { code, reason }: Trouble) {
    super(
      `${broker} refuses orders: ${code}: ${reason}; nothing more is sent (--on-broker-error continue goes on after such errors)`,
    );
  }
}
