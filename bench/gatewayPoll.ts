/** What one look at many open orders costs at a broker: requests and time, with and without orders that have ended. */
import type { Figure, Setting } from './benchmark';
import { figure, progress, sized } from './benchmark';
import type { Dialect } from './gatewayVenue';
import { Venue } from './gatewayVenueProcess';
import { median, timedAsync } from './measure';

const SYMBOLS = 1_000;
const ROUNDS = 6;

export const pollCost = async (dialect: Dialect, setting: Setting): Promise<readonly Figure[]> => {
  const open = sized(setting, 10_000, 500);
  const figures: Figure[] = [];
  for (const closed of [0, sized(setting, 50_000, 2_500)]) {
    const venue = await Venue.start({ dialect, symbols: SYMBOLS, closed, open });
    const operations = new Map<string, number>();
    let requests = 0;
    const broker = await venue.connect(({ operation }) => {
      requests += 1;
      operations.set(operation, (operations.get(operation) ?? 0) + 1);
    });
    try {
      const submittedAt = Date.now();
      const names = venue.resting.map(([clientOrderId, orderId]) => ({ clientOrderId, orderId, submittedAt }));
      const seconds: number[] = [];
      const requestsEach: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        requests = 0;
        operations.clear();
        const took = await timedAsync(async () => {
          const polled = await broker.poll(names);
          if (polled.type !== 'polled') throw new Error(`${dialect}: ${polled.code}: ${polled.reason}`);
          if (polled.reports.length !== open) throw new Error(`${dialect}: ${polled.reports.length} of ${open} orders were seen`);
        });
        seconds.push(took / 1_000);
        requestsEach.push(requests);
      }
      progress(
        `${dialect}, ${open} open, ${closed} closed: ${requestsEach.join(', ')} requests, ${seconds.map((s) => s.toFixed(2)).join(', ')} s`,
      );
      // The first look finds out whether the list pays; the others know.
      const [first = 0, ...later] = seconds;
      const [firstRequests = 0, ...laterRequests] = requestsEach;
      const suffix = closed === 0 ? '' : ` and ${closed} ended today`;
      figures.push(
        figure(
          `gateway/poll, ${dialect}, ${open} open${suffix}`,
          'one look at all open orders through the adapter',
          [median(later), 's'],
          {
            details: {
              requests: median(laterRequests),
              ...Object.fromEntries([...operations].map(([operation, count]) => [`of_${operation}`, count])),
              first_s: Number(first.toPrecision(3)),
              first_requests: firstRequests,
              rounds: later.length,
            },
          },
        ),
      );
    } finally {
      await broker.close();
      await venue.stop();
    }
  }
  return figures;
};
