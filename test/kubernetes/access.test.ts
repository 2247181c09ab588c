/**
 * Which way to a cluster is taken, and what proves who one is: kubeconfig before service account,
 * secrets only over TLS.
 */
import t from 'tap';
import { findAccess } from '../../src/kubernetes/access.js';
import { Files } from './files.js';

const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';
const ACCOUNT = {
  [`${FOLDER}/token`]: 'pod-token\n',
  [`${FOLDER}/ca.crt`]: 'CA',
  [`${FOLDER}/namespace`]: 'web',
};
const IN_POD = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
const NOTHING = { kubeconfig: undefined, context: undefined };

const config = (server: string, user: string): string => `
current-context: here
contexts: [{ name: here, context: { cluster: c, user: u } }]
clusters: [{ name: c, cluster: { server: '${server}', insecure-skip-tls-verify: true } }]
users: [{ name: u, user: ${user} }]`;

t.test(
  'in a pod its service account is used, with the token as it is at that moment',
  async (t) => {
    const files = new Files(ACCOUNT, IN_POD);
    const access = findAccess(NOTHING, files);
    t.match(access, { namespace: 'web', ca: 'CA', isVerified: true, serverName: undefined });
    t.equal(access.server.href, 'https://10.96.0.1/');
    t.equal((await access.credentials.get()).token, 'pod-token');
    files.texts.set(`${FOLDER}/token`, 'renewed');
    t.equal((await access.credentials.get()).token, 'renewed');
    t.equal(access.credentials.forget(), false);
    const v6 = new Files(ACCOUNT, {
      KUBERNETES_SERVICE_HOST: 'fd00::1',
      KUBERNETES_SERVICE_PORT: '6443',
    });
    t.equal(findAccess(NOTHING, v6).server.host, '[fd00::1]:6443');
  },
);

t.test('a kubeconfig comes before it, and an account without its files is none', (t) => {
  const home = { ...IN_POD, HOME: '/root' };
  const text = config('https://there', '{ token: t }');
  const files = new Files({ ...ACCOUNT, '/root/.kube/config': text }, home);
  t.match(findAccess(NOTHING, files), { name: 'context here', namespace: 'default' });
  t.throws(() => findAccess(NOTHING, new Files({}, home)), { message: /^no cluster is known: / });
  t.throws(() => findAccess(NOTHING, new Files({}, {})), { message: /^no cluster is known: / });
  t.throws(() => findAccess({ ...NOTHING, context: 'x' }, new Files(ACCOUNT, IN_POD)), {
    message: 'the kubeconfig has no context "x"',
  });
  t.end();
});

t.test('a token of a file beats one beside it, and none is sent in the clear', async (t) => {
  const user = '{ token: fixed, tokenFile: /t }';
  const files = new Files({ '/k': config('https://there', user), '/t': 'from-file' });
  const access = findAccess({ ...NOTHING, kubeconfig: '/k' }, files);
  t.equal(access.isVerified, false);
  t.equal((await access.credentials.get()).token, 'from-file');
  files.texts.set('/t', 'two words');
  await t.rejects(access.credentials.get(), { message: /^the token of \/t is not printable/ });
  files.texts.delete('/t');
  await t.rejects(access.credentials.get(), { message: /^\/t cannot be read: / });
  const plain = new Files({ '/k': config('http://127.0.0.1:8001', user) });
  const open = findAccess({ ...NOTHING, kubeconfig: '/k' }, plain);
  t.same(await open.credentials.get(), {});
});
