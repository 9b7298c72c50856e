/** A dead letter as the commands show it. */
import type { Codec } from '../../contracts/avro/codec';
import { letterPlaceText } from '../../contracts/deadLetter';
import type { InputPlace } from '../../contracts/deadLetter';
import { mapText } from '../../contracts/documents/writeDocument';
import { canonicalJson } from '../../contracts/json/write';
import type { JsonOut } from '../../contracts/json/write';
import { formatRfc3339 } from '../../contracts/timestamp';
import type { BusRecord } from '../../processor/bus';
import { NOTHING, plainLine } from '../orders/orderTexts';
import { decodeRecord } from '../records/decodedRecord';
import type { DecodedRecord } from '../records/decodedRecord';
import { inputText } from './lettersOnLog';
import type { LoggedLetter } from './lettersOnLog';
import type { Dealt } from './retries';

export type LetterStatus = 'open' | 'retried' | 'dropped';

/** The last word holds. */
export const statusOf = ({ words }: LoggedLetter): LetterStatus => {
  const last = words.at(-1);
  return last === undefined ? 'open' : last.dealing === 'retry' ? 'retried' : 'dropped';
};

export const LETTER_COLUMNS = ['letter', 'input', 'time', 'key', 'reason', 'dealt with'];

export const letterCells = (codec: Codec, letter: LoggedLetter, dealt: readonly Dealt[]): readonly string[] => {
  const last = dealt.at(-1);
  return [
    letterPlaceText(letter.place),
    letter.input === undefined ? NOTHING : inputText(letter.input),
    timeText(letter.head.timestamp),
    plainLine(keyText(codec, letter.head)),
    plainLine(letter.reason),
    last === undefined ? NOTHING : plainLine(dealtText(last)),
  ];
};

export const letterJson = (letter: LoggedLetter, dealt: readonly Dealt[]): Readonly<Record<string, JsonOut>> => ({
  dealt_with: dealt.map(dealtJson),
  input: letter.input === undefined ? null : inputJson(letter.input),
  key_base64: base64(letter.head.key),
  letter: letterPlaceText(letter.place),
  reason: letter.reason,
  status: statusOf(letter),
  timestamp: timeText(letter.head.timestamp),
});

export interface ShownLetter {
  readonly letter: LoggedLetter;
  /** With its value. */
  readonly record: BusRecord;
  readonly decoded: DecodedRecord;
  readonly dealt: readonly Dealt[];
  /** One line each, by the place in `dealt`. */
  readonly outcomes: readonly string[];
  /** What would become of a retry. */
  readonly outlook: string;
  readonly against: string | undefined;
}

/** The letter with its bytes under the topic that it came from. */
export const decodedLetter = (codec: Codec, { input }: LoggedLetter, record: BusRecord): DecodedRecord =>
  decodeRecord(codec, input === undefined ? record : { ...record, topic: input.topic });

export const shownJson = ({ letter, record, decoded, dealt, outcomes, outlook, against }: ShownLetter): string => {
  const texts = new Map(Object.entries(letterJson(letter, dealt)).map(([name, value]) => [name, canonicalJson(value)]));
  texts.set('dealt_with', canonicalJson(dealt.map((one, at) => ({ ...dealtJson(one), outcome: outcomes[at] ?? null }))));
  texts.set('fault', canonicalJson(faultOf(decoded)));
  texts.set('headers', canonicalJson(record.headers));
  texts.set('key', decoded.key.ok ? decoded.key.value.text : 'null');
  texts.set('retry', canonicalJson({ against: against ?? null, would: outlook }));
  texts.set('value', decoded.value?.ok === true ? decoded.value.value.text : 'null');
  texts.set('value_base64', canonicalJson(base64(record.value)));
  return mapText(texts, (text) => text);
};

/** So many bytes are shown; `--json` has them all. */
const MOST_BYTES = 1_024;
const BYTES_OF_LINE = 16;

export const shownText = ({ letter, record, decoded, dealt, outcomes, outlook, against }: ShownLetter): string => {
  const { place, input, reason } = letter;
  const lines = [
    `dead letter  ${letterPlaceText(place)}, ${statusOf(letter)}`,
    `input        ${input === undefined ? 'its headers do not say' : inputText(input)}, ${timeText(record.timestamp)}`,
    `reason       ${plainLine(reason)}`,
    `key          ${decoded.key.ok ? plainLine(decoded.key.value.text) : `${base64(record.key) ?? ''} (base64)`}`,
    ...Object.entries(record.headers).map(([name, text]) => `header       ${plainLine(`${name}: ${text}`)}`),
    `decoded      ${decoded.value?.ok === true ? decoded.value.value.text : plainLine(faultOf(decoded) ?? 'no record of a known topic')}`,
    ...bytesLines(record.value),
    ...dealt.map((one, at) => `dealt with   ${plainLine(`${dealtText(one)}: "${one.word.reason}"; ${outcomes[at] ?? ''}`)}`),
    `a retry      ${plainLine(outlook)}${against === undefined ? '' : ' (needs --force)'}`,
  ];
  return `${lines.join('\n')}\n`;
};

export const inputJson = ({ topic, partition, offset }: InputPlace): JsonOut => ({ offset, partition, topic });

const dealtText = ({ word, input, again }: Dealt): string => {
  const { dealing, actor, recordedAt } = word;
  if (dealing === 'drop') return `dropped by ${actor} at ${recordedAt}`;
  const as = input === undefined ? ', and the input is not on the log' : ` as ${inputText(input)}`;
  return `retried by ${actor} at ${recordedAt}${as}${again === undefined ? '' : `, set aside again as ${letterPlaceText(again)}`}`;
};

const dealtJson = ({ word, input, again }: Dealt): Readonly<Record<string, JsonOut>> => ({
  actor: word.actor,
  by: word.dealing,
  input: input === undefined ? null : inputJson(input),
  reason: word.reason,
  recorded_at: word.recordedAt,
  set_aside_again: again === undefined ? null : letterPlaceText(again),
  word: letterPlaceText(word.place),
});

const keyText = (codec: Codec, head: BusRecord): string => {
  const { key } = decodeRecord(codec, head);
  return key.ok ? key.value.text : `${base64(head.key) ?? ''} (base64)`;
};

const faultOf = ({ key, value }: DecodedRecord): string | null => {
  const faults = [key, value].flatMap((part) => (part === undefined || part.ok ? [] : [part.error]));
  return faults.length === 0 ? null : faults.join('; ');
};

const bytesLines = (value: Uint8Array | null): readonly string[] => {
  if (value === null) return ['bytes        none'];
  const shown = Buffer.from(value.subarray(0, MOST_BYTES)).toString('hex');
  const rows = shown.match(new RegExp(`.{1,${2 * BYTES_OF_LINE}}`, 'g')) ?? [];
  const more = value.length > MOST_BYTES ? [`             and ${value.length - MOST_BYTES} more; --json has all of them`] : [];
  return [`bytes        ${value.length}, in hexadecimal:`, ...rows.map((row) => `             ${row}`), ...more];
};

const base64 = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

const FIRST_YEAR = Date.parse('0000-01-01T00:00:00Z');
const LAST_YEAR = Date.parse('9999-12-31T23:59:59.999Z');

/** RFC 3339; a number of milliseconds that has no such text stays one. */
const timeText = (time: number): string => (time >= FIRST_YEAR && time <= LAST_YEAR ? formatRfc3339(time) : String(time));
