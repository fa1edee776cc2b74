import Arrays
import Diffraction
import Learning

/// What a reading looks like: the pattern that the answer stands for, the difference, the latent map.
struct CBLEEDExhibits {
  private let model: PatternModel
  private let pattern: AlignedPattern
  private let answer: PatternAnswer

  init(_ model: PatternModel, _ pattern: AlignedPattern, _ answer: PatternAnswer) {
    self.model = model
    self.pattern = pattern
    self.answer = answer
  }

  var all: [Exhibit] {
    // In the units of the frame's own pixels.
    let unit = pattern.brightness / Double(pattern.binning * pattern.binning)
    let expected = answer.reconstruction.map { unit * max(0, $0) }
    let difference = zip(answer.measured, answer.reconstruction).map { unit * ($0 - $1) }
    return [
      .image(
        Exhibit.Image("Reconstruction", pixels(expected), role: .expected, signal: .slowDiscs, pixel: pixel)),
      .image(
        Exhibit.Image(
          "Residual", pixels(difference), role: .difference, signal: .slowDiscs, pixel: pixel)),
    ] + neighbours(unit) + [.scatter(scatter)]
  }

  /// The nearest training patterns, to compare with: the bracket keys go through them.
  private func neighbours(_ unit: Double) -> [Exhibit] {
    answer.neighbours.prefix(3).enumerated().map { number, neighbour in
      let emulator = model.likelihood.emulator
      let coordinates = emulator.coordinates(
        emulator.scaled(Array(model.parameters.row(neighbour.row))))
      var values = model.components.reconstruct(
        DoubleMatrix(rows: 1, columns: coordinates.count, values: coordinates)
      ).values
      if answer.isMirrored, let order = model.raster.mirrored { values = order.map { values[$0] } }
      return .image(
        Exhibit.Image(
          "Neighbour", pixels(values.map { unit * max(0, $0) }), signal: .slowDiscs, part: number,
          pixel: pixel))
    }
  }

  /// The model's detector, onto which the frame was brought.
  private var pixel: AxisCalibration {
    AxisCalibration(scale: model.raster.detector.pixel, unit: "1/A")
  }

  private func pixels(_ values: [Double]) -> Pixels {
    let image = model.raster.image(values)
    return Pixels(width: image.columns, height: image.rows, values: image.values)
  }

  private var scatter: Scatter {
    let neighbours = Array(answer.neighbours.prefix(5))
    let axes = model.maps.flatMap { map -> [Scatter.Axes] in
      let placed = MapPlacement(map, model.latents)
      let own = placed.place(answer.latent)
      let others = neighbours.map { placed.place(Array(model.latents.row($0.row))) }
      return map.columnPairs.map { pair in
        func point(_ coordinates: [Double]) -> Scatter.Point {
          Scatter.Point(x: Float(coordinates[pair.0]), y: Float(coordinates[pair.1]))
        }
        return Scatter.Axes(
          name: "\(map.name) \(pair.0 + 1)/\(pair.1 + 1)",
          cloud: (0..<map.coordinates.rows).map { point(Array(map.coordinates.row($0))) }, own: point(own),
          neighbours: others.map(point))
      }
    }
    let count = model.maps.first?.coordinates.rows ?? 0
    return Scatter(
      name: "Latent", axes: axes,
      shades: model.targets.enumerated().map { index, target in
        Scatter.Shade(
          name: target.name, unit: target.unit,
          values: (0..<count).map { Float(model.parameters[$0, index]) })
      },
      neighbours: neighbours.map { neighbour in
        Scatter.Neighbour(
          text: model.targets.indices.map { index in
            let decimals = model.targets[index].unit == "eV" ? 1 : 2
            return CBLEEDEngine.text(model.parameters[neighbour.row, index], decimals)
          }.joined(separator: " "), distance: neighbour.distance, source: "train")
      })
  }
}

extension LatentMap {
  /// Which columns make a plane: 1/2, and 1/3 where there are three.
  var columnPairs: [(Int, Int)] {
    switch coordinates.columns {
    case 1: [(0, 0)]
    case 2: [(0, 1)]
    default: [(0, 1), (0, 2)]
    }
  }
}

/// Where a pattern belongs on a map that was made without it: its neighbours' places, weighed so that they
/// would make up its latent values (Saul & Roweis 2003).
private struct MapPlacement {
  private let map: LatentMap
  private let latents: DoubleMatrix
  private let search: NeighbourSearch

  init(_ map: LatentMap, _ latents: DoubleMatrix) {
    self.map = map
    self.latents = latents.selectingRows(0..<map.coordinates.rows)
    search = NeighbourSearch(self.latents)
  }

  func place(_ latent: [Double]) -> [Double] {
    let found = search.nearest(min(12, latents.rows), to: latent)
    if let first = found.first, first.squaredDistance == 0 { return Array(map.coordinates.row(first.index)) }
    let weights = weights(found.map(\.index), latent)
    var place = [Double](repeating: 0, count: map.coordinates.columns)
    for (neighbour, weight) in zip(found, weights) {
      for c in place.indices { place[c] += weight * map.coordinates[neighbour.index, c] }
    }
    return place
  }

  private func weights(_ rows: [Int], _ latent: [Double]) -> [Double] {
    let count = rows.count
    var differences = DoubleMatrix(rows: count, columns: latent.count)
    for (r, row) in rows.enumerated() {
      for c in latent.indices { differences[r, c] = latents[row, c] - latent[c] }
    }
    var gram = differences.gram()
    let trace = (0..<count).reduce(0) { $0 + gram[$1, $1] }
    for i in 0..<count { gram[i, i] += 0.01 * max(trace, 1e-300) }
    let even = [Double](repeating: 1 / Double(max(1, count)), count: count)
    guard let solved = try? Cholesky(gram).solve([Double](repeating: 1, count: count)) else { return even }
    let sum = solved.reduce(0, +)
    return sum != 0 && sum.isFinite ? solved.map { $0 / sum } : even
  }
}
