/** What evidence has shown, in words and as JSON. */
import type { ProvenDecision } from '../../audit/evidence/verifyEvidence';
import { originOf } from '../../audit/checkpoint/checkpointNote';
import { formatDecimal } from '../../contracts/decimal';
import { hexOf } from '../../contracts/json/hex';
import { canonicalJson } from '../../contracts/json/write';
import type { OrderIntent } from '../../contracts/messages';
import { formatRfc3339 } from '../../contracts/timestamp';

export const provenText = (proven: ProvenDecision, leafIndex: number): string => {
  const { head, record, intent, decision, policy } = proven;
  const signed = `${formatRfc3339(head.madeAt)} by the clock of the signer, with the key ${head.name}`;
  const rows: readonly (readonly [string, string])[] = [
    ['asked', `${orderText(intent)}; intent ${intent.intent_id} of strategy ${intent.strategy_id}, account ${intent.account_id}`],
    ['decided', decidedText(proven)],
    ...decision.violations.map(({ rule_id, message }): readonly [string, string] => ['because', `${rule_id}: ${message}`]),
    ...(decision.violations.length === 0 ? [['because', 'no rule was broken'] as const] : []),
    ['when', `${formatRfc3339(record.clock)} on the clock of run ${record.run_id}, as its record ${record.seq}`],
    [
      'under',
      record.policy_hash === null || policy === undefined
        ? 'no policy: none was in force'
        : `the policy with the SHA-256 ${hexOf(record.policy_hash)}, mode ${policy.defaults.mode}`,
    ],
    ['on the log', `audit record ${leafIndex} of ${head.size} of ${originOf(head)}, written by engine ${record.engine_version}`],
    ['signed', signed],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}\n`);
  return (
    `Proven: this decision stood on the log when it was signed, and nothing of it was changed since.\n${lines.join('')}` +
    'Checked: the signature, the way from the record to the signed root, the hash over the bytes, the bytes against what is shown, the policy\n' +
    'against its hash, and the decision, made again from its facts and the policy.\n'
  );
};

const orderText = ({ side, qty, instrument, order_type, limit_price }: OrderIntent): string =>
  `${side} ${formatDecimal(qty)} ${instrument.symbol} (${instrument.asset_class}), ${order_type}${limit_price === null ? '' : ` ${formatDecimal(limit_price)}`}`;

const decidedText = ({ decision, intent }: ProvenDecision): string => {
  const { order } = decision;
  if (order === null) return `${decision.decision}: no order`;
  return order.qty === intent.qty ? `${decision.decision}: as asked` : `${decision.decision}: ${orderText(order)}`;
};

export const provenJson = ({ head, record, intent, decision }: ProvenDecision, leafIndex: number): string =>
  `${canonicalJson({
    proven: true,
    run_id: record.run_id,
    intent_id: intent.intent_id,
    decision: decision.decision,
    rules: decision.violations.map(({ rule_id }) => rule_id),
    clock: formatRfc3339(record.clock),
    seq: record.seq,
    policy_hash: record.policy_hash === null ? null : hexOf(record.policy_hash),
    engine_version: record.engine_version,
    leaf_index: leafIndex,
    checkpoint: {
      origin: originOf(head),
      tree_size: head.size,
      root_hash: hexOf(head.root),
      made_at: formatRfc3339(head.madeAt),
    },
  })}\n`;
