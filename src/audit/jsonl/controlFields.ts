/** Control events as audit records have them in JSON (contracts/documents: `controlText`), read back. */
import { EQUITY_MODES, RESOLVED_OUTCOMES } from '../../contracts/avro/symbols';
import type { ControlEvent, ControlPayload } from '../../contracts/messages';
import type { JsonObject } from '../../contracts/json/value';
import { decimal, decimalOf, decimalOrNull, list, mapOf, object, objectOf, oneOf, text } from './jsonFields';
import { executionStateOf, portfolioOf } from './recordFields';

export const controlOf = (fields: JsonObject): ControlEvent => ({
  actor: text(fields, 'actor'),
  reason: text(fields, 'reason'),
  payload: payloadOf(object(fields, 'payload')),
});

const TYPES: readonly ControlPayload['type'][] = [
  'RunStarted',
  'RunEnded',
  'PortfolioUpdated',
  'PolicyActivated',
  'KillSwitchTripped',
  'KillSwitchReset',
  'SessionRolled',
  'PositionDrift',
  'OrderResolved',
];

const payloadOf = (fields: JsonObject): ControlPayload => {
  const type = oneOf(fields, 'type', TYPES);
  switch (type) {
    case 'RunStarted':
      return {
        type,
        account_id: text(fields, 'account_id'),
        policy_text: text(fields, 'policy_text'),
        portfolio: portfolioOf(object(fields, 'portfolio')),
        execution: executionStateOf(object(fields, 'execution')),
        equity_mode: oneOf(fields, 'equity_mode', EQUITY_MODES),
      };
    case 'PortfolioUpdated':
      return {
        type,
        equity: decimal(fields, 'equity'),
        start_of_day_equity: decimal(fields, 'start_of_day_equity'),
        peak_equity: decimal(fields, 'peak_equity'),
        positions: fields.positions === null ? null : mapOf(fields, 'positions', decimalOf),
      };
    case 'PolicyActivated':
      return { type, policy_text: text(fields, 'policy_text') };
    case 'PositionDrift':
      return {
        type,
        broker: text(fields, 'broker'),
        differences: list(fields, 'differences').map((each) => {
          const one = objectOf(each, 'differences');
          return { symbol: text(one, 'symbol'), run_qty: decimal(one, 'run_qty'), broker_qty: decimal(one, 'broker_qty') };
        }),
      };
    case 'OrderResolved':
      return {
        type,
        intent_id: text(fields, 'intent_id'),
        outcome: oneOf(fields, 'outcome', RESOLVED_OUTCOMES),
        cum_qty: decimal(fields, 'cum_qty'),
        price: decimalOrNull(fields, 'price'),
      };
    case 'RunEnded':
    case 'KillSwitchTripped':
    case 'KillSwitchReset':
    case 'SessionRolled':
      return { type };
  }
};
