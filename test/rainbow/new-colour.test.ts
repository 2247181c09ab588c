/**
 * A new colour made from the live one: what it keeps, what it must not have, what it is called.
 */
import t from 'tap';
import { newColour } from '../../src/rainbow/new-colour.js';
import { Refusal } from '../../src/rainbow/refusal.js';

const COLOUR = 'tidegate.dev/colour';
const LIVE = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'web-a1b2c3',
    namespace: 'shop',
    uid: 'u',
    resourceVersion: '7',
    labels: {
      app: 'web',
      'tidegate.dev/rainbow': 'web',
      'argocd.argoproj.io/instance': 'x',
      'app.kubernetes.io/instance': 'x',
      'app.kubernetes.io/managed-by': 'Helm',
    },
    annotations: {
      team: 'red',
      'tidegate.dev/rainbow-state': '{}',
      'tidegate.dev/drain': 'true',
      'deployment.kubernetes.io/revision': '3',
      'kubectl.kubernetes.io/last-applied-configuration': '{}',
      'meta.helm.sh/release-name': 'web',
    },
    ownerReferences: [{ kind: 'Rollout' }],
  },
  spec: {
    replicas: 3,
    paused: true,
    selector: { matchLabels: { app: 'web', [COLOUR]: 'a1b2c3' } },
    template: {
      metadata: {
        labels: { app: 'web', [COLOUR]: 'a1b2c3', 'pod-template-hash': 'f' },
        annotations: {
          'kubectl.kubernetes.io/restartedAt': 'x',
          'tidegate.dev/drain': 'true',
          'controller.kubernetes.io/pod-deletion-cost': '-5',
          scrape: 'yes',
        },
      },
      spec: {
        initContainers: [{ name: 'tidegate', image: 't:1' }],
        containers: [{ name: 'app', image: 'app:1', env: [{ name: 'A', value: 'b' }] }],
        affinity: {
          podAntiAffinity: { matchLabels: { [COLOUR]: 'a1b2c3' } },
          other: { matchExpressions: [{ key: COLOUR, operator: 'In', values: ['a1b2c3', 'z'] }] },
        },
      },
    },
  },
  status: { replicas: 3 },
};

const wanted = (images: readonly string[], colour = 'd4e5f6', replicas?: number) => ({
  ...{ group: 'web', colour, images, replicas },
});

t.test(
  'a new colour is the live one with another colour and image, and nobody else’s marks',
  (t) => {
    t.same(newColour(LIVE, 'a1b2c3', wanted(['app:2'])), {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name: 'web-d4e5f6',
        namespace: 'shop',
        labels: { app: 'web', 'tidegate.dev/rainbow': 'web' },
        annotations: { team: 'red' },
      },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'web', [COLOUR]: 'd4e5f6' } },
        template: {
          metadata: { labels: { app: 'web', [COLOUR]: 'd4e5f6' }, annotations: { scrape: 'yes' } },
          spec: {
            initContainers: [{ name: 'tidegate', image: 't:1' }],
            containers: [{ name: 'app', image: 'app:2', env: [{ name: 'A', value: 'b' }] }],
            affinity: {
              podAntiAffinity: { matchLabels: { [COLOUR]: 'd4e5f6' } },
              other: {
                matchExpressions: [{ key: COLOUR, operator: 'In', values: ['d4e5f6', 'z'] }],
              },
            },
          },
        },
      },
    });
    t.end();
  },
);

t.test('its name has the colour where the live one’s has its own, else behind the group', (t) => {
  const named = (name: string, colour: string, other: string): unknown => {
    const live = { ...LIVE, metadata: { ...LIVE.metadata, name } };
    return (newColour(live, colour, wanted(['app:2'], other))['metadata'] as { name: string }).name;
  };
  t.equal(named('web-a1b2c3', 'a1b2c3', 'D4E5F6'), 'web-d4e5f6');
  t.equal(named('blue-shop-blue', 'blue', 'green'), 'blue-shop-green');
  t.equal(named('shop-s', 's', 't'), 'shop-t');
  t.equal(named('shop', 'blue', 'green'), 'web-green');
  t.throws(
    () => named('shop', 'blue', 'light_green'),
    new Refusal('a Deployment cannot be called web-light_green'),
  );
  t.throws(() => named('shop', 'blue', '-'), new Refusal("colour - cannot be a label's value"));
  t.end();
});

t.test('images are for the containers that are named, also those that start first', (t) => {
  const made = newColour(
    LIVE,
    'a1b2c3',
    wanted(['tidegate=t:2', 'app=r:5000/app@sha256:0'], 'b', 1),
  );
  t.match(made, {
    spec: {
      replicas: 1,
      template: {
        spec: {
          initContainers: [{ image: 't:2' }],
          containers: [{ image: 'r:5000/app@sha256:0' }],
        },
      },
    },
  });
  t.throws(
    () => newColour(LIVE, 'a1b2c3', wanted(['db=x'])),
    /no container db: there are app and tidegate/,
  );
  for (const images of [
    ['app:2', 'app:3'],
    ['app=app:2', 'app:3'],
  ]) {
    t.throws(
      () => newColour(LIVE, 'a1b2c3', wanted(images)),
      new Refusal('container app is given two images: app:2 and app:3'),
    );
  }
  const alone = structuredClone(LIVE);
  alone.spec.template.spec.containers[0].name = 'tidegate';
  t.throws(() => newColour(alone, 'a1b2c3', wanted(['x'])), /there is none but tidegate's own/);
  const spec = structuredClone(LIVE.spec);
  spec.template.spec.containers.push({ name: 'cache', image: 'c:1', env: [] });
  const several = { ...LIVE, spec };
  t.throws(
    () => newColour(several, 'a1b2c3', wanted(['x'])),
    /may be for app and cache: --image CONTAINER=IMAGE/,
  );
  t.end();
});
