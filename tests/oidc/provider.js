// A real OpenID provider on loopback. It signs in everybody without asking, and a test tells it how through /control:
// ?redirect=URI registers the client, ?email= and ?verified= say who signs in, ?rotate makes a new key, ?skip=SECONDS moves its
// clock. On its standard output it says where it listens, and it ends with its standard input, so that no test leaves one behind.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

// The packages are in a cache folder, which the first argument names.
const require = createRequire(join(process.argv[2], 'package.json'));
const { default: Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));

// Standard output is for the address, and is read no further than that.
console.info = console.error;

const realNow = Date.now.bind(Date);
let skipped = 0;
Date.now = () => realNow() + skipped;

const person = { email: 'kim@acme.example', email_verified: true, tenant_name: 'Acme' };
let redirect = 'http://127.0.0.1/auth/callback';
let rotations = 0;
let keys;
let provider;

function rotate() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  rotations += 1;
  keys = [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: `key-${rotations}` }];
}

function rebuild(issuer) {
  provider = new Provider(issuer, {
    clients: [{ client_id: 'cowork', client_secret: 'a-secret-of-the-test', redirect_uris: [redirect], token_endpoint_auth_method: 'client_secret_post' }],
    jwks: { keys },
    cookies: { keys: ['signs the cookies of the provider'] },
    claims: { openid: ['sub', 'tenant_name'], email: ['email', 'email_verified'], profile: ['name'] },
    // The claims of the scopes stand in the id token itself.
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...person }) }),
    // Whoever signed in has agreed to everything.
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  });
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://provider');
  if (url.pathname === '/control') {
    const asked = url.searchParams;
    skipped = Number(asked.get('skip') ?? skipped / 1000) * 1000;
    redirect = asked.get('redirect') ?? redirect;
    person.email = asked.get('email') ?? person.email;
    person.email_verified = (asked.get('verified') ?? 'true') === 'true';
    if (asked.has('rotate')) rotate();
    rebuild(provider.issuer);
    response.end('done');
  } else if (url.pathname.startsWith('/interaction/')) {
    await provider.interactionFinished(request, response, { login: { accountId: `account-of-${person.email}` } });
  } else {
    provider.callback()(request, response);
  }
});
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  rotate();
  rebuild(issuer);
  console.log(`ready ${issuer}`);
});
process.stdin.resume().on('end', () => process.exit(0));
