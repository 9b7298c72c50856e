/**
 * Looks at everything that a service needs before it can start, in the order in which one thing needs the other, and says what to do about what is
 * missing. It changes nothing and leaves no record that a reader could see. A doctor has to answer: whatever hangs, it ends within 10 s.
 */
import { access, constants } from 'node:fs/promises';
import { probeBroker } from '../../bus/kafka/brokerProbe';
import type { Role } from '../../bus/kafka/roles';
import type { ReadSettings } from '../config/readSettings';
import { lineOf } from '../failure';
import { fail, ok, skip, warn } from './check';
import type { Check } from './check';
import { clusterChecks } from './clusterChecks';
import { schemaChecks } from './schemaChecks';

/** Of everything that needs a cluster; the brokers' own checks before it take up to 4.5 s. */
const CLUSTER_MS = 4_500;
const REGISTRY_MS = 4_000;
const AFTER_BROKERS = ['cluster', 'topics', 'permissions', 'clock'];

/**
 * `report` is called with each check as soon as it and those before it are known. `settings`: rejects with a Failure when they cannot be read. `as`: what
 * the login is meant for; undefined: it is enough that it is good for something.
 */
export const examine = async (
  settings: () => Promise<ReadSettings>,
  report: (check: Check) => void,
  as?: Role,
): Promise<void> => {
  let read: ReadSettings;
  try {
    read = await settings();
  } catch (error) {
    report(fail('settings', lineOf(error), 'correct them, then run this again'));
    return;
  }
  for (const warning of read.warnings) report(warn('settings', warning, 'think it over'));
  if (read.bus === 'embedded') {
    report(ok('settings', 'the embedded bus'));
    report(await dataDirectory(read.dataDir));
    return;
  }
  report(ok('settings', `Kafka at ${read.kafka.brokers.join(', ')}, topics ${read.kafka.topicPrefix}*, group ${read.group}`));
  // Started now and reported last: a registry that hangs costs no time of its own.
  const schemas = schemaChecks(read.registry, read.kafka.topicPrefix, REGISTRY_MS);
  const reached = await brokerChecks(read, report);
  if (reached.length > 0) {
    await clusterChecks({ ...read.kafka, brokers: reached }, { group: read.group, as }, CLUSTER_MS, report);
  } else {
    for (const what of AFTER_BROKERS) report(skip(what, 'no broker can be used'));
  }
  for (const check of await schemas) report(check);
};

/** The brokers that can be used. */
const brokerChecks = async ({ kafka }: ReadSettings, report: (check: Check) => void): Promise<readonly string[]> => {
  const probes = await Promise.all(kafka.brokers.map(async (address) => ({ address, probe: await probeBroker(kafka, address) })));
  for (const { address, probe } of probes)
    report(probe.ok ? ok(`broker ${address}`, probe.found) : fail(`broker ${address}`, probe.found, probe.todo));
  return probes.filter(({ probe }) => probe.ok).map(({ address }) => address);
};

const dataDirectory = async (directory: string | undefined): Promise<Check> => {
  const what = 'data directory';
  if (directory === undefined) return fail(what, 'none is named', 'give --data-dir, or set POLICYGATE_DATA_DIR');
  try {
    await access(directory, constants.R_OK | constants.W_OK);
    return ok(what, `${directory} can be read and written`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return warn(what, `${directory} is not there yet`, 'nothing: the first start makes it');
    return fail(what, `${directory} cannot be read and written (${code ?? lineOf(error)})`, 'correct its owner and its mode');
  }
};
