/** The run's clock and the shard's input positions: both only go forward, and follow from the input. Source: design, "Determinism". */
import type { AuditRecord, InputPositions, RunStatus } from '../../contracts/messages';
import type { Topic } from '../../contracts/topics';
import { isInputTopic, POSITION_FIELD } from '../../processor/inputs';
import type { Report } from './report';

const FIELDS = Object.values(POSITION_FIELD);

/** `status`: of the run before the record. An unknown run's clock also moves with what is set aside, of which it keeps no record. */
export const checkClock = (
  { clock, input }: AuditRecord,
  before: number,
  status: RunStatus | undefined,
  report: Report,
): void => {
  const least = Math.max(before, input.timestamp);
  const isExact = status === 'ACTIVE' || status === 'ENDED';
  if (clock === least || (clock > least && !isExact)) return;
  report(
    'CLOCK',
    `the clock at ${isExact ? '' : 'or behind '}${least}, by the record before and the input's time`,
    String(clock),
  );
};

/** `isSameInput`: a trip of the kill switch has the input of its decision. */
export const checkPositions = (
  { input, positions }: AuditRecord,
  before: InputPositions | undefined,
  isSameInput: boolean,
  report: Report,
): void => {
  const topic = input.topic as Topic;
  if (!isInputTopic(topic)) return report('POSITION', 'an input topic', `\`${topic}\``);
  const own = POSITION_FIELD[topic];
  if (positions[own] !== input.offset + 1)
    return report('POSITION', `${own} at ${input.offset + 1}, behind the record's input`, String(positions[own]));
  if (before === undefined) return;
  const backwards = FIELDS.find((field) => positions[field] < before[field]);
  if (backwards !== undefined)
    return report('POSITION', `${backwards} at or behind ${before[backwards]}`, String(positions[backwards]));
  if (!isSameInput && input.offset < before[own])
    report('POSITION', `an input of ${topic} behind offset ${before[own] - 1}, which was folded already`, String(input.offset));
};
