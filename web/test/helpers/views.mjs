// Every view in every state that a person may meet, each with how to get there, and, if it changed something
// behind the page, back. Used for screenshots and for what must hold everywhere (axe, no scrolling sideways).
import { ask, API, fill, newApplication, newChat, say, talk } from './data.mjs'
import { workers } from './stack.mjs'

// An application with a conversation, others beside it.
export async function populate() {
  const token = await newApplication('Harbour support')
  for (const name of ['Atlas field team', 'Küche & Garten', 'Night shift']) {
    const other = await newApplication(name)
    for (let n = name.length % 4; n >= 0; n--) await newChat(other)
  }
  const empty = await newApplication('Waiting room')
  for (let n = 0; n < 3; n++) await newChat(token)
  for (const line of talk) await say(token, 1, line)
  await ask('PATCH', `${API}/applications/${token}/chats/1/messages/4`, { body: talk[3].replace('reload', 'reload the page') }).catch(() => {})
  await fill(token, 2, 300, (n) => `${talk[n % talk.length]}\n(${n})`)
  return { token, empty }
}

const messages = (page) => page.locator('article').last().waitFor()

export const empty = [
  { name: 'applications-none', hash: '#/', ready: (page) => page.locator('.applications .empty').waitFor() },
]

export const views = ({ token, empty }) => [
  { name: 'applications', hash: '#/', ready: (page) => page.locator('.pane.applications [data-item]').first().waitFor() },
  { name: 'application-new', hash: '#/', ready: openNew },
  { name: 'application-refused', hash: '#/', ready: refuseNew },
  { name: 'application-token', hash: '#/', ready: openToken },
  { name: 'chats', tablet: true, hash: `#/applications/${token}`, ready: (page) => page.locator('.pane.chats [data-item]').first().waitFor() },
  { name: 'chats-empty', hash: `#/applications/${empty}`, ready: (page) => page.locator('.pane.chats .empty').waitFor() },
  { name: 'messages', tablet: true, hash: `#/applications/${token}/chats/1`, ready: messages },
  { name: 'messages-writer', hash: `#/applications/${token}/chats/1`, ready: chooseWriter },
  { name: 'messages-empty', hash: `#/applications/${token}/chats/3`, ready: (page) => page.locator('.conversation .empty').waitFor() },
  { name: 'messages-long', hash: `#/applications/${token}/chats/2/messages/150`, ready: (page) => page.locator('article[data-chosen]').waitFor() },
  { name: 'message-edit', hash: `#/applications/${token}/chats/1`, ready: editMessage },
  { name: 'message-refused', hash: `#/applications/${token}/chats/1`, ready: refuseMessage },
  { name: 'message-delete', hash: `#/applications/${token}/chats/1`, ready: deleteMessage },
  { name: 'chat-gone', hash: `#/applications/${token}/chats/999`, ready: (page) => page.locator('.conversation .empty').waitFor() },
  { name: 'search', tablet: true, hash: `#/applications/${token}/chats/1?q=the`, ready: (page) => page.locator('.hits').waitFor() },
  { name: 'search-start', hash: `#/applications/${token}/chats/1?q=`, ready: (page) => page.locator('.search .empty').waitFor() },
  { name: 'search-nothing', hash: `#/applications/${token}/chats/1?q=zzz`, ready: (page) => page.locator('.search .empty').waitFor() },
  { name: 'performance-empty', hash: '#/performance', ready: (page) => page.locator('.chart canvas').waitFor() },
  { name: 'performance', tablet: true, hash: '#/performance', ready: compare },
  { name: 'performance-running', hash: '#/performance', ready: beginRun },
  { name: 'status', tablet: true, hash: '#/status', ready: (page) => page.locator('[data-part=redis]').waitFor() },
  { name: 'lost', hash: '#/nowhere', ready: (page) => page.locator('.page .empty').waitFor() },
]

// Nothing else may go on beside these.
export const alone = ({ token }) => [
  { name: 'message-queued', hash: `#/applications/${token}/chats/1`, ready: leaveQueued, done: () => workers('CONT') },
]

export const locked = [
  { name: 'key', hash: '#/', ready: (page) => page.locator('.key-prompt').waitFor() },
  { name: 'key-refused', hash: '#/', ready: refuseKey },
]

// What they look like when nobody answers, or not as one would like.
export const failing = ({ token }) => [
  { name: 'failing-applications', hash: '#/' },
  { name: 'failing-messages', hash: `#/applications/${token}/chats/1` },
  { name: 'failing-unsent', hash: `#/applications/${token}/chats/1`, ready: sendInVain },
  { name: 'failing-search', hash: `#/applications/${token}/chats/1?q=the` },
  { name: 'failing-status', hash: '#/status' },
]

async function openNew(page) {
  await page.locator('.pane.applications .pane-head').getByRole('button', { name: 'New application' }).click()
  await page.getByRole('dialog').waitFor()
}

async function refuseNew(page) {
  await openNew(page)
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByRole('alert').waitFor()
}

async function openToken(page) {
  await page.locator('.pane.applications .pane-head').getByRole('button', { name: 'Open by token' }).click()
  await page.getByRole('dialog').getByLabel('Token').fill('0123456789')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByRole('alert').waitFor()
}

async function refuseKey(page) {
  await page.locator('.key-prompt').getByLabel('Admin key').fill('wrong')
  await page.keyboard.press('Enter')
  await page.locator('.key-prompt').getByRole('alert').waitFor()
}

async function chooseWriter(page) {
  await messages(page)
  await page.getByLabel('Fast writer').check()
  await page.locator('.composer textarea').fill('Through the fast lane')
}

async function editMessage(page) {
  await messages(page)
  await page.locator('article[data-number="12"]').focus()
  await page.locator('article[data-number="12"]').getByRole('button', { name: 'Edit' }).click()
  await page.locator('.editor').waitFor()
}

async function refuseMessage(page) {
  await messages(page)
  await page.locator('.composer textarea').fill('   ')
  await page.keyboard.press('Enter')
  await page.locator('.composer .field-error').waitFor()
}

async function sendInVain(page) {
  await page.locator('.composer textarea').fill('Can you hear me?')
  await page.keyboard.press('Enter')
  await page.locator('article[data-state=failed]').waitFor()
}

async function leaveQueued(page) {
  await messages(page)
  workers('STOP')
  await page.locator('.composer textarea').fill('Accepted while nobody stores')
  await page.keyboard.press('Enter')
  await page.locator('article[data-state=queued]').waitFor()
}

async function deleteMessage(page) {
  await messages(page)
  await page.locator('article[data-number="12"]').focus()
  await page.locator('article[data-number="12"]').getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').waitFor()
}

async function beginRun(page) {
  await page.locator('select[name=count]').selectOption('5000')
  await page.getByRole('button', { name: 'Run both' }).click()
  await page.waitForFunction(() => document.querySelector('[data-run=api] progress').value > 500, null, { timeout: 60000 })
}

async function compare(page) {
  await page.locator('select[name=count]').selectOption(page.viewportSize().width > 1000 ? '1000' : '100')
  await page.getByRole('button', { name: 'Run both' }).click()
  await page.locator('[data-run=writer][data-state=done]').waitFor({ timeout: 60000 })
  await page.waitForTimeout(700) // the chart is drawn twice a second
}
