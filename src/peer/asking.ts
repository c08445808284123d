/** What an admission plugin says of a request. The plugin is anybody's: one that fails, says what is no answer, or says nothing, decides nothing, and holds nobody up for long. */
import type { Admission, Group, JoinRequest } from '../contract/index.ts'

/** A login waits for the answers to requests that came before it. */
const patienceMs = 10_000

/** `why`: it decided nothing, and its owner should know. */
export interface Answer { readonly decision: 'accept' | 'reject' | 'ask-owner', readonly why?: string }

export const askAdmission = async (admission: Admission, request: JoinRequest, group: Group, ms = patienceMs): Promise<Answer> => {
  const left = (why: string): Answer => ({ decision: 'ask-owner', why })
  const late = Promise.withResolvers<Answer>()
  const timer = setTimeout(() => { late.resolve(left(`it has not answered within ${ms / 1000} s.`)) }, ms)
  const ask = async (): Promise<Answer> => {
    const decision: unknown = await admission.decide(request, group)
    return decision === 'accept' || decision === 'reject' || decision === 'ask-owner' ? { decision } : left(`${JSON.stringify(decision)} is no answer.`)
  }
  try { return await Promise.race([ask(), late.promise]) } catch (error) { return left(error instanceof Error ? error.message : String(error)) } finally { clearTimeout(timer) }
}
