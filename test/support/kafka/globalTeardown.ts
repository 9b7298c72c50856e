/** Jest's globalTeardown of the tests on a real Kafka: stops what globalSetup started, and nothing else. */
import { stopStarted } from './started';

const globalTeardown = (): Promise<void> => stopStarted();

export default globalTeardown;
