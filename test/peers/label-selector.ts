/**
 * Label selectors as they stand in a URL, read the way the API server reads them: `a=b`, `a!=b`,
 * `a in (b,c)`, `a notin (b,c)`, `a`, `!a`. Not src's reader: what the fake selects must not be
 * wrong in the same way.
 */
type Labels = Readonly<Record<string, string>>;
type Requirement = (labels: Labels) => boolean;

const SET = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/;
const EQUALITY = /^([^=!\s]+)\s*(!=|==|=)\s*(\S*)$/;
const EXISTENCE = /^(!?)\s*([^=!\s]+)$/;

/** Throws where the API server would answer 400. */
export function parseSelector(text: string): Requirement {
  // A comma within brackets separates values.
  const parts = text.split(/,(?![^(]*\))/).map((part) => part.trim());
  const requirements = parts.filter((part) => part !== '').map(parseRequirement);
  return (labels) => requirements.every((holds) => holds(labels));
}

function parseRequirement(text: string): Requirement {
  const set = SET.exec(text);
  if (set !== null) {
    const values = set[3].split(',').map((value) => value.trim());
    const isIn = set[2] === 'in';
    return (labels) => values.includes(labels[set[1]]) === isIn;
  }
  const equality = EQUALITY.exec(text);
  if (equality !== null) {
    const [, key, operator, value] = equality;
    return (labels) => (labels[key] === value) === (operator !== '!=');
  }
  const existence = EXISTENCE.exec(text);
  if (existence === null) throw new Error(`unable to parse requirement: ${text}`);
  return (labels) => Object.hasOwn(labels, existence[2]) === (existence[1] === '');
}
