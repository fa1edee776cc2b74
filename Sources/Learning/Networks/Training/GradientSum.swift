/// Adds up the gradients of the parts of a batch in the order of the parts, whatever thread was first.
///
/// Parts may be added from several threads, each part once.
final class GradientSum: @unchecked Sendable {
  let total: AlignedBuffer
  private let slots: [AlignedBuffer]
  private let count: Int

  /// With one worker the parts come in order and need no memory of their own.
  init(byteCount: Int, parts: Int, workers: Int) {
    count = byteCount / 4
    total = AlignedBuffer(byteCount: byteCount)
    slots = workers > 1 ? (0..<parts).map { _ in AlignedBuffer(byteCount: byteCount) } : []
  }

  /// Called by the worker that computed this part.
  func add(_ block: AlignedBuffer, part: Int) {
    if slots.isEmpty {
      part == 0 ? Self.copy(block, to: total, 0..<count) : Self.add(block, to: total, 0..<count)
    } else {
      Self.copy(block, to: slots[part], 0..<count)
    }
  }

  /// Called once, when all parts are there.
  func finish(_ team: TrainingTeam) {
    guard !slots.isEmpty else { return }
    let (slots, total, count, size) = (slots, total, count, 1 << 15)
    team.forEach((count + size - 1) / size) { chunk in
      let range = chunk * size..<min(count, (chunk + 1) * size)
      Self.copy(slots[0], to: total, range)
      for slot in slots.dropFirst() { Self.add(slot, to: total, range) }
    }
  }

  private static func copy(_ source: AlignedBuffer, to target: AlignedBuffer, _ range: Range<Int>) {
    (target.floats + range.lowerBound).update(from: source.floats + range.lowerBound, count: range.count)
  }

  private static func add(_ source: AlignedBuffer, to target: AlignedBuffer, _ range: Range<Int>) {
    let (a, b) = (source.floats, target.floats)
    for i in range { b[i] += a[i] }
  }
}
