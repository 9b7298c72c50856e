/**
 * The audit JSONL of `run` and `eval` (auditLog.ts), read back into the audit records that its lines were made of, with the bytes that their hashes are of.
 * A line is accepted in the one form in which it is written: each is written anew from what was read, and compared.
 */
import { hash as hashOf } from 'node:crypto';
import type { Codec } from '../../contracts/avro/codec';
import { AUDIT_KINDS } from '../../contracts/avro/symbols';
import { chainHash } from '../../contracts/chain';
import { describeError } from '../../contracts/contractError';
import { readJson } from '../../contracts/json/readJson';
import { isJsonObject } from '../../contracts/json/value';
import type { JsonObject } from '../../contracts/json/value';
import type { AuditRecord } from '../../contracts/messages';
import type { Measured } from '../../processor/observer';
import { auditLine, situationTexts } from '../auditLog';
import { auditRecordText } from '../auditRecordText';
import type { SaidBefore } from '../auditRecordText';
import type { FaultKind } from '../verify/faults';
import type { FoundRecord, Situation } from '../verify/foundRecord';
import type { ChainEnd } from '../verify/runChain';
import { controlOf } from './controlFields';
import { digest, list, measured, object, objectOf, oneOf, text, whole, LineFault } from './jsonFields';
import {
  decisionOf,
  duplicateOf,
  executionOf,
  executionStateOf,
  factsOf,
  inputOf,
  intentOf,
  killSwitchOf,
  marketOf,
  portfolioOf,
  positionsOf,
} from './recordFields';

/** A line may hold a whole portfolio, and many records before its decision. */
export const LONGEST_AUDIT_LINE = 1 << 28;

export interface LineFinding {
  readonly kind: FaultKind;
  readonly expected: string;
  readonly found: string;
}

export interface ReadLine {
  readonly faults: readonly LineFinding[];
  /** In the order of the chain; none where the line cannot be read. */
  readonly records: readonly FoundRecord[];
  /** A line without a chain, as the first program wrote them. */
  readonly unchained?: JsonObject;
  /** Nothing proves what stands beside the hashed record: the line has no `line_sha256`. */
  readonly isUnproven?: boolean;
}

/** What the next line of a run goes on from. */
interface Last extends SaidBefore {
  readonly hash: Uint8Array;
  readonly hasDigest: boolean;
}

const GENESIS: Uint8Array = new Uint8Array(32);
/** The first version whose lines have `line_sha256`. */
const DIGEST_SINCE = [0, 5] as const;

export class AuditLineReader {
  /** By run: of its last line. */
  private readonly last = new Map<string, Last>();

  /** `after`: where chains go on that do not begin in the file. */
  constructor(
    private readonly codec: Codec,
    private readonly after: ReadonlyMap<string, ChainEnd> = new Map(),
  ) {}

  /** `line`: without its end. */
  read(line: Uint8Array, where: string): ReadLine {
    const json = readJson(line, LONGEST_AUDIT_LINE);
    if (!json.ok) return faulty('UNREADABLE', 'a line of JSON', describeError(json.error));
    if (!isJsonObject(json.value)) return faulty('UNREADABLE', 'an AuditEvent', 'JSON of another kind');
    if (json.value.hash === undefined && json.value.prev_hash === undefined && json.value.facts === undefined)
      return { faults: [], records: [], unchained: json.value };
    try {
      return this.readLine(json.value, Buffer.from(line.buffer, line.byteOffset, line.length).toString('latin1'), where);
    } catch (error) {
      if (error instanceof LineFault) return faulty('FORM', error.expected, error.found);
      throw error;
    }
  }

