/** Rules, dashboards and the page speak of metrics that there are; alerts fire; a trace goes from a request to a fill. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { AUDIT_RECORDS, DECISIONS, EXECUTION_EVENTS, ORDER_INTENTS } from '../src/contracts/topics';
import { recordsTo } from '../src/processor/readTo';
import { openEmbeddedBus } from '../src/bus/embedded/embeddedBus';
import { figures, fileText, groupedBy, selectorsOf } from './observability/figures';
import { parseLines, policygate, ROOT, temporaryFolder } from './support/program';
import { DEMO_FILES, demoIntents, endServers, get, post, serving } from './support/serve';
import { until } from './support/services';

const known = figures();
/** Those of the scrape, and of Prometheus itself. */
const SCRAPED = ['job', 'instance', 'component'];
const PROMETHEUS: Readonly<Record<string, readonly string[]>> = { up: [], ALERTS: ['alertname', 'alertstate'] };

const labelsOf = (name: string): readonly string[] | undefined => {
  const outside = PROMETHEUS[name];
  if (outside !== undefined) return [...outside, ...SCRAPED];
  const histogram = /^(.*)_(?:bucket|sum|count)$/.exec(name)?.[1];
  const figure = known.get(name) ?? (histogram === undefined ? undefined : known.get(histogram));
  if (figure === undefined || (figure.type === 'histogram') !== (figure.name !== name)) return undefined;
  return [...figure.labels, ...SCRAPED, ...(name.endsWith('_bucket') ? ['le'] : [])];
};

/** What is wrong with an expression, in words. */
const faultsOf = (expression: string): readonly string[] => {
  const selectors = selectorsOf(expression);
  const all = new Set(selectors.flatMap(({ metric }) => labelsOf(metric) ?? []));
  return [
    ...(selectors.length === 0 ? ['no metric'] : []),
    ...selectors.flatMap(({ metric, labels }) => {
      const has = labelsOf(metric);
      if (has === undefined) return [`no metric ${metric}`];
      return labels.flatMap((label) => (has.includes(label) ? [] : [`${metric} has no label ${label}`]));
    }),
    ...groupedBy(expression).flatMap((label) => (all.has(label) ? [] : [`nothing in it has the label ${label}`])),
  ];
};

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<'summary' | 'description' | 'runbook', string>>;
}
const RULES = join('infra', 'prometheus', 'rules', 'policygate.yml');
const rules = (parse(fileText(RULES)) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}
interface Board {
  readonly uid: string;
  readonly panels: readonly Panel[];
}
const BOARDS = join('infra', 'grafana', 'dashboards');
const boards = readdirSync(join(ROOT, BOARDS)).map((name) => JSON.parse(fileText(BOARDS, name)) as Board);

const anchorsOf = (page: string): readonly string[] =>
  [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  );

it('knows a fault when it sees one', () => {
  expect(faultsOf('sum by (shard) (policygate_orders_unknown{shard="1"}) > 0')).toEqual([]);
  expect(faultsOf('policygate_orders_unknow > 0')).toEqual(['no metric policygate_orders_unknow']);
  expect(faultsOf('policygate_orders_unknown{run="1"}')).toEqual(['policygate_orders_unknown has no label run']);
  expect(faultsOf('sum by (symbol) (policygate_orders_unknown)')).toEqual(['nothing in it has the label symbol']);
  expect(faultsOf('rate(policygate_transaction_seconds[1m])')).toEqual(['no metric policygate_transaction_seconds']);
  expect(faultsOf('1 > 2')).toEqual(['no metric']);
});

