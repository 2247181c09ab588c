/**
 * Colours by name, as exactly as the terminal can show them.
 */
import t from 'tap';
import { depthOf, nearest256, paintColour, rgbOf } from '../../../src/cli/rainbow/paint.js';

t.test('the first six hex digits of a commit are its colour', (t) => {
  t.same(rgbOf('3f9c2ab'), [0x3f, 0x9c, 0x2a]);
  t.same(rgbOf('FF00aa00112233'), [255, 0, 170]);
  for (const name of ['v1', 'blue', '12345', '', 'xff00aa']) t.equal(rgbOf(name), undefined);
  t.end();
});

t.test('the name stands in black or white on it', (t) => {
  t.equal(paintColour('x', '000080', '24bit'), '\x1b[97;48;2;0;0;128mx\x1b[0m');
  t.equal(paintColour('x', 'ffff00', '24bit'), '\x1b[30;48;2;255;255;0mx\x1b[0m');
  t.equal(paintColour('x', 'ffff00', '256'), '\x1b[30;48;5;226mx\x1b[0m');
  t.end();
});

t.test('without a colour, or a terminal that shows any, a name is a name', (t) => {
  t.equal(paintColour('x', 'v1', '24bit'), 'x');
  t.equal(paintColour('x', 'ffff00', 'none'), 'x');
  t.end();
});

t.test('a terminal says how many colours it has', (t) => {
  t.equal(depthOf(true, { COLORTERM: 'truecolor' }), '24bit');
  t.equal(depthOf(true, { COLORTERM: '24bit' }), '24bit');
  t.equal(depthOf(true, {}), '256');
  t.equal(depthOf(false, { COLORTERM: 'truecolor' }), 'none');
  t.end();
});

t.test('of 256 colours the nearest is taken, greys among them', (t) => {
  t.equal(nearest256([0, 0, 0]), 16);
  t.equal(nearest256([255, 255, 255]), 231);
  t.equal(nearest256([255, 0, 0]), 196);
  t.equal(nearest256([128, 128, 128]), 244);
  t.equal(nearest256([9, 9, 9]), 232);
  t.equal(nearest256([96, 136, 174]), 67);
  t.end();
});
