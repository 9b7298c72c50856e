import { executionOf } from '../../../test/support/situations';
import { stepOfExecution } from './recordSteps';

it('dates an execution by when it was recorded, else by its record', () => {
  expect(stepOfExecution(executionOf({}), { recorded_at: '2026-02-24T09:30:00.250Z' }, 7).at).toBe(
    Date.UTC(2026, 1, 24, 9, 30, 0, 250),
  );
  expect(stepOfExecution(executionOf({}), {}, 7).at).toBe(7);
});
