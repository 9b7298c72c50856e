import { openEmbeddedBus } from '../../../src/bus/embedded/embeddedBus';
import { busContract, CONTRACT_SHARDS } from './busContract';
import { newDirectory } from './directories';

busContract('embedded', () => openEmbeddedBus({ directory: newDirectory(), shards: CONTRACT_SHARDS }));
