/** What a pod requests: quantities in all their spellings, and containers as the scheduler counts. */
import t from 'tap';
import { memoryOf, quantityOf } from '../../src/controller/memory.js';

const MI = 1_048_576;

t.test('a quantity has a number, and a suffix or a power of ten', (t) => {
  const cases: Readonly<Record<string, number | undefined>> = {
    '128974848': 128_974_848,
    '64Mi': 64 * MI,
    '1G': 1_000_000_000,
    '1e9': 1_000_000_000,
    '129e+6': 129_000_000,
    '5E-1': 1,
    '1.5Gi': 1_536 * MI,
    '500M': 500_000_000,
    '128974848000m': 128_974_848,
    '1500m': 2,
    '1k': 1_000,
    '2Ki': 2_048,
    '1E': 1e18,
    '+3Ti': 3 * 1_024 ** 4,
    '.5Gi': 512 * MI,
    '7.': 7,
    '0': 0,
    '': undefined,
    Mi: undefined,
    '-1': undefined,
    '1 Gi': undefined,
    '1GiB': undefined,
    '1K': undefined,
    '0x10': undefined,
  };
  for (const [text, bytes] of Object.entries(cases)) t.equal(quantityOf(text), bytes, text);
  t.equal(quantityOf(), undefined);
  t.end();
});

const container = (memory?: string, more: object = {}): object => ({
  name: 'one',
  ...(memory === undefined ? {} : { resources: { requests: { memory } } }),
  ...more,
});
const SIDECAR = { restartPolicy: 'Always' };

/** In MiB. */
function memory(spec: object): number {
  return memoryOf({ ...spec }) / MI;
}

t.test('containers that run beside one another are summed up', (t) => {
  t.equal(memory({ containers: [container('64Mi'), container('0.5Gi'), container()] }), 576);
  t.equal(memory({}), 0);
  t.end();
});

t.test('a limit is a request where there is no other', (t) => {
  const limits = { memory: '300Mi' };
  t.equal(memory({ containers: [container(undefined, { resources: { limits } })] }), 300);
  const both = { resources: { limits, requests: { memory: '10Mi' } } };
  t.equal(memory({ containers: [container(undefined, both)] }), 10);
  t.end();
});

t.test('of what runs before the others the largest counts, if it is larger than they', (t) => {
  const containers = [container('100Mi')];
  t.equal(memory({ containers, initContainers: [container('30Mi'), container('80Mi')] }), 100);
  t.equal(memory({ containers, initContainers: [container('300Mi'), container('80Mi')] }), 300);
  t.end();
});

t.test('a native sidecar runs beside all that come after it', (t) => {
  const containers = [container('100Mi')];
  const sidecar = container('64Mi', SIDECAR);
  const [init, large] = [container('30Mi'), container('120Mi')];
  t.equal(memory({ containers, initContainers: [sidecar, init] }), 164);
  t.equal(memory({ containers, initContainers: [large, sidecar] }), 164);
  t.equal(memory({ containers, initContainers: [sidecar, large] }), 184);
  t.end();
});

t.test('the overhead of its runtime class comes on top', (t) => {
  const overhead = { memory: '20Mi' };
  t.equal(memory({ containers: [container('100Mi')], overhead }), 120);
  t.end();
});

t.test('what a pod requests as a whole is in the place of its containers', (t) => {
  const resources = { requests: { memory: '256Mi' } };
  const overhead = { memory: '20Mi' };
  t.equal(memory({ containers: [container('100Mi')], resources, overhead }), 276);
  t.end();
});
