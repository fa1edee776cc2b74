import Arrays
import Diffraction
import Foundation
import Scattering
import Testing

@Suite struct MultisliceTests {
  private func multislice(
    _ name: String, _ zone: SIMD3<Int> = [0, 0, 1], kilovolts: Double = 200,
    _ settings: MultisliceSettings = .init()
  ) throws -> PlaneWaveMultislice {
    try PlaneWaveMultislice(
      crystal: OrientedCrystal(Crystal(known: name), zone: zone), beam: ElectronBeam(kilovolts: kilovolts),
      settings: settings)
  }

  /// Intensities behind the last of `cells`, in the grid's order.
  private func intensities(_ multislice: PlaneWaveMultislice, _ k: Vector2, cells: Int) -> [Double] {
    var result: [Double] = []
    multislice.run(incidence: k, cells: cells, workspace: .init(for: multislice)) { cell, wave in
      if cell == cells { result = wave.map { Double($0.squaredModulus) } }
    }
    return result
  }

  @Test func `without a band limit five periods keep the intensity to 1e-6`() throws {
    var settings = MultisliceSettings()
    settings.bandLimit = .none
    let multislice = try multislice("magnesium-oxide", [0, 0, 1], settings)
    for k in [Vector2.zero, [0.3, -0.2]] {
      let sum = intensities(multislice, k, cells: 5).reduce(0, +)
      #expect(abs(sum - 1) < 1e-6, "\(sum)")
    }
  }

  @Test func `the band limit and absorption take intensity away`() throws {
    let limited = intensities(try multislice("rutile"), .zero, cells: 20).reduce(0, +)
    #expect(limited < 1 && limited > 0.8)
    var settings = MultisliceSettings()
    settings.absorption = 0.1
    let absorbed = intensities(try multislice("rutile", [0, 0, 1], settings), .zero, cells: 20).reduce(0, +)
    #expect(absorbed < 0.9 * limited)
  }

  // An electron that enters along -(k + g) and leaves along -k meets the slices in reversed order.
  @Test func `source and detector may be exchanged`() throws {
    let crystal = try OrientedCrystal(Crystal(known: "gallium-arsenide"), zone: [1, 1, 0])
    let depths = Set(crystal.atoms.map { ($0.depth * 1e6).rounded() / 1e6 }).sorted()
    let beam = ElectronBeam(kilovolts: 100)
    let forward = try PlaneWaveMultislice(crystal: crystal, beam: beam, settings: .init())
    let reversed = try PlaneWaveMultislice(
      crystal: crystal.reversed(around: (depths[0] + depths[depths.count - 1]) / 2), beam: beam,
      settings: .init())
    let k = Vector2(0.21, 0.08)
    let there = intensities(forward, k, cells: 12)
    var strongest = 0.0
    for (h, l) in [(0, 0), (1, 0), (1, 1), (0, 2), (-1, 2), (-2, 0)] {
      let g = forward.grid.frequency(h: h, k: l)
      let back = intensities(reversed, Vector2.zero - k - g, cells: 12)
      let at = try #require(forward.grid.position(h: h, k: l))
      #expect(abs(there[at] - back[at]) < 2e-5, "\(h) \(l): \(there[at]) \(back[at])")
      if h != 0 || l != 0 { strongest = max(strongest, there[at]) }
    }
    #expect(strongest > 0.01, "the test looks at scattered beams")
  }

