// Debian's Chromium on the pages of a running stack (test/helpers/stack.bash exports where it is).
import { chromium } from 'playwright-core'

export const front = process.env.FRONT ?? `http://127.0.0.1:${process.env.WEB_PORT}`

export const chromiumOptions = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--host-resolver-rules=MAP chat.example 127.0.0.1'],
}

// A browser that is closed when `work` is done, whatever comes of it.
export async function withBrowser(work) {
  const browser = await chromium.launch(chromiumOptions)
  try {
    return await work(browser)
  } finally {
    await browser.close()
  }
}

// A page of its own context. What a page may never do is collected in page.faults: exceptions, and
// violations of the Content-Security-Policy.
export async function newPage(browser, options = {}) {
  const { width = 1440, height = 900, ...rest } = options
  const context = await browser.newContext({ viewport: { width, height }, locale: 'en-GB', timezoneId: 'UTC', ...rest })
  const page = await context.newPage()
  page.setDefaultTimeout(20000)
  page.faults = []
  page.on('pageerror', (error) => page.faults.push(`exception: ${error.message}`))
  page.on('console', (line) => {
    if (/Content Security Policy|React/.test(line.text())) page.faults.push(line.text())
  })
  return page
}

export async function open(page, hash = '#/') {
  await page.goto(`${front}/${hash}`)
}

// Scrolls sideways, or has anything that sticks out?
export const overflows = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
