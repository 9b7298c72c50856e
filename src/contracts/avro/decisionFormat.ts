/** The Avro body of a published Decision. Fields in the order of avro/Decision.avsc, Violation.avsc, Figure.avsc and Evidence.avsc. */
import type { Evidence, Figure, PublishedDecision, Violation } from '../messages';
import { readOrderIntent, writeOrderIntent } from './intentFormat';
import { readList, writeList } from './lists';
import {
  readOptional,
  readOptionalDecimal,
  readOptionalSha256,
  writeOptional,
  writeOptionalDecimal,
  writeOptionalSha256,
} from './optional';
import type { Reader } from './reader';
import { readRuleId, readSymbol, SEVERITIES, VERDICTS, writeSymbol } from './symbols';
import type { Writer } from './writer';

/** What an element takes at least, in bytes. */
const SMALLEST = { figure: 3, violation: 5, evidence: 33 };

export const writeDecision = (writer: Writer, decision: PublishedDecision): void => {
  writeSymbol(writer, VERDICTS, decision.decision);
  writer.string(decision.intent_id);
  writeOptional(writer, decision.order, writeOrderIntent);
  writeList(writer, decision.violations, writeViolation);
  writeList(writer, decision.evidence, writeEvidence);
  writer.boolean(decision.kill_switch_triggered);
  writer.string(decision.run_id);
  writer.long(decision.seq);
  writer.long(decision.clock);
  writeOptionalDecimal(writer, decision.reference_price);
  writeOptionalSha256(writer, decision.policy_hash);
  writer.boolean(decision.kill_switch_tripped);
  writer.long(decision.control_position);
};

export const readDecision = (reader: Reader): PublishedDecision => ({
  decision: readSymbol(reader, VERDICTS),
  intent_id: reader.string(),
  order: readOptional(reader, readOrderIntent),
  violations: readList(reader, SMALLEST.violation, readViolation),
  evidence: readList(reader, SMALLEST.evidence, readEvidence),
  kill_switch_triggered: reader.boolean(),
  run_id: reader.name(),
  seq: reader.long(),
  clock: reader.long(),
  reference_price: readOptionalDecimal(reader),
  policy_hash: readOptionalSha256(reader),
  kill_switch_tripped: reader.boolean(),
  control_position: reader.long(),
});

const writeViolation = (writer: Writer, violation: Violation): void => {
  writer.string(violation.rule_id);
  writeSymbol(writer, SEVERITIES, violation.severity);
  writer.string(violation.message);
  writeList(writer, violation.inputs, writeFigure);
  writeList(writer, violation.computed, writeFigure);
};

const readViolation = (reader: Reader): Violation => ({
  rule_id: readRuleId(reader),
  severity: readSymbol(reader, SEVERITIES),
  message: reader.string(),
  inputs: readList(reader, SMALLEST.figure, readFigure),
  computed: readList(reader, SMALLEST.figure, readFigure),
});

/** The union of a figure's value: boolean, string, Decimal18. */
const writeFigure = (writer: Writer, { name, value }: Figure): void => {
  writer.string(name);
  if (typeof value === 'boolean') {
    writer.index(0);
    writer.boolean(value);
  } else if (typeof value === 'string') {
    writer.index(1);
    writer.string(value);
  } else {
    writer.index(2);
    writer.decimal(value);
  }
};

const readFigure = (reader: Reader): Figure => ({ name: reader.name(), value: readFigureValue(reader) });

const readFigureValue = (reader: Reader): Figure['value'] => {
  const branch = reader.index(3);
  if (branch === 0) return reader.boolean();
  return branch === 1 ? reader.string() : reader.decimal();
};

const writeEvidence = (writer: Writer, evidence: Evidence): void => {
  writer.string(evidence.metric);
  writer.decimal(evidence.value);
  writer.decimal(evidence.limit);
};

const readEvidence = (reader: Reader): Evidence => ({
  metric: reader.name(),
  value: reader.decimal(),
  limit: reader.decimal(),
});
