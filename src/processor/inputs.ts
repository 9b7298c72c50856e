/** The names of the processor's inputs as topics and as fields of the recorded positions. */
import type { InputPositions } from '../contracts/messages';
import { CONTROL_EVENTS, EXECUTION_EVENTS, INPUT_TOPICS, MARKET_PRICES, ORDER_INTENTS } from '../contracts/topics';
import type { InputTopic, Topic } from '../contracts/topics';
import type { TopicPosition } from './bus';

export const POSITION_FIELD: Readonly<Record<InputTopic, keyof InputPositions>> = {
  [ORDER_INTENTS]: 'order_intents',
  [MARKET_PRICES]: 'market_prices',
  [CONTROL_EVENTS]: 'control_events',
  [EXECUTION_EVENTS]: 'execution_events',
};

export const isInputTopic = (topic: Topic): topic is InputTopic => topic in POSITION_FIELD;

/** Where to read on, in the order in which a batch folds its topics. */
export const inputPositions = (partition: number, positions: InputPositions): readonly TopicPosition[] =>
  INPUT_TOPICS.map((topic) => ({ topic, partition, offset: positions[POSITION_FIELD[topic]] }));
