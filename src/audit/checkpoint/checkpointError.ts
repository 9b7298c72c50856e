/**
 * Why no checkpoint is signed. `log`: the log contradicts what was signed before, which is a finding; `key`: it is not this key that signs here;
 * `record`: the last checkpoint cannot be understood.
 */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
  constructor(
    readonly about: 'log' | 'key' | 'record',
    message: string,
  ) {
    super(message);
  }
}
