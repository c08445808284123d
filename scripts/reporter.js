// A vitest reporter that ends the run with what was skipped and why, and with one plain line of counts.
export default class SkipReporter {
  onTestRunEnd (modules) {
    const counts = { passed: 0, failed: 0, skipped: 0 }
    const skipped = []
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed++
      for (const test of module.children.allTests()) {
        const result = test.result()
        if (result.state === 'passed') counts.passed++
        else if (result.state === 'failed') counts.failed++
        else { counts.skipped++; skipped.push(`  ${test.fullName}: ${result.note ?? 'no reason given'}`) }
      }
    }
    const list = skipped.length === 0 ? 'Skipped: nothing.' : `Skipped, and why:\n${skipped.join('\n')}`
    process.stdout.write(`\n${list}\nRun on Node ${process.version}.\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`)
  }
}
