/** Figures of what is around the services: whether the process is ready, its version, its disk, the schema registry. */
import { statfs } from 'node:fs/promises';
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import { ENGINE_VERSION } from '../session';

/** `ready`: whether nothing keeps this process from being ready. */
export const showReadiness = (registry: Registry, ready: () => boolean): void => {
  const registers = [registry];
  new Gauge({
    name: 'policygate_ready',
    help: 'One: the process is ready; zero: /ready says why it is not',
    registers,
    collect() {
      this.set(ready() ? 1 : 0);
    },
  });
  const build = new Gauge({
    name: 'policygate_build_info',
    help: 'One; the version of the program',
    labelNames: ['version'],
    registers,
  });
  build.set({ version: ENGINE_VERSION }, 1);
};

/** The file system that the embedded bus writes to. */
export const showDisk = (registry: Registry, directory: string): void => {
  const registers = [registry];
  new Gauge({
    name: 'policygate_data_free_bytes',
    help: 'Free space where the data directory is',
    registers,
    async collect() {
      const { bavail, bsize } = await statfs(directory);
      this.set(bavail * bsize);
    },
  });
  new Gauge({
    name: 'policygate_data_size_bytes',
    help: 'Size of the file system where the data directory is',
    registers,
    async collect() {
      const { blocks, bsize } = await statfs(directory);
      this.set(blocks * bsize);
    },
  });
};

/** Answers with the function that is told whether the registry answered. */
export const showRegistry = (registry: Registry): ((answered: boolean) => void) => {
  const up = new Gauge({
    name: 'policygate_schema_registry_up',
    help: 'One: the schema registry answered when it was asked last; services need it to start, and only then',
    registers: [registry],
  });
  // It answered, or nothing would have started.
  up.set(1);
  return (answered) => up.set(answered ? 1 : 0);
};
