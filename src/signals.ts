/**
 * The signals that ask for an end: the kubelet's and the terminal's. What they mean is decided
 * elsewhere; nothing here ends anything.
 */

/** Calls `onSignal` at every SIGTERM (a kubelet) and SIGINT (a terminal); returns what undoes it. */
export function onEndSignals(onSignal: (signal: 'SIGTERM' | 'SIGINT') => void): () => void {
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return () => {
    process.removeListener('SIGTERM', onSignal);
    process.removeListener('SIGINT', onSignal);
  };
}
