/**
 * The TLS key and certificate of one tracker: given as files, or made once and kept. Nobody needs to trust the certificate: clients trust the realm key,
 * which signs this key (see TrackerService.proveChannel).
 */
import { createPrivateKey, KeyObject, randomBytes, webcrypto, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ShoalError } from '../../contract/index.ts'
import { readKept, writeKept } from '../kept-file.ts'

export interface TlsIdentity {
  readonly certificatePem: string
  readonly keyPem: string
  /** The public key: SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array
}

const years = 10
const dayMs = 24 * 3_600_000

/** @throws Error when it is no pair of a certificate and its key */
const identityOf = (certificatePem: string, keyPem: string): TlsIdentity => {
  const certificate = new X509Certificate(certificatePem)
  if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) throw new Error('the key is not that of the certificate')
  return { certificatePem, keyPem, spki: Uint8Array.from(certificate.publicKey.export({ type: 'spki', format: 'der' })) }
}

/** @throws ShoalError BAD_OPTION */
const given = async (certificate: string, key: string): Promise<TlsIdentity> => {
  try { return identityOf(await readFile(certificate, 'utf8'), await readFile(key, 'utf8')) } catch (cause) {
    throw new ShoalError('BAD_OPTION', `Cannot use the certificate ${certificate} with the key ${key}: ${cause instanceof Error ? cause.message : String(cause)}. Give a certificate and its key as PEM files.`, { cause })
  }
}

const make = async (now: number): Promise<string> => {
  // loaded when one is made, which is once: they take a while and patch a global
  await import('reflect-metadata')
  const { BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension, X509CertificateGenerator } = await import('@peculiar/x509')
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    // positive, as serial numbers are
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    name: 'CN=Shoal tracker',
    // clocks differ
    notBefore: new Date(now - dayMs),
    notAfter: new Date(now + years * 365.25 * dayMs),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    keys,
    extensions: [new BasicConstraintsExtension(false, undefined, true), new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth])]
  }, webcrypto)
  return `${KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString()}${certificate.toString('pem')}\n`
}

const selfMade = async (folder: string, log: (line: string) => void): Promise<TlsIdentity> => {
  const path = join(folder, 'tls.pem')
  try {
    const found = await readKept(path)
    if (found !== undefined) {
      try {
        const kept = new TextDecoder().decode(found)
        if (Date.parse(new X509Certificate(kept).validTo) > Date.now() + dayMs) return identityOf(kept, kept)
        log(`The certificate ${path} is about to expire: making another.`)
      } catch { log(`The certificate ${path} cannot be read: making another.`) }
    }
    const made = await make(Date.now())
    await writeKept(path, made)
    return identityOf(made, made)
  } catch (cause) {
    throw new ShoalError('STORAGE_FAILED', `Cannot keep the certificate ${path}: ${cause instanceof Error ? cause.message : String(cause)}. Check the folder and its permissions.`, { cause })
  }
}

export interface CertificateOptions {
  /** PEM files. Both or none. */
  readonly certificate?: string
  readonly key?: string
  /** Keeps the self-made one, in a file that only its owner may read. */
  readonly folder: string
  readonly log: (line: string) => void
}

/** @throws ShoalError BAD_OPTION, STORAGE_FAILED */
export const tlsIdentity = async ({ certificate, key, folder, log }: CertificateOptions): Promise<TlsIdentity> => {
  if (certificate === undefined && key === undefined) return await selfMade(folder, log)
  if (certificate === undefined || key === undefined) throw new ShoalError('BAD_OPTION', 'Cannot use a certificate without its key, or a key without its certificate. Give both, or none.')
  return await given(certificate, key)
}
