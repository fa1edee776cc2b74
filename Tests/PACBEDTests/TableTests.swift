import System
import Arrays
import CDiffractionKernels
import Foundation
import PACBED
import Scattering
import Synchronization
import Testing

@Suite struct TableTests {
  @Test func `the table holds what the multislice computes, between incidences and thicknesses too`() throws {
    let request = try Small.request(thickness: 30, step: 0.5)
    let table = try PACBEDTable(computing: request)
    let multislice = try PlaneWaveMultislice(
      crystal: request.crystal, beam: request.beam, settings: request.multislice)
    var compared = 0
    for incidence in [Vector2(0, 0), [1.37, -2.21], [-4.9, 3.3], [0.25, 6.6]] {
      var exact: [[Double]] = []
      let k = incidence / (1e3 * request.beam.wavelength)
      multislice.run(incidence: k, cells: 70, workspace: .init(for: multislice)) { _, wave in
        exact.append(wave.map { Double($0.squaredModulus) })
      }
      for cells in [1, 7, 30, 61, 70] {
        let thickness = Double(cells) * request.crystal.period / 10
        for (h, l) in [(0, 0), (1, 0), (1, 1), (-1, 0), (0, 2)] {
          let at = try #require(multislice.grid.position(h: h, k: l))
          // A reflection that no pattern may show at this incidence is not in the table.
          guard let value = table.intensity(h: h, k: l, incidence: incidence, thickness: thickness) else {
            continue
          }
          compared += 1
          #expect(abs(value - exact[cells - 1][at]) < 0.004, "\(incidence) \(cells) \(h) \(l)")
        }
      }
    }
    #expect(compared > 80)
    #expect(table.intensity(h: 0, k: 0, incidence: [20, 0], thickness: 1) == nil)
  }

  @Test func `thicknesses are interpolated smoothly between kept ones`() {
    let axis = ThicknessAxis(period: 2.959, limit: 100)
    #expect(axis.cells.prefix(4) == [0, 1, 2, 3])
    #expect(axis.count < 220)
    // A cubic through four nodes is exact for cubics and good for fringes of 10 nm.
    for t in stride(from: 0.0, through: 100, by: 0.37) {
      let (first, weights) = axis.window(for: t)
      var line = 0.0
      var fringe = 0.0
      for i in 0..<4 {
        let x = Double(axis.cells[first + i]) * axis.period / 10
        line += Double(weights[i]) * x
        fringe += Double(weights[i]) * sin(2 * .pi * x / 10)
      }
      #expect(abs(line - t) < 1e-4)
      #expect(abs(fringe - sin(2 * .pi * t / 10)) < 0.003)
    }
  }

