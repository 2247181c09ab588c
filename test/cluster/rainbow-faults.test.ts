/**
 * A clean-up behind whose back the API server does wrong: each kind of call, and one thing that can go wrong.
 * Nothing is touched but what is due, and the next run does the rest.
 */
import { testOnCluster } from './cluster.js';
import { oneWrongEach, survivesWrongs } from './rainbow-wrongs.js';

testOnCluster(
  'an API server that does wrong at any call',
  (t, cluster) => survivesWrongs(t, cluster, oneWrongEach),
  { kit: true },
);
