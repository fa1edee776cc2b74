/// One row of a horizontal histogram.
public struct Bar: Sendable, Hashable {
  public var label: String
  public var value: Float
  /// Stands right behind the bar: `.52<1`.
  public var note: String

  public init(label: String, value: Float, note: String = "") {
    self.label = label
    self.value = value
    self.note = note
  }
}

extension Canvas {
  /// A histogram lying on its side, `41.0|################.52<1`. The longest bar, or `full`, reaches as far as
  /// the notes leave room. Where there are more bars than rows, the rows with the most in them are shown.
  public mutating func bars(_ bars: [Bar], in area: Rect, full: Float? = nil, style: Style = .plain) {
    guard !area.isEmpty, !bars.isEmpty else { return }
    let shown = Canvas.densest(bars, area.height)
    let labels = bars.map { TextWidth.columns(of: $0.label) }.max() ?? 0
    // A label may take at most half of the width: without a bar there is nothing to label.
    let left = min(labels, area.width / 2)
    let notes = shown.map { TextWidth.columns(of: $0.note) }.max() ?? 0
    let room = max(0, area.width - left - 1 - notes)
    let largest = bars.map(\.value).filter(\.isFinite).max() ?? 0
    let scale = full ?? largest
    within(area) { canvas in
      for (y, bar) in shown.enumerated() {
        canvas.put(TextWidth.fitted(bar.label, to: left, alignment: .right), x: 0, y: y, style)
        canvas.put("|", x: left, y: y, style)
        let length = Canvas.length(bar.value, of: scale, room)
        canvas.fill(Rect(x: left + 1, y: y, width: length, height: 1), Cell("#", style))
        canvas.put(bar.note, x: left + 1 + length, y: y, style)
      }
    }
  }

  private static func length(_ value: Float, of scale: Float, _ room: Int) -> Int {
    guard value.isFinite, value > 0, scale > 0 else { return 0 }
    let length = Int((min(1, value / scale) * Float(room)).rounded())
    return length
  }

  /// The `count` neighbours with the largest sum; the first such run where several are equal.
  private static func densest(_ bars: [Bar], _ count: Int) -> ArraySlice<Bar> {
    guard bars.count > count else { return bars[...] }
    func value(_ index: Int) -> Float { bars[index].value.isFinite ? bars[index].value : 0 }
    var sum = (0..<count).reduce(Float(0)) { $0 + value($1) }
    var best = (sum: sum, start: 0)
    for start in 1...(bars.count - count) {
      sum += value(start + count - 1) - value(start - 1)
      if sum > best.sum { best = (sum, start) }
    }
    return bars[best.start..<best.start + count]
  }
}
