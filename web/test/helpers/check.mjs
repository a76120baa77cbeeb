// What is expected, said so that a failure explains itself.
import assert from 'node:assert/strict'
import { until } from './data.mjs'
import { newPage, withBrowser } from './browser.mjs'

export { assert }

// Text of the first element that fits becomes, or contains, what is wanted.
export async function shows(locator, wanted, ms = 15000) {
  let text = ''
  await until(async () => {
    text = (await locator.first().textContent({ timeout: 2000 }).catch(() => '')) ?? ''
    return wanted instanceof RegExp ? wanted.test(text) : text.includes(wanted)
  }, ms).catch(() => assert.fail(`${locator} shows “${text.slice(0, 300)}”, not ${wanted}`))
}

export async function counts(locator, wanted, ms = 15000) {
  await until(async () => (await locator.count()) === wanted, ms).catch(async () =>
    assert.fail(`${locator}: ${await locator.count()}, not ${wanted}`))
}

export const gone = (locator) => counts(locator, 0)

// A test: a page of a fresh browser, which may make no mistake by the end.
export async function scenario(work, options) {
  await withBrowser(async (browser) => {
    const page = await newPage(browser, options)
    try {
      await work(page, browser)
    } catch (error) {
      const folder = process.env.BATS_TEST_TMPDIR ?? '.'
      await page.screenshot({ path: `${folder}/failed.png` }).catch(() => {})
      console.error(`at ${page.url()}, seen in ${folder}/failed.png, faults: ${page.faults.join('; ')}`)
      throw error
    }
    assert.deepEqual(page.faults, [])
  })
}
