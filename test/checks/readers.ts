/** What readers and writers were told, against what is on the log. */
import { TOPICS } from '../../src/contracts/topics';
import type { Acknowledged } from './evidence';
import type { Findings } from './findings';
import type { RawLog } from './rawLog';
import { recordAt, sameBytes } from './rawLog';

/** What was acknowledged is there, with its bytes. That it has an outcome, the check of the inputs says. */
export const checkAcknowledged = (log: RawLog, acknowledged: readonly Acknowledged[], findings: Findings): void => {
  for (const { record, offset } of acknowledged) {
    const { topic, partition, key, value } = record;
    const found = recordAt(log.records(topic, partition), offset);
    if (found === undefined || !sameBytes(found.value, value) || !sameBytes(found.key, key))
      findings.add('acknowledged records', `${topic}/${partition}@${offset} was acknowledged, and is not there`);
  }
};

/** Our reader, and the client of Kafka itself. */
export const compareReaders = (ours: RawLog, theirs: RawLog, findings: Findings): void => {
  for (const topic of TOPICS) {
    for (let partition = 0; partition < ours.shards; partition++) {
      const a = ours.records(topic, partition);
      const b = theirs.records(topic, partition);
      const at = a.findIndex((record, place) => {
        const other = b[place];
        return (
          other?.offset !== record.offset ||
          other.timestamp !== record.timestamp ||
          !sameBytes(other.value, record.value) ||
          !sameBytes(other.key, record.key)
        );
      });
      if (at !== -1 || a.length !== b.length)
        findings.add(
          'second reader',
          `${topic}/${partition}: our reader sees ${a.length} records, Kafka's own client ${b.length}; they differ from ${a[Math.max(0, at)]?.offset ?? 'the end'} on`,
        );
    }
  }
};
