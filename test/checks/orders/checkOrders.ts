/**
 * What reached a broker, and what the log says of it: whether it was admitted and on record, once, filled as told, ended as told, and stopped when it had
 * to be. The verdict is from the log, the broker's own record and what was seen of the programs; nothing of the gateway's own code takes part in it.
 */
import type { Findings } from '../findings';
import { checkCauses } from './causes';
import { checkEndings } from './endings';
import type { OrderEvidence } from './evidence';
import { checkExposure } from './exposure';
import { checkFills, checkFillsOnLog, checkPositions } from './fills';
import { checkKills } from './kills';
import { checkLives } from './life';
import { shardOrdersOf } from './shardOrders';
import { checkSubmissions } from './submissions';

export const checkOrders = (evidence: OrderEvidence, findings: Findings): void => {
  for (let partition = 0; partition < evidence.log.shards; partition++) {
    const shard = shardOrdersOf(evidence, partition);
    const { account } = shard;
    checkLives(shard, evidence.atRest, findings);
    checkFillsOnLog(shard, findings);
    if (account === undefined) continue;
    checkSubmissions(shard, account, evidence, findings);
    checkEndings(shard, account, findings);
    checkFills(shard, account, evidence.atRest, findings);
    checkExposure(shard, account, findings);
    if (evidence.isWatched === true) checkCauses(shard, account, evidence, findings);
    checkKills(shard, account, evidence, findings);
    if (evidence.atRest) checkPositions(shard, account, findings);
  }
};
