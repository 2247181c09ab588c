/**
 * The rainbow groups of a replica, as its settings have them. With `rainbow` off they are looked at
 * for the metrics alone: nobody is asked, nothing is done, and nothing is told. What would be
 * remembered of them is so in memory, as in a dry run: else they would never grow old.
 */
import type { Clock } from '../clock.js';
import type { ControllerJournal } from '../journal/controller.js';
import type { Recorder } from '../kubernetes/events.js';
import { type AskPods, askNobody } from '../rainbow/ask.js';
import type { Group } from '../rainbow/facts.js';
import type { ControllerConfig } from './arguments.js';
import type { ColourDeed } from './colour-words.js';
import type { May } from './contract.js';
import { Groups, type GroupsListener, type GroupsParts } from './groups.js';
import type { KnownApi } from './known-api.js';
import type { Tallies } from './tallies.js';

export interface GroupsOf {
  readonly config: Pick<
    ControllerConfig,
    'rainbow' | 'dryRun' | 'policy' | 'groups' | 'lookEveryMs' | 'rainbowEveryMs'
  >;
  readonly clock: Clock;
  /** It refuses every write while this replica may not. */
  readonly api: GroupsParts['api'];
  readonly known: KnownApi;
  readonly askPods: AskPods;
  readonly looks: GroupsParts['looks'];
  readonly recorder: Recorder;
  /** Whether this replica leads. */
  readonly may: May;
  readonly journal: ControllerJournal;
  readonly tallies: Tallies;
  /** All groups have had their look. */
  readonly looked: () => void;
}

const NOBODY: Recorder = { tell: () => undefined };

export function groupsOf(of: GroupsOf): Groups {
  const { config, clock, api, known, looks, askPods, recorder, may } = of;
  const { rainbow, policy, groups: names, lookEveryMs, rainbowEveryMs: everyMs } = config;
  const acting = { askPods, recorder, may, listener: listenerOf(of) };
  const looking = { askPods: askNobody, recorder: NOBODY, may: () => false };
  const part = rainbow ? acting : { ...looking, listener: quietListener(of) };
  const dryRun = config.dryRun || !rainbow;
  const settings = { dryRun, policy, names, lookEveryMs, everyMs };
  return new Groups({ ...{ api, known, looks, clock }, ...settings, ...part });
}

function listenerOf({ journal, tallies, looked }: GroupsOf): GroupsListener {
  return {
    acted: (deed, isNews) => {
      tallies.acted(deed.action, deed.result);
      if (isNews) sayDeed(journal, deed);
    },
    rival: ({ namespace }, name, words) =>
      journal.rival({ kind: 'Deployment', namespace, name }, words),
    standstill: ({ namespace, group }, words) => journal.standstill(namespace, group, words),
    goesOn: ({ namespace, group }) => journal.goesOn(namespace, group),
    unknown: ({ namespace, group }: Group, words) => journal.groupUnknown(namespace, group, words),
    looked,
    fault: (error) => journal.fault(error),
  };
}

function quietListener({ journal, looked }: GroupsOf): GroupsListener {
  const nothing = (): void => undefined;
  const quiet = { acted: nothing, rival: nothing, standstill: nothing, goesOn: nothing };
  return { ...quiet, unknown: nothing, looked, fault: (error) => journal.fault(error) };
}

function sayDeed(journal: ControllerJournal, deed: ColourDeed): void {
  switch (deed.result) {
    case 'done':
      return journal.done(deed);
    case 'planned':
      return journal.planned(deed);
    case 'stopped':
      return journal.stopped(deed);
    case 'failed':
      return journal.failed(deed);
  }
}
