/**
 * Which tidegate this is. The bundle carries the numbers; nothing is read at run time, and nothing
 * but package.json is asked.
 */
import manifest from '../package.json' with { type: 'json' };

export const VERSION: string = manifest.version;
