// Chats and messages: written, queued, stored, edited, deleted; those of others appear; markup stays text.
import { assert, counts, gone, scenario, shows } from './helpers/check.mjs'
import { open } from './helpers/browser.mjs'
import { API, ask, newApplication, say } from './helpers/data.mjs'
import { workers } from './helpers/stack.mjs'

const token = await newApplication('Messages')

await scenario(async (page) => {
  await open(page, `#/applications/${token}`)
  await page.locator('.pane.chats .pane-head').getByRole('button', { name: 'New chat' }).click()
  await shows(page.locator('#chat-heading'), 'Chat 1')
  await shows(page.locator('.conversation'), 'Nothing said yet')
  const box = page.locator('.composer textarea')
  const row = (number) => page.locator(`article[data-number="${number}"]`)

  // Shift+Enter breaks the line, Enter sends
  await box.click()
  await page.keyboard.type('First line')
  await page.keyboard.press('Shift+Enter')
  await page.keyboard.type('second line')
  await page.keyboard.press('Enter')
  await shows(row(1), 'First line\nsecond line')
  await shows(row(1).locator('[data-state=stored]'), 'stored')
  assert.equal(await box.inputValue(), '')

  // accepted, and nobody stores it: queued, with its number
  workers('STOP')
  try {
    await box.fill('while the workers sleep')
    await page.keyboard.press('Enter')
    await shows(page.locator('article[data-state=queued]'), '#2')
    await shows(page.locator('article[data-state=queued]'), 'queued')
  } finally {
    workers('CONT')
  }
  await shows(row(2).locator('[data-state=stored]'), 'stored', 30000)
  await gone(page.locator('article[data-state=queued]'))

  // text is text
  const markup = '<script>document.title = "broken"</script><img src=x onerror=alert(1)> &amp;'
  await box.fill(markup)
  await page.keyboard.press('Enter')
  await shows(row(3), markup)
  await gone(page.locator('.conversation img'))
  assert.doesNotMatch(await page.title(), /broken/)

  // what the server refuses stays where it was written
  await box.fill('   ')
  await page.keyboard.press('Enter')
  await shows(page.locator('.composer .field-error'), 'body must not be blank')
  assert.equal(await box.inputValue(), '   ')
  assert.equal(await box.getAttribute('aria-invalid'), 'true')

  // what others say appears
  await say(token, 1, 'from somebody else')
  await shows(row(4), 'from somebody else')
  await shows(page.locator('[role=status].unseen'), 'Message 4: from somebody else')

  // what was typed survives a reload, and so does the place
  await box.fill('half a sentence')
  await page.reload()
  await shows(row(4), 'from somebody else')
  assert.equal(await box.inputValue(), 'half a sentence')

  // edit
  await row(4).hover()
  await row(4).getByRole('button', { name: 'Edit' }).click()
  const editor = page.getByLabel('Edit message 4')
  await editor.fill(' ')
  await page.keyboard.press('Enter')
  await shows(row(4).getByRole('alert'), 'body must not be blank')
  await editor.fill('better said')
  await page.keyboard.press('Enter')
  await shows(row(4).locator('.message-body'), 'better said')
  await shows(row(4), 'edited')
  assert.equal((await ask('GET', `${API}/applications/${token}/chats/1/messages/4`)).body, 'better said')

  // delete
  await row(3).hover()
  await row(3).getByRole('button', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete message' }).click()
  await gone(row(3))
  await assert.rejects(ask('GET', `${API}/applications/${token}/chats/1/messages/3`), /404/)

  // a link to a message shows it
  await open(page, `#/applications/${token}/chats/1/messages/2`)
  await shows(page.locator('article[data-chosen]'), 'while the workers sleep')
  await page.waitForFunction(() => document.activeElement.dataset.number === '2')

  // the keyboard goes from message to message
  await row(4).focus()
  await page.keyboard.press('ArrowUp')
  assert.equal(await row(2).evaluate((element) => element === document.activeElement), true)

  // and the chat goes
  await page.getByRole('button', { name: 'Delete chat 1' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete chat' }).click()
  await counts(page.locator('.pane.chats [data-item]'), 0)
  await assert.rejects(ask('GET', `${API}/applications/${token}/chats/1`), /404/)
})
