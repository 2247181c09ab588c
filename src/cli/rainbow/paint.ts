/**
 * The name of a colour in its own colour: that of the commit it is named after, whose first six hex
 * digits are one. The name itself is black or white on it, so that it can be read on any terminal.
 */

export type Rgb = readonly [red: number, green: number, blue: number];

/** What a terminal can show of it. */
export type Depth = 'none' | '256' | '24bit';

const HEX = /^([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i;
/** The six steps of each part of the 256 colours' cube, and the first of its 24 greys. */
const CUBE = [0, 95, 135, 175, 215, 255] as const;
const CUBE_FIRST = 16;
const GREY_FIRST = 232;
const GREYS = 24;

/** By the variable that terminals say it in. */
export function depthOf(
  isColourful: boolean,
  variables: Readonly<Record<string, string | undefined>>,
): Depth {
  if (!isColourful) return 'none';
  return /^(truecolor|24bit)$/i.test(variables['COLORTERM'] ?? '') ? '24bit' : '256';
}

/** Undefined for a name that does not begin with one. */
export function rgbOf(colour: string): Rgb | undefined {
  const found = HEX.exec(colour);
  if (found === null) return undefined;
  const [red, green, blue] = found.slice(1).map((digits) => parseInt(digits, 16));
  return [red, green, blue];
}

/** `text` on the colour that is called `colour`; as it is where there is none to be shown. */
export function paintColour(text: string, colour: string, depth: Depth): string {
  const rgb = rgbOf(colour);
  if (rgb === undefined || depth === 'none') return text;
  const ink = luminance(rgb) > 0.5 ? 30 : 97;
  const ground = depth === '24bit' ? `2;${rgb.join(';')}` : `5;${nearest256(rgb)}`;
  return `\x1b[${ink};48;${ground}m${text}\x1b[0m`;
}

/** As eyes weigh it (ITU-R BT.709), 0 to 1. */
function luminance([red, green, blue]: Rgb): number {
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}

/** Of the cube and the greys of xterm's 256 colours; the first 16 are each terminal's own. */
export function nearest256(rgb: Rgb): number {
  const steps = rgb.map((part) => nearestOf(CUBE, part));
  const cube = steps.map((step) => CUBE[step]) as unknown as Rgb;
  const mean = (rgb[0] + rgb[1] + rgb[2]) / 3;
  const grey = Math.max(0, Math.min(GREYS - 1, Math.round((mean - 8) / 10)));
  const level = 8 + 10 * grey;
  if (distance([level, level, level], rgb) < distance(cube, rgb)) return GREY_FIRST + grey;
  return CUBE_FIRST + 36 * steps[0] + 6 * steps[1] + steps[2];
}

function nearestOf(levels: readonly number[], part: number): number {
  const distances = levels.map((level) => Math.abs(level - part));
  return distances.indexOf(Math.min(...distances));
}

function distance(one: Rgb, other: Rgb): number {
  return one.reduce((sum, part, at) => sum + (part - other[at]) ** 2, 0);
}
