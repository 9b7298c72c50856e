/**
 * A process that commits until it is killed. Arguments: the compiled embedded bus, the directory, and optionally a fault point with the number
 * of the visit at which the process kills itself. Prints the number of each commit once it is acknowledged.
 * Commit n: one to five records in `decisions`, as many in `audit-records`, one in `policy-state`, each with the value `n/of/how many`.
 */
const { writeSync } = require('node:fs');
const [, , module_, directory, point, visit] = process.argv;
const { openEmbeddedBus } = require(module_);

let visits = 0;
const faults = (at) => {
  if (at === point && ++visits === Number(visit)) process.kill(process.pid, 'SIGKILL');
};

const main = async () => {
  const bus = await openEmbeddedBus({ directory, faults });
  const writer = await bus.writer('shard-0');
  for (let n = await bus.endOffset('policy-state', 0); ; n++) {
    const count = 1 + (n % 5);
    const record = (topic, at) => ({
      topic,
      partition: 0,
      key: Buffer.from(`key ${n}`),
      value: Buffer.from(`${n}/${at}/${count}/${'x'.repeat((n * 37) % 900)}`),
      timestamp: n,
    });
    const records = [record('policy-state', 0)];
    for (let at = 0; at < count; at++) records.push(record('decisions', at), record('audit-records', at));
    await writer.commit(records);
    writeSync(1, `${n}\n`);
  }
};
main().catch((error) => {
  writeSync(2, `${error.stack}\n`);
  process.exit(2);
});
