/**
 * Verifies a run's hash chain beside the page, so that the page stays quick, and reads what the hashed bytes say, so that the page can compare it
 * with what it shows. SHA-256 comes from @noble/hashes: the browser's own is not there on pages that came over plain HTTP from another machine.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { recordReader } from './avroReader';
import type { Schemas } from './avroReader';
import type { VerifyNews, VerifyOrder } from './messages';
import { RecordLook } from './recordLook';
import { ChainReader, readHash } from './verifyChain';

/** The schemas of avro/ by full name, put in by scripts/buildDashboard.mjs. */
declare const AVRO_SCHEMAS: Schemas;

const PAGE = 5_000;

const readRecord = recordReader(AVRO_SCHEMAS, 'policygate.AuditRecord', 'hash');

const say = (news: VerifyNews): void => self.postMessage(news);

self.onmessage = ({ data }: MessageEvent<VerifyOrder>) => {
  verify(data).catch((error: unknown) =>
    say({ kind: 'problem', problem: error instanceof Error ? error.message : String(error) }),
  );
};

const verify = async (order: VerifyOrder): Promise<void> => {
  const started = performance.now();
  const before = readHash(order.before);
  if (before === undefined) throw new Error('The hash before is no SHA-256 in hex.');
  // Both are of one moment: what is appended while we read is left for another time.
  const { next_seq: next, chain_hash: chainHash } = (await (
    await ask(order, `runs/${encodeURIComponent(order.run)}`)
  ).json()) as {
    readonly next_seq: number;
    readonly chain_hash: string;
  };
  const end = order.shown === undefined ? next : Math.min(next, order.from + 1);
  const looked = new RecordLook(readRecord, order.run, order.shown);
  const reader = new ChainReader(sha256, order.from, before, order.sought, (...of) => looked.look(...of));
  while (reader.nextSeq < end) {
    const left = end - reader.nextSeq;
    const at = `runs/${encodeURIComponent(order.run)}/chain?from_seq=${reader.nextSeq}&limit=${Math.min(PAGE, left)}`;
    const page = new Uint8Array(await (await ask(order, at)).arrayBuffer());
    const begun = reader.nextSeq;
    const broken = reader.take(page, left);
    if (broken !== undefined) {
      say({ kind: 'broken', ...broken, verified: broken.seq - order.from });
      return;
    }
    if (reader.nextSeq === begun) {
      say({ kind: 'broken', seq: begun, reason: 'the server does not have it', verified: begun - order.from });
      return;
    }
    say({ kind: 'progress', verified: reader.nextSeq - order.from, total: end - order.from, rows: looked.takeRows() });
  }
  say({
    kind: 'done',
    verified: reader.nextSeq - order.from,
    unread: looked.unread,
    from: order.from,
    lastHash: reader.lastHash,
    chainHash: order.shown === undefined ? chainHash.replace(/^sha256:/, '') : null,
    soughtSeq: reader.soughtSeq,
    difference: looked.difference,
    tookMs: performance.now() - started,
  });
};

const ask = async ({ base, token }: VerifyOrder, at: string): Promise<Response> => {
  const response = await fetch(new URL(at, base), {
    cache: 'no-store',
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  });
  if (response.ok) return response;
  const { detail } = (await response.json().catch(() => ({}))) as { readonly detail?: string };
  throw new Error(detail ?? `The server answered ${response.status}.`);
};
