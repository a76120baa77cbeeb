// COUNT messages (of TOKEN's first chat), from the newest to the first: in order, without a gap, and without a task
// that holds up the page for more than 100 ms.
import { assert, scenario, shows } from './helpers/check.mjs'
import { open } from './helpers/browser.mjs'

const count = Number(process.env.COUNT)

// The processor's time of every task of the pages' main threads, in ms, from now on; call what it returns to end.
// (How long a task takes by the clock depends on what else the machine does: a task of 20 ms takes 150 then.)
async function watchTasks(browser) {
  const session = await browser.newBrowserCDPSession()
  const events = []
  session.on('Tracing.dataCollected', ({ value }) =>
    events.push(...value.filter(({ name, tdur }) => name === 'thread_name' || (name.endsWith('RunTask') && tdur > 5000))))
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['toplevel'], excludedCategories: ['*'] } })
  return async () => {
    const complete = new Promise((done) => session.once('Tracing.tracingComplete', done))
    await session.send('Tracing.end')
    await complete
    const thread = ({ pid, tid }) => `${pid}/${tid}`
    const mains = new Set(events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(thread))
    return events.filter((event) => event.tdur && mains.has(thread(event))).map(({ tdur }) => Math.round(tdur / 1000))
  }
}

await scenario(async (page, browser) => {
  await open(page, `#/applications/${process.env.TOKEN}/chats/1`)
  await shows(page.locator(`article[data-number="${count}"]`), 'message')
  await page.waitForTimeout(1000) // loading is over
  const tasks = await watchTasks(browser)
  await page.evaluate(() => {
    // in each frame: which rows there are, and whether one follows another
    const seen = (window.seen = { numbers: new Set(), most: 0, gaps: [] })
    requestAnimationFrame(function look() {
      const rows = [...document.querySelectorAll('article')].map((row) => Number(row.dataset.number))
      seen.most = Math.max(seen.most, rows.length)
      rows.forEach((number, n) => {
        seen.numbers.add(number)
        if (number !== rows[0] + n) seen.gaps.push(number)
      })
      requestAnimationFrame(look)
    })
  })
  await page.locator('.scroller').hover()
  const end = Date.now() + 240000
  while (!(await page.evaluate(() => seen.numbers.has(1)))) {
    assert.ok(Date.now() < end, `only ${await page.evaluate(() => seen.numbers.size)} seen`)
    for (let n = 0; n < 10; n++) await page.mouse.wheel(0, -1400)
  }
  const { size, most, gaps } = await page.evaluate(() => ({ ...seen, size: seen.numbers.size }))
  assert.equal(size, count)
  assert.deepEqual(gaps, [])
  assert.ok(most < 200, `${most} rows in the document`)
  await shows(page.locator('.scroller-header'), 'This is where the chat begins')
  const long = (await tasks()).sort((a, b) => b - a)
  console.log(`longest tasks: ${long.slice(0, 10).join(' ')} ms; ${most} rows at most`)
  assert.ok(long.length > 0 && long[0] <= 100, `a task of ${long[0]} ms`)
})
