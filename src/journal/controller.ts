/**
 * Every line the log of the controller can have: fixed sentences, with fields from the closed list
 * `Fields`. An hour in which nothing changes logs nothing: who calls says each thing once.
 */
import type { ListenError, SettingFault } from '../errors.js';
import { type Destination, openLog, type SayLine } from '../journal.js';
import { type Address, formatAddress } from '../settings/address.js';
import type { LogLevel } from '../settings/table.js';

/** Everything a line can have beside `level`, `time` and `msg`. */
interface Fields {
  readonly version?: string;
  readonly cluster?: string;
  readonly namespaces?: string;
  readonly identity?: string;
  readonly admin?: string;
  readonly marks?: boolean;
  readonly rainbow?: boolean;
  readonly dryRun?: boolean;
  readonly holder?: string;
  readonly signal?: string;
  readonly pods?: number;
  readonly tookMs?: number;
  readonly verb?: string;
  readonly resource?: string;
  readonly namespace?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly group?: string;
  readonly colour?: string;
  readonly action?: string;
  readonly key?: string;
  readonly value?: string;
  readonly reason?: string;
  readonly err?: unknown;
}

/** A right as the log names it; without a namespace: of all. */
export interface RightNamed {
  readonly verb: string;
  readonly resource: string;
  readonly namespace?: string | undefined;
}

/** What was done, or would have been, to a colour. */
export interface Deed {
  readonly namespace: string;
  readonly group: string;
  readonly colour: string;
  readonly action: string;
  /** Why it is done; or why not. */
  readonly reason: string;
}

/** An object that a line is about. */
export interface Named {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** A bug that shows in every pod must not fill the disk of the node. */
const FAULTS_MAX = 100;

/** One method a sentence. */
export class ControllerJournal {
  private readonly say: (level: Parameters<SayLine>[0], fields: Fields, sentence: string) => void;
  private faults = 0;

  constructor(say: SayLine) {
    this.say = say;
  }

  started(how: {
    readonly version: string;
    readonly cluster: string;
    readonly namespaces: string;
    readonly identity: string;
    readonly admin: Address;
    readonly marks: boolean;
    readonly rainbow: boolean;
    readonly dryRun: boolean;
  }): void {
    this.say('info', { ...how, admin: formatAddress(how.admin) }, 'the controller has started');
  }

  ending(signal: string): void {
    this.say('info', { signal }, 'the controller ends');
  }

  settingRefused({ key, value, reason }: SettingFault): void {
    this.say('error', { key, value, reason }, 'a setting cannot be used');
  }

  portRefused({ key, address, cause }: ListenError): void {
    this.say('error', { key, value: address, err: cause }, 'a port cannot be opened');
  }

  clusterUnknown(reason: string): void {
    this.say('error', { reason }, 'there is no way to a cluster');
  }

  leading(identity: string): void {
    this.say('info', { identity }, 'this replica leads: it acts from now on');
  }

  following(identity: string): void {
    this.say(
      'info',
      { identity },
      'this replica does not lead any more: it looks, and does nothing',
    );
  }

  leaseFailed(reason: string): void {
    this.say('warn', { reason }, 'the Lease can be neither read nor written');
  }

  synced({ pods, tookMs }: { readonly pods: number; readonly tookMs: number }): void {
    this.say('info', { pods, tookMs: Math.round(tookMs) }, 'the cluster is known');
  }

  /** `without`: what stands still. */
  rightMissing({ verb, resource, namespace = '*' }: RightNamed, without: string): void {
    const fields = { verb, resource, namespace, reason: without };
    this.say('warn', fields, 'a right is missing; the rest goes on');
  }

  rightThere({ verb, resource, namespace = '*' }: RightNamed): void {
    this.say('info', { verb, resource, namespace }, 'a right that was missing is there');
  }

  serverUnreachable(reason: string): void {
    this.say('warn', { reason }, 'the API server cannot be reached; it is tried again and again');
  }

  serverReached(): void {
    this.say('info', {}, 'the API server can be reached again');
  }

  done(deed: Deed): void {
    this.say('info', fieldsOf(deed), 'a colour was changed');
  }

  planned(deed: Deed): void {
    this.say('info', fieldsOf(deed), 'a colour would be changed, but this is a dry run');
  }

  /** The cluster is not any more what it was planned for. */
  stopped(deed: Deed): void {
    this.say('info', fieldsOf(deed), 'a colour was not changed');
  }

  failed(deed: Deed): void {
    this.say('warn', fieldsOf(deed), 'a colour could not be changed');
  }

  rival(about: Named, reason: string): void {
    this.say('warn', { ...nameOf(about), reason }, 'something else would undo what is due');
  }

  standstill(namespace: string, group: string, reason: string): void {
    this.say('warn', { namespace, group, reason }, 'nothing is done to a group');
  }

  goesOn(namespace: string, group: string): void {
    this.say('info', { namespace, group }, 'the group is looked after again');
  }

  groupUnknown(namespace: string, group: string, reason: string): void {
    this.say('warn', { namespace, group, reason }, 'a group cannot be looked at');
  }

  /** The first of those that fail for one cause. */
  unwritten({ action, ...about }: Named & { readonly action: string }, reason: string): void {
    this.say('warn', { action, ...nameOf(about), reason }, 'what is due cannot be written');
  }

  written({ action, namespace }: { readonly action: string; readonly namespace: string }): void {
    this.say('info', { action, namespace }, 'what was due could be written');
  }

  unreadable(object: string, reason: string): void {
    this.say('warn', { name: object, reason }, 'an object cannot be read, and is left out');
  }

  /** `reason`: what one of them does. */
  podsSilent(namespace: string, pods: number, reason: string): void {
    const fields = { namespace, pods, reason };
    this.say('warn', fields, 'most pods do not answer: they are taken for not safe');
  }

  podsHeard(namespace: string): void {
    this.say('info', { namespace }, 'most pods answer again');
  }

  silentDeath(namespace: string, reason: string): void {
    this.say('warn', { namespace, reason }, 'a pod has died without a goodbye');
  }

  podsUnasked(namespace: string, reason: string): void {
    this.say('warn', { namespace, reason }, 'pods cannot be asked');
  }

  podsAsked(namespace: string): void {
    this.say('info', { namespace }, 'pods can be asked again');
  }

  blind(): void {
    const reason = 'they stay marked as they are';
    this.say('warn', { reason }, 'nearly no pod is reached any more: it seems to be this replica');
  }

  sighted(): void {
    this.say('info', {}, 'pods are reached again');
  }

  /** Once for each owner: its pods are made alike. */
  foreignMarks(about: Named, key: string, value: string): void {
    this.say(
      'warn',
      { ...nameOf(about), key, value },
      'pods have marks of somebody else, which are left',
    );
  }

  /** A bug of tidegate; it costs one turn of one part. */
  fault(err: unknown): void {
    this.faults++;
    if (this.faults > FAULTS_MAX) return;
    this.say('error', { err }, 'a fault in tidegate itself; please report it');
    if (this.faults === FAULTS_MAX) this.say('error', {}, 'further faults are not logged');
  }
}

/** What else an object has is no field. */
function nameOf({ kind, namespace, name }: Named): Fields {
  return { kind, namespace, name };
}

function fieldsOf({ namespace, group, colour, action, reason }: Deed): Fields {
  return { namespace, group, colour, action, reason };
}

/** Says what is at `level` or above it; to standard output, if nowhere else. */
export function createControllerJournal(
  level: LogLevel,
  destination?: Destination,
): ControllerJournal {
  return new ControllerJournal(openLog(level, destination));
}
