import Analysis
import Arrays
import Diffraction
import Glibc
import Scattering

/// The images and curves that explain a fit: the predicted pattern as the camera would have seen it, what
/// is left of the measured one, radial profiles, the match over all thicknesses.
struct PatternDrawing {
  private let answer: FrameAnswer
  static let largest = 128

  init(_ answer: FrameAnswer) { self.answer = answer }

  var exhibits: [Exhibit] {
    var exhibits: [Exhibit] = []
    let chosen = answer.chosen?.fit.parameters
    let all = answer.output.candidates.prefix(3).map(\.fit.parameters)
    let order = [chosen].compactMap { $0 } + all.filter { $0 != chosen }
    for (number, parameters) in order.prefix(3).enumerated() {
      let (predicted, difference, pitch) = draw(parameters)
      let pixel = AxisCalibration(scale: pitch, unit: "mrad")
      exhibits.append(
        .image(
          Exhibit.Image("Predicted", predicted, role: .expected, signal: .discs, part: number, pixel: pixel)))
      exhibits.append(
        .image(
          Exhibit.Image(
            "Difference", difference, role: .difference, signal: .discs, part: number, pixel: pixel)))
    }
    return exhibits
  }

  /// On the frame's own pixels, several of them taken together where there are many.
  private func draw(_ p: PatternParameters) -> (Pixels, Pixels, pitch: Double) {
    let camera = answer.camera
    let bin = max(1, (max(camera.image.rows, camera.image.columns) + Self.largest - 1) / Self.largest)
    let measured =
      bin == 1 ? camera.image : camera.image.binned(by: bin).mapValues { $0 / Float(bin * bin) }
    let step = answer.output.step / camera.reduction
    let half = Vector2(1, 1) * (camera.reduction - 1) / 2
    let centre = (answer.output.centre - half) / camera.reduction + p.shift * step
    let pitch = answer.output.image.pitch * p.scale * Double(bin) / step
    let geometry = PatternGeometry(
      rows: measured.rows, columns: measured.columns, pitch: [pitch, pitch],
      centre: (centre - Vector2(1, 1) * Double(bin - 1) / 2) / Double(bin),
      rotationDegrees: p.rotationDegrees, distortion: p.distortion)
    let look = Appearance(answer.matcher.tables, answer.output.image, p)
    // A pixel's share of the beam grows with its area; blur is so many of the image's pixels wide.
    let ratio = answer.output.image.pitch * p.scale / pitch
    var predicted = answer.matcher.tables.pattern(
      geometry, p.illumination(pitch: answer.output.image.pitch), thickness: p.thickness, share: p.motion)
    DetectorBlur.apply(
      p.blur * ratio * ratio, to: &predicted.values, rows: predicted.rows, columns: predicted.columns)
    let strength = Float(look.strength * ratio * ratio)
    let widths = look.widths.map { $0 * ratio }
    for r in 0..<predicted.rows {
      let y = Double(r) - geometry.centre.x
      for c in 0..<predicted.columns {
        let x = Double(c) - geometry.centre.y
        var glow = 0.0
        for (part, width) in zip(look.glows, widths) {
          glow += part * exp(-(y * y + x * x) / (2 * width * width))
        }
        predicted[r, c] = predicted[r, c] * strength + Float(look.offset + glow)
      }
    }
    let difference = zip(measured.values, predicted.values).map { $0 - $1 }
    return (
      Pixels(width: predicted.columns, height: predicted.rows, values: predicted.values),
      Pixels(width: predicted.columns, height: predicted.rows, values: difference), pitch
    )
  }

