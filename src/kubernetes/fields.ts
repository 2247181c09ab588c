/**
 * A part of a file that somebody else wrote, read field by field: what has another form than it
 * should is a fault that names the file and the field, and never its value.
 */
import { KubernetesError } from './fault.js';

export class Fields {
  /** The file it stands in. */
  readonly path: string;
  private readonly fields: Readonly<Record<string, unknown>>;

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new KubernetesError(`${path} has something else where fields should be`);
    }
    this.fields = value as Readonly<Record<string, unknown>>;
    this.path = path;
  }

  /** Null and an empty text are as good as nothing, as kubectl writes them. */
  value(key: string): unknown {
    const value = Object.hasOwn(this.fields, key) ? this.fields[key] : undefined;
    return value === null || value === '' ? undefined : value;
  }

  has(key: string): boolean {
    return this.value(key) !== undefined;
  }

  refuse(key: string, reason: string): void {
    if (this.has(key)) throw this.fault(key, `cannot be used: ${reason}`);
  }

  text(key: string): string | undefined {
    const value = this.value(key);
    if (value === undefined || typeof value === 'string') return value;
    // A name of digits alone is a number in YAML.
    if (typeof value === 'number') return String(value);
    throw this.fault(key, 'is no text');
  }

  needed(key: string): string {
    const text = this.text(key);
    if (text === undefined) throw this.fault(key, 'is missing');
    return text;
  }

  flag(key: string): boolean {
    const value = this.value(key) ?? false;
    if (typeof value === 'boolean') return value;
    throw this.fault(key, 'is neither true nor false');
  }

  record(key: string): Fields {
    return new Fields(this.value(key) ?? {}, this.path);
  }

  list(key: string): Fields[] {
    return this.items(key).map((item) => new Fields(item, this.path));
  }

  texts(key: string): string[] {
    return this.items(key).map((item) => {
      if (typeof item === 'string' || typeof item === 'number') return String(item);
      throw this.fault(key, 'has something else than texts');
    });
  }

  private items(key: string): readonly unknown[] {
    const value = this.value(key) ?? [];
    if (Array.isArray(value)) return value as readonly unknown[];
    throw this.fault(key, 'is no list');
  }

  private fault(key: string, reason: string): KubernetesError {
    return new KubernetesError(`${this.path}: ${key} ${reason}`);
  }
}
