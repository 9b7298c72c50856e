/** What the tests ask of Docker before they rely on it. */
import { lastWords, run } from '../../../infra/native/command';
import { postGuardian } from '../../../infra/native/guardian';

const ANSWER_MS = 5_000;
/** A first pull is some 500 MB; where there is no image registry, it often ends by this limit only. */
const PULL_MS = 120_000;
/** Removes containers when the process that started them is gone; the version is that of the installed testcontainers. */
const RYUK_IMAGE = process.env.RYUK_CONTAINER_IMAGE ?? 'testcontainers/ryuk:0.14.0';

/** Throws an Error when no engine answers. */
export const expectDocker = async (): Promise<void> => {
  const { ok, text } = await run('docker', ['version', '--format', '{{.Server.Version}}'], ANSWER_MS);
  if (!ok) throw new Error(`Docker does not answer (${lastWords(text, 120)})`);
};

/** Throws an Error when the image is not here and cannot be pulled in time. */
export const expectImage = async (image: string): Promise<void> => {
  if ((await run('docker', ['image', 'inspect', image], ANSWER_MS)).ok) return;
  const { ok, text } = await run('docker', ['pull', '--quiet', image], PULL_MS);
  if (!ok) throw new Error(`image ${image} is not here and cannot be pulled (${lastWords(text, 120)})`);
};

/** Lets testcontainers work where its own helper image cannot be had. What it would do for a killed test run, `removeWhenGone` does. */
export const settleRyuk = async (): Promise<void> => {
  if (process.env.TESTCONTAINERS_RYUK_DISABLED !== undefined) return;
  try {
    await expectImage(RYUK_IMAGE);
  } catch {
    process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';
  }
};

/** Removes a container after the death of this process; call what it returns when the container was stopped in good order. */
export const removeWhenGone = (container: string): (() => void) =>
  postGuardian('docker rm --force --volumes "$1"', [container]).dismiss;
