import { SigningKey } from '../../audit/checkpoint/checkpointKeys';
import { signedCheckpoint } from '../../audit/checkpoint/checkpointRecord';
import { MerkleTree } from '../../audit/merkle';
import { checkpointText } from '../../contracts/documents/recordTexts';
import { isBeginningOfLine } from './tornLine';

const key = SigningKey.generate('risk.example/gate');
const tree = new MerkleTree();
tree.add(Buffer.alloc(32, 7));
const lastDecision = { size: 1, root: tree.root() };
const line = Buffer.from(
  checkpointText(signedCheckpoint(tree, { shard: 0, auditOffset: 1, lastDecision, madeAt: 1_771_930_000_000 }, key)),
);

it('knows a line of ours wherever it was cut', () => {
  for (let length = 0; length <= line.length; length++)
    expect({ length, is: isBeginningOfLine(line.subarray(0, length), true) }).toEqual({ length, is: true });
});

it('takes a few characters for the beginning of one only behind checkpoints', () => {
  expect(isBeginningOfLine(line.subarray(0, 5), false)).toBe(false);
  expect(isBeginningOfLine(line.subarray(0, 20), false)).toBe(true);
});

it.each(['{"audit_offset":x', '{"audit_offset":1,"other":', 'text', `${line.toString()}x`])('knows what is none: %s', (text) =>
  expect(isBeginningOfLine(Buffer.from(text), true)).toBe(false),
);
