/**
 * A downward-API volume as the kubelet writes it: a folder for each state, and a link to the present
 * one that is swapped in one step.
 */
import { mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class AnnotationVolume {
  /** What a container mounts. */
  readonly folder: string;
  private count = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Values without what JSON and Go quote in two ways. */
  write(annotations: Readonly<Record<string, string>>): void {
    const lines = Object.entries(annotations)
      .sort()
      .map(([key, value]) => `${key}=${JSON.stringify(value)}`);
    const name = `..2026_11_22_00_00_00.${this.count++}`;
    mkdirSync(join(this.folder, name));
    writeFileSync(join(this.folder, name, 'annotations'), lines.join('\n'));
    const data = join(this.folder, '..data');
    const before = this.count === 1 ? undefined : readlinkSync(data);
    symlinkSync(name, `${data}_tmp`);
    renameSync(`${data}_tmp`, data);
    if (before === undefined) symlinkSync('..data/annotations', join(this.folder, 'annotations'));
    else rmSync(join(this.folder, before), { recursive: true });
  }
}
