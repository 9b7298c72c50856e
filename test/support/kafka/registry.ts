/** The tests' schema registry: one that the user names, or Apicurio Registry, in memory. */
import { answers, startNativeRegistry } from '../../../infra/native/registry';
import type { Provided, Way } from './provision';

/** Like a named broker: it is used, or the run fails. */
export const namedRegistry = async (url: string): Promise<Provided> => {
  const root = url.replace(/\/+$/, '');
  if (!(await answers(root))) {
    throw new Error(
      `SCHEMA_REGISTRY_URL: no schema registry answers at ${root}/subjects; start it, or unset SCHEMA_REGISTRY_URL`,
    );
  }
  return { address: root, from: 'SCHEMA_REGISTRY_URL', stop: () => Promise.resolve() };
};

const native = async (): Promise<Provided> => {
  const registry = await startNativeRegistry();
  return { address: registry.url, from: 'Apicurio’s jars, run by Java', stop: () => registry.stop() };
};

export const registryWays: readonly Way[] = [native];
