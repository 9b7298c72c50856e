/**
 * The adapters against the brokers' own sandboxes: one share at one dollar, which rests, is looked up and is cancelled. Runs only where it is asked for
 * and credentials are set: POLICYGATE_LIVE_TESTS=1 with the variables of docs/configuration.md; never against a live account.
 */
import { openBroker } from '../../src/apps/brokers/openBroker';
import { brokerSettings } from '../../src/apps/config/brokerSettings';
import { decimal, ZERO } from '../../src/contracts/decimal';
import type { Broker } from '../../src/gateway/broker';
import { clientOrderId } from '../../src/gateway/clientOrderId';
import { intentOf } from '../support/situations';

const asked = process.env.POLICYGATE_LIVE_TESTS === '1';
const has = (...names: readonly string[]): boolean => names.every((name) => (process.env[name] ?? '') !== '');
const SANDBOXES = {
  alpaca: asked && has('APCA_API_KEY_ID', 'APCA_API_SECRET_KEY'),
  tradier: asked && has('TRADIER_TOKEN', 'TRADIER_ACCOUNT_ID') && process.env.TRADIER_ENV === 'sandbox',
} as const;

describe.each(Object.entries(SANDBOXES) as ['alpaca' | 'tradier', boolean][])('%s', (name, ready) => {
  const gated = ready ? it : it.skip;
  gated(
    'a resting order is taken, found, shown as open, and cancelled',
    async () => {
      const settings = await brokerSettings(name, {}, process.env);
      // A warning says that the account is a live one.
      expect(settings.warnings).toEqual([]);
      const broker: Broker = await openBroker(settings);
      try {
        expect((await broker.account()).type).toBe('account');
        expect((await broker.positions()).type).toBe('positions');
        const intent = intentOf({ order_type: 'limit', limit_price: decimal('1'), qty: decimal('1') });
        const order = { clientOrderId: clientOrderId(`live-${Date.now()}`, 'sandbox'), orderId: '', submittedAt: Date.now() };
        const outcome = await broker.submit({
          ...order,
          runId: 'live',
          intent,
          referencePrice: decimal('1'),
          number: 0,
          held: ZERO,
          openBuys: ZERO,
          openSells: ZERO,
          mayBeSent: () => true,
        });
        expect(outcome.type).toBe('accepted');
        expect(await broker.find(order)).toMatchObject({ type: 'found', report: { clientOrderId: order.clientOrderId } });
        expect((await broker.cancel(order)).type).not.toBe('unavailable');
        await new Promise((resolve) => setTimeout(resolve, 3_000));
        expect(await broker.poll([order])).toMatchObject({ type: 'polled', reports: [{ status: 'cancelled', filledQty: ZERO }] });
      } finally {
        await broker.close();
      }
    },
    60_000,
  );
});
