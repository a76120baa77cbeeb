// `highlight` is HTML that the server made: text with five entities, and <em>…</em>. It is read by this and
// nothing else; what is not of that form stays text.

export interface Piece {
  text: string
  hit: boolean
}

const entities: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" }

const decoded = (text: string) => text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => entities[entity]!)

export function highlightParts(html: string): Piece[] {
  const pieces: Piece[] = []
  let hit = false
  for (const part of html.split(/(<em>|<\/em>)/)) {
    if (part === '<em>') hit = true
    else if (part === '</em>') hit = false
    else if (part) pieces.push({ text: decoded(part), hit })
  }
  return pieces
}

// Of a long message, what stands around its first hit.
export function excerpt(pieces: Piece[], length: number): Piece[] {
  const first = pieces.findIndex((piece) => piece.hit)
  const before = pieces[first - 1]
  if (first < 1 || !before || before.text.length <= length / 3) return cut(pieces, length)
  // a character of two halves stays whole
  const tail = Array.from(before.text.slice(-Math.ceil(length / 3))).slice(1).join('')
  return cut([{ text: '…' + tail.replace(/^\S{0,20}\s/, ''), hit: false }, ...pieces.slice(first)], length)
}

function cut(pieces: Piece[], length: number): Piece[] {
  const kept: Piece[] = []
  let left = length
  for (const piece of pieces) {
    if (piece.text.length > left) {
      kept.push({ text: Array.from(piece.text).slice(0, left).join('') + '…', hit: piece.hit })
      break
    }
    kept.push(piece)
    left -= piece.text.length
  }
  return kept
}
