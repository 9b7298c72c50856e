/** Compiled by package.spec.ts as an ES module, strictly, with the types of the installed package and of no other. */
import {
  ClientError,
  connect,
  decide,
  decimal,
  judge,
  loadPolicy,
  readIntent,
  resolveLimits,
  verifyDecision,
} from 'policygate-capital';
import type { Answer, Client, Decimal, Decision, OrderIntent } from 'policygate-capital';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(is: Same<A, B>): boolean => is;

export const client: Client = await connect({ url: 'http://127.0.0.1:8100', run: 'day-1' });
export const onKafka: Promise<Client> = connect({ run: 'day-1' });
// @ts-expect-error Kafka has no run of its own.
void connect({});
// @ts-expect-error There is no such option.
void connect({ url: 'http://127.0.0.1:8100', tokn: 'x' });

same<ReturnType<typeof decimal>, Decimal>(true);
same<ReturnType<typeof decide>, Decision>(true);
same<Awaited<ReturnType<Client['submit']>>, Answer>(true);
same<keyof typeof import('policygate-capital') & ('decide' | 'Intake'), 'decide'>(true);

const read = readIntent('{}');
if (read.ok) same<typeof read.value, OrderIntent>(true);
else same<typeof read.error.message, string>(true);

declare const intent: OrderIntent;
// @ts-expect-error A number is no exact decimal.
void client.submit({ ...intent, qty: 10 });
// @ts-expect-error Nor is a bigint: nobody could tell which unit it is in.
void client.submit({ ...intent, qty: 10n });

const answer = await client.submit(intent);
// @ts-expect-error Only what is decided has a decision.
void answer.decision;
if (answer.type === 'decided') same<typeof answer.decision.order, OrderIntent | null>(true);
if (answer.type === 'conflict') same<typeof answer.decidedSeq, number>(true);

const policy = loadPolicy('');
if (policy.ok) void resolveLimits(policy.value.policy, 'AAPL', 'momentum_v1').exposure.max_position_pct;
const proven = verifyDecision('', '');
if (!proven.ok) same<typeof proven.error, string>(true);
export const retryable = (error: unknown): boolean => error instanceof ClientError && error.retryable;
export const judged: typeof judge = judge;
