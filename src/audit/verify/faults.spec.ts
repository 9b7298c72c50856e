import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAULT_KINDS, FaultTally } from './faults';
import type { Fault } from './faults';

it('docs/commands.md explains every kind of fault in the same words', () => {
  const page = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'commands.md'), 'utf8');
  for (const [kind, meaning] of Object.entries(FAULT_KINDS)) expect(page).toContain(`| ${kind} | ${meaning} |`);
});

it('keeps the first fault, and counts the others by kind in the order of the table', () => {
  const fault = (kind: Fault['kind'], seq: number): Fault => ({
    kind,
    where: 'w',
    run_id: 'r-1',
    seq,
    expected: 'a',
    found: 'b',
  });
  const tally = new FaultTally();
  for (const one of [fault('HASH', 3), fault('SEQUENCE', 4), fault('HASH', 5)]) tally.add(one);
  expect(tally.total).toBe(3);
  expect(tally.first).toEqual(fault('HASH', 3));
  expect([...tally.byKind()]).toEqual([
    ['SEQUENCE', 1],
    ['HASH', 2],
  ]);
});
