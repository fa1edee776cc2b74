import Analysis
import Diffraction
import LiveSession
import TerminalUI

/// What the accepted run found: verdict and reasons, values with intervals, other answers, where it came from.
struct ResultText {
  let model: Model
  let row: FileRow
  let width: Int
  /// Answers, runs, provenance and the file, or values alone.
  let isFull: Bool

  private var theme: Theme { model.theme }
  private var result: ResultRecord? {
    guard let result = model.shown?.result, result.resultID == row.run?.id else { return nil }
    return result
  }

  var lines: [Text] {
    var lines: [Text] = []
    if let fraction = model.snapshot.live.progress[row.id] {
      let percent = Int((100 * min(1, max(0, fraction.isFinite ? fraction : 0))).rounded(.down))
      lines.append(Text(" ○ \(isPrepared ? "preparing" : "analysing") ", theme.accent))
      // Without its blank it is whole where a pane is narrow.
      lines[0] += Text("\(percent)\(width < 18 ? "" : " ")%", theme.text)
      if isPrepared, result == nil {
        return lines + [""] + wrap(Self.preparation, to: width - 2).map { Text(" " + $0, theme.dim) } + notes
      }
    }
    guard let result else { return lines + unanswered }
    lines += verdict(result)
    if row.runs.count > 1, !isFull, let accepted = row.accepted {
      lines.append(
        Text(" run ", theme.dim) + Text("\(accepted + 1)", theme.accent)
          + Text(" of \(row.runs.count)", theme.dim))
    }
    if isFull || width >= 30 { lines.append("") }
    lines += values(result)
    let others = answers(result)
    if !others.isEmpty { lines += [""] + others }
    if row.runs.count > 1, isFull { lines += ["", runs] }
    let origin = provenance(result)
    if isFull, !origin.isEmpty {
      lines += [Text(" " + String(repeating: "─", count: max(0, width - 2)), theme.rule)] + origin
    }
    return lines + notes
  }

  /// One frame takes no progress of its own: what is told of it is what the engine makes for all of them.
  private var isPrepared: Bool { (model.shown?.frames ?? row.frames) <= 1 }
  private static let preparation =
    "what all frames need is computed, once, and kept for the next start; they wait until then"

  private var unanswered: [Text] {
    if row.status == .refused || row.status == .timedOut {
      let badge = Text(" ✕ \(row.status == .refused ? "refused" : "given up") ", theme.badge(theme.refused))
      return [badge, ""] + wrap(row.reason, to: width - 2).map { Text(" " + $0, theme.text) } + notes
    }
    if let run = row.run { return [badge(run.verdict)] + notes }
    let word = row.reason.isEmpty ? row.status?.rawValue ?? "" : row.reason
    return wrap(word, to: width - 2).map { Text(" " + $0, theme.dim) } + notes
  }

  private func badge(_ verdict: Verdict) -> Text {
    let glyph = verdict.glyph(unicode: model.capabilities.unicode)
    let words = width < 20 ? verdict.word : verdict.words
    return Text(" \(glyph) \(words) ", theme.badge(theme.style(verdict)))
  }

  private func verdict(_ result: ResultRecord) -> [Text] {
    var lines = [Text(" ") + badge(result.verdict)]
    for reason in result.reasons {
      let style = theme.style(result.verdict)
      let text = wrap(reason.text, to: width - 2 - reason.code.count - 1)
      for (index, line) in text.enumerated() {
        let lead = index == 0 ? reason.code : String(repeating: " ", count: reason.code.count)
        lines.append(Text(" \(lead) ", style.adding(.bold)) + Text(line, style))
      }
      if isFull, width >= 40, let code = ReasonCode(code: reason.code) {
        let lead = String(repeating: " ", count: reason.code.count + 2)
        lines += wrap(code.explanation, to: width - lead.count - 1).map { Text(lead + $0, theme.dim) }
      }
    }
    return lines
  }

