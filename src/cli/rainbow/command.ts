/**
 * Runs a verb of `tidegate rainbow` and says with which code to exit: what is refused on purpose is
 * told apart from what has failed. Speaks through what it is handed, as the other commands do.
 */
import { EXIT_FAULT, EXIT_OK, type SettingFault } from '../../errors.js';
import { KubernetesError } from '../../kubernetes/fault.js';
import { PrometheusError } from '../../rainbow/prometheus.js';
import { NotThere, Refusal, Unfinished } from '../../rainbow/refusal.js';
import type { Surroundings } from '../command.js';
import { EXIT_COMMAND_USAGE, EXIT_NOT_SAFE } from '../options.js';
import { plain, usageText } from '../sentences.js';
import { findVerb, type RainbowAsked, readArguments } from './arguments.js';
import { cleanup } from './cleanup.js';
import { openCluster } from './cluster.js';
import { deployColour } from './deploy.js';
import { listGroups } from './list.js';
import { rainbowHelp, type Verb, verbHelp, VERBS } from './options.js';
import { Speech } from './speech.js';
import { showStatus } from './status.js';
import { switchColour } from './switch.js';
import type { Doing } from './verb.js';
import { awaitColour } from './wait.js';

const DEEDS: Readonly<Record<Verb, (doing: Doing) => Promise<number>>> = {
  list: listGroups,
  status: showStatus,
  promote: switchColour,
  rollback: switchColour,
  cleanup,
  wait: awaitColour,
  deploy: deployColour,
};

/** Runs it to its end; returns the exit code. */
export async function runRainbow(argv: readonly string[], around: Surroundings): Promise<number> {
  const found = findVerb(argv);
  if (!('verb' in found)) return withoutVerb(found.word, argv, around);
  const { verb, rest } = found;
  const faults: SettingFault[] = [];
  const asked = readArguments(verb, rest, faults);
  if (asked.help) {
    around.print(verbHelp(verb));
    return EXIT_OK;
  }
  if (faults.length > 0) {
    around.complain(usageText(faults, `rainbow ${verb}`));
    return EXIT_COMMAND_USAGE;
  }
  return run(asked, around);
}

function withoutVerb(word: string, argv: readonly string[], around: Surroundings): number {
  if (word === '' || word === 'help') {
    const isAsked = word === 'help' || argv.some((option) => /^(-h|--help)$/.test(option));
    (isAsked ? around.print : around.complain)(rainbowHelp());
    return isAsked ? EXIT_OK : EXIT_COMMAND_USAGE;
  }
  const fault = { key: 'VERB', value: word, reason: `is not one of ${VERBS.join(', ')}` };
  around.complain(usageText([fault], 'rainbow'));
  return EXIT_COMMAND_USAGE;
}

async function run(asked: RainbowAsked, around: Surroundings): Promise<number> {
  const speech = new Speech(asked, around);
  try {
    return await DEEDS[asked.verb]({ asked, around, speech, cluster: openCluster(asked, around) });
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    speech.complain(plain((error as Error).message));
    return code;
  }
}

/** Undefined for what should not be thrown at all. */
function codeOf(error: unknown): number | undefined {
  if (error instanceof Refusal && !(error instanceof NotThere)) return EXIT_NOT_SAFE;
  const isFault = [KubernetesError, PrometheusError, Unfinished, NotThere].some(
    (kind) => error instanceof kind,
  );
  return isFault ? EXIT_FAULT : undefined;
}
