// An error as the server words it (RFC 9457), or the lack of any answer.
import { texts } from '../texts'

export class Problem extends Error {
  constructor(
    readonly status: number, // 0: no answer
    readonly type: string, // '/problems/…' without the folder; 'unreachable' or 'slow' for status 0
    readonly detail: string,
    readonly errors: Record<string, string[]> = {},
    readonly requestId = '',
  ) {
    super(detail)
  }

  // A POST without an answer may have been done; so may one whose answer says so.
  get maybeDone() {
    return this.status === 0 ? this.type === 'slow' : this.status === 503 && /may have been accepted/.test(this.detail)
  }

  get isOutage() {
    return this.status === 0 || this.status === 503
  }

  // What is to be shown beside a field.
  field(name: string) {
    const reasons = this.errors[name]
    return this.status === 422 && reasons?.length ? `${name} ${reasons.join(', ')}` : ''
  }
}

export async function problemOf(answer: Response): Promise<Problem> {
  const id = answer.headers.get('X-Request-Id') ?? ''
  try {
    const { type, detail, title, errors } = await answer.json()
    return new Problem(answer.status, String(type).replace(/^\/problems\//, ''), String(detail ?? title), errors, id)
  } catch {
    return new Problem(answer.status, 'strange', texts.errors.strange(answer.status), {}, id)
  }
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem(0, 'unreachable', texts.errors.unreachable)
}
