/**
 * The chart `tidegate-example` as the cluster's tests install it: the tests' app in place of the chat, and
 * the image that the cluster has. All else is the chart's own.
 */
import type { Test } from 'tap';
import { chartFor } from '../charts/render.js';
import type { Cluster } from './cluster.js';
import { NODE, PROGRAMS, PROGRAMS_MAP } from './manifest.js';
import type { Namespace } from './namespace.js';
import { Release } from './release.js';

/** The pods of a release `web`. */
export const PODS = 'app.kubernetes.io/instance=web';

export interface Example {
  readonly replicas: number;
  /** Whole seconds. */
  readonly graceS: number;
  /** Of the app, as `test/peers/load/app.ts` knows them. */
  readonly manner?: 'exits' | 'closes';
  /** Makes a pod another than that with the text before. */
  readonly revision?: string;
  /** More values of the library. */
  readonly tidegate?: object;
}

/** A release which is not installed yet. */
export function exampleRelease(t: Test, namespace: Namespace, helm: string, name = 'web'): Release {
  return new Release(namespace, helm, chartFor(t, 'charts/tidegate-example'), name);
}

/** Its values. */
export function exampleValues({ image }: Cluster, example: Example): Record<string, unknown> {
  const { replicas, graceS, manner = 'exits', revision = '1', tidegate = {} } = example;
  return {
    replicas,
    app: {
      image,
      command: [NODE, `${PROGRAMS}/app.mjs`],
      args: [],
      env: [
        { name: 'MANNER', value: manner },
        { name: 'REVISION', value: revision },
      ],
      readinessPath: '/healthz',
      volumes: [{ name: PROGRAMS_MAP, configMap: { name: PROGRAMS_MAP } }],
      volumeMounts: [{ name: PROGRAMS_MAP, mountPath: PROGRAMS, readOnly: true }],
    },
    tidegate: { image: imageValues(image), gracePeriod: graceS, ...tidegate },
  };
}

/** An image's name, as the library has it; a port of its registry is no tag. */
export function imageValues(image: string): { readonly repository: string; readonly tag: string } {
  const colon = image.lastIndexOf(':');
  return { repository: image.slice(0, colon), tag: image.slice(colon + 1) };
}
