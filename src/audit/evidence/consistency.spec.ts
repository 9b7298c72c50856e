import { TestShard } from '../../../test/support/shard';
import { intentOf } from '../../../test/support/situations';
import { SigningKey } from '../checkpoint/checkpointKeys';
import { CheckpointWriter } from '../checkpoint/checkpointWriter';
import { AUDIT_RECORDS } from '../../contracts/topics';
import { recordsTo } from '../../processor/readTo';
import { collectConsistency, isConsistency, verifyConsistencyText } from './consistency';

const key = SigningKey.generate('risk.example/gate');
const TIME = '2026-02-24T09:30:00Z';

/** A shard with a checkpoint after each of these numbers of further intents; answers with the sizes of their trees. */
const signedShard = async (
  name: string,
  ...intents: readonly number[]
): Promise<{ readonly shard: TestShard; readonly sizes: readonly number[] }> => {
  const shard = new TestShard();
  await shard.takeOver();
  await shard.feed(shard.started(), shard.price('AAPL', '200'));
  const sizes: number[] = [];
  let next = 0;
  for (const count of intents) {
    await shard.feed(
      ...Array.from({ length: count }, () => shard.intent(intentOf({ intent_id: `${name}-${++next}`, timestamp: TIME }))),
    );
    const { bus, codec } = shard;
    const writer = await CheckpointWriter.takeOver({ bus, codec, key, partition: 0, now: () => 0 });
    for await (const record of recordsTo(bus, { topic: AUDIT_RECORDS, partition: 0, offset: writer.auditOffset }))
      writer.add(record);
    sizes.push((await writer.publish()).tree_size);
    await writer.close();
  }
  return { shard, sizes };
};

const collect = ({ bus, codec }: TestShard, oldSize: number, newSize?: number): Promise<string> =>
  collectConsistency({ bus, codec, key: key.publicKey, shard: 0, oldSize, newSize });

it('shows somebody without the log that a checkpoint goes on from another, for every two of them', async () => {
  const { shard, sizes } = await signedShard('i', 1, 1, 2, 5, 3);
  for (const oldSize of sizes)
    for (const newSize of sizes.filter((size) => size >= oldSize)) {
      const text = await collect(shard, oldSize, newSize);
      expect(isConsistency(Buffer.from(text))).toBe(true);
      expect(verifyConsistencyText(text, key.publicKey)).toMatchObject({
        ok: true,
        value: { old: { size: oldSize }, new: { size: newSize } },
      });
    }
  expect(JSON.parse(await collect(shard, sizes[0]!))).toEqual(JSON.parse(await collect(shard, sizes[0]!, sizes.at(-1))));
});

it('is not shown by another key, another history, or a changed proof', async () => {
  const one = await signedShard('i', 2, 3);
  const other = await signedShard('j', 3, 2);
  const [oldSize = 0] = one.sizes;
  const proof = JSON.parse(await collect(one.shard, oldSize)) as { new: string; old: string; proof: string[] };
  const foreign = JSON.parse(await collect(other.shard, other.sizes[0]!)) as typeof proof;
  const verdict = (changed: object, by = key): unknown => verifyConsistencyText(JSON.stringify(changed), by.publicKey);
  const refused = (error: RegExp) => ({ ok: false, error: expect.stringMatching(error) });

  expect(verdict(proof)).toMatchObject({ ok: true });
  expect(verdict(proof, SigningKey.generate('risk.example/gate'))).toEqual(refused(/^old: signed by /));
  expect(verdict({ ...proof, new: foreign.new })).toEqual(refused(/does not lead from the old root to the new one/));
  expect(verdict({ ...proof, old: proof.new, new: proof.old })).toEqual(refused(/does not lead/));
  expect(verdict({ ...proof, proof: proof.proof.slice(1) })).toEqual(refused(/does not lead/));
  expect(verdict({ ...proof, proof: ['AAAA', ...proof.proof] })).toEqual(refused(/^proof: expected hashes of 32 bytes/));
  expect(verdict({ ...proof, comment: 'fine' })).toEqual(refused(/expected exactly the fields/));
  expect(verifyConsistencyText('[]', key.publicKey)).toEqual(refused(/expected a JSON object/));
});

it('says which checkpoints there are where one is missing', async () => {
  const { shard, sizes } = await signedShard('i', 1, 2);
  await expect(collect(shard, 1_000)).rejects.toThrow(
    `shard 0 has no checkpoint over 1000 records that this key has signed; the last ones are over ${sizes.join(', ')}`,
  );
  await expect(collect(shard, sizes[1]!, sizes[0])).rejects.toThrow('the old checkpoint must be over fewer records');
});
