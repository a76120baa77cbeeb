// What the list of a chat shows: stored messages, then what is still on its way; a day where it begins.
import type { Message } from '../api/types'
import type { Letter } from './outbox'

export type Row =
  | { kind: 'message'; message: Message; day?: string }
  | { kind: 'letter'; letter: Letter; day?: string }

export const rowKey = (row: Row) => (row.kind === 'message' ? `m${row.message.number}` : `l${row.letter.id}`)

const dayStart = (at: string | number) => new Date(at).setHours(0, 0, 0, 0)

// Rows are made once for each message: thousands of them stay as they are when one comes.
const made = new WeakMap<Message, Row & { after: number }>()

export function rowsOf(messages: readonly Message[], letters: readonly Letter[]): Row[] {
  let day = 0
  const rows: Row[] = messages.map((message) => {
    const before = day
    const known = made.get(message)
    if (known && known.after === before) {
      day = dayOfRow(known, before, message)
      return known
    }
    day = dayStart(message.created_at)
    const row = { kind: 'message' as const, message, after: before, ...(day !== before && { day: message.created_at }) }
    made.set(message, row)
    return row
  })
  const shown = new Set(messages.slice(-500).map(({ number }) => number))
  for (const letter of letters) {
    if (letter.number !== undefined && shown.has(letter.number)) continue
    const today = dayStart(letter.at)
    rows.push({ kind: 'letter', letter, ...(today !== day && { day: new Date(letter.at).toISOString() }) })
    day = today
  }
  return rows
}

const dayOfRow = (row: Row, before: number, message: Message) => (row.day ? dayStart(message.created_at) : before)
