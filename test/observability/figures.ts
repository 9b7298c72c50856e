/** Every metric of the program with its labels, and what rules, dashboards and the page say of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Registry } from 'prom-client';
import { HttpMetrics } from '../../src/apps/http/httpMetrics';
import { IntakeMetrics, pricesTaken } from '../../src/apps/intake/intakeMetrics';
import { showDisk, showReadiness, showRegistry } from '../../src/apps/service/environmentMetrics';
import { ServiceMetrics } from '../../src/apps/service/serviceMetrics';
import { ShardSampler } from '../../src/apps/service/shardSampler';
import { ROOT } from '../support/program';

export interface Figure {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

/** Of processors, gateways and serve together. */
export const figures = (): ReadonlyMap<string, Figure> => {
  const { registry } = new ServiceMetrics();
  new IntakeMetrics(registry, () => 0);
  pricesTaken(registry);
  new HttpMetrics(
    registry,
    () => Promise.resolve(0),
    () => 0,
  );
  new ShardSampler({ bus: { endOffset: () => Promise.resolve(0) }, services: [], registry });
  showReadiness(registry, () => true);
  showDisk(registry, ROOT);
  showRegistry(registry);
  return figuresOf(registry);
};

const figuresOf = (registry: Registry): ReadonlyMap<string, Figure> =>
  new Map(
    (registry.getMetricsAsArray() as unknown as (Omit<Figure, 'labels'> & { readonly labelNames?: readonly string[] })[]).map(
      ({ name, type, labelNames = [] }) => [name, { name, type, labels: [...labelNames].sort() }],
    ),
  );

export const fileText = (...names: readonly string[]): string => readFileSync(join(ROOT, ...names), 'utf8');

/** A metric that an expression of Prometheus selects, with the labels that it selects by. */
export interface Selector {
  readonly metric: string;
  readonly labels: readonly string[];
}

const NAME = /\b(?:policygate_[a-z0-9_]+|up|ALERTS)\b(?:\{([^}]*)\})?/g;

export const selectorsOf = (expression: string): readonly Selector[] =>
  [...expression.matchAll(NAME)].map(([whole, inside = '']) => ({
    metric: whole.replace(/\{.*/s, ''),
    labels: [...inside.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  }));

/** Labels that the expression groups by. */
export const groupedBy = (expression: string): readonly string[] =>
  [...expression.matchAll(/\b(?:by|on|ignoring)\s*\(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(',').flatMap((label) => (label.trim() === '' ? [] : [label.trim()])),
  );
