/**
 * The jars of Kafka and of Apicurio Registry, from Maven Central, kept in the user's cache folder: fetched once (43 and 115 MB), and used
 * without Maven or a network from then on.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { lastWords, run } from './command';
import { javaMissing, mavenMissing } from './java';

/** As pom.xml says. */
const KAFKA_VERSION = '4.1.0';
const REGISTRY_VERSION = '3.0.9';
const POM = join(__dirname, 'pom.xml');
const FETCH_MS = 300_000;

/** `$XDG_CACHE_HOME/policygate`, or `~/.cache/policygate`. */
export const cacheFolder = (): string => {
  const base = process.env.XDG_CACHE_HOME;
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'policygate');
};

/** The folder with the broker's jars. Throws what `fetched` throws. */
export const kafkaJars = (): Promise<string> =>
  fetched(join(cacheFolder(), `kafka-${KAFKA_VERSION}`), async (folder) => {
    await maven(['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${folder}`]);
  });

/** The folder with the registry's program. Throws what `fetched` throws. */
export const registryFolder = (): Promise<string> =>
  fetched(join(cacheFolder(), `apicurio-registry-${REGISTRY_VERSION}`), async (folder) => {
    const name = `apicurio-registry-app-${REGISTRY_VERSION}-all.tar.gz`;
    const artifact = `io.apicurio:apicurio-registry-app:${REGISTRY_VERSION}:tar.gz:all`;
    // An old plugin on purpose: newer ones also ask for the artifact's parent POM, which Maven Central does not have.
    await maven([
      'org.apache.maven.plugins:maven-dependency-plugin:2.8:copy',
      `-Dartifact=${artifact}`,
      `-DoutputDirectory=${folder}`,
    ]);
    await succeed('tar', ['-xzf', join(folder, name), '-C', folder]);
    rmSync(join(folder, name));
  });

export const registryJar = (folder: string): string => join(folder, `apicurio-registry-app-${REGISTRY_VERSION}-runner.jar`);

/**
 * Fills a folder once. It is filled beside its place and then renamed, so that two processes that fetch at once, or one that is killed while it
 * fetches, never leave half a folder. Throws an Error that says in one line what is missing: Java, Maven, or the network.
 */
const fetched = async (folder: string, fill: (folder: string) => Promise<void>): Promise<string> => {
  const java = await javaMissing();
  if (java !== undefined) throw new Error(java);
  if (existsSync(folder)) return folder;
  const noMaven = await mavenMissing();
  if (noMaven !== undefined) throw new Error(noMaven);

  mkdirSync(dirname(folder), { recursive: true });
  const beside = mkdtempSync(`${folder}.fetching-`);
  try {
    await fill(beside);
    if (!existsSync(folder)) renameSync(beside, folder);
  } catch (error) {
    // Another process was faster by a hair: what it put there is the same.
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
  return folder;
};

const maven = (args: readonly string[]): Promise<void> => succeed('mvn', ['-q', '-B', '-C', '-f', POM, ...args]);

const succeed = async (command: string, args: readonly string[]): Promise<void> => {
  const { ok, text } = await run(command, args, FETCH_MS);
  if (ok) return;
  // Maven says first what went wrong, and then much about itself.
  const reason = text.split('\n').find((line) => line.includes('[ERROR]')) ?? text;
  throw new Error(`\`${command}\` could not fetch what is needed: ${lastWords(reason, 600)}`);
};