  var profiles: [Profile] {
    guard let p = answer.chosen?.fit.parameters else { return [] }
    let image = answer.output.image
    let look = Appearance(answer.matcher.tables, image, p)
    let size = FitImage.size
    let middle = Double(size - 1) / 2
    let count = size / 2
    var sums = [(measured: Double, predicted: Double, number: Double)](repeating: (0, 0, 0), count: count)
    for index in image.counted {
      let i = Int(index)
      let r = Vector2(Double(i / size) - middle - p.shift.x, Double(i % size) - middle - p.shift.y).length
      let bin = Int(bounded: r)
      guard bin < count else { continue }
      sums[bin].measured += Double(image.pixels[i])
      sums[bin].predicted += look.value(at: i)
      sums[bin].number += 1
    }
    let used = sums.prefix { $0.number > 0 }
    let step = image.pitch * p.scale
    func profile(_ name: String, _ values: [Double]) -> Profile {
      Profile(
        name: name, unit: "mrad", start: (step / 2).told, step: step.told, values: values.map(\.told))
    }
    var profiles = [
      profile("radial, measured", used.map { $0.measured / $0.number }),
      profile("radial, predicted", used.map { $0.predicted / $0.number }),
    ]
    let curve = answer.output.curve
    if curve.thicknesses.count > 1 {
      // Steps of the scan grow at 20 nm; a profile's do not.
      var values: [Double] = []
      var at = 0
      let first = curve.thicknesses[0]
      let last = curve.thicknesses[curve.thicknesses.count - 1]
      for t in stride(from: first, through: last, by: 0.4) {
        while at + 2 < curve.thicknesses.count, curve.thicknesses[at + 1] < t { at += 1 }
        let part = (t - curve.thicknesses[at]) / (curve.thicknesses[at + 1] - curve.thicknesses[at])
        values.append((curve.matches[at] * (1 - part) + curve.matches[at + 1] * part).told)
      }
      profiles.append(
        Profile(name: "match by thickness", unit: "nm", start: first, step: 0.4, values: values))
    }
    return profiles
  }
}

/// Brightness, offset and glow of a fitted pattern, by linear least squares.
struct Appearance {
  let strength: Double
  let offset: Double
  let glows: [Double]
  /// Standard deviations of the glow's parts in pixels of the image.
  let widths: [Double]
  private let model: [Float]
  private let centre: Vector2

  init(_ tables: MotionTables, _ image: FitImage, _ p: PatternParameters) {
    let size = FitImage.size
    let middle = Double(size - 1) / 2
    let widths = LinearBasis.widths.map { $0 * p.convergence / (image.pitch * p.scale) }
    let centre = Vector2(middle, middle) + p.shift
    self.widths = widths
    self.centre = centre
    let fit = PatternFit(tables: tables, image: image, statedConvergence: p.convergence)
    model = fit.render(p)
    let count = 2 + widths.count
    var normal = [Double](repeating: 0, count: count * count)
    var right = [Double](repeating: 0, count: count)
    // In units of the model's largest value, so that the equations are well balanced.
    let top = Double(model.max() ?? 1)
    for index in image.counted {
      let i = Int(index)
      let columns =
        [Double(model[i]) / max(top, 1e-30), 1] + widths.map { Self.glow(i, centre, $0) }
      for a in 0..<count {
        right[a] += columns[a] * Double(image.pixels[i])
        for b in 0..<count { normal[a * count + b] += columns[a] * columns[b] }
      }
    }
    for a in 0..<count { normal[a * count + a] += 1e-9 * Double(image.counted.count) }
    let solution =
      SmallCholesky(normal, count: count)?.solve(right) ?? [Double](repeating: 0, count: count)
    strength = solution[0] / max(top, 1e-30)
    offset = solution[1]
    glows = Array(solution[2...])
  }

  func value(at index: Int) -> Double {
    zip(glows, widths).reduce(Double(model[index]) * strength + offset) {
      $0 + $1.0 * Self.glow(index, centre, $1.1)
    }
  }

  private static func glow(_ index: Int, _ centre: Vector2, _ width: Double) -> Double {
    let y = (Double(index / FitImage.size) - centre.x) / width
    let x = (Double(index % FitImage.size) - centre.y) / width
    return exp(-(y * y + x * x) / 2)
  }
}
