/**
 * The fault campaign, short: every fault point once, zombies, a killed broker, lost answers, processors that come and go, poison; and planted bugs, to
 * see that its checks can see. The long one: `npm run campaign`. What it promises and what it found last: docs/reliability.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgram } from '../campaign/builtProgram';
import { runCampaign } from '../campaign/campaign';
import type { Cluster } from '../campaign/cluster';
import { startCluster } from '../campaign/cluster';
import { FAULT_POINTS } from '../campaign/faults';
import { PLANTED_BUGS } from '../campaign/plantedBugs';
import { stepsOf } from '../campaign/plans';
import { Random } from '../support/random';
import { tryBug } from '../campaign/trials';
import { describeNativeBroker, kafkaUnderTest } from '../support/kafka/kafkaUnderTest';

/** Another seed finds other things; a campaign that fails prints what it did, and this is all that chance was fed with. */
const SEED = Number(process.env.POLICYGATE_CAMPAIGN_SEED ?? 20_261);
const SESSION_MS = 3_000;

describeNativeBroker('a campaign of faults under load', () => {
  let cluster: Cluster;
  let folder: string;
  let intact: string;
  const silent = (): void => undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'policygate-campaign-'));
    cluster = await startCluster({ registryUrl: kafkaUnderTest().registryUrl });
    intact = await buildProgram(join(folder, 'intact'));
  }, 120_000);
  afterAll(async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  it('leaves each input dealt with once, each intent decided once, each order sent once, and a log that replays byte for byte', async () => {
    const said: string[] = [];
    const outcome = await runCampaign({
      ...{ cluster, program: intact, folder: join(folder, 'campaign'), topicPrefix: kafkaUnderTest().topicPrefix, seed: SEED },
      ...{
        shards: 3,
        runs: 6,
        intents: 1_200,
        rate: 120,
        processors: 2,
        sessionMs: SESSION_MS,
        batchRecords: 100,
        livenessMs: 60_000,
      },
      steps: stepsOf(
        {
          kills: FAULT_POINTS.length,
          zombies: 2,
          brokerKills: 1,
          brokerPauses: 0,
          lostAnswers: 2,
          rebalances: 1,
          poisonRounds: 1,
        },
        new Random(SEED),
      ),
      say: (line) => void said.push(line),
    });

    expect({ findings: outcome.told, missed: outcome.missed, said }).toEqual({ findings: [], missed: [], said });
    // All of it has happened, and the load was worth the faults.
    const { faults, counts } = outcome;
    expect(Object.keys(faults).filter((name) => name.startsWith('kill at'))).toHaveLength(FAULT_POINTS.length);
    expect(faults).toMatchObject({ 'zombie (processor)': 2, 'broker killed': 1, 'processors joined and left': 1 });
    for (const name of ['ALLOW', 'MODIFY', 'DENY', 'conflict', 'audit DUPLICATE', 'audit KILL_SWITCH', 'dead-letters'])
      expect({ name, enough: (counts[name] ?? 0) > 20 }).toEqual({ name, enough: true });
  }, 420_000);

  it.each([
    ['no fencing', ['one outcome each', 'sequence', 'one decision each']],
    ['poison dropped', ['one outcome each', 'dead letters']],
  ])(
    'finds a planted bug: %s',
    async (name, checks) => {
      const bug = PLANTED_BUGS.find((one) => one.name === name);
      if (bug === undefined) throw new Error(`there is no planted bug ${name}`);

      const trial = await tryBug(bug, {
        ...{ cluster, intact, folder: join(folder, name.replace(' ', '-')), topicPrefix: kafkaUnderTest().topicPrefix },
        ...{ seed: SEED, sessionMs: SESSION_MS, say: silent },
      });

      expect(Object.keys(trial.by)).toEqual(expect.arrayContaining(checks));
    },
    180_000,
  );
});
