/**
 * The workloads of test/charts/recipes, rendered as a user's helm does and made runnable: tidegate's
 * image for both containers, one of the tests' programs as the app.
 */
import type { Test } from 'tap';
import { chartFor, type KubernetesObject, render } from '../charts/render.js';
import type { Cluster } from './cluster.js';
import { type Container, NODE, PROGRAMS, PROGRAMS_MAP } from './manifest.js';

export interface Recipe {
  readonly kind: 'Job' | 'StatefulSet' | 'DaemonSet';
  readonly release: string;
  readonly replicas?: number;
  /** Of the tests' programs, with its variables. */
  readonly program: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Of the library. */
  readonly tidegate?: Readonly<Record<string, unknown>>;
}

/** The objects of a recipe, for `Namespace.apply`. */
export async function cook(
  t: Test,
  { image }: Cluster,
  helm: string,
  recipe: Recipe,
): Promise<readonly KubernetesObject[]> {
  const { kind, release, replicas = 1, program, variables } = recipe;
  const colon = image.lastIndexOf(':');
  const values = {
    ...{ kind, replicas, image, programs: PROGRAMS_MAP },
    command: [NODE, `${PROGRAMS}/${program}`],
    env: Object.entries(variables).map(([name, value]) => ({ name, value })),
    tidegate: {
      image: { repository: image.slice(0, colon), tag: image.slice(colon + 1) },
      ...recipe.tidegate,
    },
  };
  const chart = chartFor(t, 'test/charts/recipes');
  return (await render(helm, chart, values, { release })).objects;
}

/** As much of a workload as tests change. */
export interface Workload extends KubernetesObject {
  readonly spec: {
    readonly template: {
      readonly spec: { initContainers: Container[]; containers: Container[] };
    };
  };
}
