/**
 * Who may do what on Kafka: the one list of rights. `topics acls` grants it, `doctor` compares a login with it, docs/deployment-kafka.md shows it, and
 * test/kafka/acls.spec.ts tries on a broker that each role can do its work and nothing else.
 *
 * READ and WRITE bring DESCRIBE with them (Kafka, "Authorization and ACLs"). Besides what stands here, each role may DESCRIBE all topics and their
 * settings, since every start verifies them; processor and gateway may READ the consumer group that is called after them. Nobody needs IDEMPOTENT_WRITE: since Kafka 2.8 a right to WRITE is enough (KIP-679).
 */
import {
  AUDIT_CHECKPOINTS,
  AUDIT_RECORDS,
  CONTROL_EVENTS,
  DEAD_LETTERS,
  DECISIONS,
  EXECUTION_EVENTS,
  INPUT_TOPICS,
  MARKET_PRICES,
  ORDER_INTENTS,
  POLICY_STATE,
  TOPICS,
} from '../../contracts/topics';
import type { Topic } from '../../contracts/topics';

export const ROLES = [
  'processor',
  'gateway',
  'intake',
  'strategy',
  'client',
  'price-feed',
  'operator',
  'dead-letters',
  'signer',
  'auditor',
  'admin',
] as const;
export type Role = (typeof ROLES)[number];

export interface Rights {
  /** Which processes and commands log in so. */
  readonly about: string;
  readonly reads: readonly Topic[];
  readonly writes: readonly Topic[];
  /** What its transactional ids begin with, behind the prefix of the topics. */
  readonly transactions: readonly string[];
  /** It makes the topics. */
  readonly creates: boolean;
  /** It may read and change the permissions of everybody. */
  readonly grants: boolean;
}

const NOTHING = { reads: [], writes: [], transactions: [], creates: false, grants: false } as const;

export const RIGHTS: Readonly<Record<Role, Rights>> = {
  processor: {
    ...NOTHING,
    about: '`processor`',
    reads: [...INPUT_TOPICS, AUDIT_RECORDS, POLICY_STATE],
    writes: [DECISIONS, AUDIT_RECORDS, POLICY_STATE, DEAD_LETTERS],
    transactions: ['policygate-processor-'],
  },
  gateway: {
    ...NOTHING,
    about: '`gateway`',
    reads: [DECISIONS, EXECUTION_EVENTS, CONTROL_EVENTS],
    // Control events: PositionDrift.
    writes: [EXECUTION_EVENTS, CONTROL_EVENTS],
    transactions: ['policygate-gateway-'],
  },
  intake: {
    ...NOTHING,
    about: '`serve` in front of Kafka',
    reads: [CONTROL_EVENTS, AUDIT_RECORDS, POLICY_STATE, DEAD_LETTERS],
    // Prices: the market that a run begins with.
    writes: [ORDER_INTENTS, CONTROL_EVENTS, MARKET_PRICES],
    transactions: ['policygate-intake-', 'policygate-control-'],
  },
  strategy: {
    ...NOTHING,
    about: '`publish intents`',
    writes: [ORDER_INTENTS],
    transactions: [`policygate-publish-${ORDER_INTENTS}-`],
  },
  client: {
    ...NOTHING,
    about: '`connect` of the library, strategies that read their decisions',
    // Its answers stand among those to others.
    reads: [DECISIONS, AUDIT_RECORDS, DEAD_LETTERS],
    writes: [ORDER_INTENTS],
    transactions: [`policygate-publish-${ORDER_INTENTS}-`],
  },
  'price-feed': {
    ...NOTHING,
    about: '`publish prices`',
    writes: [MARKET_PRICES],
    transactions: [`policygate-publish-${MARKET_PRICES}-`],
  },
  operator: {
    ...NOTHING,
    about: '`runs`, `policy activate`, `kill-switch`, `orders`, `reconcile`, `publish control`',
    reads: [DECISIONS, EXECUTION_EVENTS, CONTROL_EVENTS, POLICY_STATE, AUDIT_RECORDS, DEAD_LETTERS],
    // Prices: the market that a run begins with.
    writes: [CONTROL_EVENTS, MARKET_PRICES],
    transactions: ['policygate-control-', `policygate-publish-${CONTROL_EVENTS}-`],
  },
  'dead-letters': {
    ...NOTHING,
    about: '`dlq`',
    reads: [...INPUT_TOPICS, DEAD_LETTERS, POLICY_STATE, AUDIT_RECORDS],
    // A retry is a new input; which topic it is for is known when it is needed.
    writes: [...INPUT_TOPICS, DEAD_LETTERS],
    transactions: ['policygate-dlq-'],
  },
  signer: {
    ...NOTHING,
    about: '`checkpoint publish`',
    reads: [AUDIT_RECORDS, AUDIT_CHECKPOINTS],
    writes: [AUDIT_CHECKPOINTS],
    transactions: ['policygate-checkpoints-'],
  },
  auditor: {
    ...NOTHING,
    about: '`tail`, `verify`, `replay`, `export`, `correlate`, `stats`, `prove`, `checkpoint verify`',
    reads: TOPICS,
  },
  admin: {
    ...NOTHING,
    about: '`topics create`, `topics acls`',
    creates: true,
    grants: true,
  },
};