  @Test func `opposite reflections are equal in centrosymmetric crystals at any thickness`() throws {
    func asymmetry(_ name: String, cells: Int) throws -> Double {
      let m = try multislice(name, [1, 1, 0], kilovolts: 100)
      let i = intensities(m, .zero, cells: cells)
      var worst = 0.0
      for (h, k) in [(1, 1), (1, -1), (2, 0), (0, 2), (0, 1), (2, 1), (1, 3)] {
        let a = try #require(m.grid.position(h: h, k: k))
        let b = try #require(m.grid.position(h: -h, k: -k))
        worst = max(worst, abs(i[a] - i[b]))
      }
      return worst
    }
    #expect(try asymmetry("silicon", cells: 40) < 1e-5)
    #expect(
      try asymmetry("gallium-arsenide", cells: 1) < 2e-4, "Friedel holds in the first Born approximation")
    #expect(try asymmetry("gallium-arsenide", cells: 40) > 5e-3, "and breaks in thick polar crystals")
  }

  // |i sigma sum over slices of V_g exp(-i pi lambda (|g|² + 2 g.k) (t - z))|²
  @Test func `a thin crystal scatters kinematically`() throws {
    var crystal = try OrientedCrystal(Crystal(known: "quartz").thinned(to: 0.003), zone: [0, 0, 1])
    crystal = crystal.reversed(around: 0.5)
    let beam = ElectronBeam(kilovolts: 300)
    let settings = MultisliceSettings()
    let m = try PlaneWaveMultislice(crystal: crystal, beam: beam, settings: settings)
    let potential = try SlicedPotential(crystal: crystal, settings: settings)
    let k = Vector2(0.1, 0.25)
    let cells = 4
    let dynamic = intensities(m, k, cells: cells)
    var compared = 0
    for (h, l) in [(1, 0), (0, 1), (-1, 1), (2, 0), (1, 1), (-2, 1), (3, 0), (0, -3)] {
      let at = try #require(m.grid.position(h: h, k: l))
      let g = m.grid.frequency(h: h, k: l)
      let error = -Double.pi * beam.wavelength * (g.dot(g) + 2 * g.dot(k))
      var amplitude = ComplexDouble.zero
      for cell in 0..<cells {
        for slice in potential.slices {
          let z = Double(cell) * crystal.period + slice.height
          let phase = error * (Double(cells) * crystal.period - z)
          amplitude += slice.coefficients[at] * ComplexDouble(cos(phase), sin(phase))
        }
      }
      let kinematic = amplitude.squaredModulus * beam.interactionConstant * beam.interactionConstant
      guard kinematic > 1e-9 else { continue }
      compared += 1
      #expect(abs(dynamic[at] / kinematic - 1) < 0.02, "\(h) \(l): \(dynamic[at]) \(kinematic)")
    }
    #expect(compared >= 6)
  }

  @Test func `Bloch waves with many beams agree on a light crystal`() throws {
    // Diamond along [110]: two layers 1.26 Å apart, little upper-layer scattering.
    let carbon = try #require(Element(symbol: "C"))
    let cell = try #require(UnitCell(lengths: [3.567, 3.567, 3.567], anglesDegrees: [90, 90, 90]))
    var sites: [Site] = []
    for base in [Vector3(0, 0, 0), Vector3(0.25, 0.25, 0.25)] {
      for shift in [Vector3(0, 0, 0), [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]] {
        sites.append(Site(element: carbon, position: base + shift, displacement: Displacement(b: 0.14)))
      }
    }
    let crystal = try OrientedCrystal(
      Crystal(name: "diamond", cell: cell, sites: sites), zone: [1, 1, 0])
    var settings = MultisliceSettings()
    settings.motion = .fromCrystal
    let beam = ElectronBeam(kilovolts: 200)
    let bloch = try BlochWaves(crystal: crystal, beam: beam, radius: 2.6, settings: settings)
    #expect(bloch.beams.count > 150)
    let m = try PlaneWaveMultislice(crystal: crystal, beam: beam, settings: settings)
    for k in [Vector2.zero, [0.15, 0.05]] {
      let cells = 80
      let waves = try bloch.intensities(incidence: k, thicknesses: [Double(cells) * crystal.period])[0]
      #expect(abs(waves.reduce(0, +) - 1) < 1e-9)
      let slices = intensities(m, k, cells: cells)
      for (i, index) in bloch.beams.enumerated() {
        let at = try #require(m.grid.position(h: index.x, k: index.y))
        #expect(abs(waves[i] - slices[at]) < 0.004, "\(index) \(waves[i]) \(slices[at])")
      }
      #expect(waves[0] < 0.8, "the crystal is thick enough to matter")
    }
  }

  @Test func `atoms that move by themselves lose what they scatter between the beams`() throws {
    let crystal = try OrientedCrystal(Crystal(known: "magnesium-oxide"), zone: [0, 0, 1])
    let beam = ElectronBeam(kilovolts: 200)
    func left(_ motion: MultisliceSettings.Motion) throws -> (all: Double, scattered: Double) {
      let m = try PlaneWaveMultislice(
        crystal: crystal, beam: beam, settings: MultisliceSettings(motion: motion, spacing: 0.15))
      let all = intensities(m, [0.1, 0.05], cells: 12)
      return (all.reduce(0, +), all.reduce(0, +) - all[0])
    }
    let rest = try left(.none)
    let still = try left(.independent(share: 1e-9))
    #expect(abs(still.all - rest.all) < 1e-3 && abs(still.scattered - rest.scattered) < 1e-3)
    var last = still
    for share in [0.5, 1, 2] {
      let now = try left(.independent(share: share))
      #expect(now.all < last.all - 1e-3, "share \(share): \(now) after \(last)")
      last = now
    }
    // Damping the potential alone keeps all electrons.
    #expect(try left(.uniform(b: 0.5)).all > rest.all - 1e-3)
  }

  @Test func `slices hold all atoms however the crystal is cut`() throws {
    let crystal = try OrientedCrystal(Crystal(known: "beryl"), zone: [0, 0, 1])
    for slicing in [
      MultisliceSettings.Slicing.planes(merging: 0.2), .planes(merging: 1), .uniform(12), .uniform(1),
    ] {
      var settings = MultisliceSettings()
      settings.slicing = slicing
      settings.spacing = 0.3
      let potential = try SlicedPotential(crystal: crystal, settings: settings)
      let mean = potential.slices.reduce(0) { $0 + $1.coefficients[0].re }
      let expected =
        crystal.atoms.reduce(0) { $0 + FormFactor($1.element)(0) }
        * ElectronBeam.potentialPerScattering / crystal.area
      #expect(abs(mean / expected - 1) < 1e-12)
      #expect(abs(potential.slices.reduce(0) { $0 + $1.distance } - crystal.period) < 1e-9)
    }
    let planes = try SlicedPotential(crystal: crystal, settings: .init(spacing: 0.3)).slices.count
    #expect(planes == 8, "0, .1453, .25, .3547 and the same half a period on")
  }
}

extension OrientedCrystal {
  /// Every depth mirrored: what a beam from behind sees, but for a turn of the plane.
  fileprivate func reversed(around depth: Double) -> OrientedCrystal {
    withAtoms(
      atoms.map { atom in
        var atom = atom
        let d = 2 * depth - atom.depth
        atom.depth = d - d.rounded(.down)
        if atom.depth > 1 - 1e-9 { atom.depth = 0 }
        return atom
      })
  }
}

extension Crystal {
  fileprivate func thinned(to occupancy: Double) -> Crystal {
    var crystal = self
    for i in crystal.sites.indices { crystal.sites[i].occupancy = occupancy }
    return crystal
  }
}
