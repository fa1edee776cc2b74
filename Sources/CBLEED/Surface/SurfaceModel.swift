/// A reconstructed surface as a file describes it: cells, layers and the parameters that move atoms.
/// Nothing in the simulators knows a particular surface.
package struct SurfaceModel: Sendable, Equatable {
  /// A quantity that patterns are simulated for and read back from patterns.
  package struct FreeParameter: Sendable, Equatable {
    package var name: String
    package var unit: String
    package var standard: Double
    /// Where it is sampled unless a request says otherwise.
    package var range: ClosedRange<Double>
    package var title: String
  }

  package struct Element: Sendable, Equatable {
    package var symbol: String
    package var nuclearCharge: Int
    package var shells: [AtomicShell]
    /// Slater's exchange factor in the solid (Schwarz 1972).
    package var exchange: Double
  }

  struct AtomRule: Sendable, Equatable {
    var element: Int
    var x: Expression
    var y: Expression
    var z: Expression
    var meanSquare: Expression

    var names: Set<String> { x.names.union(y.names).union(z.names).union(meanSquare.names) }
  }

  struct LayerRule: Sendable, Equatable {
    var plane: Expression
    var atoms: [AtomRule]
  }

  package var name: String
  package var parameters: [FreeParameter]
  package var elements: [Element]
  /// Surface cell, its columns a1 and a2 in Angstrom.
  package var cell: PlaneCell
  /// Cell of the unreconstructed planes; the surface cell is one of its superlattices.
  package var bulkCell: PlaneCell
  /// From one repeat of the bulk to the next; points down.
  package var bulkRepeat: Position
  var constants: [String: Double]
  var layers: [LayerRule]
  var bulk: [LayerRule]
  /// The text that this was read from: a model file carries it.
  package internal(set) var source = ""

  package func parameter(_ name: String) -> FreeParameter? { parameters.first { $0.name == name } }
}

/// An atom with its mean square vibration amplitude along one axis, in A^2.
package struct SurfaceAtom: Sendable, Hashable {
  package var element: Int
  package var position: Position
  package var meanSquare: Double

  package init(element: Int, position: Position, meanSquare: Double) {
    self.element = element
    self.position = position
    self.meanSquare = meanSquare
  }
}

/// Atoms that scatter among themselves as spherical waves; between layers plane waves travel.
package struct SurfaceLayer: Sendable, Hashable {
  /// The height that this layer's waves are referred to.
  package var plane: Double
  package var atoms: [SurfaceAtom]

  package init(plane: Double, atoms: [SurfaceAtom]) {
    self.plane = plane
    self.atoms = atoms
  }
}

/// A surface with numbers in place of its parameters.
package struct SurfaceStructure: Sendable, Hashable {
  package var cell: PlaneCell
  package var bulkCell: PlaneCell
  package var bulkRepeat: Position
  /// From the top down, with the surface cell.
  package var layers: [SurfaceLayer]
  /// One repeat of the bulk from the top down, with the bulk cell.
  package var bulk: [SurfaceLayer]
}

extension SurfaceModel {
  /// The structure for given parameter values; what is not named stays at its standard.
  package func structure(_ values: [String: Double] = [:]) throws(CBLEEDError) -> SurfaceStructure {
    var names = constants
    for parameter in parameters { names[parameter.name] = values[parameter.name] ?? parameter.standard }
    if let unknown = values.keys.sorted().first(where: { parameter($0) == nil }) {
      throw .request(
        "\(name) has no parameter \"\(unknown)\"; it has \(parameters.map(\.name).joined(separator: ", "))")
    }
    let structure = SurfaceStructure(
      cell: cell, bulkCell: bulkCell, bulkRepeat: bulkRepeat, layers: layers.map { $0.resolved(names) },
      bulk: bulk.map { $0.resolved(names) })
    for layer in structure.layers + structure.bulk {
      for atom in layer.atoms {
        let numbers = [atom.position.plane.x, atom.position.plane.y, atom.position.z, atom.meanSquare]
        guard numbers.allSatisfy(\.isFinite), atom.meanSquare >= 0 else {
          throw .request("\(name): these parameter values put an atom nowhere")
        }
      }
    }
    return structure
  }

  /// Layers, counted from the top, that parameters reach; the ones below are shared by all structures.
  var movableLayers: Int {
    let moving = Set(parameters.map(\.name))
    let last = layers.lastIndex { !$0.plane.names.union($0.atoms.flatMap(\.names)).isDisjoint(with: moving) }
    return max(1, (last ?? 0) + 1)
  }
}

extension SurfaceModel.LayerRule {
  func resolved(_ names: [String: Double]) -> SurfaceLayer {
    SurfaceLayer(
      plane: plane.value(names),
      atoms: atoms.map {
        SurfaceAtom(
          element: $0.element, position: Position($0.x.value(names), $0.y.value(names), $0.z.value(names)),
          meanSquare: $0.meanSquare.value(names))
      })
  }
}
