/**
 * The library: what a strategy, a test bench or an auditor uses of PolicyGate Capital from its own code. Everything that is exported here is described in docs/api.md, which
 * is made from the docblocks (`npm run api`); how to use it is in docs/library.md. Anything else in the package may change with any version.
 */

// Asking the gate
export { connect } from './library/connect';
export type { ConnectOptions } from './library/connect';
export type { HttpOptions } from './library/httpClient';
export type { KafkaClientOptions } from './library/kafkaClient';
export type { Answer, Client, Conflict, Decided, Pending, SetAside, SubmitOptions } from './library/client';
export { ClientError } from './library/clientError';
export { Failure } from './apps/failure';
export { BusError } from './processor/busError';
export type { BusErrorCode } from './processor/busError';
export { SchemaError } from './contracts/avro/schemaError';

// Intents and numbers
export { readIntent } from './library/intents';
export { decimal, formatDecimal, parseDecimal } from './contracts/decimal';
export type { Decimal, DecimalFault } from './contracts/decimal';
export type { Instrument, OrderIntent } from './contracts/messages';
export type { Result } from './contracts/result';
export { describeError } from './contracts/contractError';
export type { ContractError } from './contracts/contractError';

// Judging without a log
export { loadPolicy } from './library/policies';
export type { LoadedPolicy } from './library/policies';
export type { CapitalPolicy } from './contracts/policy';
export { unknownRun } from './domain/state';
export { advanceClock, evolve } from './domain/evolve';
export type { RunEvent } from './domain/evolve';
export { judge } from './domain/judge';
export type { Judged } from './domain/judge';
export { readFacts } from './domain/state';
export { resolveLimits } from './domain/limits';
export { decide } from './domain/decide';
export type { ActivePolicy, RunState } from './domain/state';
export type { AppliedLimits } from './domain/limits';
export type { Decision, Evidence, ExecutionState, Facts, Figure, PortfolioState, Verdict, Violation } from './contracts/messages';

// Verifying
export { verifyAuditLog, verifyDecision } from './library/verification';
export type { LogFault, LogToVerify, LogVerification, ProvenDecision, VerifiedRun } from './library/verification';
export type { AuditRecord } from './contracts/messages';
