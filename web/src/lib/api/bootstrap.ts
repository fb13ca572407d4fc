// What the server wrote into the document (contract 00 §7), so that the first paint needs no request.

export interface Branding {
  productName: string
  shortName: string
  logoUrl?: string
  supportUrl?: string
  privacyUrl?: string
  securityUrl?: string
  legalUrl?: string
}

export interface Bootstrap {
  authRequired: boolean
  /** How people sign in here: not at all, at an identity provider, or by a proxy in front of the server. */
  signIn: 'none' | 'oidc' | 'header'
  /** Whether signing in happens in this page, at `/auth/login`. */
  browserLogin: boolean
  sessionEventTypes: string[]
  artifactDirectUpload: boolean
  branding: Branding
}

const DEFAULTS: Bootstrap = {
  authRequired: false,
  signIn: 'none',
  browserLogin: false,
  sessionEventTypes: [],
  artifactDirectUpload: false,
  branding: { productName: 'Open Cowork Cloud', shortName: 'OC' },
}

function read(): Bootstrap {
  const block = document.getElementById('cowork-bootstrap')?.textContent
  if (!block) return DEFAULTS
  try {
    const given = JSON.parse(block) as Partial<Bootstrap>
    return { ...DEFAULTS, ...given, branding: { ...DEFAULTS.branding, ...given.branding } }
  } catch {
    return DEFAULTS
  }
}

export const bootstrap: Bootstrap = read()
