import Arrays
import Diffraction
import Glibc  // sin, cos, exp

/// The projected potential of a crystal's cell, slice by slice.
package struct SlicedPotential: Sendable {
  package struct Slice: Sendable {
    /// Height of the slice's plane within the period, in Å.
    package var height: Double
    /// The way to the next plane (of the next period, for the last), in Å.
    package var distance: Double
    /// Fourier coefficients of the projected potential in V Å, in the grid's order.
    package var coefficients: [ComplexDouble]
    /// Where atoms move independently: each one's coefficients at rest, and its displacements.
    var atoms: [(coefficients: [ComplexDouble], displacement: Displacement)] = []
  }

  package let grid: TransverseGrid
  package let slices: [Slice]

  package init(crystal: OrientedCrystal, settings: MultisliceSettings) throws(ScatteringError) {
    if let imitation = settings.imitation {
      guard abs(crystal.second.x) < 1e-6 * crystal.second.length else {
        throw .parameter("the grid of a rectangular program is imitated in rectangular cells only")
      }
      guard imitation.points.x >= 4, imitation.points.y >= 4 else {
        throw .parameter("a grid to imitate has at least 4 points a vector")
      }
      grid = TransverseGrid(crystal: crystal, rows: imitation.points.x, columns: imitation.points.y)
    } else {
      guard settings.spacing > 0.005, settings.spacing < 2 else {
        throw .parameter("grid spacing \(settings.spacing) Å is outside 0.005 to 2 Å")
      }
      grid = TransverseGrid(crystal: crystal, spacing: settings.spacing)
    }
    guard grid.count <= 1 << 22 else {
      throw .parameter("the cell needs \(grid.rows) x \(grid.columns) points: too large")
    }
    let grid = grid
    let layers = Self.layers(crystal, slicing: settings.slicing)
    var slices: [Slice] = []
    for (i, layer) in layers.enumerated() {
      let next = i + 1 < layers.count ? layers[i + 1].height : layers[0].height + crystal.period
      func coefficients(_ atoms: [OrientedCrystal.Atom]) -> [ComplexDouble] {
        Self.coefficients(of: atoms, crystal: crystal, grid: grid, settings: settings)
      }
      var slice = Slice(
        height: layer.height, distance: next - layer.height, coefficients: coefficients(layer.atoms))
      if case .independent(let share) = settings.motion {
        slice.atoms = layer.atoms.map { atom in
          let own = atom.displacement ?? Displacement(b: MultisliceSettings.Motion.typicalB)
          return (coefficients([atom]), own.scaled(by: share))
        }
      }
      slices.append(slice)
    }
    self.slices = slices
  }

  private typealias Layer = (height: Double, atoms: [OrientedCrystal.Atom])

  private static func layers(_ crystal: OrientedCrystal, slicing: MultisliceSettings.Slicing) -> [Layer] {
    let period = crystal.period
    switch slicing {
    case .uniform(let count):
      var layers: [Int: [OrientedCrystal.Atom]] = [:]
      for atom in crystal.atoms {
        let slice = Int((atom.depth * Double(max(1, count)) + 1e-6).rounded(.down))
        layers[min(slice, max(1, count) - 1), default: []].append(atom)
      }
      return layers.sorted { $0.key < $1.key }.map {
        (Double($0.key) * period / Double(max(1, count)), $0.value)
      }
    case .planes(let merging):
      var layers: [Layer] = []
      for atom in crystal.atoms {
        if let last = layers.indices.last, atom.depth * period - layers[last].height <= max(merging, 1e-3) {
          layers[last].atoms.append(atom)
        } else {
          layers.append((atom.depth * period, [atom]))
        }
      }
      // The plane of several heights lies where they scatter on the average.
      return layers.map { layer in
        let weight = layer.atoms.reduce(0) { $0 + $1.occupancy * Double($1.element.atomicNumber) }
        let height = layer.atoms.reduce(0) {
          $0 + $1.occupancy * Double($1.element.atomicNumber) * $1.depth * period
        }
        return (height / weight, layer.atoms)
      }
    }
  }

  /// V_g = h²/(2 pi m e) / area . sum over atoms of f(g) exp(-2 pi² g.U.g) exp(-2 pi i g.r)
  private static func coefficients(
    of atoms: [OrientedCrystal.Atom], crystal: OrientedCrystal, grid: TransverseGrid,
    settings: MultisliceSettings
  ) -> [ComplexDouble] {
    var sum = [ComplexDouble](repeating: .zero, count: grid.count)
    let scale = ElectronBeam.potentialPerScattering / crystal.area
    for (element, members) in Dictionary(grouping: atoms, by: \.element).sorted(by: {
      $0.key.atomicNumber < $1.key.atomicNumber
    }) {
      let factor = FormFactor(element, family: settings.formFactors)
      let f = grid.frequencies { g in factor(squaredFrequency: g.dot(g)) * scale / sinc(g, grid, settings) }
      for atom in members {
        let u = displacement(of: atom, settings)
        let rows = phases(grid.rows, atom.across.x, bilinear: settings.imitation != nil, grid.index(row:))
        let columns = phases(
          grid.columns, atom.across.y, bilinear: settings.imitation != nil, grid.index(column:))
        for row in 0..<grid.rows {
          for column in 0..<grid.columns {
            let at = row * grid.columns + column
            var amplitude = f[at] * atom.occupancy
            if let u {
              let g = grid.frequency(h: grid.index(row: row), k: grid.index(column: column))
              amplitude *= exp(-2 * .pi * .pi * u.along([g.x, g.y, 0]))
            }
            sum[at] += rows[row] * columns[column] * amplitude
          }
        }
      }
    }
    return sum
  }

  private static func displacement(
    of atom: OrientedCrystal.Atom, _ settings: MultisliceSettings
  ) -> Displacement? {
    switch settings.motion {
    // Independent motion acts on the transmission, not on the potential.
    case .none, .independent: nil
    case .fromCrystal: atom.displacement
    case .uniform(let b): Displacement(b: b)
    }
  }

  /// exp(-2 pi i h x) for every h; placed between two grid points, their weighted mean.
  private static func phases(_ count: Int, _ x: Double, bilinear: Bool, _ index: (Int) -> Int)
    -> [ComplexDouble]
  {
    (0..<count).map { i in
      let h = Double(index(i))
      func phase(_ x: Double) -> ComplexDouble { ComplexDouble(cos(2 * .pi * h * x), -sin(2 * .pi * h * x)) }
      guard bilinear else { return phase(x) }
      let n = Double(count)
      let below = (x * n + 1e-9).rounded(.down)
      let part = max(0, x * n - below)
      return phase(below / n) * (1 - part) + phase((below + 1) / n) * part
    }
  }

  private static func sinc(_ g: Vector2, _ grid: TransverseGrid, _ settings: MultisliceSettings) -> Double {
    guard settings.imitation != nil else { return 1 }
    let x = g.x / (grid.firstReciprocal.x * Double(grid.rows))
    let y = g.y / (grid.secondReciprocal.y * Double(grid.columns))
    let r = (x * x + y * y).squareRoot()
    return r == 0 ? 1 : sin(r) / r
  }
}

extension TransverseGrid {
  /// One value for every frequency, in the grid's order.
  func frequencies<T>(_ value: (Vector2) -> T) -> [T] {
    var values: [T] = []
    values.reserveCapacity(count)
    for row in 0..<rows {
      for column in 0..<columns {
        values.append(value(frequency(h: index(row: row), k: index(column: column))))
      }
    }
    return values
  }
}
