import Arrays
import CDiffractionKernels
import Scattering

extension PACBEDTable {
  /// Patterns of one geometry at several thicknesses (nm), rows by columns; a pixel is the fraction of the
  /// incident beam that reaches it. One pass over the geometry serves all thicknesses, on all cores.
  ///
  /// Throws where the geometry or the illumination reaches beyond the table.
  package func patterns(
    _ geometry: PatternGeometry, _ illumination: Illumination, thicknesses: [Double]
  ) throws(PACBEDError) -> [Matrix] {
    try check(geometry, illumination, thicknesses: thicknesses)
    let count = geometry.rows * geometry.columns
    let images = TableMemory<Float>(count: count * thicknesses.count)
    let pass = PatternPass(self, geometry, illumination, thicknesses: thicknesses)
    parallelChunks(geometry.rows, size: PatternPass.tile) { rows in
      pass.fill(rows: rows, images: images.pointer)
    }
    return thicknesses.indices.map { t in
      Matrix(
        rows: geometry.rows, columns: geometry.columns,
        values: Array(UnsafeBufferPointer(start: images.pointer + t * count, count: count)))
    }
  }

  /// The same on the calling thread alone, into memory of `thicknesses.count` images one after the other.
  /// What lies beyond the table is left dark.
  package func fillPatterns(
    _ geometry: PatternGeometry, _ illumination: Illumination, thicknesses: [Double],
    into images: UnsafeMutablePointer<Float>
  ) {
    PatternPass(self, geometry, illumination, thicknesses: thicknesses)
      .fill(rows: 0..<geometry.rows, images: images)
  }

  /// The same as arrays.
  func patterns(
    _ geometry: PatternGeometry, _ illumination: Illumination, near thicknesses: [Double]
  ) -> [[Float]] {
    let count = geometry.rows * geometry.columns
    let all = [Float](unsafeUninitializedCapacity: count * thicknesses.count) { buffer, filled in
      if let base = buffer.baseAddress {
        fillPatterns(geometry, illumination, thicknesses: thicknesses, into: base)
      }
      filled = count * thicknesses.count
    }
    return thicknesses.indices.map { Array(all[$0 * count..<($0 + 1) * count]) }
  }

  /// Whether patterns can be made from this table as they are asked for.
  package func check(
    _ geometry: PatternGeometry, _ illumination: Illumination, thicknesses: [Double]
  ) throws(PACBEDError) {
    guard geometry.rows > 0, geometry.columns > 0, geometry.rows * geometry.columns <= 1 << 26 else {
      throw .parameter("a pattern of \(geometry.rows) x \(geometry.columns) pixels")
    }
    guard geometry.pitch.min() > 0 else { throw .parameter("a pixel is larger than 0 mrad") }
    guard geometry.largestAngle <= request.angle * 1.0001 else {
      throw .parameter(
        "the pattern reaches to \(Self.rounded(geometry.largestAngle)) mrad, the table to \(request.angle) mrad"
      )
    }
    guard illumination.convergence > 0, illumination.outer <= request.convergence * 1.0001 else {
      throw .parameter(
        "the aperture reaches to \(Self.rounded(illumination.outer)) mrad, the table to \(request.convergence) mrad"
      )
    }
    guard illumination.mistilt.length <= request.mistilt * 1.0001 + 1e-9 else {
      throw .parameter(
        "mistilt \(Self.rounded(illumination.mistilt.length)) mrad: the table reaches to \(request.mistilt) mrad"
      )
    }
    for thickness in thicknesses where !(0...thicknessLimit).contains(thickness) {
      throw .parameter("thickness \(thickness) nm: the table reaches to \(request.thickness) nm")
    }
  }

  private var thicknessLimit: Double { request.thickness * 1.0001 }

  private static func rounded(_ x: Double) -> Double { (x * 100).rounded() / 100 }
}

/// One pass over the pixels of a geometry for a list of thicknesses.
struct PatternPass: Sendable {
  private let table: PACBEDTable
  private let geometry: PatternGeometry
  private let illumination: Illumination
  /// Runs of kept thicknesses that are summed, and where the windows of the wanted ones lie in the sums.
  private let segments: [(first: Int, count: Int)]
  private let windows: [(at: Int, weights: SIMD4<Float>)]
  private let sums: Int
  private let origin: Vector2
  private let rowStep: Vector2
  private let columnStep: Vector2
  private let scale: Double
  /// Offsets of reflections from the one nearest to a pixel that its aperture may hold.
  private let neighbours: [SIMD2<Int>]

