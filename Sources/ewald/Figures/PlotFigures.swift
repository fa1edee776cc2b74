import Diffraction
import LiveSession
import TerminalUI

/// Figures of what is no picture: probabilities, curves, clouds of points, tables.
enum PlotFigures {
  /// The probability of a quantity, with its value, the interval and the other answers.
  static func histogram(_ histogram: Histogram, _ quantity: Quantity?, width: Double) -> Plate {
    var plate = Plate(width: width, height: 200)
    plate.text(Format.words(histogram.name).capitalizedFirst, Place(0, 2), isBold: true)
    let bins = Bins(histogram)
    guard !bins.isEmpty else { return plate }
    let others = quantity?.alternatives ?? []
    let marks = [quantity?.value, quantity?.low, quantity?.high].compactMap { $0 } + others.map(\.value)
    let frame = PlotFrame(
      x: Axis(
        bins.range, unit: Format.unit(histogram.unit), ticks: max(1, Int(width / 90)), margin: 0.04,
        including: marks),
      y: Axis(low: 0, high: 1, ticks: 4), at: Place(0, 22), width: width, height: 178)
    if let quantity, let low = quantity.low.flatMap({ frame.place(max($0, frame.x.low), 0) }),
      let high = quantity.high.flatMap({ frame.place(min($0, frame.x.high), 0) })
    {
      plate.area(
        Place(low.x, frame.top), width: max(1, high.x - low.x), height: frame.bottom - frame.top, .band)
    }
    frame.drawAxes(on: &plate)
    for bin in bins.all {
      guard let from = frame.x.fraction(bin.low), let to = frame.x.fraction(bin.high),
        let top = frame.place(min(max(bin.low, frame.x.low), frame.x.high), bin.probability)
      else { continue }
      let left = frame.across(from)
      plate.area(
        Place(left, top.y), width: max(1, frame.across(to) - left - 1), height: frame.bottom - top.y, .network
      )
    }
    if let quantity, let at = frame.place(quantity.value, 0) {
      plate.line([Place(at.x, frame.top), Place(at.x, frame.bottom)], .computed, width: 2)
    }
    for (index, other) in others.prefix(4).enumerated() {
      guard let at = frame.place(other.value, other.probability) else { continue }
      plate.text("\(index + 2)", Place(at.x, max(frame.top, at.y - 17)), .middle, .doubtful)
    }
    plate.text("probability; line: value, band: 95 %", Place(width, 2), .end, .quiet)
    return plate
  }

  /// Measured values as points, computed ones as lines, what is left of both below them.
  static func curves(_ curves: Exhibit.Curves, width: Double) -> Plate {
    let measured = curves.series.first { $0.role == .measured }
    let expected = curves.series.first { $0.role == .expected }
    let hasRest = measured != nil && expected != nil
    var plate = Plate(width: width, height: hasRest ? 324 : 220)
    plate.text(Format.words(curves.title).capitalizedFirst, Place(0, 2), isBold: true)
    let count = curves.series.map(\.values.count).max() ?? 0
    guard count > 0 else { return plate }
    func at(_ index: Int) -> Double { curves.start + curves.step * Double(index) }
    let values = curves.series.flatMap(\.values).filter(\.isFinite)
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    let isFlat = low > 0 && high - low < 0.3 * high
    let x = Axis(
      low: at(0), high: at(max(1, count - 1)), unit: Format.unit(curves.unit), ticks: max(1, Int(width / 90)))
    let y = Axis(values, ticks: 4, isRound: true, including: low >= 0 && !isFlat ? [0] : [])
    let rest = Rest(measured, expected, top: high)
    let gutter = max(PlotFrame.gutter(y), rest.map { PlotFrame.gutter($0.axis) } ?? 0)
    let frame = PlotFrame(x: x, y: y, at: Place(0, 22), width: width, height: 198, gutter: gutter)
    frame.drawAxes(on: &plate)
    var words: [(String, Ink)] = []
    for (index, series) in curves.series.enumerated() {
      let points = series.values.enumerated().map { (x: at($0.offset), y: $0.element) }
      if series.role == .measured, hasRest {
        for run in frame.runs(points) { for place in run { plate.disc(place, radius: 1.8, .measured) } }
        words.append(("measured", .measured))
        continue
      }
      let ink: Ink =
        series.role == .expected ? .computed : series.role == .measured ? .measured : .label(index)
      for run in frame.runs(points) { plate.line(run, ink, width: 1.5) }
      words.append((series.title.isEmpty ? series.role.rawValue : series.title, ink))
    }
    var right = width
    if curves.series.count > 1 {
      for (word, ink) in words.reversed() {
        plate.text(word, Place(right, 2), .end, ink)
        right -= Typeface.columns(of: word) + 18
      }
    }
    guard let rest else { return plate }
    let below = PlotFrame(x: x, y: rest.axis, at: Place(0, 240), width: width, height: 84, gutter: gutter)
    below.drawAxes(on: &plate)
    for (index, value) in rest.values.enumerated() {
      guard let end = below.place(at(index), value), let zero = below.place(at(index), 0) else { continue }
      plate.line([zero, end], .computed, width: 1.5)
    }
    plate.text("measured − computed, % of the top", Place(width, 226), .end, .quiet)
    return plate
  }

