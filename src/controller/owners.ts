/**
 * On which object it is told what became of a pod: the one that people know it by. A Deployment's
 * ReplicaSet is mostly gone before its last pods are, so that what was known of it is kept.
 */
import type { Owner } from '../rainbow/objects.js';
import type { ReplicaSet } from '../rainbow/pods.js';
import type { Regarding, WatchedPod } from './contract.js';

/** Of a ReplicaSet; undefined if it is not known, for want of a right, or not yet. */
export type FindReplicaSet = (uid: string) => Pick<ReplicaSet, 'controller'> | undefined;

const KEPT_MAX = 5_000;

export class Owners {
  private readonly find: FindReplicaSet;
  /** By uid of the ReplicaSet; the oldest first. */
  private readonly kept = new Map<string, Owner>();

  constructor(find: FindReplicaSet) {
    this.find = find;
  }

  /**
   * The Deployment, or whoever else keeps its ReplicaSet; else who controls the pod, which may be a
   * ReplicaSet that is not known; else the pod.
   */
  of({ namespace, name, uid, owner }: WatchedPod): Regarding {
    if (owner === undefined) return { apiVersion: 'v1', kind: 'Pod', namespace, name, uid };
    const above = owner.kind === 'ReplicaSet' ? this.aboveSet(owner.uid) : undefined;
    return regarding(above ?? owner, namespace);
  }

  private aboveSet(uid: string): Owner | undefined {
    const controller = this.find(uid)?.controller;
    if (controller === undefined || this.kept.has(uid)) return controller ?? this.kept.get(uid);
    this.kept.set(uid, controller);
    if (this.kept.size > KEPT_MAX) this.kept.delete([...this.kept.keys()][0]);
    return controller;
  }
}

function regarding({ group, version, kind, name, uid }: Owner, namespace: string): Regarding {
  const apiVersion = group === '' ? version : `${group}/${version}`;
  return { apiVersion, kind, namespace, name, uid };
}