  init(_ table: PACBEDTable, _ geometry: PatternGeometry, _ illumination: Illumination, thicknesses: [Double])
  {
    self.table = table
    self.geometry = geometry
    self.illumination = illumination
    let starts = thicknesses.map { table.thicknesses.window(for: $0) }
    // Overlapping and touching windows are one run: every kept thickness is summed at most once.
    var segments: [(first: Int, count: Int)] = []
    for first in Set(starts.map(\.first)).sorted() {
      if let last = segments.indices.last, first <= segments[last].first + segments[last].count {
        segments[last].count = max(segments[last].count, first + 4 - segments[last].first)
      } else {
        segments.append((first, 4))
      }
    }
    // Runs end with a whole vector, of 8 or of 16: rows are padded with zeros to one.
    for i in segments.indices {
      let vector = segments[i].count > 8 ? 16 : 8
      segments[i].count = min(
        (segments[i].count + vector - 1) / vector * vector, table.thicknesses.stride - segments[i].first)
    }
    self.segments = segments
    var offsets: [Int] = []
    var sums = 0
    for segment in segments {
      offsets.append(sums)
      sums += segment.count
    }
    self.sums = sums
    windows = starts.map { start in
      let s = segments.lastIndex { $0.first <= start.first } ?? 0
      return (offsets[s] + start.first - segments[s].first, start.weights)
    }
    (rowStep, columnStep) = geometry.steps
    origin = Vector2.zero - rowStep * geometry.centre.x - columnStep * geometry.centre.y
    scale = abs(rowStep.cross(columnStep)) / illumination.solidAngle

    let wavelength = table.request.beam.wavelength
    let crystal = table.request.crystal
    let a = crystal.firstReciprocal
    let b = crystal.secondReciprocal
    let reach = illumination.outer / (1e3 * wavelength)
    // The pixel is at most half a mesh away from its nearest reflection, in fractions of both vectors.
    let slack = (a.length + b.length) / 2
    let area = abs(a.cross(b))
    let spanH = max(0, Int(bounded: ((reach + slack) * b.length / area).rounded(.up)))
    let spanK = max(0, Int(bounded: ((reach + slack) * a.length / area).rounded(.up)))
    var neighbours: [SIMD2<Int>] = []
    for h in -spanH...spanH {
      for k in -spanK...spanK where (a * Double(h) + b * Double(k)).length <= reach + slack {
        neighbours.append([h, k])
      }
    }
    self.neighbours = neighbours
  }

  /// Pixels are visited in squares of this edge, one line of which fills a vector: neighbours share most
  /// of their rows of the table.
  static let tile = 8

  /// Fills `rows` of every image.
  func fill(rows: Range<Int>, images: UnsafeMutablePointer<Float>) {
    let tile = Self.tile
    let columns = geometry.columns
    let pixels = geometry.rows * columns
    var found = PixelGather.Rows(neighbours: neighbours.count)
    let first = segments.first?.first ?? 0
    let pixelSums = UnsafeMutablePointer<Float>.allocate(capacity: max(1, sums))
    // Thickness after thickness the 64 pixels of a square: windows of thicknesses combine whole squares.
    let squares = UnsafeMutableBufferPointer<SIMD8<Float>>.allocate(capacity: max(1, sums) * tile)
    squares.initialize(repeating: .zero)
    let lanes = UnsafeMutableRawBufferPointer(squares).assumingMemoryBound(to: Float.self)
    defer {
      pixelSums.deallocate()
      squares.deallocate()
    }
    let gather = PixelGather(table, illumination, neighbours: neighbours, scale: scale)
    for top in stride(from: rows.lowerBound, to: rows.upperBound, by: tile) {
      for left in stride(from: 0, to: columns, by: tile) {
        let bottom = min(rows.upperBound, top + tile)
        let right = min(columns, left + tile)
        for row in top..<bottom {
          for column in left..<right {
            let angle = origin + rowStep * Double(row) + columnStep * Double(column)
            gather.find(at: angle, first: first, &found)
            var at = 0
            for segment in segments {
              ewald_sum_rows(
                pixelSums + at, segment.count, found.pointers, segment.first, found.weights, found.count)
              at += segment.count
            }
            let lane = (row - top) * tile + column - left
            for n in 0..<sums { lanes[n * tile * tile + lane] = pixelSums[n] }
          }
        }
        for (t, window) in windows.enumerated() {
          let w = window.weights
          for row in top..<bottom {
            let at = window.at * tile + row - top
            var line: SIMD8<Float> = squares[at] * w[0]
            line += squares[at + tile] * w[1]
            line += squares[at + 2 * tile] * w[2]
            line += squares[at + 3 * tile] * w[3]
            let image = images + t * pixels + row * columns + left
            if right - left == tile {
              UnsafeMutableRawPointer(image).storeBytes(of: line, as: SIMD8<Float>.self)
            } else {
              for column in 0..<right - left { image[column] = line[column] }
            }
          }
        }
      }
    }
  }
}