  /// What is left of measured values without the computed ones, in per cent of the largest.
  private struct Rest {
    let values: [Double]
    let axis: Axis

    init?(_ measured: Exhibit.Curves.Series?, _ expected: Exhibit.Curves.Series?, top: Double) {
      guard let measured, let expected, top > 0 else { return nil }
      values = zip(measured.values, expected.values).map { 100 * ($0 - $1) / top }
      let size = max(values.filter(\.isFinite).map(\.magnitude).max() ?? 0, 0.5)
      axis = Axis(low: -size, high: size, ticks: 2)
    }
  }

  /// Where a frame lies among the patterns that its model knows.
  static func scatter(_ scatter: Scatter, width: Double) -> Plate {
    var plate = Plate(width: width, height: width * 0.7)
    plate.text(
      "\(scatter.name.capitalizedFirst), \(scatter.axes.first?.name ?? "")", Place(0, 2), isBold: true)
    guard let axes = scatter.axes.first else { return plate }
    let points = (axes.cloud + [axes.own] + axes.neighbours).filter { $0.x.isFinite && $0.y.isFinite }
    let frame = PlotFrame(
      x: Axis(points.map { Double($0.x) }, ticks: max(1, Int(width / 90)), margin: 0.03),
      y: Axis(points.map { Double($0.y) }, ticks: 5, margin: 0.03), at: Place(0, 22), width: width,
      height: width * 0.7 - 22)
    frame.drawAxes(on: &plate)
    let shade = scatter.shades.first
    let finite = shade?.values.filter(\.isFinite) ?? []
    let (low, high) = (finite.min() ?? 0, finite.max() ?? 1)
    let scale = ColourMap.viridis.inks
    for (index, point) in axes.cloud.enumerated() {
      guard let place = frame.place(Double(point.x), Double(point.y)) else { continue }
      var ink = Ink.rule
      if let shade, shade.values.indices.contains(index), high > low {
        ink = scale.ink((shade.values[index] - low) / (high - low))
      }
      plate.disc(place, radius: 2, ink)
    }
    for (index, point) in axes.neighbours.prefix(9).enumerated().reversed() {
      guard let place = frame.place(Double(point.x), Double(point.y)) else { continue }
      plate.text("\(index + 1)", Place(place.x, place.y - 7), .middle, .doubtful, isBold: true)
    }
    if let own = frame.place(Double(axes.own.x), Double(axes.own.y)) {
      plate.disc(own, radius: 6, .paper)
      plate.disc(own, radius: 4.5, .measured)
    }
    if let shade {
      plate.text(
        "hue: \(Format.words(shade.name)) \(compact(low)) to \(compact(high)) \(Format.unit(shade.unit))",
        Place(width, 2), .end, .quiet)
    }
    return plate
  }

