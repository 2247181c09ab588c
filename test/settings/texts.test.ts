/**
 * The settings table in the forms in which people read it.
 */
import t from 'tap';
import type { SettingsTable } from '../../src/settings/setting.js';
import { renderHelp, renderTable } from '../../src/settings/texts.js';

const TABLE: SettingsTable = {
  listen: { type: 'address', default: '80', sentence: 'Where.' },
  keepAlive: { type: 'duration', default: '3s, at most half of `x`', sentence: 'How `long`.' },
  code: { type: 'integer', allowed: [7, [20, 30]], default: '7', sentence: 'Code.' },
  proxy: { type: 'choice', choices: ['off', 'v1'], default: 'off', sentence: 'Which.' },
};

t.test('the help has each flag with its form, and what it is below', (t) => {
  t.equal(
    renderHelp(TABLE),
    `  --listen PORT|HOST:PORT
      Where. Default: 80.
  --keep-alive DURATION
      How long. Default: 3s, at most half of x.
  --code NUMBER
      Code. One of 7, 20 to 30. Default: 7.
  --proxy off|v1
      Which. Default: off.`,
  );
  t.end();
});

t.test('a long sentence of the help is folded between words', (t) => {
  const sentence = 'A word and another one. '.repeat(5).trim();
  const help = renderHelp({ x: { type: 'address', default: '80', sentence } });
  const lines = help.split('\n');
  t.ok(lines.length > 2);
  t.ok(lines.every((line) => line.length <= 80));
  t.equal(
    lines
      .slice(1)
      .map((line) => line.trim())
      .join(' '),
    `${sentence} Default: 80.`,
  );
  t.end();
});

t.test('the table is aligned, with names as code', (t) => {
  t.equal(
    renderTable(TABLE),
    `| Setting     | Flag           | Environment           | Default                 | What it is                      |
| ----------- | -------------- | --------------------- | ----------------------- | ------------------------------- |
| \`listen\`    | \`--listen\`     | \`TIDEGATE_LISTEN\`     | \`80\`                    | Where.                          |
| \`keepAlive\` | \`--keep-alive\` | \`TIDEGATE_KEEP_ALIVE\` | 3s, at most half of \`x\` | How \`long\`.                     |
| \`code\`      | \`--code\`       | \`TIDEGATE_CODE\`       | \`7\`                     | Code. One of \`7\`, \`20\` to \`30\`. |
| \`proxy\`     | \`--proxy\`      | \`TIDEGATE_PROXY\`      | \`off\`                   | Which. One of \`off\`, \`v1\`.      |`,
  );
  t.end();
});
