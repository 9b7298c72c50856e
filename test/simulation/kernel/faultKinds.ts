/**
 * Everything that can go wrong in a simulated world, by name. A world's plan gives each a probability per opportunity; a run counts how often each really
 * happened, since a fault that never happened proves nothing.
 */
export const FAULT_KINDS = [
  // The bus: each call of a writer, reader or look-up.
  'bus: request lost',
  'bus: response lost',
  'bus: request late',
  'bus: unreachable',
  'bus: slow',
  'bus: topic behind',
  // Processes: at any port call, before or after its effect, or at a named point of the program.
  'process: crash before effect',
  'process: crash after effect',
  'process: crash at a fault point',
  'process: paused before effect',
  'process: paused after effect',
  'process: joins or leaves',
  'process: shut out of the group',
  'process: clock differs',
  // The network to a broker, and the broker's front: each request.
  'broker: unreachable',
  'broker: request lost',
  'broker: response lost',
  'broker: request late',
  'broker: rate limited',
  'broker: server error after effect',
  'broker: server error without effect',
  'broker: answer cut off',
  'broker: answer garbled',
  'broker: list doubled',
  'broker: slow',
  'broker: down',
  // The exchange behind it: each order, or now and then.
  'exchange: partial fills',
  'exchange: fill before acknowledgement',
  'exchange: price shown late',
  'exchange: fill after cancel',
  'exchange: cancel pending',
  'exchange: rejected',
  'exchange: expired',
  'exchange: cancelled by the broker',
  'exchange: unknown status word',
  'exchange: foreign order',
  // Inputs: each intent or event that is published.
  'input: repeated',
  'input: conflicting',
  'input: late timestamp',
  'input: poison',
  'input: unknown run',
  'input: unsolicited fill',
  'input: price withdrawn',
  'input: price gap',
  'input: control event not valid',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Probabilities, 0 to 1, per opportunity; what is not there never happens. */
export type FaultRates = Readonly<Partial<Record<FaultKind, number>>>;
