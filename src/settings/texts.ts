/**
 * The settings table as people read it: in a terminal and in the README. Nothing is said here that
 * the table does not say.
 */
import { formatAllowed } from './integer.js';
import { flagOf, type Setting, type SettingsTable, variableOf } from './setting.js';

const HELP_COLUMNS = 80;

/** One paragraph a setting: the flag with its form, then what it is. */
export function renderHelp(table: SettingsTable): string {
  return Object.entries(table)
    .map(([key, setting]) => {
      const is = `${setting.sentence}${numbersOf(setting)} Default: ${setting.default}.`;
      return `  ${flagOf(key)} ${formOf(setting)}\n${wrap(is.replaceAll('`', ''), HELP_COLUMNS, '      ')}`;
    })
    .join('\n');
}

function formOf(setting: Setting): string {
  if (setting.type === 'choice') return setting.choices.join('|');
  if (setting.type === 'text') return setting.form;
  if (setting.type === 'integer') return 'NUMBER';
  if (setting.type === 'duration') return 'DURATION';
  return setting.hostNeeded === true ? 'HOST:PORT' : 'PORT|HOST:PORT';
}

/** Lines of at most `columns` characters, each behind `indent`. */
export function wrap(text: string, columns: number, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(' ')) {
    if (line !== indent && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}

/** A Markdown table, aligned as the formatter would align it. */
export function renderTable(table: SettingsTable): string {
  const rows = [
    ['Setting', 'Flag', 'Environment', 'Default', 'What it is'],
    ...Object.entries(table).map(([key, setting]) => [
      `\`${key}\``,
      `\`${flagOf(key)}\``,
      `\`${variableOf(key)}\``,
      setting.default.includes(' ') ? setting.default : `\`${setting.default}\``,
      setting.sentence + choicesOf(setting) + numbersOf(setting),
    ]),
  ];
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const rule = widths.map((width) => '-'.repeat(width));
  return [rows[0], rule, ...rows.slice(1)]
    .map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`)
    .join('\n');
}

function choicesOf(setting: Setting): string {
  if (setting.type !== 'choice') return '';
  return ` One of ${setting.choices.map((choice) => `\`${choice}\``).join(', ')}.`;
}

function numbersOf(setting: Setting): string {
  if (setting.type !== 'integer') return '';
  const allowed = formatAllowed(setting).replaceAll(/\d+/g, '`$&`');
  return ` ${allowed[0].toUpperCase()}${allowed.slice(1)}.`;
}