  private func values(_ result: ResultRecord) -> [Text] {
    let outputs = model.outputs(result.engine)
    let shown = result.values.map { quantity in
      let output = outputs.first { $0.name == quantity.name }
      let decimals = Format.decimals(quantity, outputs)
      return (
        name: Format.words(quantity.name), symbol: output?.symbol ?? Format.words(quantity.name),
        value: Format.value(quantity.value, decimals: decimals),
        unit: Format.unit(quantity.unit), interval: Format.interval(quantity, decimals: decimals) ?? "",
        said: quantity.said ?? ""
      )
    }
    let valueWidth = shown.map { TextWidth.columns(of: $0.value) }.max() ?? 0
    // A unit is shown whole or not at all: a name of five letters goes before it.
    let unitRoom = max(0, width - 3 - 5 - valueWidth)
    let unitWidth = shown.map { TextWidth.columns(of: $0.unit) }.filter { $0 <= unitRoom }.max() ?? 0
    let intervalWidth = shown.map { TextWidth.columns(of: $0.interval) }.max() ?? 0
    let isOneLine = width >= 3 + 8 + valueWidth + unitWidth + intervalWidth + 2
    let room =
      width - 4 - valueWidth - unitWidth - (isOneLine ? intervalWidth + (intervalWidth > 0 ? 1 : 0) : 0)
    // Where a name has no room, its symbol has.
    let names = shown.map { TextWidth.columns(of: $0.name) <= room ? $0.name : $0.symbol }
    let nameWidth = max(1, min(names.map { TextWidth.columns(of: $0) }.max() ?? 0, room))
    var lines: [Text] = []
    for (index, value) in shown.enumerated() {
      let style = index < 2 ? theme.bright : theme.text
      var line = Text(" " + TextWidth.fitted(names[index], to: nameWidth) + " ", theme.dim)
      line += Text(TextWidth.fitted(value.value, to: valueWidth, alignment: .right), style)
      line += Text(
        " "
          + TextWidth.fitted(TextWidth.columns(of: value.unit) <= unitWidth ? value.unit : "", to: unitWidth),
        theme.dim)
      if isOneLine, !value.interval.isEmpty {
        line += Text(
          TextWidth.fitted(value.interval, to: max(0, width - line.columns - 1), alignment: .right),
          theme.text)
      }
      // What is said of a value stands beside it where it has no interval and there is room.
      let isBeside =
        !value.said.isEmpty && value.interval.isEmpty
        && line.columns + TextWidth.columns(of: value.said) + 3 <= width
      if isBeside { line += Text(" " + value.said, theme.dim) }
      lines.append(line)
      if !isOneLine, !value.interval.isEmpty, index < 3 || isFull {
        lines.append(
          Text(TextWidth.fitted(value.interval, to: max(0, width - 1), alignment: .right), theme.text))
      }
      if !value.said.isEmpty, !isBeside, width >= 30 || isFull {
        for part in wrap(value.said, to: max(1, width - 4)) {
          lines.append(Text(TextWidth.fitted(part, to: max(0, width - 1), alignment: .right), theme.dim))
        }
      }
    }
    return lines
  }

  private func answers(_ result: ResultRecord) -> [Text] {
    guard let first = result.values.first, !first.alternatives.isEmpty else { return [] }
    let decimals = Format.decimals(first, model.outputs(result.engine))
    var all = [Quantity.Alternative(value: first.value, probability: first.probability ?? .nan)]
    all += first.alternatives
    return all.prefix(5).enumerated().map { index, answer in
      let isHere = index == model.answer
      var line = Text(index == 0 ? " answers " : "         ", theme.dim)
      line += Text(isHere ? "▸" : " ", theme.accent)
      line += Text(Format.circled(index + 1), index == 0 ? theme.accent : theme.doubtful)
      line += Text(" \(Format.value(answer.value, decimals: decimals)) ", isHere ? theme.bright : theme.text)
      line += Text(Format.unit(first.unit), theme.dim)
      if answer.probability.isFinite {
        line += Text("  p ", theme.dim) + Text(Format.probability(answer.probability), theme.text)
      }
      return line
    }
  }

