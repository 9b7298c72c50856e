import { expectDocument } from '../../../../test/support/apiSchemas';
import { closeRigs, QuestionRig } from '../../../../test/support/questions';
import { Random } from '../../../../test/support/random';
import { TestLog, until } from '../../../../test/support/services';
import { START, TestShard } from '../../../../test/support/shard';
import { dayOf, live as liveDay } from '../../../../test/support/shardHistory';
import { intentOf } from '../../../../test/support/situations';
import { openMemoryBus } from '../../../bus/memory/memoryBus';
import { LiveLog } from '../../live/liveLog';
import type { AuditKind } from '../../../contracts/messages';
import type { ApiRequest } from '../route';
import { eventStream } from './eventStream';

afterEach(closeRigs);

interface Event {
  readonly id: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Reads as a browser does: blocks between blank lines; one without data only moves the id on. */
class EventReader {
  readonly events: Event[] = [];
  readonly comments: string[] = [];
  lastId = '';
  ended = false;
  private rest = '';

  constructor(
    body: AsyncIterable<string>,
    private readonly stopAfter = Infinity,
  ) {
    this.done = this.read(body);
  }

  readonly done: Promise<void>;

  private async read(body: AsyncIterable<string>): Promise<void> {
    for await (const chunk of body) {
      const blocks = (this.rest + chunk).split('\n\n');
      this.rest = blocks.pop() ?? '';
      for (const block of blocks) {
        this.take(block);
        if (this.events.length >= this.stopAfter) return;
      }
    }
    this.ended = true;
  }

