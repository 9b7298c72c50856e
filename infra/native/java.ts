/** The Java and the Maven that the machine has. */
import { join } from 'node:path';
import { run } from './command';

/** What both Kafka 4 and Apicurio Registry 3 ask for. */
const OLDEST_JAVA = 17;
const ANSWER_MS = 20_000;

/** The program to start: the one of JAVA_HOME where that is set, as Maven does it. */
export const javaProgram = (): string => {
  const home = process.env.JAVA_HOME;
  return home === undefined || home === '' ? 'java' : join(home, 'bin', 'java');
};

/** Why Java cannot be used here, in words for a user; undefined when it can. */
export const javaMissing = async (): Promise<string | undefined> => {
  const { ok, text } = await run(javaProgram(), ['-version'], ANSWER_MS);
  if (!ok) return `no Java: ${text}`;
  const major = Number(/version "(\d+)/.exec(text)?.[1] ?? 0);
  return major >= OLDEST_JAVA ? undefined : `Java ${major} is too old, ${OLDEST_JAVA} or newer is needed`;
};

export const mavenMissing = async (): Promise<string | undefined> => {
  const { ok, text } = await run('mvn', ['-version'], ANSWER_MS);
  return ok ? undefined : `no Maven: ${text}`;
};
