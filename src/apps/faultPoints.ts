/**
 * Ends the process as a power cut would, at a named point, for the tests of what survives: POLICYGATE_FAULT_POINT=before-commit@12 kills it when it
 * gets there for the twelfth time. Without the variable nothing happens.
 */
const [point, times = '1'] = (process.env.POLICYGATE_FAULT_POINT ?? '').split('@');
let left = Number.parseInt(times, 10);

export const faultPoints = (reached: string): void => {
  if (reached !== point) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
};