  private readLine(fields: JsonObject, line: string, where: string): ReadLine {
    const runId = fields.run_id === undefined ? '' : text(fields, 'run_id');
    const before = runId === '' ? undefined : this.before(runId, fields);
    const preceding = this.precedingOf(fields, runId, before, where);
    const { record, hash, hashed } = this.decisionRecord(fields, runId);
    const beside: Situation = {
      portfolio: portfolioOf(object(fields, 'portfolio_state')),
      market: marketOf(object(fields, 'market_snapshot')),
      execution: executionStateOf(object(fields, 'execution_state')),
    };
    const evalMs = fields.eval_ms === undefined ? null : measured(fields, 'eval_ms');
    const written = auditLine(
      record,
      hash,
      { recordedAt: text(fields, 'recorded_at'), evalMs } satisfies Measured,
      situationTexts(beside),
      precedingTexts(preceding, before),
    );
    const hasDigest = fields.line_sha256 !== undefined;
    const faults = [...digestFaults(line, hasDigest, record.engine_version, before), ...formFaults(line, written, hasDigest)];
    if (runId !== '')
      this.last.set(runId, { hash, engine_version: record.engine_version, policy_hash: record.policy_hash, hasDigest });
    const single = runId === '' ? { single: true } : {};
    return { faults, records: [...preceding, { where, record, hash, hashed, beside, ...single }], isUnproven: !hasDigest };
  }

  /** Of a chain that is gone on with in its middle, the line itself says what was in force. */
  private before(runId: string, fields: JsonObject): Last | undefined {
    const after = this.after.get(runId);
    const last = this.last.get(runId);
    if (last !== undefined || (after === undefined && firstSeqOf(fields) === 0)) return last;
    const hash = after?.hash ?? GENESIS;
    return { hash, engine_version: text(fields, 'engine_version'), policy_hash: policyOf(fields), hasDigest: false };
  }

  private precedingOf(fields: JsonObject, runId: string, before: Last | undefined, where: string): readonly FoundRecord[] {
    let last: Pick<Last, 'hash' | 'engine_version' | 'policy_hash'> | undefined = before;
    return list(fields, 'preceding_records').map((each, at) => {
      const found = this.otherRecord(objectOf(each, 'preceding_records'), runId, last);
      last = { hash: found.hash, engine_version: found.record.engine_version, policy_hash: found.record.policy_hash };
      return { where: `${where} preceding_records[${at}]`, ...found };
    });
  }

  private otherRecord(
    fields: JsonObject,
    run_id: string,
    before: Pick<Last, 'hash' | 'engine_version' | 'policy_hash'> | undefined,
  ): Pick<FoundRecord, 'record' | 'hash' | 'hashed'> {
    const kind = oneOf(fields, 'kind', AUDIT_KINDS);
    if (kind === 'DECISION') throw new LineFault('a record of another kind among `preceding_records`', kind);
    const policy_hash = fields.policy_hash === undefined ? (before?.policy_hash ?? null) : digest(fields, 'policy_hash');
    const record: AuditRecord = {
      run_id,
      seq: whole(fields, 'seq'),
      kind,
      input: inputOf(object(fields, 'input')),
      clock: whole(fields, 'clock'),
      positions: positionsOf(object(fields, 'positions')),
      policy_hash,
      engine_version:
        fields.engine_version === undefined && before !== undefined ? before.engine_version : text(fields, 'engine_version'),
      intent: fields.intent === undefined ? null : intentOf(object(fields, 'intent')),
      facts: null,
      decision: null,
      execution: fields.execution === undefined ? null : executionOf(object(fields, 'execution'), run_id, policy_hash),
      control: fields.control === undefined ? null : controlOf(object(fields, 'control')),
      kill_switch: fields.kill_switch === undefined ? null : killSwitchOf(object(fields, 'kill_switch')),
      duplicate: fields.duplicate === undefined ? null : duplicateOf(object(fields, 'duplicate')),
      note: fields.note === undefined ? null : text(fields, 'note'),
      prev_hash: before?.hash ?? GENESIS,
    };
    return { record, hash: digest(fields, 'hash'), hashed: this.bodyOf(record) };
  }

