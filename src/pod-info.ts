/**
 * What the pod's own annotation says, as the kubelet writes it into a downward-API volume, now and
 * whenever it changes. The kubelet swaps a link to a new folder: the folder is watched, and looked
 * at now and then in case nothing was heard. It keeps no process alive, and what cannot be read
 * changes nothing.
 */
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from './clock.js';
import { DRAIN_ANNOTATION } from './kubernetes/keys.js';
import { annotationIn } from './pod-info/annotation.js';

/** How often it is looked at when nothing is heard. */
export const LOOK_MS = 5_000;
/** A file that is gone may be one that is being swapped: it is looked for once more. */
export const GONE_CONFIRM_MS = 200;
const FILE = 'annotations';

export interface PodInfoListener {
  /** What the annotation is, changed or not; undefined if there is none. */
  is(value: string | undefined): void;
  /** The file is there, and cannot be read. */
  unreadable(error: NodeJS.ErrnoException): void;
}

export class PodInfo {
  private readonly folder: string;
  private readonly clock: Clock;
  private readonly listener: PodInfoListener;
  private watcher: FSWatcher | undefined;
  private timer: Timer | undefined;
  private isGone = false;
  private isLooking = false;
  /** Something was heard while it was being read. */
  private isStale = false;
  private isOver = false;

  constructor(folder: string, clock: Clock, listener: PodInfoListener) {
    this.folder = folder;
    this.clock = clock;
    this.listener = listener;
  }

  start(): void {
    try {
      this.watcher = watch(this.folder, { persistent: false }, () => this.look());
      // It is looked at all the same.
      this.watcher.on('error', () => this.watcher?.close());
    } catch {
      // The node has no watches left: likewise.
    }
    this.look();
  }

  stop(): void {
    this.isOver = true;
    this.watcher?.close();
    this.timer?.cancel();
  }

  private look(): void {
    if (this.isOver) return;
    this.isStale = this.isLooking;
    if (this.isLooking) return;
    this.isLooking = true;
    this.timer?.cancel();
    void readFile(join(this.folder, FILE), 'utf8').then(
      (text) => this.read(text),
      (error: NodeJS.ErrnoException) => this.failed(error),
    );
  }

  private read(text: string): void {
    this.isGone = false;
    this.tell(annotationIn(text, DRAIN_ANNOTATION));
    this.again(LOOK_MS);
  }

  private failed(error: NodeJS.ErrnoException): void {
    if (error.code !== 'ENOENT') this.listener.unreadable(error);
    else if (!this.isGone) {
      this.isGone = true;
      return this.again(GONE_CONFIRM_MS);
    } else this.tell(undefined);
    this.again(LOOK_MS);
  }

  private tell(value: string | undefined): void {
    if (!this.isOver) this.listener.is(value);
  }

  private again(ms: number): void {
    this.isLooking = false;
    if (this.isOver) return;
    if (this.isStale) return this.look();
    this.timer = this.clock.after(ms, () => this.look()).unref();
  }
}
