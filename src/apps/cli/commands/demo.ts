import type { Command } from 'commander';
import type { Io } from '../io';
export const demoCommand = (parent: Command, io: Io): void => {
  parent.command('demo').action(() => io.out('soon\n'));
};
