/**
 * Puts an edited policy file in force: once for each content, and only where it is valid. What is invalid is refused and shown, and the policy
 * that is in force stays.
 *
 * Editors write a file in place, in several pieces, or rename a new one over it, and some file systems tell nobody. So its folder is watched, and
 * looked at every now and then as well; and its bytes count only once two looks, a moment apart, found the same.
 */
import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { describeError } from '../../contracts/contractError';
import { hexOf } from '../../contracts/json/hex';
import { policyHash, readPolicy } from '../../contracts/policyDocument';
import { Failure, lineOf } from '../failure';
import { readBytes } from '../files';
import { pause } from '../service/backoff';
import type { Logger } from '../service/logger';

/** The last edit that was refused, until a valid one. */
export interface RefusedEdit {
  /** RFC 3339. */
  readonly at: string;
  /** Undefined: there is nothing to read where the file was. */
  readonly policyHash: string | undefined;
  readonly errors: readonly string[];
}

export interface PolicyWatchOptions {
  readonly file: string;
  readonly log: Logger;
  /** Hash of the policy in force; undefined: it is not known now. */
  readonly active: () => Uint8Array | undefined;
  /** Puts this text in force; rejects with a Failure where the run refuses it, with anything else where it may work later. */
  readonly activate: (text: string, hash: string) => Promise<void>;
  readonly times?: WatchTimes;
}

/** All in ms. */
interface WatchTimes {
  /** Between the two looks that must find the same bytes. */
  readonly settle: number;
  /** Looks that nothing gave rise to. */
  readonly poll: number;
}
const WATCH_TIMES: WatchTimes = { settle: 200, poll: 2_000 };

export class PolicyWatch {
  private refusal: RefusedEdit | undefined;
  /** The file is no more, or no file: edits are not followed. */
  private unreadable: RefusedEdit | undefined;
  /** What was dealt with, in hex: neither refused nor activated again while the file holds it. */
  private settled: string | undefined;
  /** What the last look failed with: said once, and not with every look. */
  private trouble = '';
  private watcher: FSWatcher | undefined;
  private wake: () => void = () => undefined;
  private readonly stopping = new AbortController();
  private done: Promise<void> = Promise.resolve();

  constructor(private readonly options: PolicyWatchOptions) {}

  get file(): string {
    return this.options.file;
  }

  get refused(): RefusedEdit | undefined {
    return this.unreadable ?? this.refusal;
  }

  /** Looks at once, and from then on. */
  start(): void {
    this.watchFolder();
    this.done = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.watcher?.close();
    this.wake();
    await this.done;
  }

  /** The folder, since a rename puts another file in the place of the one that would be watched. */
  private watchFolder(): void {
    const { file, log } = this.options;
    const name = basename(file);
    try {
      this.watcher = watch(dirname(file), { persistent: false }, (_, changed) => {
        if (changed === null || changed === name) this.wake();
      });
      // Then the looks that come anyway must do.
      this.watcher.on('error', (error) => log.warn({ reason: lineOf(error) }, 'the policy file is looked at every now and then'));
    } catch (error) {
      log.warn({ reason: lineOf(error) }, 'the policy file is looked at every now and then');
    }
  }

  private async run(): Promise<void> {
    while (!this.isStopping()) {
      const woken = new Promise<void>((resolve) => (this.wake = resolve));
      await this.look();
      const slept = new AbortController();
      await Promise.race([woken, pause((this.options.times ?? WATCH_TIMES).poll, slept.signal)]);
      slept.abort();
    }
  }

  private async look(): Promise<void> {
    try {
      const bytes = await this.stableBytes();
      if (bytes !== undefined && !this.isStopping()) await this.consider(bytes);
      this.trouble = '';
      this.unreadable = undefined;
    } catch (error) {
      // A file that is away for a moment, a bus that fails: the next look tries again.
      const trouble = lineOf(error);
      if (trouble !== this.trouble) this.options.log.warn({ reason: trouble }, 'the policy file cannot be put in force now');
      else if (error instanceof Failure)
        this.unreadable ??= { at: new Date().toISOString(), policyHash: undefined, errors: [trouble] };
      this.trouble = trouble;
    }
  }

  private async consider(bytes: Buffer): Promise<void> {
    const { file, log, active, activate } = this.options;
    const hash = policyHash(bytes);
    const hex = hexOf(hash);
    const inForce = active();
    if (hex === this.settled || inForce === undefined) return;
    const read = readPolicy(bytes, file);
    if (!read.ok) {
      this.refuse(hex, read.error.map(describeError));
      return;
    }
    if (Buffer.compare(inForce, hash) !== 0) {
      for (const warning of read.value.warnings) log.warn({}, warning);
      try {
        await activate(bytes.toString('utf8'), hex);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        this.refuse(hex, [error.message]);
        return;
      }
      log.info({ policy: hex }, 'the edited policy is in force');
    }
    this.refusal = undefined;
    this.settled = hex;
  }

  /** The file's bytes, once they have stopped changing; undefined: this watch ends meanwhile. */
  private async stableBytes(): Promise<Buffer | undefined> {
    let before = await this.bytes();
    while (!this.isStopping()) {
      if (hexOf(policyHash(before)) === this.settled) return before;
      await pause((this.options.times ?? WATCH_TIMES).settle, this.stopping.signal);
      const now = await this.bytes();
      if (now.equals(before)) return now;
      before = now;
    }
    return undefined;
  }

  /** Nothing but a file is read: to open a pipe waits for its writer, and neither this watch nor the process would end before one comes. */
  private async bytes(): Promise<Buffer> {
    const { file } = this.options;
    const found = await stat(file).catch(() => undefined);
    if (found !== undefined && !found.isFile()) throw new Failure(`${file}: is no file; expected the policy, as YAML`);
    return readBytes(file);
  }

  private refuse(hash: string, errors: readonly string[]): void {
    this.settled = hash;
    this.refusal = { at: new Date().toISOString(), policyHash: hash, errors };
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
    this.options.log.warn({ policy: hash }, `the edited policy is refused, the one in force stays: ${errors[0] ?? ''}${more}`);
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }
}
