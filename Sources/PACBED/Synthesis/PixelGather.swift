import Arrays
import CDiffractionKernels
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

  /// The rows of one pixel with their weights, and what it takes to find them.
  struct Rows: ~Copyable {
    let pointers: UnsafeMutablePointer<UnsafePointer<Int16>?>
    let weights: UnsafeMutablePointer<Float>
    fileprivate let meshes: UnsafeMutablePointer<Int>
    fileprivate let units: UnsafeMutablePointer<Float>
    fileprivate(set) var count = 0

    init(neighbours: Int) {
      pointers = .allocate(capacity: 4 * neighbours)
      weights = .allocate(capacity: 4 * neighbours)
      meshes = .allocate(capacity: neighbours)
      units = .allocate(capacity: neighbours)
    }

    deinit {
      pointers.deallocate()
      weights.deallocate()
      meshes.deallocate()
      units.deallocate()
    }
  }

  /// Finds what the pixel at `angle` (mrad) sums: four rows for every reflection whose aperture holds it, the corners of
  /// the mesh in which its incidence lies. Of the rows the part from `first` on is wanted.
  func find(at angle: Vector2, first: Int, _ rows: inout Rows) {
    let grid = table.grid
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
    let rest = angle - a * nearest.x - b * nearest.y
    let count = meshes(
      around: SIMD2(Int(bounded: nearest.x), Int(bounded: nearest.y)), rest, SIMD2(baseI, baseJ), rows)
    rows.count = withUnsafeBytes(of: corner) { corner in
      ewald_gather_rows(
        rows.pointers, rows.weights, table.places.pointer, grid.width, rows.meshes, rows.units, count,
        corner.assumingMemoryBound(to: Float.self).baseAddress, table.coefficients.pointer,
        table.thicknesses.stride, first)
    }
  }

  /// Where the meshes lie in the table and what each counts, for the reflections around the nearest one.
  private func meshes(
    around nearest: SIMD2<Int>, _ rest: Vector2, _ base: SIMD2<Int>, _ rows: borrowing Rows
  ) -> Int {
    let grid = table.grid
    let reflections = table.reflections
    return reflections.number.withUnsafeBufferPointer { number in
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
              let h = nearest.x + neighbours[n].x
              let k = nearest.y + neighbours[n].y
              let nh = h - reflections.low.x
              let nk = k - reflections.low.y
              guard nh >= 0, nk >= 0, nh < reflections.height, nk < reflections.width else { continue }
              let g = Int(number[nh * reflections.width + nk])
              let i = base.x - grid.parts.x * h
              let j = base.y - grid.parts.y * k
              guard g >= 0, i >= 0, j >= 0, i + 1 < grid.height, j + 1 < grid.width else { continue }
              rows.meshes[count] = (g * grid.height + i) * grid.width + j
              rows.units[count] = Float(weight * scale) * scales[g]
              count += 1
            }
            return count
          }
        }
      }
    }
  }
}
