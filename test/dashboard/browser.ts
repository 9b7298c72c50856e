/** A real browser: Chromium as it is installed here, or nothing. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** As root there is no sandbox; without a screen no GPU; and nothing is asked of the network but what the test asks. */
const ARGUMENTS = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--font-render-hinting=none',
];

const HOW = 'Chromium is needed: `apt-get install chromium`, or POLICYGATE_CHROMIUM=/path/to/it';

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const found = (): string | undefined => {
  const given = process.env.POLICYGATE_CHROMIUM;
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = given === undefined ? folders.flatMap((folder) => NAMES.map((name) => join(folder, name))) : [given];
  return candidates.find(isProgram);
};

/** Whether there is a browser. Where there is none the tests in it are left out, which is said; in CI they fail. */
export const hasBrowser = (): boolean => {
  if (found() !== undefined) return true;
  if (process.env.CI === 'true') throw new Error(HOW);
  console.warn(`The tests of the dashboard are left out. ${HOW}`);
  return false;
};

export const openBrowser = (): Promise<Browser> => {
  const executablePath = found();
  if (executablePath === undefined) throw new Error(HOW);
  return chromium.launch({ executablePath, args: ARGUMENTS, handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false });
};