  @Test func `symmetry changes the work, not the table`() throws {
    for (name, zone) in [
      ("strontium-titanate", [0, 0, 1]), ("rutile", [0, 0, 1]), ("magnesium-oxide", [1, 1, 1]),
    ]
      as [(String, SIMD3<Int>)]
    {
      let all = try PACBEDTable(computing: Small.request(name, zone, symmetry: .none))
      let wedge = try PACBEDTable(computing: Small.request(name, zone, symmetry: .exact))
      #expect(wedge.incidences * 3 < all.incidences)
      var largest = 0.0
      for x in stride(from: -7.0, through: 7, by: 1.7) {
        for (h, k) in [(0, 0), (1, 0), (0, 1), (1, 1), (-1, 1), (-1, 0)] {
          let q = Vector2(x, 0.3 * x - 1)
          let a = all.intensity(h: h, k: k, incidence: q, thickness: 5)
          let b = wedge.intensity(h: h, k: k, incidence: q, thickness: 5)
          if let a, let b { largest = max(largest, abs(a - b)) } else { #expect(a == nil && b == nil) }
        }
      }
      #expect(largest < 1e-4, "\(name) \(largest)")
    }
  }

  @Test func `screws along the beam are nearly symmetries of a thick crystal`() throws {
    let exact = try PACBEDTable(computing: Small.request("rutile", symmetry: .exact, thickness: 12))
    let screw = try PACBEDTable(computing: Small.request("rutile", symmetry: .screw, thickness: 12))
    #expect(screw.incidences < exact.incidences)
    let geometry = PatternGeometry(size: 40, pitch: 0.45)
    let illumination = Illumination(convergence: 6, mistilt: [1, 0.5], edge: .intensity(width: 0.45))
    let a = try exact.patterns(geometry, illumination, thicknesses: [12])[0]
    let b = try screw.patterns(geometry, illumination, thicknesses: [12])[0]
    #expect(correlation(a.values, b.values) > 0.998)
  }

  @Test func `an adaptive step is finer for thicker crystals`() throws {
    var request = try Small.request(thickness: 10)
    request.step = .adaptive(error: 0.02)
    let thin = try PACBEDTable(computing: request).step
    request.thickness = 60
    let thick = try PACBEDTable(computing: request).step
    #expect(thick < thin)
  }

  @Test func `a table beyond its memory, beyond its angles or cancelled is refused`() throws {
    var request = try Small.request()
    request.memoryLimit = 10_000
    #expect(throws: PACBEDError.self) { try PACBEDTable(computing: request) }
    request = try Small.request()
    request.convergence = -1
    #expect(throws: PACBEDError.self) { try PACBEDTable(computing: request) }
    #expect(throws: PACBEDError.cancelled) {
      try PACBEDTable(computing: Small.request(), isCancelled: { true })
    }
    let table = try PACBEDTable(computing: Small.request())
    let geometry = PatternGeometry(size: 20, pitch: 0.5)
    for (g, i, t) in [
      (geometry, Illumination(convergence: 9), 3.0),
      (geometry, Illumination(convergence: 5, mistilt: [0, 3]), 3),
      (geometry, Illumination(convergence: 5), 300),
      (PatternGeometry(size: 20, pitch: 5), Illumination(convergence: 5), 3),
      (PatternGeometry(size: 0, pitch: 1), Illumination(convergence: 5), 3),
    ] {
      #expect(throws: PACBEDError.self) { try table.patterns(g, i, thicknesses: [t]) }
    }
  }

  @Test func `progress grows to one`() throws {
    let largest = Mutex<Double>(0)
    _ = try PACBEDTable(computing: Small.request(), progress: { p in largest.withLock { $0 = max($0, p) } })
    #expect(largest.withLock { $0 } == 1)
  }

  @Test func `a stored table is the same, a damaged one is computed again`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let cache = TableCache(directory: folder + "/deep/ewald")
    let request = try Small.request()
    let first = try cache.table(for: request)
    #expect(first.origin == .computed && first.warning == nil)
    let second = try cache.table(for: request)
    #expect(second.origin == .stored)
    let geometry = PatternGeometry(size: 24, pitch: 0.5)
    let illumination = Illumination(convergence: 5, mistilt: [1, 1])
    let a = try first.table.patterns(geometry, illumination, thicknesses: [2.3, 5])
    #expect(try second.table.patterns(geometry, illumination, thicknesses: [2.3, 5]) == a)

