/**
 * Control events as JSON. For people, one flat object: `{"run_id", "type", "actor", "reason"}` and the fields of its type; it is what `tail` prints
 * and what `publish control` reads. In the audit log, where the run is known, the fields of the type are set apart as `payload`.
 * Source: docs/commands.md, "Control events"; contracts, "Strict input".
 */
import type { z } from 'zod';
import type { ContractError } from '../contractError';
import { isJsonObject } from '../json/value';
import type { JsonValue } from '../json/value';
import { jsonString } from '../json/write';
import type { ControlEvent, ControlPayload, PositionDifference } from '../messages';
import type { Result } from '../result';
import { EVERY_RUN } from '../topics';
import { listOf, mapOf } from './collections';
import { driftFault, resolvedFault } from '../avro/inputFaults';
import { executionState, portfolioState } from './inputs';
import { ABOVE_ZERO, amount, ANY_DECIMAL, anyText, name, NOT_NEGATIVE, oneOf, orNull, refuse, Refusal, timestamp } from './kinds';
import type { Kind } from './kinds';
import { objectText } from './objectText';
import type { FieldText } from './objectText';
import { readBySchema } from './readDocument';
import { field, fieldOr, kindOf, openObject, strictObject } from './schema';
import { decimalText, executionStateText, listText, mapText, portfolioStateText } from './writeDocument';

/** One line of a file of control events. */
export interface ControlLine {
  /** `*`: every run. */
  readonly run_id: string;
  /** When it happened, for a bus that keeps its senders' times; undefined: now. */
  readonly timestamp: string | undefined;
  readonly control: ControlEvent;
}

/** Bytes that a line may have: a RunStarted holds a policy and a portfolio. As many as the largest record on the topic can come to, all escaped. */
export const CONTROL_LINE_BYTES = 1 << 22;

export const readControlLine = (input: string | Uint8Array): Result<ControlLine, ContractError> =>
  readBySchema(schemaOf, input, CONTROL_LINE_BYTES);

export const controlLineText = (runId: string, { actor, reason, payload }: ControlEvent): string =>
  objectText([['run_id', jsonString(runId)], ...signature(actor, reason), ...payloadFields(payload)]);

/** As it stands in an audit record. */
export const controlText = ({ actor, reason, payload }: ControlEvent): string =>
  objectText([...signature(actor, reason), ['payload', objectText(payloadFields(payload))]]);

const signature = (actor: string, reason: string): readonly FieldText[] => [
  ['actor', jsonString(actor)],
  ['reason', jsonString(reason)],
];

const payloadFields = (payload: ControlPayload): readonly FieldText[] => {
  const type: FieldText = ['type', `"${payload.type}"`];
  switch (payload.type) {
    case 'RunStarted':
      return [
        type,
        ['account_id', jsonString(payload.account_id)],
        ['equity_mode', jsonString(payload.equity_mode)],
        ['execution', executionStateText(payload.execution)],
        ['policy_text', jsonString(payload.policy_text)],
        ['portfolio', portfolioStateText(payload.portfolio)],
      ];
    case 'PortfolioUpdated':
      return [
        type,
        ['equity', decimalText(payload.equity)],
        ['peak_equity', decimalText(payload.peak_equity)],
        ['positions', payload.positions === null ? 'null' : mapText(payload.positions, decimalText)],
        ['start_of_day_equity', decimalText(payload.start_of_day_equity)],
      ];
    case 'PolicyActivated':
      return [type, ['policy_text', jsonString(payload.policy_text)]];
    case 'PositionDrift':
      return [type, ['broker', jsonString(payload.broker)], ['differences', listText(payload.differences, differenceText)]];
    case 'OrderResolved':
      return [
        type,
        ['cum_qty', decimalText(payload.cum_qty)],
        ['intent_id', jsonString(payload.intent_id)],
        ['outcome', jsonString(payload.outcome)],
        ['price', payload.price === null ? 'null' : decimalText(payload.price)],
      ];
    case 'RunEnded':
    case 'KillSwitchTripped':
    case 'KillSwitchReset':
    case 'SessionRolled':
      return [type];
  }
};

const differenceText = ({ symbol, run_qty, broker_qty }: PositionDifference): string =>
  `{"broker_qty":${decimalText(broker_qty)},"run_qty":${decimalText(run_qty)},"symbol":${jsonString(symbol)}}`;

const oneRun: Kind<string> = {
  read: (value) => (value === EVERY_RUN ? refuse('the id of one run', value) : name.read(value)),
  schema: name.schema,
};
/** Source: design, "The engine": a reset names who and why. */
const signed: Kind<string> = {
  read: (value) => {
    const text = anyText.read(value);
    return text instanceof Refusal || text.trim() !== '' ? text : refuse('who did it and why', value);
  },
  schema: { type: 'string', pattern: '\\S' },
};

