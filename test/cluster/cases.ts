/**
 * Cases of one theme, which mostly wait for the kubelet: they run side by side, a few at once, in one
 * namespace with one pod `load`, each with a pod of its own.
 */
import type { Test } from 'tap';
import { testOnCluster } from './cluster.js';
import { Namespace } from './namespace.js';

const AT_ONCE = 4;
const CASE_MS_MAX = 240_000;

export interface Case {
  readonly title: string;
  readonly run: (t: Test, namespace: Namespace) => Promise<void>;
}

export type Sidecar = 'native' | 'classic';

/** The same case with tidegate as a native sidecar, and as a container beside the app. */
export function bothWays(
  title: string,
  run: (t: Test, namespace: Namespace, sidecar: Sidecar) => Promise<void>,
): readonly Case[] {
  return (['native', 'classic'] as const).map((sidecar) => ({
    title: `${title} (${sidecar})`,
    run: (t, namespace) => run(t, namespace, sidecar),
  }));
}

export function casesOnCluster(theme: string, cases: readonly Case[]): void {
  testOnCluster(theme, async (t, cluster) => {
    const namespace = await Namespace.create(t, cluster);
    await namespace.load(t);
    t.jobs = AT_ONCE;
    await Promise.all(
      cases.map(({ title, run }) =>
        t.test(title, { buffered: true, timeout: CASE_MS_MAX }, (t) => run(t, namespace)),
      ),
    );
  });
}