  private take(block: string): void {
    const fields = new Map<string, string>();
    for (const line of block.split('\n')) {
      const [, name = '', value = ''] = /^([a-z]*): ?(.*)$/.exec(line) ?? [];
      if (name === '') this.comments.push(value);
      else fields.set(name, value);
    }
    this.lastId = fields.get('id') ?? this.lastId;
    const data = fields.get('data');
    if (data !== undefined)
      this.events.push({ id: this.lastId, event: fields.get('event') ?? '', data: expectDocument('Row', data) });
  }
}

const open = async (
  rig: QuestionRig,
  query: Readonly<Record<string, string>>,
  more: Partial<ApiRequest> & { headers?: Record<string, string> } = {},
) => {
  const leaving = new AbortController();
  const answer = await rig.handle('followEvents', { query, signal: leaving.signal, ...more });
  expect([answer.status, answer.contentType]).toEqual([200, 'text/event-stream; charset=utf-8']);
  return { reader: new EventReader(answer.body as AsyncIterable<string>), leave: () => leaving.abort() };
};
const names = (events: readonly Event[]): readonly string[] =>
  events.map(({ event, data }) => `${String(data.run_id)} ${String(data.seq)} ${event}`);

it('begins with the first record, or with what comes from now on, and goes on with what is committed', async () => {
  const rig = await QuestionRig.open({ shards: 2 });
  const early = await open(rig, {});
  await rig.feed(rig.shard.started({}, 'r-1'));
  await rig.feed(rig.shard.started({}, '__proto__'));
  const all = await open(rig, { after: '0' });
  const later = await open(rig, {});
  await until('the past is read', () => all.reader.events.length === 2 && later.reader.lastId !== '');
  expect(later.reader.lastId).toBe(rig.live.position().join(','));
  await rig.feed(rig.shard.control({ type: 'KillSwitchTripped' }, { at: START + 1_000 }));
  for (const { reader } of [all, early]) await until('three', () => reader.events.length === 3);
  await until('one', () => later.reader.events.length === 1);
  expect(names(later.reader.events)).toEqual(['r-1 1 kill-switch']);
  expect(new Set(names(all.reader.events))).toEqual(new Set(['r-1 0 control', '__proto__ 0 control', 'r-1 1 kill-switch']));
  for (const { reader, leave } of [all, early, later]) {
    expect(reader.lastId).toBe(rig.live.position().join(','));
    leave();
    await reader.done;
    expect(reader.ended).toBe(true);
  }
});

it('shows one run, or some kinds, and moves on past the others', async () => {
  const rig = await QuestionRig.open({ options: { heartbeatMs: 20 } });
  await rig.feed(rig.shard.price('AAPL', '200'), rig.shard.started({}, 'r-1'), rig.shard.started({}, 'r-2'));
  await rig.feed(rig.shard.intent(intentOf({ timestamp: new Date(START).toISOString() }), 'r-1'));
  await rig.feed(rig.shard.control({ type: 'KillSwitchTripped' }, { run: '*' }));
  const end = rig.live.position().join(',');
  const some = await open(rig, { after: '0', run: 'r-1', kinds: 'DECISION,KILL_SWITCH' });
  const none = await open(rig, { after: '0', run: 'r-9' });
  for (const { reader } of [some, none]) await until('signs of life', () => reader.comments.length > 1 && reader.lastId === end);
  expect(names(some.reader.events)).toEqual(['r-1 1 decision', 'r-1 2 kill-switch']);
  expect(none.reader.events).toEqual([]);
  for (const { leave } of [some, none]) leave();
});

it('Last-Event-ID comes before `after`, which is what the browser began with', async () => {
  const rig = await QuestionRig.open();
  await rig.feed(rig.shard.started({}, 'r-1'));
  await rig.feed(rig.shard.started({}, 'r-2'));
  const back = await open(rig, { after: '0' }, { headers: { 'last-event-id': '1' } });
  const fresh = await open(rig, { after: '1' }, { headers: { 'last-event-id': '' } });
  for (const { reader } of [back, fresh]) await until('one', () => reader.events.length === 1);
  expect([...names(back.reader.events), ...names(fresh.reader.events)]).toEqual(['r-2 0 control', 'r-2 0 control']);
});

it.each([
  [{ after: 'x' }, {}, 'after'],
  [{ after: '-1' }, {}, 'after'],
  [{ after: '0,0' }, {}, 'after'],
  [{ after: '9' }, {}, 'after'],
  [{ after: '0' }, { 'last-event-id': '1,2' }, 'Last-Event-ID'],
  [{ kinds: 'DECISION,' }, {}, 'kinds'],
  [{ kinds: 'decision' }, {}, 'kinds'],
] as const)('refuses %j %j', async (query, headers, field) => {
  const rig = await QuestionRig.open();
  await rig.feed(rig.shard.started());
  await expect(rig.handle('followEvents', { query, headers })).rejects.toMatchObject({
    code: 'invalid_parameter',
    parts: { field },
  });
});

it('is for 64 clients at once; a place is free when its client has gone, whether it read or not', async () => {
  const rig = await QuestionRig.open();
  const left: AbortController[] = [];
  const come = () => {
    const leaving = new AbortController();
    left.push(leaving);
    return rig.handle('followEvents', { signal: leaving.signal });
  };
  for (let client = 0; client < 64; client++) await come();
  await expect(come()).rejects.toMatchObject({ code: 'rate_limited', parts: { headers: { 'retry-after': '5' } } });
  left[7]?.abort();
  expect((await come()).status).toBe(200);
  await expect(come()).rejects.toMatchObject({ code: 'rate_limited' });
});

it('misses nothing and repeats nothing, wherever it comes back, how often, and however it is filtered', async () => {
  for (const seed of [1, 2, 3]) {
    const random = new Random(seed);
    const shard = new TestShard(openMemoryBus({ shards: 2 }));
    await liveDay(shard, dayOf(shard, seed, 150), { random, most: 10, takeover: 0 });
    const view = LiveLog.open({ bus: shard.bus, codec: shard.codec, log: new TestLog() });
    await view.start();
    const audits = await shard.audits();
    const kinds: ReadonlySet<AuditKind> | undefined = seed === 2 ? new Set(['DECISION', 'EXECUTION'] as const) : undefined;
    const runId = seed === 3 ? 'r-1' : undefined;
    const wanted = audits.filter(({ kind, run_id }) => kinds?.has(kind) !== false && (runId === undefined || run_id === runId));
    const seen: Event[] = [];
    let from: readonly number[] = [0, 0];
    while (seen.length < wanted.length) {
      const leaving = new AbortController();
      const stopAfter = random.between(1, 40);
      const left = wanted.length - seen.length;
      const body = eventStream(view, { from, runId, kinds, heartbeatMs: 5, signal: leaving.signal, log: new TestLog() });
      const reader = new EventReader(body, Math.min(stopAfter, left));
      await reader.done;
      leaving.abort();
      seen.push(...reader.events);
      from = reader.lastId.split(',').map(Number);
    }
    expect(names(seen)).toEqual(
      wanted.map(({ run_id, seq, kind }) => `${run_id} ${seq} ${kind.toLowerCase().replaceAll('_', '-')}`),
    );
    await view.stop();
    await shard.bus.close();
  }
});
