import type { Admin } from 'kafkajs';
import { clusterTopics } from './clusterTopics';
import { busErrorOf } from './failures';
import { askedAgain } from './withAdmin';

/** What kafkajs comes to when the connection is lost under its question. */
const readNull = (): Promise<never> => Promise.reject(new TypeError("Cannot read properties of null (reading 'topicMetadata')"));

it('asks again when a connection was lost under the question', async () => {
  let asked = 0;
  const admin = {
    listTopics: () => (++asked < 3 ? readNull() : Promise.resolve([])),
    fetchTopicMetadata: () => Promise.resolve({ topics: [] }),
  };
  const topics = await clusterTopics(admin as unknown as Admin, { topicPrefix: '' });
  expect([asked, new Set(topics.map(({ state }) => state))]).toEqual([3, new Set(['missing'])]);
});

it('says in the end that no broker answered, and nothing of null', async () => {
  const error = busErrorOf(await askedAgain(readNull).catch((thrown: unknown) => thrown), '127.0.0.1:9092', 'BUS_FAILED');
  expect([error.code, error.message.includes('null')]).toEqual(['BUS_UNREACHABLE', false]);
});

it('leaves what a broker says as it is', async () => {
  await expect(askedAgain(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
});

it('does not take a mistake of ours for a lost connection', async () => {
  let asked = 0;
  const mistaken = (): Promise<never> => {
    asked += 1;
    return Promise.reject(new TypeError('names is not iterable'));
  };
  await expect(askedAgain(mistaken)).rejects.toThrow('names is not iterable');
  expect(asked).toBe(1);
});
