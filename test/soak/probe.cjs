/*
 * Loaded before the program (`node --require`): every SOAK_PROBE_MS it collects all garbage and adds a line about this process to SOAK_PROBE_FOLDER/<pid>.jsonl.
 * What is left after a collection is what is held: a heap that grows between collections says nothing. The delay of the event loop is of the time between
 * two lines, without the collection.
 */
const { appendFileSync } = require('node:fs');
const { join } = require('node:path');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

const { SOAK_PROBE_FOLDER, SOAK_PROBE_MS = '15000' } = process.env;
const milliseconds = (nanoseconds) => Math.round(nanoseconds / 1e4) / 100;

if (SOAK_PROBE_FOLDER !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  const look = () => {
    const loop = { loop_p99_ms: milliseconds(delay.percentile(99)), loop_max_ms: milliseconds(delay.max) };
    collect();
    const { heapUsed, external, heapTotal } = process.memoryUsage();
    const handles = process.getActiveResourcesInfo().length;
    const line = { at: Date.now(), held: heapUsed + external, heap: heapUsed, heap_total: heapTotal, handles, ...loop };
    appendFileSync(join(SOAK_PROBE_FOLDER, `${process.pid}.jsonl`), `${JSON.stringify(line)}\n`);
    delay.reset();
  };
  setInterval(look, Number(SOAK_PROBE_MS)).unref();
}
