/** `policygate verify --evidence`: a file of evidence, or of the consistency of two checkpoints, and a public key; nothing else. */
import { isConsistency } from '../../audit/evidence/consistency';
import { readEvidence, LARGEST_EVIDENCE } from '../../audit/evidence/evidence';
import { verifyEvidence } from '../../audit/evidence/verifyEvidence';
import { canonicalJson } from '../../contracts/json/write';
import type { Io } from '../cli/io';
import { Failure } from '../failure';
import { readBytes } from '../files';
import { tellConsistency } from './consistency';
import { readPublicKeyFile } from './keyFiles';
import { provenJson, provenText } from './provenTexts';

/** What `verify` is given; with evidence, only the key and the form of the answer count. */
export interface EvidenceFlags {
  readonly publicKey?: string;
  readonly json?: boolean;
}

/** Answers with the exit code: 0 proven, 1 not. Rejects with a Failure where the files cannot be read as what they should be. */
export const verifyEvidenceFile = async (flags: EvidenceFlags, file: string, io: Io): Promise<number> => {
  const { publicKey, json } = flags;
  if (publicKey === undefined) throw new Failure('--evidence: which key is it signed with? give --public-key');
  const key = await readPublicKeyFile(publicKey);
  const bytes = await readBytes(file);
  if (bytes.length > LARGEST_EVIDENCE)
    throw new Failure(`${file}: more than ${LARGEST_EVIDENCE} bytes; expected evidence of one decision`);
  if (isConsistency(bytes)) return tellConsistency(bytes, file, key, json === true, io);
  const evidence = readEvidence(bytes);
  if (!evidence.ok) throw new Failure(`${file}: ${evidence.error}`);
  const proven = verifyEvidence(evidence.value, key);
  if (proven.ok) {
    const { leafIndex } = evidence.value;
    io.out(json === true ? provenJson(proven.value, leafIndex) : provenText(proven.value, leafIndex));
    return 0;
  }
  io.out(json === true ? `${canonicalJson({ proven: false, fault: proven.error })}\n` : `Not proven: ${file}: ${proven.error}\n`);
  return 1;
};
