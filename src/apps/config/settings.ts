/** What a service or a command is configured with: one YAML file, the environment, flags. How they are read: readSettings.ts. */
import type { KafkaOptions, RegistryOptions } from '../../bus/kafka/options';

export type BusKind = 'embedded' | 'kafka';

export interface Settings {
  readonly bus: BusKind;
  /** Of the embedded bus. */
  readonly dataDir: string | undefined;
  /** Where `bus` is kafka, with at least one broker; where it is embedded, without TLS and SASL, whose files are not read then. */
  readonly kafka: Omit<KafkaOptions, 'log'>;
  /** Its url is empty where `bus` is embedded, and only there. */
  readonly registry: RegistryOptions;
  /** Consumer groups are named after it: `<group>-processor`, `<group>-gateway`. */
  readonly group: string;
  readonly limits: {
    /** Inputs that one transaction of a shard folds at most. */
    readonly batchRecords: number;
    /** A member of the group that is silent for so long has its shards taken over. */
    readonly sessionTimeoutMs: number;
  };
  /** How audit records are signed. */
  readonly checkpoints: {
    /** Undefined: they are not. */
    readonly keyFile: string | undefined;
    readonly everyRecords: number;
    readonly everySeconds: number;
    /** Where checkpoints are kept beside the topic. */
    readonly file: string | undefined;
  };
  /** Where /health, /ready and /metrics are served; undefined: nowhere. */
  readonly monitoring: { readonly host: string; readonly port: number } | undefined;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
}

/** The flags that every command which works on a bus has; a flag wins over the environment, and that over the file. */
export interface BusFlags {
  readonly config?: string;
  readonly bus?: string;
  readonly dataDir?: string;
}

/** What orders go to, with what it takes to log in to it; never shown. How it is read: brokerSettings.ts. */
export type BrokerAccount =
  | { readonly broker: 'sim' }
  | { readonly broker: 'alpaca'; readonly keyId: string; readonly secretKey: string; readonly baseUrl: string }
  | {
      readonly broker: 'tradier';
      readonly token: string;
      readonly accountId: string;
      readonly environment: 'sandbox' | 'live';
      /** Undefined: the environment's own. */
      readonly baseUrl: string | undefined;
    };

export interface BrokerSettings {
  readonly account: BrokerAccount;
  readonly pollEveryMs: number;
  readonly reconcileEveryMs: number;
  /** Worth saying, in one line each: above all that orders go to a live account. */
  readonly warnings: readonly string[];
}
