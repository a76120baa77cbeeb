// What the tests find in the stack: made through its services, as any client would.

export const API = process.env.API
export const WRITER = process.env.WRITER

export async function ask(method, url, body) {
  const answer = await fetch(url, {
    method,
    headers: body && { 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`)
  return text ? JSON.parse(text) : undefined
}

export const newApplication = async (name) => (await ask('POST', `${API}/applications`, { name })).token

export const newChat = async (token) => (await ask('POST', `${WRITER}/applications/${token}/chats`, {})).number

export const say = async (token, chat, body) =>
  (await ask('POST', `${WRITER}/applications/${token}/chats/${chat}/messages`, { body })).number

// `count` messages, eight at a time; resolves when all are stored.
export async function fill(token, chat, count, text) {
  let next = 1
  const sender = async () => {
    while (next <= count) await say(token, chat, text(next++))
  }
  await Promise.all(Array.from({ length: 8 }, sender))
  await until(async () => {
    const [last] = await ask('GET', `${API}/applications/${token}/chats/${chat}/messages?before=9007199254740991&limit=1`)
    return last?.number === count
  }, 120000)
}

export async function until(question, ms = 30000) {
  const end = Date.now() + ms
  while (!(await question())) {
    if (Date.now() > end) throw new Error(`in vain for ${ms} ms: ${question}`)
    await new Promise((done) => setTimeout(done, 100))
  }
}

export const talk = [
  'Good morning! The new release is on the staging server, please have a look before noon.',
  'Looking at it now. First impression: the list opens at once, even the long one.',
  'That was the point: the pages are found by their number now, not by counting.',
  'One thing: after I rename something, the old name stays in the title until I reload.',
  'Good catch. I will fix it today and put it on staging again.\nIs there anything else before we ship?',
  'Only small things:\n– the icon on the left is two pixels too low\n– “Löschen” needs a confirmation in German, too',
  'Both done. Прошу проверить ещё раз, пожалуйста.',
  'Проверил, всё хорошо',
  'Then let us ship it at 15:00. Who watches the queue?',
  'I do. It was empty all morning, and the oldest job never waited for more than a few milliseconds.',
  'Shipped. Vielen Dank für die schnelle Hilfe!',
  'Thank you all. See you on Monday.',
]
