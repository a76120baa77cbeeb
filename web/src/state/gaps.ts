// From where to ask for new messages. Several workers store them, so 43 may be there before 42: numbers that
// are missing are asked for again for a while, until they count as deleted.

export class Gaps {
  private missing = new Map<number, number>() // number → until when (ms)

  constructor(private readonly patienceMs = 10000) {}

  // `numbers` ascend and are all that a list has above `after`.
  seen(numbers: number[], after: number, now: number) {
    let expected = after + 1
    for (const number of numbers) {
      // of a long gap, its end is what may still be on its way
      for (let n = Math.max(expected, number - 500); n < number; n++)
        if (!this.missing.has(n)) this.missing.set(n, now + this.patienceMs)
      this.missing.delete(number)
      expected = number + 1
    }
  }

  // Below the first that may still come; else behind the last one.
  from(last: number, now: number) {
    let from = last
    for (const [number, until] of this.missing) if (until > now && number <= from) from = number - 1
    return from
  }

  clear() {
    this.missing.clear()
  }
}
