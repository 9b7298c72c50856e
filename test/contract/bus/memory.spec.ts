import { openMemoryBus } from '../../../src/bus/memory/memoryBus';
import { busContract, CONTRACT_SHARDS } from './busContract';

busContract('memory', () => Promise.resolve(openMemoryBus({ shards: CONTRACT_SHARDS })));
