/** Whether a command line is one that the program knows: its own help says which commands and flags there are. */
import { runProgram } from '../../src/apps/cli/program';

const helps = new Map<string, Promise<string>>();

const helpOf = (command: string): Promise<string> => {
  const known = helps.get(command);
  if (known !== undefined) return known;
  const asked = askHelp(command);
  helps.set(command, asked);
  return asked;
};

const askHelp = async (command: string): Promise<string> => {
  let text = '';
  const write = (part: string): void => void (text += part);
  const code = await runProgram([...command.split(' '), '--help'], { out: write, err: write, interactive: false });
  return code === 0 && text.startsWith(`Usage: policygate ${command} `) ? text : '';
};

/** What is wrong with the words after `policygate`, in one line each; empty: nothing. */
export const faultsOf = async (words: readonly string[]): Promise<readonly string[]> => {
  const firstFlag = words.findIndex((word) => word.startsWith('-'));
  const leading = words.slice(0, firstFlag === -1 ? words.length : firstFlag);
  let command = leading;
  let help = await helpOf(command.join(' '));
  // What is no command of its own may be an argument of the one before it, where that takes any.
  while (help === '' && command.length > 1) {
    command = command.slice(0, -1);
    help = await helpOf(command.join(' '));
  }
  const isTaken = command.length === leading.length || /^Usage: .*(?:<|\[(?!options|command))/.test(help);
  if (help === '' || !isTaken) return [`there is no command \`policygate ${leading.join(' ')}\``];
  return words.slice(command.length).flatMap((word, at, rest) => {
    if (!word.startsWith('--')) return [];
    const line = help.split('\n').find((each) => new RegExp(`^\\s+(?:-., )?${word}(?=\\s|$)`).test(each));
    if (line === undefined) return [`\`policygate ${command.join(' ')}\` has no ${word}`];
    const value = rest[at + 1];
    const isGiven = value !== undefined && !value.startsWith('--');
    return new RegExp(`${word} <`).test(line) === isGiven ? [] : [`${word}: with a value where there is none, or without one`];
  });
};
