// Ten thousand messages, from the newest to the first: in order, without a gap, and without holding up the page.
import { assert, scenario, shows } from './helpers/check.mjs'
import { open } from './helpers/browser.mjs'
import { fill, newApplication, newChat } from './helpers/data.mjs'

const count = Number(process.env.COUNT ?? 10000)
const token = await newApplication('Scroll')
const chat = await newChat(token)
await fill(token, chat, count, (n) => `message ${n} ` + 'and so on '.repeat(n % 23))

// How many times as long the slowest of equal loops takes as the fastest: 1 on a machine that does nothing
// else, more where the page has to wait for a processor. A long task is allowed that much more.
const hindrance = (page) => page.evaluate(async () => {
  const times = []
  for (let n = 0; n < 60; n++) {
    const began = performance.now()
    let sum = 0
    for (let i = 0; i < 8e6; i++) sum += Math.sqrt(i)
    times.push(performance.now() - began + (sum < 0 ? 1 : 0))
    await new Promise((done) => setTimeout(done, 20))
  }
  return Math.max(...times) / Math.min(...times)
})

await scenario(async (page) => {
  await open(page, `#/applications/${token}/chats/${chat}`)
  await shows(page.locator(`article[data-number="${count}"]`), 'message')
  await page.waitForTimeout(1000) // loading is over
  const before = await hindrance(page)
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
    window.longTasks = []
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
      .observe({ type: 'longtask' })
  })
  await page.locator('.scroller').hover()
  const end = Date.now() + 240000
  while (!(await page.evaluate(() => seen.numbers.has(1)))) {
    assert.ok(Date.now() < end, `only ${await page.evaluate(() => seen.numbers.size)} seen`)
    await page.mouse.wheel(0, -1400)
    await page.waitForTimeout(20)
  }
  const { size, most, gaps } = await page.evaluate(() => ({ ...seen, size: seen.numbers.size }))
  assert.equal(size, count)
  assert.deepEqual(gaps, [])
  assert.ok(most < 200, `${most} rows in the document`)
  await shows(page.locator('.scroller-header'), 'This is where the chat begins')
  const long = await page.evaluate(() => longTasks)
  const limit = 100 * Math.min(4, Math.max(before, await hindrance(page)))
  console.log(`TOKEN=${token}`)
  console.log(`long tasks: ${long.map(Math.round).join(' ') || 'none'}; limit ${Math.round(limit)} ms; ${most} rows at most`)
  assert.ok(Math.max(0, ...long) <= limit, `a task of ${Math.max(...long)} ms`)
})
