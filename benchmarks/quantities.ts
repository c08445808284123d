/** Sizes as people write them. */

const units: Readonly<Record<string, number>> = { '': 1, B: 1, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30, KB: 1e3, MB: 1e6, GB: 1e9 }

/** `16MiB` in bytes; undefined: it is none. */
export const parseSize = (text: string): number | undefined => {
  const found = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim())
  const bytes = Math.round(Number(found?.[1]) * (units[(found?.[2] ?? '').toUpperCase()] ?? Number.NaN))
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined
}

/** `16MiB`, `1GiB`; what is no whole number of them in bytes. */
export const formatSize = (bytes: number): string => {
  for (const [name, unit] of [['GiB', 2 ** 30], ['MiB', 2 ** 20], ['KiB', 2 ** 10]] as const) if (bytes >= unit && bytes % unit === 0) return `${bytes / unit}${name}`
  return `${bytes}B`
}