  /// A scan taken apart: every region in its colour with its name in the middle.
  static func regions(_ regions: Exhibit.Regions, width: Double) -> Plate {
    let (columns, rows) = (max(1, regions.labels.width), max(1, regions.labels.height))
    let scale = max(1, (min(width, 640) / Double(max(columns, rows))).rounded(.down))
    let (across, down) = (scale * Double(columns), scale * Double(rows))
    let shades = RegionShades(regions)
    var plate = Plate(width: width, height: down + 30)
    plate.text(regions.title.capitalizedFirst, Place(0, 2), isBold: true)
    let ground = Colour.rgb(18, 22, 28)
    let content = PixelContent.labels(
      width: columns, height: rows, shades.indices.map { UInt8($0) },
      colours: shades.colours { label, _ in
        let ink = Ink.label(label - 1)
        return label > 0 ? .rgb(ink.red, ink.green, ink.blue) : ground
      })
    guard let picture = content.drawn(width: columns, height: rows) else { return plate }
    plate.picture(picture, Place(0, 24), width: across, height: down)
    for (index, row) in regions.rows.enumerated() {
      guard let middle = shades.middle(of: index + 1) else { continue }
      let at = Place(
        (Double(middle % columns) + 0.5) * scale, 24 + (Double(middle / columns) + 0.5) * scale - 8)
      plate.text(row.name, at, .middle, Ink(0, 0, 0), isBold: true)
    }
    return plate
  }

  /// Objects at their places; rings where they are not certain.
  static func points(_ points: Exhibit.Points, width: Double) -> Plate {
    let discs = PointDiscs(points, shade: 0)
    let room = min(width, 640)
    let scale = room / max(discs.span.x, discs.span.y)
    let down = discs.span.y * scale
    var plate = Plate(width: width, height: down + 30)
    plate.text(points.title.capitalizedFirst, Place(0, 2), isBold: true)
    let inks = ColourMap.viridis.inks
    for index in points.upwards {
      let place = points.places[index]
      guard place.x.isFinite, place.y.isFinite else { continue }
      let at = Place((place.x - discs.low.x) * scale, 24 + down - (place.y - discs.low.y) * scale)
      let radius = max(2, points.radius * scale)
      plate.disc(at, radius: radius, discs.fraction(index).map { inks.ink($0) } ?? .rule)
      if discs.isHollow(index) { plate.disc(at, radius: 0.55 * radius, .paper) }
    }
    if let column = discs.column {
      plate.text(
        "hue: \(Format.words(column.name)) \(compact(discs.limits.low)) to \(compact(discs.limits.high)) \(Format.unit(column.unit))",
        Place(width, 2), .end, .quiet)
    }
    return plate
  }

  static func rows(of points: Exhibit.Points, width: Double, most: Int = 40) -> Plate {
    lines(points.title, points.placeColumns, points.placeRows, width: width, most: most)
  }

  static func table(_ table: Exhibit.Table, width: Double, most: Int = 40) -> Plate {
    lines(table.title, table.columns, table.rows, width: width, most: most)
  }

  static func rows(of regions: Exhibit.Regions, width: Double, most: Int = 40) -> Plate {
    lines(regions.title, regions.columns, regions.rows, width: width, most: most)
  }

  private static func lines(
    _ title: String, _ columns: [Exhibit.Column], _ rows: [Exhibit.Row], width: Double, most: Int
  ) -> Plate {
    let shown = rows.prefix(most)
    var plate = Plate(width: width, height: Double(shown.count + (rows.count > most ? 3 : 2)) * 18 + 6)
    plate.text(title.capitalizedFirst, Place(0, 2), isBold: true)
    let heads = columns.map { Format.head(Format.words($0.name), $0.unit) }
    let cells = shown.map { row in
      columns.indices.map { index in
        row.cells.indices.contains(index)
          ? columns[index].text(row.cells[index]) : "—"
      }
    }
    var x = Double((shown.map { $0.name.unicodeScalars.count }.max() ?? 0) + 2) * Double(Typeface.width)
    for (index, row) in shown.enumerated() { plate.text(row.name, Place(0, 40 + 18 * Double(index))) }
    for (index, head) in heads.enumerated() {
      let widest = max(Typeface.columns(of: head), cells.map { Typeface.columns(of: $0[index]) }.max() ?? 0)
      guard x + widest <= width else { break }
      x += widest
      plate.text(head, Place(x, 22), .end, .quiet)
      for (line, row) in cells.enumerated() { plate.text(row[index], Place(x, 40 + 18 * Double(line)), .end) }
      x += 18
    }
    for (index, row) in shown.enumerated() where !row.flags.isEmpty {
      let flags = row.flags.joined(separator: " ")
      guard x + Typeface.columns(of: flags) <= width else { continue }
      plate.text(flags, Place(x, 40 + 18 * Double(index)), .start, .doubtful)
    }
    if rows.count > most {
      plate.text("and \(rows.count - most) more", Place(0, 40 + 18 * Double(most)), .start, .quiet)
    }
    return plate
  }
}
