// Pictures of every view: phone and desktop, light and dark, empty, full, failing, in SHOTS. And in each of
// them, what must hold everywhere: axe finds nothing, nothing scrolls sideways.
//
//   SHOTS    folder (default build/shots)      ONLY   a part of the names
//   MODE     empty (before anything was made), full, locked (with an admin key), failing (Redis, MySQL: as the caller
//            left them)
import { createRequire } from 'node:module'
import { mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { newPage, open, overflows, withBrowser } from './helpers/browser.mjs'
import { alone, empty, failing, locked, populate, views } from './helpers/views.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = process.env.SHOTS ?? `${root}build/shots`
const mode = process.env.MODE ?? 'full'
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const sizes = { desktop: { width: 1440, height: 900 }, tablet: { width: 820, height: 1180 }, phone: { width: 360, height: 740 } }
const atATime = 3
const wrong = []

mkdirSync(folder, { recursive: true })
const places = mode === 'full' ? await populate() : { token: process.env.TOKEN }
const list = { empty, full: views(places), locked, failing: failing(places) }[mode]

// A view in a size, with its colours. (The tablet has what is special about it, and in the light only.)
const picturesOf = (list) => list.flatMap((view) => Object.keys(sizes)
  .filter((size) => size !== 'tablet' || view.tablet)
  .map((size) => ({ view, size, colours: size === 'tablet' ? ['light'] : ['light', 'dark'], name: `${view.name}-${size}` })))
  .filter(({ name }) => name.includes(process.env.ONLY ?? ''))

await withBrowser(async (browser) => {
  const pictures = picturesOf(list)
  const painter = async () => {
    for (let next; (next = pictures.shift());) await look(browser, next)
  }
  await Promise.all(Array.from({ length: atATime }, painter))
  if (mode === 'full') for (const picture of picturesOf(alone(places))) await look(browser, picture)
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

// (The dark page has the same elements: there only their contrast is asked about.)
async function judge(page, name, colour) {
  const options = colour === 'dark' ? { runOnly: ['color-contrast'] } : {}
  const { violations } = await page.evaluate((rules) => globalThis.axe.run(rules), options)
  for (const { id, nodes } of violations) wrong.push(`${name}: axe ${id}: ${nodes[0].html.slice(0, 160)} ${(nodes[0].failureSummary ?? '').replace(/\s+/g, ' ').slice(0, 200)}`)
}

async function look(browser, { view, size, colours, name }) {
  const { hash, ready, done } = view
  // axe is put into the page, which its policy forbids
  const page = await newPage(browser, { ...sizes[size], colorScheme: 'light', hasTouch: size !== 'desktop', bypassCSP: true })
  try {
    await open(page, hash)
    await ready?.(page)
    await page.waitForTimeout(ready ? 400 : 2500)
    await showAll(page)
    if (await overflows(page)) wrong.push(`${name}: scrolls sideways`)
    for (const colour of colours) {
      await page.emulateMedia({ colorScheme: colour })
      await page.waitForTimeout(colour === 'dark' ? 400 : 0) // colours change softly
      await page.screenshot({ path: `${folder}/${name}-${colour}.png` })
      if (colour === colours[0]) await page.evaluate(axe)
      await judge(page, `${name}-${colour}`, colour)
    }
    wrong.push(...page.faults.map((fault) => `${name}: ${fault}`))
  } catch (error) {
    wrong.push(`${name}: ${error.message.slice(0, 300)}`)
  } finally {
    await done?.()
    await page.context().close()
  }
}
