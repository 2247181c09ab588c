/**
 * Kubeconfigs: which files count, which context is meant, and what is refused in which words.
 */
import t from 'tap';
import { KubernetesError } from '../../src/kubernetes/fault.js';
import { type Context, findContext } from '../../src/kubernetes/kubeconfig.js';
import { Files } from './files.js';

const ONE = `
apiVersion: v1
kind: Config
current-context: here
contexts:
  - { name: here, context: { cluster: c, user: u, namespace: web } }
  - { name: there, context: { cluster: d, user: u } }
clusters:
  - { name: c, cluster: { server: 'https://10.0.0.1:6443', certificate-authority: pki/ca.crt } }
  - { name: d, cluster: { server: https://gateway.test/k8s/d/, tls-server-name: api.test } }
users:
  - { name: u, user: { token: secret-token } }
`;

function find(
  files: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>> = { HOME: '/home/jane' },
  given: { readonly kubeconfig?: string; readonly context?: string } = {},
): Context | undefined {
  const all = { kubeconfig: undefined, context: undefined, ...given };
  return findContext(all, new Files(files, variables));
}

/** What is said when it cannot be used. */
function faultOf(...given: Parameters<typeof find>): string {
  try {
    find(...given);
  } catch (error) {
    if (error instanceof KubernetesError) return error.message;
    throw error;
  }
  return '';
}

const HOME = '/home/jane/.kube/config';
const user = (text: string): Record<string, string> => ({
  [HOME]: ONE.replace('{ token: secret-token }', text),
});

t.test('the one of the home folder is read, its paths are beside it', (t) => {
  const context = find({ [HOME]: ONE, '/home/jane/.kube/pki/ca.crt': 'CA' });
  t.match(context, {
    name: 'here',
    namespace: 'web',
    cluster: { isVerified: true, serverName: undefined },
    user: { token: 'secret-token', tokenFile: undefined, exec: undefined },
  });
  t.equal(context?.cluster.server.host, '10.0.0.1:6443');
  t.equal(context?.cluster.ca?.(), 'CA');
  t.end();
});

t.test('without any there is no context, and none is taken from elsewhere', (t) => {
  t.equal(find({}), undefined);
  t.equal(find({}, {}), undefined);
  t.equal(find({ [HOME]: ' \n' }), undefined);
  t.match(faultOf({}, {}, { kubeconfig: '/gone' }), /^\/gone cannot be read: /);
  t.match(faultOf({}, {}, { context: 'x' }), 'the kubeconfig has no context "x"');
  t.end();
});

t.test('another context can be named', (t) => {
  const there = find({ [HOME]: ONE }, undefined, { context: 'there' });
  t.equal(there?.namespace, undefined);
  t.match(there?.cluster, { serverName: 'api.test', ca: undefined });
  t.equal(there?.cluster.server.pathname, '/k8s/d/');
  t.equal(faultOf({ [HOME]: ONE }, undefined, { context: 'x' }), `${HOME} has no context "x"`);
  t.end();
});

t.test('several files are one: of each name the first counts, missing ones do not', (t) => {
  const files = {
    '/a': 'users: [{ name: u, user: { token: first } }]\ncurrent-context: there',
    '/b': ONE,
    [HOME]: 'current-context: x',
  };
  const variables = { HOME: '/home/jane', KUBECONFIG: '/a:/gone::/b' };
  t.match(find(files, variables), { name: 'there', user: { token: 'first' } });
  t.match(find(files, variables, { kubeconfig: '/b' }), {
    name: 'here',
    user: { token: /secret/ },
  });
  t.equal(faultOf(files, { KUBECONFIG: '/a' }), '/a has no context "there"');
  t.end();
});

t.test('data beats files, as certificates and as tokens', (t) => {
  const data = Buffer.from('CERT').toString('base64');
  const text = `{ client-certificate: x, client-certificate-data: ${data}, client-key: k.pem }`;
  const context = find({ ...user(text), '/home/jane/.kube/k.pem': 'KEY' });
  t.equal(context?.user.cert?.(), 'CERT');
  t.equal(context?.user.key?.(), 'KEY');
  t.match(find(user('{ tokenFile: t }')), { user: { tokenFile: '/home/jane/.kube/t' } });
  t.end();
});

t.test('what tidegate does not do is refused, and names the field', (t) => {
  for (const [text, fault] of [
    ['{ username: jane, password: pass-word }', /: username cannot be used: /],
    ['{ auth-provider: { name: gcp } }', /: auth-provider cannot be used: /],
    ['{ token: secret-token, as: root }', /: as cannot be used: tidegate impersonates nobody/],
    ['{ token: [secret-token] }', /: token is no text/],
    ['{ token: "secret token" }', /is not printable characters without spaces/],
    ['{ exec: { apiVersion: x } }', /: command is missing/],
    ['{ exec: { apiVersion: x, command: y, args: secret-token } }', /: args is no list/],
    ['secret-token', /has something else where fields should be/],
  ] as const) {
    const said = faultOf(user(text));
    t.match(said, fault, text);
    t.match(said, HOME);
    t.notMatch(said, /secret|pass-word/);
  }
  const cluster = (text: string): string =>
    faultOf({ [HOME]: ONE.replace('certificate-authority: pki/ca.crt', text) });
  t.match(cluster('proxy-url: http://proxy'), /: proxy-url cannot be used: /);
  t.match(cluster('insecure-skip-tls-verify: yep'), /is neither true nor false/);
  const server = (text: string): string =>
    faultOf({ [HOME]: ONE.replace("'https://10.0.0.1:6443'", text) });
  t.match(server('ftp://x'), /: server "ftp:\/\/x" is neither https nor http/);
  t.match(server("'https://['"), /: server "https:\/\/\[" is no URL/);
  t.match(server("''"), /: server is missing/);
  t.end();
});

t.test('what is no YAML is said without a word of it', (t) => {
  t.equal(faultOf({ [HOME]: 'users: [{ token: "secret' }), `${HOME} is no YAML`);
  t.equal(faultOf({ [HOME]: '- secret' }), `${HOME} has something else where fields should be`);
  t.equal(
    faultOf({ [HOME]: 'contexts: []' }),
    `${HOME} has no current-context; --context names one`,
  );
  t.end();
});

t.test('a plugin is told whole, one with a path beside its file', (t) => {
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: './bin/login',
    args: ['get-token', '--port', 8000],
    env: [{ name: 'A', value: 'b' }],
    installHint: 'install it',
    interactiveMode: 'Never',
    provideClusterInfo: true,
  };
  const context = find(user(JSON.stringify({ exec })));
  t.match(context?.user.exec, {
    command: '/home/jane/.kube/bin/login',
    args: ['get-token', '--port', '8000'],
    variables: { A: 'b' },
    apiVersion: 'client.authentication.k8s.io/v1',
    installHint: 'install it',
    interactiveMode: 'Never',
    wantsCluster: true,
  });
  t.end();
});