    let path = cache.path(of: request)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder + "/deep/ewald").count == 1, "no leftovers")
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes[bytes.count / 2] ^= 4
    try bytes.write(to: URL(fileURLWithPath: path))
    let third = try cache.table(for: request)
    #expect(third.origin == .computed && third.warning != nil)
    for count in [0, 5, 90, bytes.count - 1] {
      try bytes.prefix(count).write(to: URL(fileURLWithPath: path))
      #expect(try cache.table(for: request).origin == .computed)
    }
    #expect(try cache.table(for: request).origin == .stored)
    let blocked = TableCache(directory: path)
    #expect(try blocked.table(for: request).warning != nil, "a folder that cannot be made is no failure")
  }

  @Test func `requests differ in their identity when their tables differ`() throws {
    let request = try Small.request()
    var identities: Set<String> = [request.identity]
    var variants: [TableRequest] = []
    for change in [
      { $0.kilovolts = 201 }, { $0.convergence = 6.5 }, { $0.mistilt = 1 }, { $0.angle = 13 },
      { $0.thickness = 7 },
      { $0.symmetry = .none }, { $0.step = .fixed(0.9) }, { $0.multislice.formFactors = .lobato },
      { $0.multislice.motion = .uniform(b: 0.3) }, { $0.multislice.absorption = 0.1 },
      { $0.multislice.bandLimit = .none }, { $0.multislice.spacing = 0.21 },
      { $0.multislice.slicing = .uniform(4) },
    ] as [(inout TableRequest) -> Void] {
      var variant = request
      change(&variant)
      variants.append(variant)
    }
    for variant in variants { identities.insert(variant.identity) }
    #expect(identities.count == variants.count + 1)
    var same = request
    same.memoryLimit = 1 << 20
    #expect(same.identity == request.identity)
  }

  @Test func `the loops compiled for several processors compute what plain loops do`() {
    var random = RandomNumbers(seed: 7)
    var x = (0..<77).map { _ in ComplexFloat(Float(random.normal()), Float(random.normal())) }
    let t = (0..<77).map { _ in ComplexFloat(Float(random.normal()), Float(random.normal())) }
    let expected = zip(x, t).map { $0 * $1 }
    x.withUnsafeMutableBytes { x in
      t.withUnsafeBytes { t in
        ewald_multiply_complex(
          x.assumingMemoryBound(to: Float.self).baseAddress,
          t.assumingMemoryBound(to: Float.self).baseAddress, 77)
      }
    }
    for i in x.indices { #expect((x[i] - expected[i]).modulus < 1e-5) }

    let width = 120
    let rows = (0..<9).map { _ in (0..<width).map { _ in Int16(random.integer(below: 65535) - 32767) } }
    let weights = rows.indices.map { _ in Float(random.uniform()) }
    for (first, count) in [(0, 120), (3, 4), (5, 84), (1, 19), (100, 1), (0, 64)] {
      var sums = [Float](repeating: 0, count: count)
      let memory = rows.map { row in
        let p = UnsafeMutablePointer<Int16>.allocate(capacity: width)
        p.initialize(from: row, count: width)
        return p
      }
      defer { for p in memory { p.deallocate() } }
      let pointers = memory.map { UnsafePointer($0) as UnsafePointer<Int16>? }
      ewald_sum_rows(&sums, count, pointers, first, weights, rows.count)
      for i in 0..<count {
        let plain = rows.indices.reduce(0.0) { $0 + Double(weights[$1]) * Double(rows[$1][first + i]) }
        #expect(abs(Double(sums[i]) - plain) < 0.05)
      }
    }
  }

  @Test func gatheringFindsTheCornersThatATableHas() {
    var random = RandomNumbers(seed: 5)
    let (width, height, stride) = (23, 17, 40)
    let places = (0..<width * height).map { _ in Int32(random.integer(below: 90)) - 30 }
    let base = [Int16](repeating: 0, count: 60 * stride)
    let corner: [Float] = [0.1, 0.2, 0.3, 0.4]
    for count in [0, 1, 5, 12, 13, 40] {
      let meshes = (0..<count).map { _ in
        random.integer(below: height - 1) * width + random.integer(below: width - 1)
      }
      let units = meshes.map { _ in Float(random.uniform()) }
      var rows = [UnsafePointer<Int16>?](repeating: nil, count: 4 * count)
      var weights = [Float](repeating: 0, count: 4 * count)
      base.withUnsafeBufferPointer { base in
        let found = ewald_gather_rows(
          &rows, &weights, places, width, meshes, units, count, corner, base.baseAddress, stride, 8)
        var expected: [(row: Int, weight: Float)] = []
        for (mesh, unit) in zip(meshes, units) {
          for (c, step) in [0, 1, width, width + 1].enumerated() where places[mesh + step] >= 0 {
            expected.append((Int(places[mesh + step]), unit * corner[c]))
          }
        }
        #expect(found == expected.count)
        for (n, wanted) in expected.enumerated() {
          #expect(rows[n] == base.baseAddress.map { $0 + wanted.row * stride } && weights[n] == wanted.weight)
        }
      }
    }
  }
}
