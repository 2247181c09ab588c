/**
 * What is remembered for as long as there is room: the oldest is forgotten first. For what is only
 * told twice, or counted anew, if it is forgotten too early.
 */
const REMEMBERED_MAX = 10_000;

/** Adds it, or puts it in the place of what was there. */
export function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  if (map.size <= REMEMBERED_MAX) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
