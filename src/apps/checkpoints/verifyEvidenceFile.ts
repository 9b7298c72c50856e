/** `policygate verify --evidence`: a file of evidence and a public key, and nothing else. */
import { readEvidence, LARGEST_EVIDENCE } from '../../audit/evidence/evidence';
import { verifyEvidence } from '../../audit/evidence/verifyEvidence';
import { prettyJson } from '../../contracts/json/write';
import type { Io } from '../cli/io';
import { Failure } from '../failure';
import { readBytes } from '../files';
import { readPublicKeyFile } from './keyFiles';
import { provenJson, provenText } from './provenTexts';

/** What `verify` is given; with evidence, only the key and the form of the answer count. */
export interface EvidenceFlags {
  readonly publicKey?: string;
  readonly audit?: readonly string[];
  readonly checkpoint?: readonly string[];
  readonly dataDir?: string;
  readonly bus?: string;
  readonly json?: boolean;
}

/** Answers with the exit code: 0 proven, 1 not. Rejects with a Failure where the files cannot be read as what they should be. */
export const verifyEvidenceFile = async (flags: EvidenceFlags, file: string, io: Io): Promise<number> => {
  const { publicKey, json, audit, checkpoint, dataDir, bus } = flags;
  if (publicKey === undefined) throw new Failure('--evidence: which key is it signed with? give --public-key');
  if ([audit, checkpoint, dataDir, bus].some((flag) => flag !== undefined))
    throw new Failure('--evidence stands alone: leave out --audit, --checkpoint, --data-dir and --bus');
  const key = await readPublicKeyFile(publicKey);
  const bytes = await readBytes(file);
  if (bytes.length > LARGEST_EVIDENCE)
    throw new Failure(`${file}: more than ${LARGEST_EVIDENCE} bytes; expected evidence of one decision`);
  const evidence = readEvidence(bytes);
  if (!evidence.ok) throw new Failure(`${file}: ${evidence.error}`);
  const proven = verifyEvidence(evidence.value, key);
  if (proven.ok) {
    const { leafIndex } = evidence.value;
    io.out(json === true ? provenJson(proven.value, leafIndex) : provenText(proven.value, leafIndex));
    return 0;
  }
  io.out(json === true ? `${prettyJson({ proven: false, fault: proven.error })}\n` : `Not proven: ${file}: ${proven.error}\n`);
  return 1;
};
