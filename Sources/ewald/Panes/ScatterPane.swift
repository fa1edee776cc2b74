import Diffraction
import TerminalUI

/// Where the frame lies among the patterns that its model knows: ◆ is the frame, numbers are its nearest neighbours.
/// Far from the cloud is where answers mean nothing.
func drawScatter(
  _ scatter: Scatter, axes number: Int, shade: Int, _ model: Model, _ rect: Rect, _ sheet: inout Sheet
) {
  let theme = sheet.theme
  let axes = scatter.axes[min(max(0, number), scatter.axes.count - 1)]
  let colour = scatter.shades.indices.contains(shade) ? scatter.shades[shade] : scatter.shades.first
  let finite = colour?.values.filter(\.isFinite) ?? []
  let limits = Limits(low: finite.min() ?? 0, high: finite.max() ?? 1)
  var facts: [Text] = []
  if let colour {
    facts.append(
      Text(Format.words(colour.name) + "  ", theme.dim)
        + ColourMap.viridis.bar(
          limits, width: rect.width >= 60 ? 12 : 5, unit: Format.unit(colour.unit),
          depth: model.capabilities.colours,
          theme.dim))
  }
  facts.append(
    Text("\(axes.name), \(min(max(0, number), scatter.axes.count - 1) + 1) of \(scatter.axes.count)"))
  let inside = sheet.pane(rect, Text("Latent space"), facts: facts).inset(right: 1)
  let points = (axes.cloud + [axes.own] + axes.neighbours).filter { $0.x.isFinite && $0.y.isFinite }
  let x = Axis(points.map { Double($0.x) }, ticks: max(1, inside.width / 10), margin: 0.03)
  let y = Axis(points.map { Double($0.y) }, ticks: max(1, inside.height / 4), margin: 0.03)
  guard var plot = Plot(inside, x: x, y: y, theme) else { return }
  plot.axes(on: &sheet.canvas)
  // The hue of a cell is the mean of its points.
  var sums: [Int: (sum: Float, count: Float)] = [:]
  var cloud: [Int: [Scatter.Point]] = [:]
  for (index, point) in axes.cloud.enumerated() where point.x.isFinite && point.y.isFinite {
    guard let column = plot.column(Double(point.x)), let row = plot.row(Double(point.y)) else { continue }
    let cell = row * 10_000 + column
    cloud[cell, default: []].append(point)
    if let colour, colour.values.indices.contains(index), colour.values[index].isFinite {
      let old = sums[cell] ?? (0, 0)
      sums[cell] = (old.sum + colour.values[index], old.count + 1)
    }
  }
  let depth = model.capabilities.colours
  for (cell, points) in cloud.sorted(by: { $0.key < $1.key }) {
    var style = theme.text
    if let mean = sums[cell], mean.count > 0, limits.high > limits.low, depth > .none {
      let fraction = (mean.sum / mean.count - limits.low) / (limits.high - limits.low)
      // Black on black would hide the lowest.
      style = Style(ColourMap.viridis.colour(0.2 + 0.8 * fraction, depth))
    }
    for point in points { plot.line([(Double(point.x), Double(point.y))], style) }
  }
  for (index, point) in axes.neighbours.prefix(9).enumerated().reversed() {
    plot.mark(Format.circled(index + 1), x: Double(point.x), y: Double(point.y), theme.doubtful)
  }
  plot.mark("◆", x: Double(axes.own.x), y: Double(axes.own.y), theme.bright)
  plot.draw(on: &sheet.canvas)
  if plot.inside.height >= 12 {
    sheet.canvas.put(
      Text("◆", theme.bright) + Text(" this frame  ", theme.dim) + Text("①", theme.doubtful)
        + Text(" neighbours", theme.dim),
      x: plot.inside.x + 1, y: plot.inside.bottom - 1)
  }
}