  private var runs: Text {
    var line = Text(" runs ", theme.dim)
    for index in row.runs.indices {
      let isHere = index == row.accepted
      line += Text(isHere ? "  ▸ " : "  ", theme.accent)
      line += Text("\(index + 1) ", isHere ? theme.bright : theme.dim)
      line += Text(row.runs[index].engine, isHere ? theme.text : theme.dim)
    }
    return line
  }

  private func provenance(_ result: ResultRecord) -> [Text] {
    var pairs: [(String, String)] = []
    if let used = result.model { pairs.append(("model", "\(used.id)  \(used.sha256.prefix(7))")) }
    if let summary = model.shown?.summary {
      pairs.append(
        ("frame", "\(summary.width) × \(summary.height), \(summary.sample.rawValue), \(summary.format)"))
      if let x = summary.calibration.x {
        let decimals = x.value.scale < 1 ? 4 : 3
        pairs.append(
          ("pixel", "\(Format.fixed(x.value.scale, decimals)) \(Format.unit(x.value.unit)), \(x.source)"))
      }
      if let voltage = summary.beam.voltageKilovolts {
        pairs.append(("beam", "\(Format.fixed(voltage.value, 0)) kV, \(voltage.source)"))
      }
    }
    pairs.append(("took", "\(Format.fixed(result.durationMilliseconds / 1000, 2)) s"))
    let changed = changedSettings(result)
    for (index, setting) in changed.enumerated() {
      pairs.append((index == 0 ? "set" : "", "\(setting.name) \(setting.value)"))
    }
    for warning in model.shown?.summary?.warnings ?? [] { pairs.append(("!", warning)) }
    return pairs.flatMap { name, value in
      wrap(value, to: max(1, width - 12)).enumerated().map { index, line in
        Text(" " + TextWidth.fitted(index == 0 ? name : "", to: 9) + " ", theme.dim) + Text(line, theme.text)
      }
    }
  }

  /// What differs from the engine's own settings.
  private func changedSettings(_ result: ResultRecord) -> [(name: String, value: String)] {
    let parameters = model.engine(named: result.engine)?.parameters ?? []
    return result.parameters.sorted { $0.key < $1.key }.compactMap { name, value in
      let standard = parameters.first { $0.name == name }?.standard.description
      return standard == value || value.isEmpty ? nil : (name, value)
    }
  }

  private var notes: [Text] {
    var lines: [Text] = []
    if !row.tags.isEmpty {
      lines.append(Text(" tags      ", theme.dim) + Text(row.tags.joined(separator: ", "), theme.text))
    }
    for note in row.notes {
      for (index, line) in wrap(note, to: max(1, width - 12)).enumerated() {
        lines.append(Text(index == 0 ? " note      " : "           ", theme.dim) + Text(line, theme.text))
      }
    }
    return lines
  }
}

func drawResult(
  _ model: Model, _ rect: Rect, _ sheet: inout Sheet, isFull: Bool, scroll: Int = 0, isFocused: Bool = false
) {
  guard let row = model.row else {
    return sheet.empty(rect, Text("Result"), model.list.cursor == nil ? "no frame yet" : "reading")
  }
  sheet.targets.append(MouseTarget(rect: rect, kind: .result))
  var facts: [Text] = []
  if let run = row.run {
    var text = run.engine
    if row.runs.count > 1, let accepted = row.accepted {
      text += ", run \(accepted + 1) of \(row.runs.count)"
    }
    facts.append(Text(text))
  }
  let inner = rect.inset(by: 1)
  let lines = ResultText(model: model, row: row, width: inner.width, isFull: isFull).lines
  let first = min(max(0, scroll), max(0, lines.count - inner.height))
  if lines.count - first > inner.height { facts.append(Text("↓ \(lines.count - first - inner.height) more")) }
  let inside = sheet.pane(rect, Text("Result \(row.id)"), facts: facts, isFocused: isFocused)
  sheet.lines(lines.dropFirst(first), in: inside)
}
