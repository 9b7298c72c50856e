/**
 * Jest's globalSetup of the tests on a real Kafka. It finds a broker and a schema registry, says in one line which, and passes them on:
 *
 * 1. `KAFKA_BROKERS`, `SCHEMA_REGISTRY_URL`: used as they are.
 * 2. Docker, with the image at hand or to be pulled (`KAFKA_IMAGE`): a container.
 * 3. Java 17 and Maven: from the jars of Maven Central.
 * 4. Nothing: the tests are skipped, loudly; with `CI=true` the run fails.
 */
import type { Config } from 'jest';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { kafkaJars } from '../../../infra/native/artifacts';
import { brokerWays, namedBroker } from './broker';
import { TOLD } from './environment';
import { firstThatWorks, type Outcome, type Provided } from './provision';
import { namedRegistry, registryWays } from './registry';
import { started, stopStarted } from './started';

const say = (line: string): boolean => process.stderr.write(`kafka tests: ${line}\n`);

const globalSetup = async (_: Config, project: { readonly rootDir: string }): Promise<void> => {
  process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1';
  const { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registryUrl } = process.env;
  delete process.env.KAFKA_BROKERS;
  delete process.env.SCHEMA_REGISTRY_URL;
  try {
    // Both at once: each takes seconds to start.
    const work = [
      kept(brokers === undefined ? firstThatWorks(brokerWays) : named(namedBroker(brokers))),
      kept(registryUrl === undefined ? firstThatWorks(registryWays) : named(namedRegistry(registryUrl))),
      nativeReason(),
    ] as const;
    // A failure waits for the others: what they still start has to be stopped too.
    await Promise.allSettled(work);
    const [broker, registry, nativeMissing] = await Promise.all(work);
    if (nativeMissing !== undefined) process.env[TOLD.nativeMissing] = nativeMissing;
    if ('provided' in broker && 'provided' in registry) {
      process.env[TOLD.brokers] = broker.provided.address;
      process.env[TOLD.registryUrl] = registry.provided.address;
      say(`broker ${place(broker.provided)}; schema registry ${place(registry.provided)}`);
      if (nativeMissing !== undefined) say(`those that kill a broker of their own are SKIPPED: ${nativeMissing}`);
      return;
    }
    const reasons = [reasonsOf('broker', broker), reasonsOf('schema registry', registry)]
      .filter((text) => text !== '')
      .join('; ');
    await stopStarted();
    refuse(reasons, project.rootDir);
  } catch (error) {
    await stopStarted();
    throw error;
  }
};

export default globalSetup;

/** Noted as soon as it runs, so that it is stopped whatever else fails. */
const kept = async (outcome: Promise<Outcome>): Promise<Outcome> => {
  const ended = await outcome;
  if ('provided' in ended) started.push(ended.provided);
  return ended;
};

const named = async (provided: Promise<Provided>): Promise<Outcome> => ({ provided: await provided });

const place = ({ address, from }: Provided): string => `${address} (${from})`;

const reasonsOf = (what: string, outcome: Outcome): string =>
  'reasons' in outcome ? `no ${what}: ${outcome.reasons.join('; ')}` : '';

const nativeReason = async (): Promise<string | undefined> => {
  try {
    await kafkaJars();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

const refuse = (reasons: string, rootDir: string): void => {
  const remedy =
    'start Docker, or install Java 17 (or newer) and Maven, or set KAFKA_BROKERS and SCHEMA_REGISTRY_URL to a cluster for tests';
  if (['true', '1'].includes(process.env.CI ?? ''))
    throw new Error(`CI needs the tests on a real Kafka. ${reasons}. To do: ${remedy}`);
  const suites = readdirSync(join(rootDir, 'test', 'kafka'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.spec.ts'),
  );
  process.env[TOLD.kafkaMissing] = reasons;
  say(`SKIPPED, all ${suites.length} suites. ${reasons}. To run them: ${remedy}`);
};
