/** A scenario, run: who joins and leaves when, who hears of whom, and what came of it. Owns the tracker's part; the peers' is in node.ts. */
import { assert, ShoalError } from '../contract/index.ts'
import type { ContentId, GroupId, Manifest, PeerId } from '../contract/index.ts'
import type { SessionEvent } from '../core/io.ts'
import { random } from '../core/random.ts'
import { createSession } from '../core/session.ts'
import { createAgenda } from './agenda.ts'
import { coderOf } from './coder.ts'
import { createNetwork } from './network.ts'
import { createNode } from './node.ts'
import type { Node, Swarm } from './node.ts'
import { createRoster } from './roster.ts'
import { nodeFacts } from './scenario.ts'
import type { NodeFacts, NodeResult, Scenario, SimulationEvent, SimulationResult } from './scenario.ts'

interface Taking { completeMs: number | undefined, leftMs: number | undefined }

const swarmOf = ({ content: { length, pieceLength } }: Scenario): Swarm => {
  const manifest: Manifest = { format: 1, scheme: 'sha256', coding: 'none', root: '0'.repeat(64), length, pieceLength }
  return { content: 'c'.repeat(64) as ContentId, group: 'a'.repeat(64) as GroupId, manifest }
}

const check = (facts: readonly NodeFacts[]): void => {
  if (new Set(facts.map(({ name }) => name)).size !== facts.length) throw new ShoalError('BAD_OPTION', 'Two nodes of the scenario have the same name. Give each its own.')
  for (const { name, up, down, store } of facts) {
    if (up > 0 && down > 0 && store > 0) continue
    throw new ShoalError('BAD_OPTION', `A rate of ${name} is not above 0. Leave it out for no limit.`)
  }
}

/** Runs the scenario to its end: until every node that is to complete has, or has left. */
export const simulate = (scenario: Scenario): SimulationResult => {
  const { latencyMs = 20, untilMs = 24 * 60 * 60 * 1000, announceMs = 30_000, namedPeers = 50, talkTakesTime = true, selector, seed } = scenario
  const facts = scenario.nodes.map(nodeFacts)
  check(facts)
  const swarm = swarmOf(scenario)
  const chance = random(seed)
  const agenda = createAgenda()
  const network = createNetwork({ agenda, latencyMs: typeof latencyMs === 'number' ? () => latencyMs : latencyMs, coder: coderOf(scenario.codec), talkTakesTime })
  const events: SimulationEvent[] = []
  const takings = new Map<Node, Taking>()
  const online = createRoster(limit => chance.below(limit))
  let awaited = facts.filter(node => !node.seed).length

  const tell = (node: Node, type: SimulationEvent['type'], peer?: PeerId): void => {
    events.push({ atMs: agenda.now, node: node.facts.name, type, ...(peer === undefined ? {} : { peer }) })
  }
  const taking = (node: Node): Taking => {
    const found = takings.get(node)
    assert(found !== undefined, 'a node has a taking')
    return found
  }
  const isDone = (node: Node): boolean => node.facts.seed || taking(node).completeMs !== undefined

  const leave = (node: Node): void => {
    const took = taking(node)
    if (took.leftMs !== undefined) return
    if (!isDone(node)) awaited--
    took.leftMs = agenda.now
    online.remove(node.facts.name)
    node.leave()
    tell(node, 'left')
  }

  const onEvent = (node: Node, event: SessionEvent): void => {
    scenario.observe?.(agenda.now, node.facts.name, event)
    if (event.type === 'blamed') tell(node, 'blamed', event.peer)
    if (event.type === 'failed') tell(node, 'failed')
    if (event.type !== 'complete' || isDone(node)) return
    taking(node).completeMs = agenda.now
    awaited--
    tell(node, 'complete')
    if (node.facts.leaveAfterMs !== undefined) agenda.after(node.facts.leaveAfterMs, () => { leave(node) })
  }

  const announce = (node: Node): void => {
    if (taking(node).leftMs !== undefined || isDone(node)) return
    for (const peer of online.some(namedPeers, node.facts.name)) node.sighted(peer)
    agenda.after(announceMs, () => { announce(node) })
  }

  const join = (node: Node): void => {
    node.join()
    online.add(node.facts.name)
    tell(node, 'joined')
    // whoever comes at the same time is there, too
    agenda.after(0, () => { announce(node) })
    if (node.facts.leaveMs !== undefined) agenda.at(node.facts.leaveMs, () => { leave(node) })
  }

  const nodes = facts.map((fact): Node => {
    const session = createSession({ ...scenario.session, peer: fact.name, seed: chance.below(2 ** 32), selector })
    const node: Node = createNode({ facts: fact, swarm, session, agenda, network, emit: event => { onEvent(node, event) } })
    takings.set(node, { completeMs: undefined, leftMs: undefined })
    agenda.at(fact.joinMs, () => { join(node) })
    return node
  })

  while (awaited > 0 && agenda.step(untilMs));
  return { nodes: nodes.map(node => resultOf(node, taking(node))), events, endMs: agenda.now }
}

const resultOf = (node: Node, { completeMs, leftMs }: Taking): NodeResult => {
  const { facts: { name, joinMs } } = node
  const transfer = node.transfer()
  return {
    name, joinMs, completeMs, leftMs, tookMs: completeMs === undefined ? undefined : completeMs - joinMs,
    fetchedBytes: transfer?.fetchedBytes ?? 0, wastedBytes: transfer?.wastedBytes ?? 0, sentBytes: transfer?.sentBytes ?? 0,
    bytesByPeer: Object.fromEntries(transfer?.bytesByPeer ?? [])
  }
}