const common = <T extends ControlPayload['type']>(type: T, run = name, text = anyText) => ({
  run_id: field(run),
  type: field(oneOf(type)),
  actor: field(text),
  reason: field(text),
  timestamp: field(timestamp).optional(),
});

interface Common<T> {
  readonly run_id: string;
  readonly type: T;
  readonly actor: string;
  readonly reason: string;
  readonly timestamp?: string | undefined;
}
const lineOf = ({ run_id, actor, reason, timestamp: at }: Common<unknown>, payload: ControlPayload): ControlLine => ({
  run_id,
  timestamp: at,
  control: { actor, reason, payload },
});

const bare = (
  type: 'RunEnded' | 'KillSwitchTripped' | 'KillSwitchReset' | 'SessionRolled',
  text = anyText,
): z.ZodType<ControlLine> => strictObject(common(type, name, text)).transform((line) => lineOf(line, { type: line.type }));

const amounts = {
  equity: field(amount(ABOVE_ZERO)),
  start_of_day_equity: field(amount(ABOVE_ZERO)),
  peak_equity: field(amount(ABOVE_ZERO)),
};

const difference: Kind<PositionDifference> = kindOf(
  strictObject({ symbol: field(name), run_qty: field(amount(ANY_DECIMAL)), broker_qty: field(amount(ANY_DECIMAL)) }),
);

/** What no field alone shows; the topic refuses the same. */
const checked = <T>(line: z.ZodType<T>, faultOf: (line: T) => string | undefined): z.ZodType<T> =>
  line.check((context) => {
    const message = faultOf(context.value);
    if (message !== undefined) context.issues.push({ code: 'custom', message, path: [], input: context.value });
  });

const SCHEMAS: Readonly<Record<ControlPayload['type'], z.ZodType<ControlLine>>> = {
  RunStarted: strictObject({
    ...common('RunStarted', oneRun),
    account_id: field(name),
    policy_text: field(anyText),
    portfolio: portfolioState,
    execution: fieldOr(
      kindOf(executionState),
      () => ({
        orders_last_60s_global: 0,
        orders_last_60s_by_strategy: new Map(),
        violations_last_window: [],
        kill_switch_active: false,
      }),
      {},
    ),
    equity_mode: fieldOr(oneOf('fixed', 'marked'), () => 'fixed' as const, 'fixed'),
  }).transform((line) => {
    const { type, account_id, policy_text, portfolio, execution, equity_mode } = line;
    return lineOf(line, { type, account_id, policy_text, portfolio, execution, equity_mode });
  }),
  PortfolioUpdated: strictObject({
    ...common('PortfolioUpdated', oneRun),
    ...amounts,
    positions: fieldOr(orNull(mapOf(amount(ANY_DECIMAL), 'quantities by symbol')), () => null, null),
  }).transform((line) => {
    const { type, equity, start_of_day_equity, peak_equity, positions } = line;
    return lineOf(line, { type, equity, start_of_day_equity, peak_equity, positions });
  }),
  PolicyActivated: strictObject({ ...common('PolicyActivated'), policy_text: field(anyText) }).transform((line) =>
    lineOf(line, { type: line.type, policy_text: line.policy_text }),
  ),
  RunEnded: bare('RunEnded'),
  KillSwitchTripped: bare('KillSwitchTripped'),
  KillSwitchReset: bare('KillSwitchReset', signed),
  SessionRolled: bare('SessionRolled'),
  PositionDrift: checked(
    strictObject({
      ...common('PositionDrift', oneRun),
      broker: field(name),
      differences: field(listOf(difference, 'differences by symbol')),
    }),
    driftFault,
  ).transform((line) => {
    const { type, broker, differences: found } = line;
    return lineOf(line, { type, broker, differences: found });
  }),
  OrderResolved: checked(
    strictObject({
      ...common('OrderResolved', oneRun, signed),
      intent_id: field(name),
      outcome: field(oneOf('FILLED', 'REJECTED', 'CANCELLED', 'EXPIRED')),
      cum_qty: field(amount(NOT_NEGATIVE)),
      price: fieldOr(orNull(amount(ABOVE_ZERO)), () => null, null),
    }),
    resolvedFault,
  ).transform((line) => {
    const { type, intent_id, outcome, cum_qty, price } = line;
    return lineOf(line, { type, intent_id, outcome, cum_qty, price });
  }),
};

const isType = (type: JsonValue | undefined): type is ControlPayload['type'] =>
  typeof type === 'string' && Object.hasOwn(SCHEMAS, type);

/** Says which types there are, where the line has none of them. */
const anyType = openObject({ type: field(oneOf(...(Object.keys(SCHEMAS) as ControlPayload['type'][]))) });

const schemaOf = (line: JsonValue): z.ZodType<ControlLine> => {
  const type = isJsonObject(line) ? line.type : undefined;
  // It refuses the line, so that nothing comes of it.
  return isType(type) ? SCHEMAS[type] : (anyType as unknown as z.ZodType<ControlLine>);
};
