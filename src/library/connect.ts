/** The door to the gate, whichever road is taken. */
import type { Client } from './client';
import { connectHttp } from './httpClient';
import type { HttpOptions } from './httpClient';
import { connectKafka } from './kafkaClient';
import type { KafkaClientOptions } from './kafkaClient';
import { checkConnectOptions } from './options';

/** Which road the intents travel: HTTP where a `url` is given, else Kafka. */
export type ConnectOptions = HttpOptions | KafkaClientOptions;

/**
 * Connects to the gate: to `policygate serve` over HTTP, or straight to the topics of a Kafka cluster. A data directory belongs to the one process that serves it, and is
 * reached over HTTP. Rejects with an error of one line that says what to do: a `ClientError` (what was passed), a `Failure` (settings), a `BusError` or `SchemaError` (Kafka). Over HTTP nothing is
 * asked before the first intent.
 */
export const connect = async (options: ConnectOptions): Promise<Client> => {
  checkConnectOptions(options);
  return 'url' in options ? connectHttp(options) : connectKafka(options);
};
