/**
 * What every broker that is reached over a network must do: one suite for all adapters, each against the simulator of its dialect.
 *
 * Every comment in src/gateway/broker.ts is a promise; here each has a test. What counts is what the simulated broker has seen and made, not what the
 * adapter believes.
 */
import { accountContract } from './accountContract';
import { openedForEachTest, type Differences, type OpenBroker } from './brokerUnderTest';
import { cancelContract } from './cancelContract';
import { faultContract } from './faultContract';
import { limitContract } from './limitContract';
import { lookUpContract } from './lookUpContract';
import { pollContract } from './pollContract';
import { submitContract } from './submitContract';

export const brokerContract = (name: string, differences: Differences, openOne: OpenBroker): void => {
  describe(`broker contract: ${name}`, () => {
    const open = openedForEachTest(openOne);
    describe('submit', () => submitContract(open, differences));
    describe('faults of an order request', () => faultContract(open));
    describe('find', () => lookUpContract(open));
    describe('poll', () => pollContract(open, differences));
    describe('cancel', () => cancelContract(open));
    describe('the account', () => accountContract(open));
    describe('limits, secrets and the end', () => limitContract(open, differences));
  });
};

export type OpenForTest = ReturnType<typeof openedForEachTest>;
