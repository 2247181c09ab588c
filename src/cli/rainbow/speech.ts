/**
 * How a verb speaks: sentences for people, documents for machines, each where it is looked for. What
 * machines read is never mixed with sentences.
 */
import type { Surroundings } from '../command.js';
import { plain } from '../sentences.js';
import type { RainbowAsked } from './arguments.js';
import { type DocumentForm, renderDocument } from './documents.js';
import { type Depth, depthOf } from './paint.js';

type Document = Parameters<typeof renderDocument>[0];

export class Speech {
  readonly depth: Depth;
  readonly isWide: boolean;
  /** The names alone are wanted. */
  readonly isNames: boolean;
  private readonly around: Surroundings;
  private readonly verb: string;
  private readonly form: DocumentForm | undefined;
  private documents = 0;

  constructor({ output, verb }: RainbowAsked, around: Surroundings) {
    this.around = around;
    this.verb = verb;
    this.form = output === 'json' || output === 'yaml' ? output : undefined;
    this.isWide = output === 'wide';
    this.isNames = output === 'name';
    this.depth = depthOf(around.isColourful, around.variables);
  }

  /** Machines read it. */
  get isDocument(): boolean {
    return this.form !== undefined;
  }

  /** What a document is only made of where one is wanted. */
  document(make: () => Document): void {
    if (this.form === undefined) return;
    // Keys of one after another would be twice the same.
    const before = this.documents++ > 0 && this.form === 'yaml' ? '---\n' : '';
    this.around.print(before + renderDocument(make(), this.form));
  }

  /** `deployment.apps/web-1`; nothing else is printed then. */
  name(resource: string, name: string): void {
    if (this.isNames) this.around.print(`${resource}/${name}\n`);
  }

  /** Where people read what is printed: there, else where they read what goes on. */
  say(sentence: string): void {
    const text = `${plain(sentence)}\n`;
    if (this.isDocument || this.isNames) this.around.complain(text);
    else this.around.print(text);
  }

  /** The same for lines that are laid out already. */
  show(text: string): void {
    if (this.isDocument || this.isNames) this.around.complain(text);
    else this.around.print(text);
  }

  complain(sentence: string): void {
    this.around.complain(`${plain(`tidegate rainbow ${this.verb}: ${sentence}`)}\n`);
  }

  /** True only if somebody says yes. */
  async ask(question: string): Promise<boolean> {
    this.around.complain(`${plain(question)} [y/N] `);
    return /^y(es)?$/i.test((await this.around.readLine()).trim());
  }
}
