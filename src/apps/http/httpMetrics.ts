/** Figures of the HTTP API on the service's registry. A route is its template: what stands in a path is never a label. */
import { Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export class HttpMetrics {
  private readonly requests: Histogram<'method' | 'route' | 'status'>;

  /** The last two are asked for when somebody looks. */
  constructor(registry: Registry, connections: () => Promise<number>, streams: () => number) {
    const registers = [registry];
    this.requests = new Histogram({
      name: 'policygate_http_request_seconds',
      help: 'From the headers of a request to the end of its answer, server-sent events left out; its count is that of the requests',
      labelNames: ['method', 'route', 'status'],
      buckets: SECONDS,
      registers,
    });
    new Gauge({
      name: 'policygate_http_connections',
      help: 'Open connections',
      registers,
      async collect() {
        this.set(await connections());
      },
    });
    new Gauge({
      name: 'policygate_http_event_streams',
      help: 'Clients that follow server-sent events',
      registers,
      collect() {
        this.set(streams());
      },
    });
  }

  answered(method: string, route: string, status: number, seconds: number): void {
    this.requests.observe({ method, route, status }, seconds);
  }
}
