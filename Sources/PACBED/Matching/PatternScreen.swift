import Arrays
import Glibc  // cos, sin
import Scattering

/// A whole table seen coarsely: patterns of every thickness with mistilts of every size and direction, at the stated
/// convergence angle and a little beside it. A measured pattern, turned and stretched in steps, is compared with all
/// of them at once, so that no minimum is missed because a network did not think of it.
package struct PatternScreen: Sendable {
  private let period: Double
  private let pitch: Double
  private let thicknesses: [Double]
  private let mistilts: [Vector2]
  private let angles: [Double]
  /// Positions that count on the coarse grid, whose edge is `size`.
  private let counted: [Int32]
  private let blank: FitImage
  /// For every angle: mistilt after mistilt, thickness after thickness the counted pixels, of unit length without
  /// what a camera adds.
  private let patterns: [[Float]]

  /// Convergence angles relative to the stated one, and scales to try where these are not known.
  private static let spread = [0.95, 1, 1.05]
  /// Sizes of mistilts, the largest that the table holds included.
  private static let rings = 4
  private static let size = FitImage.size / 4

  package init(_ table: PACBEDTable, _ domain: ModelDomain, convergence: Double) {
    period = (try? domain.rotationPeriod()) ?? 360
    let pitch = ModelDomain.field * convergence / (Double(FitImage.size) / 2)
    let thicknesses = ThicknessScan.axis(domain.thickness)
    let mistilts = Self.mistilts(to: domain.mistilt.upperBound)
    let all = [Bool](repeating: true, count: FitImage.size * FitImage.size)
    let whole = FitImage(pixels: all.map { _ in 0 }, isCounted: all, pitch: pitch)
    let blank = whole.halved.halved
    let most = table.request.convergence - 0.8 * pitch
    let angles = Set(Self.spread.map { min(convergence * $0, most) }).sorted()
    let geometry = PatternParameters(thickness: 1, convergence: convergence)
      .geometry(size: FitImage.size / 2, pitch: 2 * pitch)
    let count = blank.counted.count
    patterns = angles.map { angle in
      let basis = LinearBasis(blank, shift: .zero, convergencePixels: angle / (4 * pitch))
      let parts = parallelMap(mistilts.count) { number -> [Float] in
        var p = PatternParameters(thickness: 1, convergence: angle)
        p.mistilt = mistilts[number]
        let fine = FitImage.size / 2
        var images = [Float](repeating: 0, count: fine * fine * thicknesses.count)
        images.withUnsafeMutableBufferPointer { buffer in
          guard let base = buffer.baseAddress else { return }
          table.fillPatterns(
            geometry, p.illumination(pitch: 1.6 * pitch), thicknesses: thicknesses, into: base)
        }
        var part: [Float] = []
        part.reserveCapacity(count * thicknesses.count)
        for t in thicknesses.indices {
          let first = t * fine * fine
          var model = blank.counted.map { index -> Float in
            let at = first + 2 * (Int(index) / Self.size * fine + Int(index) % Self.size)
            return images[at] + images[at + 1] + images[at + fine] + images[at + fine + 1]
          }
          basis.project(&model)
          let length = Float(LinearBasis.dot(model, model).squareRoot())
          part += length > 0 ? model.map { $0 / length } : model
        }
        return part
      }
      return parts.flatMap { $0 }
    }
    self.pitch = pitch
    self.angles = angles
    self.thicknesses = thicknesses
    self.mistilts = mistilts
    self.blank = blank
    counted = blank.counted
  }

  /// Rings of mistilts, the directions of one between those of the next.
  private static func mistilts(to largest: Double) -> [Vector2] {
    (0...rings).flatMap { ring in
      (0..<max(1, 6 * ring)).map { number in
        let size = largest * Double(ring) / Double(rings)
        let direction = 2 * Double.pi * (Double(number) + 0.5 * Double(ring % 2)) / Double(max(1, 6 * ring))
        return [size * cos(direction), size * sin(direction)]
      }
    }
  }

  /// What to fit from, most alike first and unlike each other: `base` with the mistilt, direction, scale and angle of
  /// the patterns that resemble the image most. `holdsGeometry`: only mistilt and thickness are asked for.
  package func starts(
    _ image: FitImage, _ base: PatternParameters, holdsGeometry: Bool, holdsScale: Bool, limit: Int
  ) -> [PatternParameters] {
    let turns = holdsGeometry ? 1 : max(6, Int(bounded: (period / 7.5).rounded()))
    let scales = holdsGeometry || holdsScale ? [1] : Self.spread
    var looks: [PatternParameters] = []
    for scale in scales {
      for turn in 0..<turns {
        var p = base
        p.scale *= scale
        p.rotationDegrees += period * Double(turn) / Double(turns)
        looks.append(p)
      }
    }
    var found: [(score: Float, parameters: PatternParameters)] = []
    for (number, angle) in angles.enumerated() {
      if holdsGeometry, !isNearest(angle, to: base.convergence) { continue }
      let views = looks.map { view(image, $0, angle) }
      let scores = compare(views, with: patterns[number])
      for mistilt in mistilts.indices {
        for look in looks.indices {
          let first = (mistilt * looks.count + look) * thicknesses.count
          guard let best = (first..<first + thicknesses.count).max(by: { scores[$0] < scores[$1] }) else {
            continue
          }
          var p = looks[look]
          p.mistilt = mistilts[mistilt]
          p.thickness = thicknesses[best - first]
          if !holdsGeometry { p.convergence = angle }
          found.append((scores[best], p))
        }
      }
    }
    found.sort { $0.score > $1.score }
    let step = (mistilts.last?.length ?? 0) / Double(Self.rings)
    var kept: [PatternParameters] = []
    for (_, p) in found {
      let isNew = kept.allSatisfy { q in
        abs(p.thickness - q.thickness) > max(1, 0.05 * q.thickness)
          || (p.inImage - q.inImage).length > 1.3 * step
          || abs((p.rotationDegrees - q.rotationDegrees).remainder(dividingBy: period)) > 0.2 * period
      }
      guard isNew else { continue }
      kept.append(p)
      if kept.count == limit { break }
    }
    return kept
  }

  private func isNearest(_ angle: Double, to other: Double) -> Bool {
    angles.allSatisfy { abs($0 - other) >= abs(angle - other) }
  }

  /// A measured pattern on the coarse grid in the crystal's frame, without what a camera adds.
  private struct View {
    /// Of unit length; nothing where nothing was seen.
    var pixels: [Float]
    var isSeen: [Bool]
    var isWhole: Bool { isSeen.allSatisfy { $0 } }
  }

  private func view(_ image: FitImage, _ p: PatternParameters, _ angle: Double) -> View {
    let edge = image.edge
    let middle = Double(edge - 1) / 2
    let coarse = Double(Self.size - 1) / 2
    let turn = p.rotationDegrees * .pi / 180
    let (c, s) = (cos(turn) * 4 / p.scale, sin(turn) * 4 / p.scale)
    var isCounted = [Bool](repeating: false, count: image.pixels.count)
    for i in image.counted { isCounted[Int(i)] = true }
    var pixels = blank.pixels
    var isSeen = [Bool](repeating: false, count: pixels.count)
    let parts = [-0.375, -0.125, 0.125, 0.375]
    for index in counted {
      let row = Double(Int(index) / Self.size) - coarse
      let column = Double(Int(index) % Self.size) - coarse
      var (sum, number): (Float, Float) = (0, 0)
      for a in parts {
        for b in parts {
          let (y, x) = (row + a, column + b)
          let r = Int(bounded: (middle + p.shift.x + c * y - s * x).rounded())
          let q = Int(bounded: (middle + p.shift.y + s * y + c * x).rounded())
          guard r >= 0, q >= 0, r < edge, q < edge, isCounted[r * edge + q] else { continue }
          sum += image.pixels[r * edge + q]
          number += 1
        }
      }
      guard number > 8 else { continue }
      pixels[Int(index)] = sum / number
      isSeen[Int(index)] = true
    }
    var seen = blank.limited { isSeen[$0] }
    seen.pixels = pixels
    var view = View(
      pixels: [Float](repeating: 0, count: counted.count), isSeen: counted.map { isSeen[Int($0)] })
    let basis = LinearBasis(seen, shift: .zero, convergencePixels: angle / (4 * pitch))
    let length = Float(basis.restSquares.squareRoot())
    guard length > 0 else { return view }
    var next = 0
    for place in counted.indices where view.isSeen[place] {
      view.pixels[place] = basis.rest[next] / length
      next += 1
    }
    return view
  }

  /// Correlations: mistilt after mistilt, view after view, thickness after thickness.
  private func compare(_ views: [View], with patterns: [Float]) -> [Float] {
    let (count, many) = (counted.count, thicknesses.count)
    let columns = views.flatMap(\.pixels)
    let chunks = parallelMap(mistilts.count) { mistilt -> [Float] in
      let first = mistilt * many * count
      var scores = [Float](repeating: 0, count: views.count * many)
      patterns.withUnsafeBufferPointer { patterns in
        columns.withUnsafeBufferPointer { columns in
          scores.withUnsafeMutableBufferPointer { scores in
            guard let a = columns.baseAddress, let b = patterns.baseAddress, let c = scores.baseAddress else {
              return
            }
            Float.gemm(
              .asIs, .transposed, m: views.count, n: many, k: count, alpha: 1, a: a, strideA: count,
              b: b + first, strideB: count, beta: 0, c: c, strideC: many)
          }
        }
        // Of a pattern that is seen in part only that part can resemble.
        for (number, view) in views.enumerated() where !view.isWhole {
          for t in 0..<many {
            var squares: Float = 0
            for i in 0..<count where view.isSeen[i] {
              let value = patterns[first + t * count + i]
              squares += value * value
            }
            scores[number * many + t] /= max(0.2, squares.squareRoot())
          }
        }
      }
      return scores
    }
    return chunks.flatMap { $0 }
  }
}

extension PatternParameters {
  /// The mistilt in the image's frame.
  fileprivate var inImage: Vector2 {
    let turn = rotationDegrees * .pi / 180
    return [cos(turn) * mistilt.x - sin(turn) * mistilt.y, sin(turn) * mistilt.x + cos(turn) * mistilt.y]
  }
}
