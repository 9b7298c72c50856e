import { Codec } from '../../../src/contracts/avro/codec';
import { freshSchemas } from '../../../src/contracts/avro/localRegistry';
import { decimal } from '../../../src/contracts/decimal';
import type { ControlPayload, ExecutionEvent } from '../../../src/contracts/messages';
import { CONTROL_EVENTS, EXECUTION_EVENTS } from '../../../src/contracts/topics';
import { CollectedLog } from '../../checks/rawLog';
import { Market } from '../../support/brokers/market';
import { Random } from '../../support/random';
import { executionOf } from '../../support/situations';
import { Faults } from '../kernel/faults';
import { Scheduler } from '../kernel/scheduler';
import type { Venue } from '../venue/venue';
import { planOf } from '../world/planOf';
import { Operator } from './operator';
import { Stage } from './stage';

const codec = new Codec(freshSchemas());

const desk = () => {
  const market = new Market({ otherwise: 'rest', orderId: String, now: () => 0 });
  const log = new CollectedLog(1);
  const said: ControlPayload[] = [];
  let offset = 0;
  const stage = new Stage({
    ...{
      plan: { ...planOf(1, 'calm'), shards: 1 },
      scheduler: new Scheduler(0),
      faults: new Faults({}, new Random(1)),
      codec,
      log,
    },
    venues: [{ market } as unknown as Venue],
    fork: () => new Random(1),
    isPoison: () => undefined,
    trace: () => undefined,
    publish: (_from, records, acknowledged) => {
      for (const { value } of records) {
        const control = codec.decodeValue(CONTROL_EVENTS, value);
        if (control.ok) said.push(control.value.payload);
      }
      acknowledged?.([]);
    },
  });
  const report = (fields: Partial<ExecutionEvent>): void => {
    const event = executionOf({
      event: 'ORDER_UNKNOWN',
      client_order_id: 'c-1',
      cum_qty: decimal('0'),
      qty: null,
      price: null,
      ...fields,
    });
    const value = codec.encodeValue(EXECUTION_EVENTS, event);
    log.add({ topic: EXECUTION_EVENTS, partition: 0, key: null, value, timestamp: 0, offset: offset++, headers: {} });
  };
  const order = () => market.make({ clientOrderId: 'c-1', symbol: 'AAPL', side: 'buy', qty: decimal('10') });
  return { market, operator: new Operator(stage), report, order, said };
};

describe('the operator', () => {
  it('says nothing of orders that are known', () => {
    const { operator, report, said } = desk();
    report({});
    report({ event: 'ORDER_SUBMITTED', leaves_qty: decimal('10') });
    expect(operator.resolveUnknown()).toBe(false);
    expect(said).toEqual([]);
  });

  it('says that an order was rejected that the broker never made', () => {
    const { operator, report, said } = desk();
    report({});
    report({ event: 'ORDER_CANCELLING' });
    expect(operator.resolveUnknown()).toBe(true);
    expect(said).toEqual([{ type: 'OrderResolved', intent_id: 'i-1', outcome: 'REJECTED', cum_qty: decimal('0'), price: null }]);
  });

  it('leaves an order to the gateway that is open at the broker, and says how it ended when it has', () => {
    const { operator, report, order, market, said } = desk();
    const made = order();
    report({});
    expect(operator.resolveUnknown()).toBe(false);
    market.fill(made.id, decimal('4'), decimal('100'));
    market.cancelled(made.id);
    expect(operator.resolveUnknown()).toBe(true);
    expect(said).toEqual([
      { type: 'OrderResolved', intent_id: 'i-1', outcome: 'CANCELLED', cum_qty: decimal('4'), price: decimal('100') },
    ]);
  });

  it('does not repeat itself for ever', () => {
    const { operator, report, said } = desk();
    report({});
    for (let count = 0; count < 10; count++) operator.resolveUnknown();
    expect(said).toHaveLength(3);
  });
});
