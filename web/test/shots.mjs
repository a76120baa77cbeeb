// Pictures of every view: phone and desktop, light and dark, empty, full, failing, in SHOTS. And in each of
// them, what must hold everywhere: axe finds nothing, nothing scrolls sideways.
//
//   SHOTS    folder (default build/shots)      ONLY   a part of the names
//   MODE     empty (before anything was made), full, failing (Redis, MySQL: as the caller left them)
import { createRequire } from 'node:module'
import { mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { newPage, open, overflows, withBrowser } from './helpers/browser.mjs'
import { failing, populate, views } from './helpers/views.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = process.env.SHOTS ?? `${root}build/shots`
const mode = process.env.MODE ?? 'full'
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const sizes = { desktop: { width: 1440, height: 900 }, phone: { width: 360, height: 740 } }
const wrong = []

mkdirSync(folder, { recursive: true })
const places = mode === 'failing' ? { token: process.env.TOKEN } : mode === 'empty' ? {} : await populate()
const list = {
  empty: [{ name: 'applications-none', hash: '#/', ready: (page) => page.locator('.applications .empty').waitFor() }],
  full: views(places),
  failing: failing(places),
}[mode]

await withBrowser(async (browser) => {
  for (const colorScheme of ['light', 'dark']) {
    for (const [size, viewport] of Object.entries(sizes)) {
      for (const view of list) {
        const name = `${view.name}-${size}-${colorScheme}`
        if (name.includes(process.env.ONLY ?? '')) await look(browser, view, name, { ...viewport, colorScheme, hasTouch: size === 'phone' })
      }
    }
  }
})
if (mode === 'full') console.log(`TOKEN=${places.token}`)
for (const line of wrong) console.error(line)
process.exit(wrong.length ? 1 : 0)

// The window as high as what scrolls in it, so that the picture shows all of a page.
async function showAll(page) {
  const more = await page.evaluate(() => {
    const scrolling = document.querySelector('.page')
    return scrolling ? scrolling.scrollHeight - scrolling.clientHeight : 0
  })
  const { width, height } = page.viewportSize()
  if (more > 0) await page.setViewportSize({ width, height: height + more })
  if (more > 0) await page.waitForTimeout(300)
}

async function look(browser, { hash, ready }, name, options) {
  // axe is put into the page, which its policy forbids
  const page = await newPage(browser, { ...options, bypassCSP: true })
  try {
    await open(page, hash)
    await ready?.(page)
    await page.waitForTimeout(ready ? 400 : 2500)
    await showAll(page)
    await page.screenshot({ path: `${folder}/${name}.png` })
    if (await overflows(page)) wrong.push(`${name}: scrolls sideways`)
    await page.evaluate(axe)
    const { violations } = await page.evaluate(() => globalThis.axe.run())
    for (const { id, nodes } of violations) wrong.push(`${name}: axe ${id}: ${nodes[0].html.slice(0, 160)} ${(nodes[0].failureSummary ?? '').replace(/\s+/g, ' ').slice(0, 200)}`)
    wrong.push(...page.faults.map((fault) => `${name}: ${fault}`))
  } catch (error) {
    wrong.push(`${name}: ${error.message.slice(0, 300)}`)
  } finally {
    await page.context().close()
  }
}
