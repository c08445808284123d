/** The table of docs/tracker-api.md, made from the schemas: what the test holds the page against. Run by itself it prints the tables. */
import { calls, statuses } from '../../src/contract/api/index.ts'
import type { Call } from '../../src/contract/api/index.ts'
import { z } from 'zod'

const shapeText = (schema: z.ZodType): string => {
  if (schema instanceof z.ZodDiscriminatedUnion) return schema.options.map(option => shapeText(option as z.ZodType)).join(' or ')
  if (!(schema instanceof z.ZodObject)) return ''
  const fields = Object.entries(schema.shape as Record<string, z.ZodType>).map(([name, field]) =>
    field instanceof z.ZodLiteral ? `${name}=${String(field.value)}` : field instanceof z.ZodExactOptional ? `${name}?` : name)
  return fields.length === 0 ? '{}' : `{${fields.join(', ')}}`
}

export const callRows = (): readonly string[] => Object.entries(calls as Record<string, Call>).map(([name, { method, path, session, repeatable, request, reply }]) =>
  `| ${name} | \`${method} ${path}\` | ${session ? 'yes' : 'no'} | ${repeatable ? 'yes' : 'no'} | \`${shapeText(request)}\` | \`${shapeText(reply)}\` |`)

export const statusRows = (): readonly string[] => {
  const codes = new Map<number, string[]>()
  for (const [code, status] of Object.entries(statuses)) codes.set(status, [...codes.get(status) ?? [], code])
  return [...codes].sort(([a], [b]) => a - b).map(([status, names]) => `| ${status} | ${names.map(name => `\`${name}\``).join(' ')} |`)
}

if (import.meta.main) process.stdout.write(`${callRows().join('\n')}\n\n${statusRows().join('\n')}\n`)
