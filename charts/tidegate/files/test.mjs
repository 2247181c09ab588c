// What `helm test` asks of a Prometheus: are pods scraped, and are the alerts loaded? Run by the Node of
// tidegate's image; every answer is a sentence, and any that is not good ends it with 1.
const { PROMETHEUS_URL = '', PODS_MIN = '1', RULES = '' } = process.env;

/** The data of one call of its API; throws a sentence. */
async function ask(path) {
  const url = `${PROMETHEUS_URL.replace(/\/$/, '')}/api/v1/${path}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  const { status, data, error } = await response.json();
  if (status !== 'success') throw new Error(`${url}: ${error}`);
  return data;
}

const count = async (query) => {
  const { result } = await ask(`query?query=${encodeURIComponent(query)}`);
  return result.length === 0 ? 0 : Number(result[0].value[1]);
};

async function scraping() {
  const up = await count('count(up{job="tidegate"} == 1)');
  // A pod may have missed one; one that has just ended is no target any more.
  const down = await count('count((max_over_time(up{job="tidegate"}[1m]) and up{job="tidegate"}) == 0)');
  const told = await count('count(tidegate_build_info{job="tidegate"})');
  return [
    [up >= Number(PODS_MIN), `${up} pods are scraped, ${PODS_MIN} are asked for`],
    [down === 0, `${down} pods have not answered for a minute`],
    [told >= up, `${told} tell what they know`],
  ];
}

async function rules() {
  const { groups } = await ask('rules?type=alert');
  const all = groups.flatMap((group) => group.rules);
  return RULES.split(' ')
    .filter(Boolean)
    .map((name) => {
      const found = all.filter((rule) => rule.name === name);
      const faults = found
        .filter(({ health }) => health === 'err')
        .map(({ lastError }) => lastError);
      if (found.length === 0) return [false, `${name} is not loaded`];
      return [faults.length === 0, `${name} is loaded${faults.map((fault) => `, but: ${fault}`)}`];
    });
}

try {
  const answers = [...(await scraping()), ...(await rules())];
  for (const [isGood, sentence] of answers) console.log(isGood ? 'good' : 'BAD ', sentence);
  process.exitCode = answers.every(([isGood]) => isGood) ? 0 : 1;
} catch (error) {
  console.log('BAD ', `Prometheus does not answer: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
