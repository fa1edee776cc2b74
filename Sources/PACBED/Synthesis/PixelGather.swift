import Arrays
import Glibc  // tan
import Scattering

/// Finds the rows of a table that make up a pixel, with their weights.
struct PixelGather {
  private let table: PACBEDTable
  private let illumination: Illumination
  private let neighbours: [SIMD2<Int>]
  private let scale: Double
  /// Takes an angle in mrad to fractions of the reciprocal vectors.
  private let toFirst: Vector2
  private let toSecond: Vector2
  /// The reciprocal vectors in mrad.
  private let a: Vector2
  private let b: Vector2
  private let tilt: Vector2
  private let parts: Vector2
  /// Where the neighbours lie in mrad, and the squares of the angles within which a weight is one and beyond
  /// which it is none: most pixels need no root.
  private let offsets: [Vector2]
  private let hole: Double
  private let inner: Double
  private let outer: Double

  init(_ table: PACBEDTable, _ illumination: Illumination, neighbours: [SIMD2<Int>], scale: Double) {
    self.table = table
    self.illumination = illumination
    self.neighbours = neighbours
    self.scale = scale
    let crystal = table.request.crystal
    let wavelength = table.request.beam.wavelength
    let milliradian = 1e3 * wavelength
    toFirst = crystal.first / milliradian
    toSecond = crystal.second / milliradian
    a = crystal.firstReciprocal * milliradian
    b = crystal.secondReciprocal * milliradian
    // The mistilt turns the crystal by an angle: k_t = tan(mistilt) / lambda.
    let k = Vector2(tan(illumination.mistilt.x * 1e-3), tan(illumination.mistilt.y * 1e-3)) / wavelength
    tilt = [k.dot(crystal.first), k.dot(crystal.second)]
    parts = Vector2(table.grid.parts)
    let (a, b) = (self.a, self.b)
    offsets = neighbours.map { a * Double($0.x) + b * Double($0.y) }
    hole = illumination.hole * illumination.hole
    inner = illumination.inner * illumination.inner
    outer = illumination.outer * illumination.outer
  }

  /// How many rows the pixel at `angle` (mrad) sums; they and their weights are written.
  func rows(
    at angle: Vector2, into pointers: UnsafeMutablePointer<UnsafePointer<Int16>?>,
    _ weights: UnsafeMutablePointer<Float>
  ) -> Int {
    let grid = table.grid
    let reflections = table.reflections
    let stride = table.thicknesses.stride
    let base = table.coefficients.pointer
    let fractions = Vector2(angle.dot(toFirst), angle.dot(toSecond))
    let nearest = fractions.rounded(.toNearestOrEven)
    // The node below K + k_t; K - g + k_t lies in the same mesh, moved by whole reciprocal vectors.
    let node = (fractions + tilt) * parts
    let below = node.rounded(.down)
    let f = node - below
    let corner = SIMD4<Float>(
      Float((1 - f.x) * (1 - f.y)), Float((1 - f.x) * f.y), Float(f.x * (1 - f.y)), Float(f.x * f.y))
    let baseI = Int(bounded: below.x) - grid.low.x
    let baseJ = Int(bounded: below.y) - grid.low.y
    let h0 = Int(bounded: nearest.x)
    let k0 = Int(bounded: nearest.y)
    let rest = angle - a * nearest.x - b * nearest.y
    return table.places.withUnsafeBufferPointer { places in
      reflections.number.withUnsafeBufferPointer { number in
        table.scales.withUnsafeBufferPointer { scales in
          neighbours.withUnsafeBufferPointer { neighbours in
            offsets.withUnsafeBufferPointer { offsets in
              var count = 0
              for n in neighbours.indices {
                let q = rest - offsets[n]
                let distance = q.x * q.x + q.y * q.y
                guard distance <= outer, distance >= hole else { continue }
                let weight = distance < inner ? 1 : illumination.weight(q)
                guard weight > 0 else { continue }
                let offset = neighbours[n]
                let h = h0 + offset.x
                let k = k0 + offset.y
                let nh = h - reflections.low.x
                let nk = k - reflections.low.y
                guard nh >= 0, nk >= 0, nh < reflections.height, nk < reflections.width else { continue }
                let g = Int(number[nh * reflections.width + nk])
                let i = baseI - grid.parts.x * h
                let j = baseJ - grid.parts.y * k
                guard g >= 0, i >= 0, j >= 0, i + 1 < grid.height, j + 1 < grid.width else { continue }
                let place = (g * grid.height + i) * grid.width + j
                let unit = Float(weight * scale) * scales[g]
                for c in 0..<4 {
                  let row = places[place + (c >> 1) * grid.width + (c & 1)]
                  guard row >= 0 else { continue }
                  pointers[count] = UnsafePointer(base + Int(row) * stride)
                  weights[count] = unit * corner[c]
                  count += 1
                }
              }
              return count
            }
          }
        }
      }
    }
  }
}
