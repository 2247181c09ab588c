/**
 * A clean-up behind whose back the API server does wrong: every call, and everything that can go wrong.
 * Nothing is touched but what is due, and the next run does the rest.
 */
import { testOnCluster } from './cluster.js';
import { everyWrong, survivesWrongs } from './rainbow-wrongs.js';

testOnCluster(
  'an API server that does wrong at any call',
  (t, cluster) => survivesWrongs(t, cluster, everyWrong),
  { kit: true },
);
