/** A list of the page that is kept in step with data: rows stay the same elements, so that nothing under a finger or a screen reader's cursor jumps. */

export const byId = <E extends HTMLElement>(id: string, kind: new () => E): E => {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`The page has no ${id}.`)
}

type Attributes = Readonly<Record<string, string>>

export const make = <K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: readonly (string | Node)[]): HTMLElementTagNameMap[K] => {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

export interface Row<T> { readonly element: HTMLElement, show (item: T): void }

/** @param add makes the row of a key */
export const rows = <T>(list: HTMLElement, key: (item: T) => string, add: (key: string) => Row<T>): ((items: readonly T[]) => void) => {
  const shown = new Map<string, Row<T>>()
  return items => {
    const wanted = new Set(items.map(key))
    for (const [name, { element }] of [...shown]) if (!wanted.has(name)) { element.remove(); shown.delete(name) }
    items.forEach((item, i) => {
      const row = shown.get(key(item)) ?? add(key(item))
      shown.set(key(item), row)
      row.show(item)
      if (list.children[i] !== row.element) list.insertBefore(row.element, list.children[i] ?? null)
    })
  }
}
