/**
 * The certificate of a peer's WebRTC listener, whose hash stands in its addresses: made once and kept, with its key, in one file. Nobody trusts it and nobody
 * looks at its dates: it is pinned by the hash, and who the peer is, is proved inside. Node only.
 */
import type * as x509 from '@peculiar/x509'
import { keep, readKept } from './kept-file.ts'
import type { Certificate } from './transports.ts'

const crypto = (): typeof import('node:crypto') => process.getBuiltinModule('node:crypto')

const dayMs = 24 * 3_600_000
const yearMs = 365.25 * dayMs

/**
 * Long, because the hash is a pin that others wrote down (the address of a tracker), and changes with the certificate: one that runs for years must not change
 * it. No browser limits it: in WebRTC they look at the hash alone.
 */
const lifeMs = 20 * yearMs
/** A kept one is replaced when it would not last a process that runs for so long. */
const renewMs = 2 * yearMs

export const fileName = 'certificate.pem'

const make = async (now: number): Promise<string> => {
  // named so that a bundle for browsers, which make none, does not carry the library
  const [reflection, library] = ['reflect-metadata', '@peculiar/x509']
  await import(reflection)
  const { BasicConstraintsExtension, X509CertificateGenerator } = await import(library) as typeof x509
  const { webcrypto, randomBytes, KeyObject } = crypto()
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: `01${randomBytes(15).toString('hex')}`, // positive
    name: 'CN=Shoal peer',
    notBefore: new Date(now - dayMs), // clocks differ
    notAfter: new Date(now + lifeMs),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    keys,
    extensions: [new BasicConstraintsExtension(false, undefined, true)]
  }, webcrypto)
  return `${KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString()}${certificate.toString('pem')}\n`
}

const block = (pem: string, what: string): string => new RegExp(`-----BEGIN ${what}-----[^-]+-----END ${what}-----\n`).exec(pem)?.[0] ?? ''

/** @throws Error when it is no pair of a certificate and its key */
const read = (pem: string): Certificate & { readonly expiresAt: number } => {
  const { X509Certificate, createPrivateKey, createHash } = crypto()
  const [privateKey, certificate] = [block(pem, 'PRIVATE KEY'), block(pem, 'CERTIFICATE')]
  const parsed = new X509Certificate(certificate)
  if (!parsed.checkPrivateKey(createPrivateKey(privateKey))) throw new Error('the key is not that of the certificate')
  const hash = Buffer.concat([Uint8Array.of(0x12, 32), createHash('sha256').update(parsed.raw).digest()]) // a multihash …
  return { privateKey, pem: certificate, certhash: `u${hash.toString('base64url')}`, expiresAt: Date.parse(parsed.validTo) } // … in multibase
}

/**
 * The one that is kept in the folder, or a new one, kept there.
 * @throws ShoalError STORAGE_FAILED
 */
export const certificateIn = async (folder: string | undefined, log: (line: string) => void, now = Date.now()): Promise<Certificate> => {
  if (folder === undefined) return read(await make(now))
  const path = `${folder}/${fileName}`
  const kept = await readKept(path)
  if (kept !== undefined) {
    try {
      const certificate = read(kept)
      if (certificate.expiresAt > now + renewMs) return certificate
      log(`The WebRTC certificate ${path} expires in less than two years: making another. Addresses that hold its hash no longer lead here.`)
    } catch (error) {
      log(`The WebRTC certificate ${path} cannot be used (${error instanceof Error ? error.message : String(error)}): making another. Addresses that hold its hash no longer lead here.`)
    }
  }
  const made = await make(now)
  await keep(folder, fileName, made)
  return read(made)
}
