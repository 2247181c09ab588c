/**
 * The rooms of src/ and who may import whom: the one place where it is decided. The table in
 * src/README.md is held equal to it.
 */

/** A folder of src/, or a file in it without its `.ts`. */
export type Rooms = Readonly<Record<string, readonly string[]>>;

/** Every room, and the rooms it may import beside itself. Lower rooms come first. */
export const ROOMS: Rooms = {
  clock: [],
  errors: [],
  signals: [],
  build: [],
  buckets: [],
  'bounded-call': ['clock'],
  'kubernetes/keys': [],
  kubernetes: ['bounded-call', 'clock', 'kubernetes/keys'],
  protocol: [],
  settings: ['clock', 'errors'],
  config: ['errors', 'settings'],
  port: ['errors', 'settings'],
  tunnel: ['clock', 'protocol'],
  tracker: ['buckets', 'clock', 'protocol', 'tunnel'],
  drain: ['clock', 'tracker', 'tunnel'],
  'app-health': ['clock'],
  'pod-info': ['clock', 'kubernetes/keys'],
  journal: ['config', 'errors', 'settings'],
  metrics: ['buckets', 'clock', 'drain', 'protocol', 'tracker', 'tunnel'],
  'admin/contract': ['drain', 'protocol'],
  'admin/shapes': ['admin/contract'],
  admin: [
    'admin/contract',
    'admin/shapes',
    'clock',
    'drain',
    'errors',
    'protocol',
    'settings',
    'tracker',
    'tunnel',
  ],
  'termination-log': [],
  rainbow: [
    'admin/contract',
    'admin/shapes',
    'bounded-call',
    'clock',
    'errors',
    'kubernetes',
    'kubernetes/keys',
    'settings',
  ],
  controller: [
    'admin',
    'admin/contract',
    'admin/shapes',
    'bounded-call',
    'build',
    'clock',
    'config',
    'errors',
    'journal',
    'kubernetes',
    'kubernetes/keys',
    'metrics',
    'port',
    'rainbow',
    'settings',
    'signals',
  ],
  cli: [
    'admin/contract',
    'admin/shapes',
    'bounded-call',
    'clock',
    'errors',
    'kubernetes',
    'kubernetes/keys',
    'rainbow',
    'settings',
  ],
  sidecar: [
    'admin',
    'app-health',
    'build',
    'clock',
    'config',
    'drain',
    'errors',
    'journal',
    'kubernetes/keys',
    'metrics',
    'pod-info',
    'port',
    'settings',
    'signals',
    'termination-log',
    'tracker',
    'tunnel',
  ],
  demo: ['clock', 'config', 'errors', 'journal', 'port', 'settings', 'sidecar', 'signals'],
  tidegate: ['build', 'cli', 'config', 'controller', 'demo', 'errors', 'sidecar'],
};

/** Rooms that may not even use what Node brings: bytes in, facts out. */
export const PURE_ROOMS: readonly string[] = ['protocol'];

/**
 * Who may import a package from elsewhere. In a pure room only what is pure itself: of ws, the
 * Sender's `frame`, from a payload to bytes.
 */
export const PACKAGES: Rooms = {
  'http-proxy': ['src/tunnel/second-chance-proxy.ts'],
  pino: ['src/journal.ts'],
  'prom-client': ['src/metrics/histogram.ts', 'src/metrics/registry.ts'],
  yaml: ['src/cli/rainbow/documents.ts', 'src/kubernetes/kubeconfig.ts'],
  ws: ['src/demo/app.ts', 'src/protocol/websocket/farewell.ts'],
};

/** Who may import a file that is not in src/. */
export const OUTSIDERS: Rooms = { 'package.json': ['src/build.ts'] };

/** The room that a path like `src/tunnel/lane.ts` is in; undefined if it is in none. */
export function roomOf(path: string, rooms: Rooms = ROOMS): string | undefined {
  const inside = path.replace(/^src\//, '').replace(/\.ts$/, '');
  return Object.keys(rooms).find((room) => inside === room || inside.startsWith(`${room}/`));
}

/** The rooms as src/README.md has them. */
export function renderRooms(rooms: Rooms = ROOMS): string {
  const names = (list: readonly string[]): string =>
    list.length === 0 ? 'nothing' : list.map((name) => `\`${name}\``).join(', ');
  const rows = Object.entries(rooms).map(([room, imports]) => [`\`${room}\``, names(imports)]);
  const widths = [0, 1].map((at) => Math.max(...rows.map((row) => row[at].length), 10));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |`;
  const rule = widths.map((width) => '-'.repeat(width));
  return [['Room', 'May import'], rule, ...rows].map(line).join('\n');
}
