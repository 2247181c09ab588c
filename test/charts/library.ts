/**
 * The pods that an app chart has by the library: the chart library-user beside this file has each of
 * its lines, in a Deployment with the native sidecar and in one with the classic.
 */
import type { Test } from 'tap';
import type { Container, Deployment } from '../cluster/manifest.js';
import { chartFor, refusal, render, type RenderOptions, type Values } from './render.js';
import { testWithTools } from './tools.js';

type Template = Deployment['spec']['template'];

/** By one helm; `others` are values of the app chart itself. */
export interface Library {
  readonly pods: (
    tidegate: Values,
    others?: Values,
  ) => Promise<Readonly<Record<'native' | 'classic', Template>>>;
  /** What is said instead of pods. */
  readonly refusal: (
    tidegate: Values,
    others?: Values,
    options?: RenderOptions,
  ) => Promise<string>;
}

/** A test whose body runs with helm 3 and with helm 4. */
export function testWithBoth(
  title: string,
  body: (t: Test, library: Library) => Promise<void>,
): void {
  testWithTools(title, async (t, tools) => {
    const chart = chartFor(t, 'test/charts/library-user');
    for (const helm of Object.values(tools.helm)) await body(t, libraryBy(helm, chart));
  });
}

export function libraryBy(helm: string, chart: string): Library {
  return {
    pods: async (tidegate, others = {}) => {
      const { objects } = await render(helm, chart, { tidegate, ...others });
      const templateOf = (name: string): Template => {
        const found = objects.find(({ metadata }) => metadata.name === name);
        return (found as unknown as Deployment).spec.template;
      };
      return { native: templateOf('native'), classic: templateOf('classic') };
    },
    refusal: (tidegate, others = {}, options = {}) =>
      refusal(helm, chart, { tidegate, ...others }, options),
  };
}

export function named(containers: readonly Container[] | undefined, name: string): Container {
  const found = containers?.find((container) => container.name === name);
  if (found === undefined) throw new Error(`no container ${name}`);
  return found;
}

/** The sidecar's variables that have a text. */
export function variablesOf({ spec }: Template): Readonly<Record<string, string>> {
  const { env = [] } = named([...(spec.initContainers ?? []), ...spec.containers], 'tidegate');
  return Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
}

/** What a refusal says to its reader: one sentence, which begins with "tidegate: ". */
export function sentenceOf(refused: string): string {
  return /tidegate: .*/.exec(refused.replace(/^.*execution error at \([^)]*\): /m, ''))?.[0] ?? refused;
}
