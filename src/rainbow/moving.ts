/**
 * Moves Services to a colour, one after the other, each only as it was seen, and sees that traffic
 * follows. Whether the colour is ready for it is not asked here. Once one has moved, what goes
 * wrong with another is told with where each of them is by then.
 */
import { isConflict, isUndecided, KubernetesError } from '../kubernetes/fault.js';
import type { ColourFacts, Facts, Look, ServiceFacts } from './contract.js';
import { listed, Refusal, Unfinished } from './refusal.js';
import { fewerSentence, type Switch } from './switch.js';
import type { Writes } from './writes.js';

const TRIES_MAX = 3;

export interface Around {
  readonly look: Look;
  readonly writes: Writes;
  readonly tell: (sentence: string) => void;
}

export class Moving {
  /** At least one has moved: traffic is not where it was. */
  hasMoved = false;
  private readonly wanted: Switch;
  private readonly around: Around;

  constructor(wanted: Switch, around: Around) {
    this.wanted = wanted;
    this.around = around;
  }

  async move(facts: Facts): Promise<void> {
    const { moves, to, force } = this.wanted;
    const [oddity] = facts.oddities;
    if (oddity !== undefined && !force) throw new Refusal(oddity);
    for (const planned of moves) asPlanned(planned, facts, to.colour);
    const fewer = fewerSentence(this.wanted, facts);
    if (fewer !== '') this.around.tell(fewer);
    for (const planned of moves) await this.moveOne(planned, facts);
  }

  /** A conflict says nothing yet: also who gives it an address changes a Service. */
  private async moveOne(planned: ServiceFacts, first: Facts): Promise<void> {
    const { colour } = this.wanted.to;
    let facts = first;
    for (let tries = 1; ; tries++) {
      const now = asPlanned(planned, facts, colour);
      if (now.colour === colour) {
        this.hasMoved = true;
        return;
      }
      try {
        await this.around.writes.select(now, colour);
        this.hasMoved = true;
        this.around.tell(`Service ${planned.name} selects ${colour}`);
        return;
      } catch (error) {
        if (tries === TRIES_MAX && isConflict(error)) throw changedMeanwhile(planned);
        if (tries === TRIES_MAX || !(isConflict(error) || isUndecided(error))) throw error;
      }
      facts = await this.around.look([]);
    }
  }

  /** What is to be told of what has stopped it; `facts`: after that, undefined if nobody knows. */
  halfway(error: Error, facts: Facts | undefined): Error {
    const { moves, to, services, facts: before } = this.wanted;
    const meant = services.map((name) => ` --service ${name}`).join('');
    const type = `tidegate rainbow promote ${before.group} ${to.colour} -n ${before.namespace}${meant}`;
    const now = moves.map(({ uid, name }) => {
      const { colour = 'no colour' } = facts?.services.find((one) => one.uid === uid) ?? {};
      return { name, colour };
    });
    if (facts !== undefined && now.every(({ colour }) => colour === to.colour)) return error;
    const where = now.map(({ name, colour }) => `Service ${name} is on ${colour}`);
    const told = facts === undefined ? 'where its Services are is not known' : listed(where);
    return new Unfinished(`${error.message}; now ${told}: \`${type}\` moves the rest`);
  }

  /** What is still wrong with where traffic goes; empty: nothing. Throws an Unfinished. */
  strayed(facts: Facts): string {
    const { to, moves, there } = this.wanted;
    const names = [...moves, ...there].map(({ name }) => name);
    const services = facts.services.filter(({ name }) => names.includes(name));
    const away = services.find(({ colour }) => colour !== to.colour);
    if (away !== undefined || services.length < names.length) {
      throw new Unfinished(`Service ${away?.name ?? listed(names)} was changed again meanwhile`);
    }
    return services.map((service) => strayOf(service, to)).find((words) => words !== '') ?? '';
  }
}

/** A cluster's fault, or what this room says on purpose. */
export function isTold(error: unknown): error is Error {
  return (
    error instanceof Refusal || error instanceof Unfinished || error instanceof KubernetesError
  );
}

/** The Service as it is now: on the colour that it was on, or moved already. */
function asPlanned(planned: ServiceFacts, { services }: Facts, to: string): ServiceFacts {
  const now = services.find(({ uid }) => uid === planned.uid);
  if (now !== undefined && (now.colour === planned.colour || now.colour === to)) return now;
  throw changedMeanwhile(planned);
}

function changedMeanwhile({ name }: ServiceFacts): Refusal {
  return new Refusal(`Service ${name} was changed meanwhile; do it again`);
}

/** What is wrong with where it routes to; empty: nothing. */
function strayOf({ name, routesTo, readyPods }: ServiceFacts, { colour }: ColourFacts): string {
  const others = routesTo.filter((one) => one !== colour);
  if (others.length > 0) return `Service ${name} still routes to pods of ${listed(others)}`;
  return readyPods.length > 0 ? '' : `Service ${name} routes to no ready pod yet`;
}
