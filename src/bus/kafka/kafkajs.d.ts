/** Modules of kafkajs without types, as far as they are used here. */
declare module 'kafkajs/src/protocol/requests/fetch/v11/request' {
  const request: (options: {
    readonly replicaId: number;
    readonly maxWaitTime: number;
    readonly minBytes: number;
    readonly maxBytes: number;
    readonly isolationLevel: number;
    readonly topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly fetchOffset: string; readonly maxBytes: number }[];
    }[];
  }) => object;
  export = request;
}

declare module 'kafkajs/src/protocol/encoder' {
  class Encoder {
    writeInt16(value: number): this;
    writeInt32(value: number): this;
    writeString(value: string): this;
    writeBuffer(value: Buffer): this;
  }
  export = Encoder;
}

declare module 'kafkajs/src/protocol/error' {
  /** A KafkaJSProtocolError with the broker's `type`. */
  export const createErrorFromCode: (code: number) => Error;
}

declare module 'kafkajs/src/protocol/decoder' {
  class Decoder {
    constructor(bytes: Buffer);
    readInt32(): number;
  }
  export = Decoder;
}

declare module 'kafkajs/src/protocol/recordBatch/v0/decoder' {
  import type Decoder from 'kafkajs/src/protocol/decoder';
  const decode: (decoder: Decoder) => Promise<{
    readonly records: readonly { readonly key: Buffer | null; readonly value: Buffer | null; readonly timestamp: string }[];
  }>;
  export = decode;
}
