import { simBroker } from '../../../src/gateway/brokers/sim';
import { instantBrokerContract } from './instantBrokerContract';

instantBrokerContract('sim', simBroker);
