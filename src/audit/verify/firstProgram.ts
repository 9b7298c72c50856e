/**
 * Lines of policygate-capital 0.2.0, which wrote no chain: each can be read, its policy compared and its decision made again, but nothing ties one line to
 * the next. That program computed in binary fractions and remembered no working orders, so that another decision is told and is no fault.
 */
import { hexOf } from '../../contracts/json/hex';
import type { AuditEventDocument } from '../../contracts/documents/outputs';
import type { OrderIntent } from '../../contracts/messages';
import { parseRfc3339 } from '../../contracts/timestamp';
import type { ActivePolicy } from '../../domain/state';
import { replayEvent } from './checkSituation';
import type { LineFinding } from '../jsonl/auditLineReader';
import { counted } from './counted';

/** Of ours, every version has a chain. */
const LAST_WITHOUT_CHAIN = /^0\.[0-2]\./;

export class FirstProgramLines {
  private lines = 0;
  private replayed = 0;
  private different = 0;
  private firstDifferent = '';
  private readonly policies: ReadonlyMap<string, ActivePolicy>;

  /** `policies`: those given beside the log, by the hash that the lines name. */
  constructor(policies: readonly ActivePolicy[]) {
    this.policies = new Map(policies.map((policy) => [hexOf(policy.hash), policy]));
  }

  get count(): number {
    return this.lines;
  }

  add(event: AuditEventDocument, where: string): readonly LineFinding[] {
    this.lines += 1;
    if (!LAST_WITHOUT_CHAIN.test(event.engine_version))
      return [{ kind: 'FORM', expected: `the chain that version ${event.engine_version} writes`, found: 'a line without one' }];
    const findings: LineFinding[] = [];
    if (event.decision.intent_id !== event.intent.intent_id)
      findings.push({
        kind: 'CONTENT',
        expected: `a decision on ${event.intent.intent_id}`,
        found: `one on ${event.decision.intent_id}`,
      });
    const policy = this.policies.get(event.policy_hash);
    if (policy === undefined && this.policies.size > 0)
      findings.push({ kind: 'POLICY', expected: 'the hash of a policy given with --policy', found: event.policy_hash });
    if (policy !== undefined) this.replay(event, policy, where);
    return findings;
  }

  warnings(): readonly string[] {
    if (this.lines === 0) return [];
    const unproven =
      `${counted(this.lines, 'line')} without a chain (policygate-capital 0.2.0 wrote none): that lines were edited, put in, taken out, reordered or cut off ` +
      'cannot be excluded';
    if (this.replayed === 0) return [`${unproven}; give their policy with --policy, and their decisions are made again`];
    const same = `${this.replayed - this.different} of ${this.replayed} decisions come out the same again`;
    return [
      this.different === 0
        ? `${unproven}; ${same}`
        : `${unproven}; ${same}, the first that does not is ${this.firstDifferent} (that program computed in binary fractions)`,
    ];
  }

  private replay(event: AuditEventDocument, policy: ActivePolicy, where: string): void {
    const { instrument, limit_price, ...rest } = event.intent;
    const intent: OrderIntent = { ...rest, limit_price, instrument };
    const clock = parseRfc3339(intent.timestamp);
    if (clock === undefined) return;
    this.replayed += 1;
    const situation = { portfolio: event.portfolio_state, market: event.market_snapshot, execution: event.execution_state };
    const { decision } = replayEvent(intent, policy, situation, clock);
    const { decision: found } = event;
    const rules = (violations: readonly { readonly rule_id: string }[]): string =>
      violations.map(({ rule_id }) => rule_id).join();
    const isSame =
      decision.decision === found.decision &&
      rules(decision.violations) === rules(found.violations) &&
      (decision.decision !== 'MODIFY' || decision.order?.qty === found.modified_intent?.qty);
    if (isSame) return;
    this.different += 1;
    if (this.different === 1) this.firstDifferent = where;
  }
}
