/** Subjects for the state suite: whatever a case opens is stopped after it. */
import type { State } from 'shoal/plugin'
import type { StateMaker, Subject } from 'shoal/testing'

/** @param release after all states of the case were stopped */
export const openStates = (open: NonNullable<StateMaker['open']>, release?: () => Promise<void>): Subject<StateMaker> => {
  const opened: State[] = []
  return {
    subject: {
      async open (options) {
        const state = await open(options)
        opened.push(state)
        return state
      }
    },
    async release () {
      for (const state of opened) await state.stop()
      await release?.()
    }
  }
}
