import Diffraction
import LiveSession
import TerminalUI

extension Model {
  /// The finding's map of points, where its engine makes one.
  var scatter: Scatter? { shown?.pictures.lazy.compactMap(\.scatter).first }

  /// Turns to other axes or another quantity as colour.
  mutating func turnScatter(axes step: Int = 0, shade: Int = 0) {
    guard let scatter else { return }
    let (axesCount, shadeCount) = (max(1, scatter.axes.count), max(1, scatter.shades.count))
    scatterAxes = (scatterAxes + step + axesCount) % axesCount
    scatterShade = (scatterShade + shade + shadeCount) % shadeCount
  }
}

/// Where the frame lies among the patterns that its model was trained on: `@` is the frame, digits are its
/// nearest neighbours. Far from the cloud is where answers mean nothing.
func drawLatent(_ model: Model, _ rect: Rect, _ canvas: inout Canvas) {
  let divider = rect.right < model.size.width
  guard let scatter = model.scatter, !scatter.axes.isEmpty else {
    let inside = canvas.pane(rect, ["Latent"], style: Theme.title, divider: divider)
    let text =
      model.shown == nil ? "reading" : "no latent map: the engine of this result has no latent values"
    for (line, part) in wrap(text, to: inside.width).prefix(inside.height).enumerated() {
      canvas.put(part, x: inside.x, y: inside.y + line, Theme.hint)
    }
    return
  }
  let axes = scatter.axes[min(model.scatterAxes, scatter.axes.count - 1)]
  let shade = scatter.shades.isEmpty ? nil : scatter.shades[min(model.scatterShade, scatter.shades.count - 1)]
  var title = ["\(scatter.name)-\(axes.name)"]
  if scatter.axes.count > 1 {
    title.append("\(model.scatterAxes % scatter.axes.count + 1)/\(scatter.axes.count)")
  }
  var limits: ClosedRange<Float> = 0...1
  if let shade {
    let finite = shade.values.filter(\.isFinite)
    limits = (finite.min() ?? 0)...(finite.max() ?? 1)
    title.append(
      "colour=\(shade.name) \(Format.value(Double(limits.lowerBound), decimals: 2))-\(Format.value(Double(limits.upperBound), decimals: 2))\(shade.unit)"
    )
  }
  title.append("@=this 1-\(max(1, min(9, scatter.neighbours.count)))=neighbours")
  let inside = canvas.pane(rect, title, style: Theme.title, divider: divider)
  canvas.within(inside) { canvas in
    drawCloud(axes, shade?.values ?? [], limits, model, &canvas)
  }
}

private func drawCloud(
  _ axes: Scatter.Axes, _ shades: [Float], _ limits: ClosedRange<Float>, _ model: Model,
  _ canvas: inout Canvas
) {
  guard canvas.width > 0, canvas.height > 0 else { return }
  let points = (axes.cloud + [axes.own] + axes.neighbours).filter { $0.x.isFinite && $0.y.isFinite }
  guard let left = points.map(\.x).min(), let right = points.map(\.x).max(),
    let low = points.map(\.y).min(), let high = points.map(\.y).max()
  else { return }
  func cell(_ point: Scatter.Point) -> (x: Int, y: Int)? {
    guard point.x.isFinite, point.y.isFinite else { return nil }
    let x = right > left ? (point.x - left) / (right - left) : 0.5
    let y = high > low ? (point.y - low) / (high - low) : 0.5
    // The span of finite numbers can be infinite.
    guard x.isFinite, y.isFinite else { return nil }
    return (
      Int((x * Float(canvas.width - 1)).rounded()), Int(((1 - y) * Float(canvas.height - 1)).rounded())
    )
  }
  var counts = [Int](repeating: 0, count: canvas.width * canvas.height)
  var sums = [Float](repeating: 0, count: counts.count)
  for (index, point) in axes.cloud.enumerated() {
    guard let place = cell(point) else { continue }
    counts[place.y * canvas.width + place.x] += 1
    if shades.indices.contains(index) { sums[place.y * canvas.width + place.x] += shades[index] }
  }
  let width = limits.upperBound - limits.lowerBound
  let levels = model.look.map.levels(model.look.depth)
  for index in counts.indices where counts[index] > 0 {
    let mean = sums[index] / Float(counts[index])
    let fraction = width > 0 && mean.isFinite ? min(1, max(0, (mean - limits.lowerBound) / width)) : 0.5
    let glyph: Unicode.Scalar = counts[index] > 3 ? "#" : counts[index] > 1 ? ":" : "."
    // Black on black would hide the lowest shades.
    let style =
      levels.isEmpty ? Style.plain : Style(model.look.map.colour(0.25 + 0.75 * fraction, model.look.depth))
    canvas.set(Cell(glyph, style), x: index % canvas.width, y: index / canvas.width)
  }
  for (number, point) in axes.neighbours.prefix(9).enumerated().reversed() {
    guard let place = cell(point) else { continue }
    canvas.put("\(number + 1)", x: place.x, y: place.y, Theme.warning)
  }
  if let place = cell(axes.own) { canvas.put("@", x: place.x, y: place.y, Theme.bad) }
}

/// The nearest known patterns: what they show and how far they are.
func drawNeighbours(_ model: Model, _ rect: Rect, _ canvas: inout Canvas) {
  guard let scatter = model.scatter else { return }
  let names = scatter.shades.map { $0.unit == "1" ? $0.name : "\($0.name)/\($0.unit)" }
  let inside = canvas.pane(
    rect, ["Neighbours", "distance"] + names, style: Theme.title,
    divider: rect.right < model.size.width)
  for (number, neighbour) in scatter.neighbours.prefix(inside.height).enumerated() {
    let text =
      "\(number + 1) \(Format.fixed(neighbour.distance, 2)) \(neighbour.text) \(neighbour.source)"
    canvas.put(TextWidth.fitted(text, to: inside.width), x: inside.x, y: inside.y + number)
  }
}
