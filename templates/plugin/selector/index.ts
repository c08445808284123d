/** Which piece of a file to ask a peer for next. As it stands: in the order of the file. */
import { definePlugin, knownOptions } from 'shoal/plugin'

export default definePlugin('selector', 'my-name', options => {
  knownOptions('selector-my-name', options, [])
  return {
    * select (view, count) {
      let left = count
      if (left <= 0) return
      for (const piece of view.byIndex()) {
        yield piece
        if (--left === 0) return
      }
    }
  }
})
