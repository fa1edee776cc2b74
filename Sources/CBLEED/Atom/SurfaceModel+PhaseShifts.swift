import Glibc  // cbrt

extension SurfaceModel {
  /// The phase shifts of every element, from the free atoms up: atoms, their superposition in the bulk
  /// crystal, spheres that touch half-way to the nearest neighbour.
  package func phaseShifts() throws(CBLEEDError) -> [PhaseShifts] {
    try muffinTins().map { PhaseShifts(muffinTin: $0) }
  }

  package func muffinTins() throws(CBLEEDError) -> [MuffinTin] {
    var atoms: [LDAAtom] = []
    for element in elements {
      atoms.append(try LDAAtom(nuclearCharge: element.nuclearCharge, shells: element.shells))
    }
    let sites = try structure().bulk.flatMap(\.atoms)
    // Volume of one atom's share of the crystal.
    let volume = bulkCell.area * -bulkRepeat.z / Double(sites.count)
    let cellRadius = cbrt(3 * volume / (4 * .pi)) / Physics.bohr
    var tins: [MuffinTin] = []
    for (number, element) in elements.enumerated() {
      guard let centre = sites.first(where: { $0.element == number }) else {
        throw .request("\(name): \(element.symbol) is no part of the bulk that its potential is made of")
      }
      let neighbours = neighbours(of: centre, sites: sites, within: 24 * Physics.bohr).map {
        MuffinTin.Neighbour(distance: $0.distance / Physics.bohr, atom: atoms[$0.element])
      }
      guard let nearest = neighbours.map(\.distance).min() else {
        throw .request("\(name): the bulk has no neighbours")
      }
      tins.append(
        MuffinTin(
          atom: atoms[number], neighbours: neighbours, exchange: element.exchange, radius: nearest / 2,
          cellRadius: cellRadius))
    }
    return tins
  }

  private func neighbours(
    of centre: SurfaceAtom, sites: [SurfaceAtom], within reach: Double
  ) -> [(distance: Double, element: Int)] {
    var found: [(distance: Double, element: Int)] = []
    let turns = Int(reach / -bulkRepeat.z) + 2
    for turn in -turns...turns {
      for site in sites {
        let height = site.position.z - centre.position.z + Double(turn) * bulkRepeat.z
        guard abs(height) < reach else { continue }
        let offset =
          site.position.plane - centre.position.plane + Double(turn) * bulkRepeat.plane
        // Lattice points that bring the site within reach lie within reach plus its own offset.
        for point in bulkCell.points(within: reach + offset.length) {
          let distance = ((offset + point).squaredLength + height * height).squareRoot()
          if distance > 1e-6, distance < reach { found.append((distance, site.element)) }
        }
      }
    }
    return found
  }
}
