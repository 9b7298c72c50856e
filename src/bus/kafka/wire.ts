/** Big-endian fields of Kafka's protocol, read one after the other; a RangeError where the payload ends too soon. */
export class WireReader {
  private at = 0;
  constructor(private readonly payload: Buffer) {}

  int16(): number {
    this.at += 2;
    return this.payload.readInt16BE(this.at - 2);
  }

  int32(): number {
    this.at += 4;
    return this.payload.readInt32BE(this.at - 4);
  }

  int64(): bigint {
    this.at += 8;
    return this.payload.readBigInt64BE(this.at - 8);
  }

  text(): string {
    return this.take(this.int16()).toString('utf8');
  }

  /** Length -1 is none. */
  bytes(): Buffer {
    return this.take(Math.max(0, this.int32()));
  }

  private take(length: number): Buffer {
    this.at += length;
    if (this.at > this.payload.length) throw new RangeError('a field beyond the end of the response');
    return this.payload.subarray(this.at - length, this.at);
  }
}