describe('alerts', () => {
  it.each(rules.map((rule) => [rule.alert, rule] as const))('%s', (_, { expr, labels, annotations }) => {
    expect(faultsOf(expr)).toEqual([]);
    expect(['page', 'ticket']).toContain(labels.severity);
    expect(Object.keys(annotations).sort()).toEqual(['description', 'runbook', 'summary']);
    const [file = '', anchor] = annotations.runbook.split('#');
    expect(existsSync(join(ROOT, file))).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(fileText(file))).toContain(anchor);
  });

  const promtool = (...args: readonly string[]): string => execFileSync('promtool', args, { cwd: ROOT, encoding: 'utf8' });
  const hasPromtool = ((): boolean => {
    try {
      return promtool('--version') !== '';
    } catch {
      if (process.env.CI === 'true') throw new Error('promtool is needed: `apt-get install prometheus`, or its release');
      console.warn('alerts are not tried: promtool is needed (`apt-get install prometheus`)');
      return false;
    }
  })();
  (hasPromtool ? it : it.skip)('are what Prometheus reads, fire when they should, and are silent on a healthy day', () => {
    expect(promtool('check', 'config', 'infra/prometheus/prometheus.yml')).toContain('SUCCESS');
    expect(promtool('test', 'rules', 'infra/prometheus/tests/policygate.yml')).toContain('SUCCESS');
  });

  it('are each made to fire by a test', () => {
    const tests = fileText('infra', 'prometheus', 'tests', 'policygate.yml');
    const fired = new Set([...tests.matchAll(/alertname(?:="|: )(Policygate\w+)/g)].map(([, name = '']) => name));
    for (const [, names = ''] of tests.matchAll(/alertname=~"Policygate\(([\w|]+)\)"/g))
      for (const name of names.split('|')) fired.add(`Policygate${name}`);
    expect(rules.map(({ alert }) => alert).filter((alert) => !fired.has(alert))).toEqual([]);
  });
});

describe('dashboards', () => {
  const panels = boards.flatMap(({ uid, panels: of }) => of.map((panel) => [`${uid}: ${panel.title}`, panel] as const));
  it.each(panels.filter(([, { targets }]) => targets !== undefined))('%s', (_, { targets = [] }) => {
    for (const { expr, legendFormat } of targets) {
      expect(faultsOf(expr)).toEqual([]);
      const labels = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
      const has = selectorsOf(expr).flatMap(({ metric }) => labelsOf(metric) ?? []);
      expect(labels.filter((label) => !has.includes(label))).toEqual([]);
    }
  });
});

it('the page has every metric with its type and labels, and no other', () => {
  const rows = [...fileText('docs', 'observability.md').matchAll(/^\| `(policygate_\w+)` \| (\w+) \| ([^|]*) \|/gm)];
  const said = rows.map(([, name = '', type = '', labels = '']) => ({
    name,
    type,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label).sort(),
  }));
  const own = [...known.values()].filter(({ name }) => !/^policygate_(process|nodejs)_/.test(name));
  const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);
  expect(said.sort(byName)).toEqual(own.sort(byName));
  // What grows with the trade is no label.
  const unbounded = ['run', 'run_id', 'intent', 'intent_id', 'symbol', 'strategy', 'strategy_id', 'order_id', 'trace_id'];
  expect(own.flatMap(({ labels }) => labels).filter((label) => unbounded.includes(label))).toEqual([]);
});

describe('serve', () => {
  jest.setTimeout(60_000);
  const folder = temporaryFolder();
  afterAll(folder.remove);
  afterEach(endServers);
  const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
  const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;

  it('carries a trace from the request to the fill, logs it, shows its figures, and replays', async () => {
    const directory = folder.path('data');
    const { url, child, outcome, stderr, run } = await serving([...DEMO_FILES, '--data-dir', directory], {
      POLICYGATE_LOG_LEVEL: 'debug',
    });
    const [first, second, third] = demoIntents();
    const sent = await post(`${url}/intent`, { intent: first }, { traceparent });
    expect([sent.status, sent.headers['policygate-trace']]).toEqual([200, TRACE]);
    const made = await post(`${url}/intent`, { intent: second }, { traceparent: 'nonsense' });
    expect(made.headers['policygate-trace']).toMatch(/^[0-9a-f]{32}$/);
    const later = await post(`${url}/intent?wait=0`, { intent: third });
    expect([later.status, later.headers['policygate-trace']]).toEqual([202, expect.stringMatching(/^[0-9a-f]{32}$/)]);
    const decided = (): boolean => /"intent":"demo-03".*"msg":"intent decided"/.test(stderr());
    await until('decided', decided);

    let page = '';
    await until('looked at', async () => {
      page = (await get(`${url}/metrics`)).text;
      return page.includes('policygate_shard_lag_records{service="gateway",shard="0",topic="decisions"} ');
    });
    const shown = [...page.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => `${name} ${type}`);
    const expected = [...known.values()].filter(({ name }) => name !== 'policygate_schema_registry_up');
    expect(shown.sort()).toEqual(expected.map(({ name, type }) => `${name} ${type}`).sort());
    expect(page).toContain('policygate_active_runs{shard="0"} 1\n');
    expect(page).toContain('policygate_kill_switch_active_runs{shard="0"} 0\n');
    expect(page).toContain('policygate_ready 1\n');
    expect(page).toMatch(/policygate_limit_used_ratio\{shard="0",limit="gross_exposure_x"\} 0\.\d+/);
    expect(page).toContain('policygate_restore_left_records{service="processor",shard="0"} 0\n');
    expect(page).toMatch(/policygate_intent_to_decision_seconds_count 3\n/);
    expect(page).toMatch(/policygate_decision_stage_seconds_count\{stage="waiting"\} [123]\n/);
    expect(page).not.toMatch(new RegExp(`${run}|AAPL|demo-0`));
    child.kill('SIGTERM');
    expect((await outcome).code).toBe(0);

    const lines = parseLines(stderr().replace(/^[^{].*$/gm, ''));
    const about = lines.filter(({ intent }) => intent === 'demo-01');
    expect(about.map(({ msg, trace_id }) => [msg, trace_id])).toEqual([
      ['intent on the log', TRACE],
      ['intent decided', TRACE],
    ]);
    expect(about[1]).toMatchObject({ service: 'processor', shard: 0, run, verdict: 'ALLOW', rules: [], seq: 1 });

    const bus = await openEmbeddedBus({ directory });
    const traces: Record<string, number> = {};
    for (const topic of [ORDER_INTENTS, DECISIONS, AUDIT_RECORDS, EXECUTION_EVENTS] as const)
      for await (const { headers } of recordsTo(bus, { topic, partition: 0, offset: 0 }))
        if (headers.traceparent === traceparent) traces[topic] = (traces[topic] ?? 0) + 1;
    await bus.close();
    // The decision, submission and fill; each of these on record.
    expect(traces).toEqual({ [ORDER_INTENTS]: 1, [DECISIONS]: 1, [EXECUTION_EVENTS]: 2, [AUDIT_RECORDS]: 3 });
    for (const command of ['replay', 'verify'])
      expect(await policygate([command, '--data-dir', directory])).toMatchObject({ code: 0 });
  });
});
