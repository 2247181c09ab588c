/**
 * A colour made on a cluster made up: from which one, what is refused before it is made, and what its
 * owner is told to look at.
 */
import t, { type Test } from 'tap';
import { type Deploy, deploy, planDeploy } from '../../src/rainbow/deploy.js';
import { Refusal } from '../../src/rainbow/refusal.js';
import { type RainbowGroup, startRainbowGroup } from '../peers/rainbow-group.js';
import { GROUP, NAMESPACE } from '../peers/rainbow-stage.js';

const CONTAINERS = [{ name: 'app', image: 'app:1', env: [{ name: 'COLOUR', value: 'abc' }] }];

/** One colour that is live. */
async function one(t: Test, selector?: object): Promise<RainbowGroup> {
  const group = await startRainbowGroup(t);
  group.old('abc', 30, {}, selector === undefined ? {} : { selector });
  const spec = { template: { spec: { containers: CONTAINERS } } };
  group.fake.objects.patch('Deployment', NAMESPACE, `${GROUP}-abc`, { spec });
  group.select('web', 'abc');
  return group;
}

async function planned(group: RainbowGroup, force = false): Promise<Deploy> {
  const asked = { colour: 'def', images: ['app:2'], replicas: undefined, services: [], force };
  return planDeploy(await group.look([]), asked, group.api);
}

async function refused(t: Test, deed: Promise<unknown>, words: RegExp): Promise<void> {
  const error = await deed.catch((thrown: unknown) => thrown);
  t.ok(error instanceof Refusal, String(error));
  t.match(String(error), words);
}

t.test('a colour is made from the live one, and gets no traffic', async (t) => {
  const group = await one(t);
  const wanted = await planned(group);
  await deploy(wanted, { api: group.api, dryRun: false });
  t.equal(group.replicas('def'), 2);
  t.equal(group.selected('web'), 'abc');
  await refused(t, planned(group), /has the colour def already/);
});

t.test('it is told where the new colour still calls itself by the old one', async (t) => {
  const group = await one(t);
  t.same((await planned(group)).notes, [
    'abc still stands in spec.template.spec.containers[app].env[COLOUR].value',
  ]);
});

t.test('it is told that a colour has no pods because the live one has none', async (t) => {
  const group = await one(t);
  const spec = { replicas: 0 };
  group.fake.objects.patch('Deployment', NAMESPACE, `${GROUP}-abc`, { spec });
  t.match((await planned(group)).notes, ['shop-def is made with 0 replicas, as the live one has']);
});

t.test('a Service that is not of the group is named', async (t) => {
  const group = await one(t);
  const asked = { colour: 'def', images: ['app:2'], replicas: undefined, force: false };
  const deed = planDeploy(await group.look([]), { ...asked, services: ['web', 'nope'] }, group.api);
  await refused(
    t,
    deed,
    /Service nope has nothing to do with group shop: those that have are web$/,
  );
});

t.test('one that a Service would select at once is refused, unless that is meant', async (t) => {
  const group = await one(t);
  group.service('web-internal', { app: GROUP });
  await refused(t, planned(group), /Service web-internal selects its pods as soon as .* --force/);
  t.ok(await planned(group, true));
  group.service('preview', { 'tidegate.dev/colour': 'def' });
  await refused(t, planned(group), /Service preview and web-internal select its pods/);
});

t.test('one whose pods the live Deployment would take for its own is refused', async (t) => {
  const group = await one(t, { matchLabels: { app: GROUP } });
  await refused(
    t,
    planned(group, true),
    /the group would not fit together: Deployment shop-abc selects pods of colour def, too/,
  );
  t.same(group.writes, []);
});
