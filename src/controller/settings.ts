/**
 * The controller's settings table: the one place where a setting of its is named. Flags, environment
 * variables, chart values, the help text and the README's table come from it; what is wanted of a
 * cleanup is rainbow's own table.
 */
import { POLICY, POLICY_KEYS, type PolicyKey } from '../rainbow/policy.js';
import { type SettingOf, type SettingsTable } from '../settings/setting.js';
import { SETTINGS } from '../settings/table.js';

const SWITCH = ['on', 'off'] as const;
const SAFE_TO_EVICT = ['veto', 'both', 'off'] as const;
const ASKINGS = ['direct', 'proxy'] as const;
export type SafeToEvict = (typeof SAFE_TO_EVICT)[number];
export type Asking = (typeof ASKINGS)[number];

const PORT_MAX = 65_535;
/** Whoever is asked more often than this is kept from its work. */
const EVERY_MS_MIN = 5_000;

const POLICY_SETTINGS = Object.fromEntries(
  POLICY_KEYS.map((key) => {
    const { form, default: usual, sentence } = POLICY[key];
    return [key, { type: 'text', form, default: usual, sentence }];
  }),
) as Readonly<Record<PolicyKey, SettingOf<'text'>>>;

export const CONTROLLER_SETTINGS = {
  namespaces: {
    type: 'text',
    form: 'NAMES|*',
    default: 'its own',
    sentence: 'The namespaces that it looks after, separated by commas; `*` for all.',
  },
  admin: { type: 'address', default: '9180', sentence: 'Where probes and metrics are answered.' },
  lease: {
    type: 'text',
    form: 'NAME',
    default: 'tidegate-controller',
    sentence:
      'The Lease, in its own namespace, by which one of several replicas is the one that acts.',
  },
  marks: {
    type: 'choice',
    choices: SWITCH,
    default: 'on',
    sentence:
      "Whether pods are marked with what their tidegate's verdict is; `off` takes away what it has marked.",
  },
  deletionCost: {
    type: 'choice',
    choices: SWITCH,
    default: 'on',
    sentence:
      'Whether these marks include `controller.kubernetes.io/pod-deletion-cost`, so that idle pods go first.',
  },
  safeToEvict: {
    type: 'choice',
    choices: SAFE_TO_EVICT,
    default: 'veto',
    sentence:
      'The same for `cluster-autoscaler.kubernetes.io/safe-to-evict`: `veto` says false while a pod is not safe to delete, `both` also says true while it is.',
  },
  lookEvery: {
    type: 'duration',
    default: '20s',
    minMs: EVERY_MS_MIN,
    sentence: 'How often each pod is asked.',
  },
  rainbow: {
    type: 'choice',
    choices: SWITCH,
    default: 'off',
    sentence: 'Whether old colours of rainbow groups are cleaned up.',
  },
  rainbowEvery: {
    type: 'duration',
    default: '30s',
    minMs: EVERY_MS_MIN,
    sentence: 'How often each group is looked at, beside when something of it changes.',
  },
  groups: {
    type: 'text',
    form: 'NAMES',
    default: 'all',
    sentence: 'The groups that are cleaned up, separated by commas.',
  },
  dryRun: {
    type: 'choice',
    choices: SWITCH,
    default: 'off',
    sentence: 'Whether what would be done is only told, in Events; then nothing else is written.',
  },
  ...POLICY_SETTINGS,
  ask: {
    type: 'choice',
    choices: ASKINGS,
    default: 'direct',
    sentence:
      'How pods are asked: at their own addresses, or through the API server (`pods/proxy`).',
  },
  prometheus: {
    type: 'text',
    form: 'URL',
    default: 'none',
    sentence: 'Asks this Prometheus what the pods say, and no pod.',
  },
  podAdmin: {
    type: 'integer',
    allowed: [[1, PORT_MAX]],
    default: 'their container port called `tidegate`, else 9180',
    sentence: 'The port where pods are asked.',
  },
  kubeconfig: {
    type: 'text',
    form: 'FILE',
    default: 'none',
    sentence: 'How the cluster is reached from outside; in a pod its service account is used.',
  },
  context: {
    type: 'text',
    form: 'NAME',
    default: 'the current one',
    sentence: 'Which context of the kubeconfig is meant.',
  },
  logLevel: SETTINGS.logLevel,
} as const satisfies SettingsTable;

export type ControllerTable = typeof CONTROLLER_SETTINGS;
