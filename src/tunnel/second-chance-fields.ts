/**
 * Which fields of a message go on to the next hop (RFC 9110 section 7.6.1). Names, values, their
 * order and their number stay as they came; what speaks of the connection alone is left out.
 */

/** Names and values in turns, as Node has them. */
export type RawFields = readonly string[];

/** About one connection, whether `Connection` names them or not. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/**
 * What no option of `Connection` names away: what frames or routes a message, and what is meant for
 * everybody on the way or was added by somebody before us.
 */
const END_TO_END =
  /^(?:content-length|host|expect|trailer|cache-control|authorization|(?:set-)?cookie|forwarded|x-forwarded-.*|x-real-ip)$/;

/** The values of all fields of this name; `name` is in lower case. */
export function valuesOf(fields: RawFields, name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    if (fields[at].toLowerCase() === name) values.push(fields[at + 1]);
  }
  return values;
}

/** The members of a list that may stand in several fields, in lower case. */
export function membersOf(fields: RawFields, name: string): string[] {
  return valuesOf(fields, name)
    .flatMap((value) => value.split(','))
    .map((member) => member.trim().toLowerCase());
}

/** What goes on, but for `without` (lower case) and with the hop-by-hop fields of `keeping`. */
export function endToEnd(
  fields: RawFields,
  keeping: readonly string[] = [],
  without: readonly string[] = [],
): string[] {
  const options = new Set(membersOf(fields, 'connection').filter((name) => !END_TO_END.test(name)));
  const passed: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at].toLowerCase();
    const isDropped = HOP_BY_HOP.has(name) || options.has(name) || without.includes(name);
    if (!isDropped || keeping.includes(name)) passed.push(fields[at], fields[at + 1]);
  }
  return passed;
}