  private decisionRecord(fields: JsonObject, run_id: string): Pick<FoundRecord, 'record' | 'hash' | 'hashed'> {
    const intent = intentOf(object(fields, 'intent'));
    const facts = fields.facts === null ? null : factsOf(object(fields, 'facts'));
    const [seq, clock] = [whole(fields, 'seq'), whole(fields, 'clock')];
    const positions = positionsOf(object(fields, 'positions'));
    const policy_hash = policyOf(fields);
    const decision = {
      ...decisionOf(object(fields, 'decision'), intent),
      run_id,
      seq,
      clock,
      reference_price: facts?.price ?? null,
      policy_hash,
      control_position: run_id === '' ? -1 : positions.control_events,
    };
    const common = {
      run_id,
      seq,
      kind: oneOf(fields, 'kind', ['DECISION'] as const),
      input: inputOf(object(fields, 'input')),
      clock,
      positions,
      policy_hash,
      engine_version: text(fields, 'engine_version'),
      intent,
      facts,
      execution: null,
      control: null,
      kill_switch: null,
      duplicate: null,
      note: null,
      prev_hash: digest(fields, 'prev_hash'),
    };
    const hash = digest(fields, 'hash');
    // Whether the kill switch tripped with it stands in no field of the line: the hash tells.
    const trips = [false, true].map((kill_switch_tripped): Pick<FoundRecord, 'record' | 'hash' | 'hashed'> => {
      const record: AuditRecord = { ...common, decision: { ...decision, kill_switch_tripped } };
      return { record, hash, hashed: this.bodyOf(record) };
    });
    const [quiet, tripped] = trips;
    if (quiet === undefined || tripped === undefined) throw new TypeError('a decision trips the kill switch or does not');
    return Buffer.compare(chainHash(common.prev_hash, tripped.hashed), hash) === 0 ? tripped : quiet;
  }

  /** What fits no record was never in one. */
  private bodyOf(record: AuditRecord): Uint8Array {
    try {
      return this.codec.encodeAuditBody(record);
    } catch (error) {
      if (error instanceof RangeError) throw new LineFault('what fits an audit record', error.message);
      throw error;
    }
  }
}

const faulty = (kind: FaultKind, expected: string, found: string): ReadLine => ({
  faults: [{ kind, expected, found }],
  records: [],
});

const firstSeqOf = (fields: JsonObject): number => {
  const [first] = list(fields, 'preceding_records');
  return whole(first === undefined ? fields : objectOf(first, 'preceding_records'), 'seq');
};

/** A line of a run without a policy has zeros. */
const policyOf = (fields: JsonObject): Uint8Array | null => {
  const hash = digest(fields, 'policy_hash');
  return hash.every((byte) => byte === 0) ? null : hash;
};

const precedingTexts = (preceding: readonly FoundRecord[], before: SaidBefore | undefined): readonly string[] => {
  let last = before;
  return preceding.map(({ record, hash }) => {
    const written = auditRecordText(record, hash, last);
    last = record;
    return written;
  });
};

const DIGEST_FIELD = /,"line_sha256":"([^"]*)"/;

const digestFaults = (
  line: string,
  hasDigest: boolean,
  engineVersion: string,
  before: Last | undefined,
): readonly LineFinding[] => {
  if (hasDigest) {
    const [field = '', given = ''] = DIGEST_FIELD.exec(line) ?? [];
    const digest = hashOf('sha256', Buffer.from(line.replace(field, ''), 'latin1'));
    if (digest === given) return [];
    return [{ kind: 'LINE_HASH', expected: `line_sha256 ${digest}, of the line without it`, found: given }];
  }
  if (before?.hasDigest !== true && !hasDigests(engineVersion)) return [];
  return [{ kind: 'FORM', expected: '`line_sha256`', found: 'none' }];
};

const hasDigests = (engineVersion: string): boolean => {
  const [, major = '', minor = ''] = /^([0-9]+)\.([0-9]+)\.[0-9]+/.exec(engineVersion) ?? [];
  return Number(major) > DIGEST_SINCE[0] || (Number(major) === DIGEST_SINCE[0] && Number(minor) >= DIGEST_SINCE[1]);
};

const SHOWN = 60;

/** But for its digest, which was looked at. */
const formFaults = (line: string, written: string, hasDigest: boolean): readonly LineFinding[] => {
  const expected = written.replace(DIGEST_FIELD, '');
  const found = hasDigest ? line.replace(DIGEST_FIELD, '') : line;
  if (expected === found) return [];
  let at = 0;
  while (expected[at] === found[at]) at += 1;
  const from = Math.max(0, at - SHOWN / 3);
  const shown = (whole: string): string => `\`${whole.slice(from, from + SHOWN)}\``;
  return [{ kind: 'FORM', expected: `${shown(expected)} at character ${at + 1}`, found: shown(found) }];
};
