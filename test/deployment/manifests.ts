/** The Kubernetes manifests of a kustomization, as they stand in its folder; and as `kubectl kustomize` makes them, where there is one. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { ROOT } from '../support/program';

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string; readonly scheme?: string };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly resources: { readonly requests: Readonly<Record<string, string>>; readonly limits: Readonly<Record<string, string>> };
  readonly securityContext: unknown;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly securityContext: unknown;
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly volumes: readonly { readonly name: string; readonly secret?: { readonly secretName: string } }[];
}

export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: {
    readonly replicas?: number;
    readonly selector?: { readonly matchLabels?: Labels };
    readonly podSelector?: { readonly matchLabels?: Labels };
    readonly strategy?: { readonly type?: string };
    readonly template?: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
  };
}

export type Labels = Readonly<Record<string, string>>;

export interface Kustomization {
  readonly resources: readonly string[];
  readonly images: readonly { readonly name: string; readonly newTag: string }[];
  readonly configMapGenerator: readonly { readonly name: string }[];
}

export const BASE = join(ROOT, 'infra', 'k8s', 'base');

export const kustomization = (): Kustomization => parse(readFileSync(join(BASE, 'kustomization.yaml'), 'utf8')) as Kustomization;

const documents = (text: string): readonly Manifest[] =>
  parseAllDocuments(text).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS() as Manifest;
  });

/** Of all files that the kustomization names, and of no others. */
export const manifests = (): readonly Manifest[] =>
  kustomization().resources.flatMap((file) => documents(readFileSync(join(BASE, file), 'utf8')));

export const hasKubectl = (): boolean => {
  try {
    execFileSync('kubectl', ['version', '--client'], { stdio: 'ignore', timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
};

/** What would be applied. */
export const rendered = (name: string): readonly Manifest[] =>
  documents(execFileSync('kubectl', ['kustomize', join(ROOT, 'infra', 'k8s', name)], { encoding: 'utf8', timeout: 30_000 }));
