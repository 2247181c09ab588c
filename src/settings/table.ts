/**
 * The sidecar's settings table: the one place where a setting of its is named. Flags, environment
 * variables, chart values, the help text and the README's table come from it.
 */
import type { SettingsTable } from './setting.js';

const PROXY_PROTOCOLS = ['off', 'v1', 'v2'] as const;
const FORWARDED = ['if-absent', 'append', 'off'] as const;
const SIDECARS = ['classic', 'native'] as const;
const LATE_UPGRADES = ['accept', 'refuse'] as const;
const FAREWELLS_FOR_APP = ['drain', 'always', 'never'] as const;
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type ProxyProtocol = (typeof PROXY_PROTOCOLS)[number];
export type Forwarded = (typeof FORWARDED)[number];
export type SidecarForm = (typeof SIDECARS)[number];
export type LateUpgrades = (typeof LATE_UPGRADES)[number];
export type FarewellForApp = (typeof FAREWELLS_FOR_APP)[number];
export type LogLevel = (typeof LOG_LEVELS)[number];

export const SETTINGS = {
  listen: { type: 'address', default: '8080', sentence: 'Where clients connect.' },
  app: { type: 'address', default: '127.0.0.1:3000', sentence: 'Where the app listens.' },
  admin: { type: 'address', default: '9180', sentence: 'Where probes and metrics are answered.' },
  gracePeriod: {
    type: 'duration',
    default: '30s',
    minMs: 1,
    sentence: "The pod's `terminationGracePeriodSeconds`.",
  },
  appShutdown: {
    type: 'duration',
    default: '20s, at most 1/6 of `gracePeriod`',
    sentence: "What of it is kept for the app's own shutdown.",
  },
  margin: {
    type: 'duration',
    default: '3s, at most 1/10 of `gracePeriod`',
    sentence: 'What of it is kept in reserve.',
  },
  settleMin: {
    type: 'duration',
    default: '10s, at most `settleMax`',
    zeroAllowed: true,
    sentence: 'How long a drain waits at least for load balancers to stop sending.',
  },
  settleQuiet: {
    type: 'duration',
    default: '5s, at most `settleMax`',
    zeroAllowed: true,
    sentence: 'After that, how long no new work may come until it counts as stopped.',
  },
  settleMax: {
    type: 'duration',
    default: '30s, at most 20 % of the budget',
    zeroAllowed: true,
    sentence: 'How long it waits for that at most.',
  },
  closeWindow: {
    type: 'duration',
    default: '120s, at most 25 % of the budget',
    zeroAllowed: true,
    sentence: 'How long before the deadline the phase `closing` begins.',
  },
  closeRate: {
    type: 'integer',
    allowed: [[1, 1_000_000]],
    perSecond: true,
    default: '1000',
    sentence:
      'How many connections the close window ends per second at most; `500` and `500/s` are the same.',
  },
  idleFarewell: {
    type: 'duration',
    default: '5s, at most 10 % of the budget',
    zeroAllowed: true,
    sentence: 'How long an idle connection is kept after settling before it is ended.',
  },
  websocketCloseCode: {
    type: 'integer',
    // Those by which a server may speak of itself (RFC 6455 section 7.4 and IANA's registry): 1004
    // to 1006 and 1015 must never be sent, 1002, 1003, 1007, 1009 and 1010 are about the peer.
    allowed: [1000, 1001, 1008, 1011, 1012, 1013, [3000, 4999]],
    default: '1001',
    sentence: 'The code of the Close frames that WebSockets get.',
  },
  lateUpgrades: {
    type: 'choice',
    choices: LATE_UPGRADES,
    default: 'accept',
    sentence: 'Whether upgrades to WebSocket are still accepted in the phase `draining`.',
  },
  farewellForApp: {
    type: 'choice',
    choices: FAREWELLS_FOR_APP,
    default: 'drain',
    sentence:
      'When an app that ends a WebSocket or an event stream without a goodbye gets it said on its behalf.',
  },
  quietFor: {
    type: 'duration',
    default: '60s',
    zeroAllowed: true,
    sentence: 'How long a pod that stays must have been quiet to be safe to delete.',
  },
  probeAgents: {
    type: 'text',
    form: 'NAMES',
    default: 'none',
    sentence:
      'User-Agents whose requests are no work, besides the known probes and scrapers; separated by commas.',
  },
  terminationNotice: {
    type: 'duration',
    default: '10s',
    zeroAllowed: true,
    sentence: 'How late the notice may be that the pod is terminating.',
  },
  unreadyAfter: {
    type: 'duration',
    default: 'never',
    zeroAllowed: true,
    sentence: 'How long after its end began a pod stays ready (`/readyz`).',
  },
  podInfoDir: {
    type: 'text',
    form: 'DIR',
    default: 'none',
    sentence: "Where a downward-API volume has the pod's `annotations`, for `tidegate.dev/drain`.",
  },
  sidecar: {
    type: 'choice',
    choices: SIDECARS,
    default: 'classic',
    sentence: 'What SIGTERM means: `classic` starts the drain, `native` ends it at once.',
  },
  linger: {
    type: 'duration',
    default: '0s',
    zeroAllowed: true,
    sentence: 'How long it stays after a drain that SIGTERM began.',
  },
  keepAlive: {
    type: 'duration',
    default: '60s',
    minMs: 1000,
    maxMs: 32_767_000, // what Linux takes for TCP_KEEPIDLE
    zeroAllowed: true,
    sentence:
      'How long a connection is quiet before TCP asks whether the peer is alive; 0 for never.',
  },
  proxyProtocol: {
    type: 'choice',
    choices: PROXY_PROTOCOLS,
    default: 'off',
    sentence: 'Which PROXY protocol preamble the app gets.',
  },
  forwarded: {
    type: 'choice',
    choices: FORWARDED,
    default: 'if-absent',
    sentence: 'When a request gets an `X-Forwarded-For` line.',
  },
  appConnectTimeout: {
    type: 'duration',
    default: '10s',
    minMs: 1,
    sentence: 'How long clients wait for an app that does not accept connections yet.',
  },
  secondChance: {
    type: 'address',
    hostNeeded: true,
    default: 'none',
    sentence: 'The Service whose other pods answer requests that the app cannot be given.',
  },
  appHealthPath: {
    type: 'text',
    form: 'PATH',
    default: 'none',
    sentence:
      'Where the app answers 2xx when it is ready; without it, taking a connection will do.',
  },
  adminToken: {
    type: 'text',
    form: 'TOKEN',
    default: 'none',
    sentence: 'Lets others than loopback start and recall a drain.',
  },
  adminTokenFile: {
    type: 'text',
    form: 'FILE',
    default: 'none',
    sentence: 'The file that has it; read once, at the start.',
  },
  terminationMessagePath: {
    type: 'text',
    form: 'FILE',
    default: '/dev/termination-log',
    sentence: "Where the drain's outcome is left; written only if it is there.",
  },
  logLevel: {
    type: 'choice',
    choices: LOG_LEVELS,
    default: 'info',
    sentence: 'What is logged.',
  },
} as const satisfies SettingsTable;

export type Settings = typeof SETTINGS;
export type SettingKey = keyof Settings;
