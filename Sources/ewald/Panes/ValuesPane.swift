import Analysis
import Diffraction
import LiveSession
import TerminalUI

/// What the accepted run found: values, intervals, the verdict and its reasons, where it came from.
func drawValues(_ model: Model, _ rect: Rect, _ canvas: inout Canvas) {
  guard let row = model.row else {
    _ = canvas.pane(rect, ["Result"], style: Theme.title)
    return
  }
  var title = ["Result"]
  if let run = row.run { title.append(run.engine) }
  if row.runs.count > 1, let accepted = row.accepted { title.append("run \(accepted + 1)/\(row.runs.count)") }
  let inside = canvas.pane(
    rect, title, style: Theme.title, divider: model.view == .frame && rect.right < model.size.width)
  let lines = resultLines(model, row, wide: model.view == .frame, width: inside.width)
  canvas.within(Rect(x: inside.x, y: inside.y, width: inside.width, height: inside.height)) { canvas in
    for (y, line) in lines.prefix(inside.height).enumerated() {
      canvas.put(TextWidth.fitted(line.text, to: inside.width), x: 0, y: y, line.style)
    }
  }
}

private struct Line {
  var text: String
  var style = Style.plain
}

private func resultLines(_ model: Model, _ row: FileRow, wide: Bool, width: Int) -> [Line] {
  var lines: [Line] = []
  if let fraction = model.snapshot.live.progress[row.id] {
    lines.append(Line(text: "analysing: \(Int(fraction * 100)) %"))
  }
  let detail = model.detail.flatMap { $0.fileID == row.id ? $0 : nil }
  if let result = detail?.result, result.resultID == row.run?.id {
    lines += verdictLines(result, wide: wide, width)
    let outputs = model.engine(named: result.engine)?.outputs ?? []
    // Intervals need the room of a narrow pane more than names do.
    let longest = result.values.map(\.name.count).max() ?? 0
    let names = width < 60 ? 12 : max(12, min(longest, 20))
    for value in result.values { lines.append(Line(text: text(value, outputs, names: names))) }
    if wide {
      if let model = result.model { lines.append(Line(text: "model \(model.id) \(model.sha256.prefix(8))")) }
      for (name, value) in result.parameters.sorted(by: { $0.key < $1.key }) {
        lines.append(Line(text: "\(name) \(value)", style: .dim))
      }
    }
  } else if let run = row.run {
    lines.append(Line(text: run.verdict.rawValue))
  } else {
    lines += wrap(row.reason.isEmpty ? row.status?.rawValue ?? "" : row.reason, to: width)
      .map { Line(text: $0, style: row.status == .refused ? Theme.bad : .plain) }
  }
  for note in row.notes { lines += wrap("; \(note)", to: width).map { Line(text: $0) } }
  if !row.tags.isEmpty { lines.append(Line(text: "tags: \(row.tags.joined(separator: " "))")) }
  if wide, let summary = detail?.summary { lines += fileLines(summary, row) }
  return lines
}

private func verdictLines(_ result: ResultRecord, wide: Bool, _ width: Int) -> [Line] {
  switch result.verdict {
  case .accept: return [Line(text: "accept", style: Theme.good)]
  case .doubtful, .outOfDomain, .notAnalysable:
    let style = result.verdict == .doubtful ? Theme.warning : Theme.bad
    let word = result.verdict.rawValue.split(separator: "_").joined(separator: " ").uppercased()
    return [Line(text: word, style: style)]
      + result.reasons.flatMap { reason in
        var lines = wrap("\(reason.code): \(reason.text)", to: width).map { Line(text: $0, style: style) }
        if wide, let code = ReasonCode(code: reason.code) {
          lines += wrap(code.explanation, to: width).map { Line(text: $0, style: .dim) }
        }
        return lines
      }
  }
}

private func text(_ value: Quantity, _ outputs: [Output], names: Int) -> String {
  let output = outputs.first { $0.name == value.name }
  let decimals = output?.decimals ?? 2
  var text = TextWidth.fitted(value.name, to: names) + " "
  text += TextWidth.fitted(Format.value(value.value, decimals: decimals), to: 8, alignment: .right)
  if value.unit != "1" { text += value.unit }
  if let low = value.low, let high = value.high {
    text += " \(Format.value(low, decimals: decimals))-\(Format.value(high, decimals: decimals))"
  }
  if let probability = value.probability { text += " p\(Format.probability(probability))" }
  if let second = value.alternatives.first {
    text +=
      " 2nd:\(Format.value(second.value, decimals: decimals))(\(Format.probability(second.probability)))"
  }
  return text
}

private func fileLines(_ summary: FileSummary, _ row: FileRow) -> [Line] {
  var lines = [
    Line(text: "\(summary.format) \(summary.width)x\(summary.height) \(summary.sample.rawValue)", style: .dim)
  ]
  if summary.declaredFrames > 1 {
    lines.append(Line(text: "\(summary.frames) of \(summary.declaredFrames) images", style: .dim))
  }
  for (name, axis) in [("pixel x", summary.calibration.x), ("pixel y", summary.calibration.y)] {
    if let axis {
      lines.append(Line(text: "\(name) \(axis.value.scale) \(axis.value.unit) [\(axis.source)]", style: .dim))
    }
  }
  for warning in summary.warnings { lines.append(Line(text: "! \(warning)", style: Theme.warning)) }
  for item in summary.metadata {
    lines.append(Line(text: "\(item.name) \(item.value) \(item.unit)", style: .dim))
  }
  return lines
}
