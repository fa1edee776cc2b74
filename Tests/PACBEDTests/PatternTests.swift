import System
import Arrays
import Foundation
import PACBED
import Scattering
import Testing

@Suite struct PatternTests {
  private static let table: PACBEDTable = {
    do { return try PACBEDTable(computing: Small.request("strontium-titanate", thickness: 12)) } catch {
      fatalError("\(error)")
    }
  }()
  private let table = Self.table

  private func sum(_ m: Matrix) -> Double { m.values.reduce(0) { $0 + Double($1) } }

  @Test func `at the zone axis a pattern has the symmetry of the axis`() throws {
    let geometry = PatternGeometry(rows: 41, columns: 41, pitch: [0.45, 0.45], centre: [20, 20])
    let pattern = try table.patterns(geometry, Illumination(convergence: 6), thicknesses: [9])[0]
    let largest = pattern.values.max() ?? 0
    for r in 0..<41 {
      for c in 0..<41 {
        #expect(abs(pattern[r, c] - pattern[c, r]) < 1e-5 * largest)
        #expect(abs(pattern[r, c] - pattern[40 - r, c]) < 1e-5 * largest)
      }
    }
  }

  @Test func `the beam that a pattern holds is the beam that the table holds`() throws {
    // Without crystal, a disc that sums to one.
    let geometry = PatternGeometry(rows: 90, columns: 80, pitch: [0.21, 0.25])
    let vacuum = try table.patterns(
      geometry, Illumination(convergence: 6, edge: .intensity(width: 0.3)), thicknesses: [0])[0]
    #expect(abs(sum(vacuum) - 1) < 0.003)
    let soft = try table.patterns(
      geometry, Illumination(convergence: 6, edge: .amplitude(width: [0.3, 0.3])), thicknesses: [0])[0]
    #expect(abs(sum(soft) - 1) < 0.003)
    let thick = try table.patterns(geometry, Illumination(convergence: 6), thicknesses: [12])[0]
    #expect(sum(thick) < 1 && sum(thick) > 0.5)
  }

  @Test func `one pass for many thicknesses gives what single passes give`() throws {
    let geometry = PatternGeometry(
      rows: 21, columns: 30, pitch: [0.5, 0.4], centre: [9.3, 14.8], rotationDegrees: 17,
      distortion: [0.02, -0.01])
    let illumination = Illumination(convergence: 5.5, mistilt: [1.2, -0.7], edge: .intensity(width: 0.5))
    let list = [0.2, 11.9, 3.3, 3.4, 7, 0, 5.55, 12]
    let together = try table.patterns(geometry, illumination, thicknesses: list)
    for (i, t) in list.enumerated() {
      let alone = try table.patterns(geometry, illumination, thicknesses: [t])[0]
      for p in alone.values.indices { #expect(abs(alone.values[p] - together[i].values[p]) < 1e-7) }
    }
  }

  @Test func `the rim is what a wider cone adds`() throws {
    let geometry = PatternGeometry(rows: 40, columns: 40, pitch: [0.45, 0.45], rotationDegrees: 17)
    func pattern(_ convergence: Double, _ edge: Illumination.Edge) throws -> Matrix {
      let illumination = Illumination(convergence: convergence, mistilt: [0.6, -0.3], edge: edge)
      return try table.patterns(geometry, illumination, thicknesses: [7])[0]
    }
    // A pattern is per incident beam: what reaches a pixel of one cone is that times the cone.
    func whole(_ convergence: Double) throws -> [Float] {
      let cone = Float(convergence * convergence + 0.45 * 0.45 / 12)
      return try pattern(convergence, .intensity(width: 0.45)).values.map { $0 * cone }
    }
    let step = 0.004
    let (less, more) = (try whole(5.5 - step), try whole(5.5 + step))
    let rim = try pattern(5.5, .rim(width: 0.45)).values.map { $0 * Float(5.5 * 5.5 + 0.45 * 0.45 / 12) }
    var (off, all) = (0.0, 0.0)
    for i in rim.indices {
      let expected = Double(more[i] - less[i]) / (2 * step)
      off += (Double(rim[i]) - expected) * (Double(rim[i]) - expected)
      all += expected * expected
    }
    #expect(all > 0 && off < 0.01 * all)
  }

  @Test func `turning the image by 90 degrees turns the pattern`() throws {
    let illumination = Illumination(convergence: 5, mistilt: [1.5, 0.5], edge: .intensity(width: 0.5))
    func pattern(_ degrees: Double) throws -> Matrix {
      try table.patterns(
        PatternGeometry(
          rows: 31, columns: 31, pitch: [0.5, 0.5], centre: [15, 15], rotationDegrees: degrees),
        illumination, thicknesses: [8])[0]
    }
    let straight = try pattern(0)
    let turned = try pattern(90)
    // The direction x of the crystal (down) lies along the columns (to the right) after a quarter turn.
    for r in 0..<31 {
      for c in 0..<31 { #expect(abs(turned[30 - c, r] - straight[r, c]) < 1e-6) }
    }
  }

  @Test func `a mistilt along a mirror keeps the mirror, and opposite mistilts turn the pattern`() throws {
    let geometry = PatternGeometry(rows: 31, columns: 31, pitch: [0.55, 0.55], centre: [15, 15])
    let along = try table.patterns(
      geometry, Illumination(convergence: 5, mistilt: [1.8, 0]), thicknesses: [10])[0]
    let against = try table.patterns(
      geometry, Illumination(convergence: 5, mistilt: [-1.8, 0]), thicknesses: [10])[0]
    var asymmetry: Float = 0
    for r in 0..<31 {
      for c in 0..<31 {
        #expect(abs(along[r, c] - along[r, 30 - c]) < 1e-6)
        #expect(abs(along[r, c] - against[30 - r, 30 - c]) < 1e-6)
        asymmetry = max(asymmetry, abs(along[r, c] - along[30 - r, c]))
      }
    }
    #expect(asymmetry > 1e-5, "a mistilt shows")
  }

  @Test func `an oblique cell and its rectangular description give one pattern`() throws {
    // Beryl: the primitive hexagonal cell against the C-centred rectangular one.
    let rectangular = try OrientedCrystal(keepingCellOf: ReferencePattern.material("beryl_orth"))
    let oblique = try OrientedCrystal(ReferencePattern.material("beryl_orth"), zone: [0, 0, 1])
    #expect(oblique.atoms.count * 2 == rectangular.atoms.count)
    let geometry = PatternGeometry(rows: 24, columns: 26, pitch: [0.6, 0.6])
    let illumination = Illumination(convergence: 5, mistilt: [1, 0.5], edge: .intensity(width: 0.6))
    let patterns = try [rectangular, oblique].map { crystal in
      try PACBEDTable(
        computing: TableRequest(
          crystal: crystal, kilovolts: 300, multislice: .init(spacing: 0.16), convergence: 5.3, mistilt: 1.2,
          angle: 12,
          thickness: 5, step: .fixed(1))
      ).patterns(geometry, illumination, thicknesses: [4.6])[0].values
    }
    #expect(correlation(patterns[0], patterns[1]) > 0.9999)
  }
}

@Suite struct SimulatedDirectionTests {
  @Test func `a primitive cell's patterns lie as the conventional cell's do`() throws {
    let crystal = try Crystal(known: "gallium-arsenide")
    var simulation = PACBEDSimulation(crystal: crystal)
    simulation.kilovolts = 200
    simulation.convergence = 5
    simulation.mistilt = [1.5, 0.4]
    simulation.thicknesses = [5]
    (simulation.width, simulation.height) = (32, 32)
    let pattern = try simulation.run().patterns[0].image
    let conventional = try PACBEDTable(
      computing: TableRequest(
        crystal: OrientedCrystal(keepingCellOf: crystal), kilovolts: 200, convergence: 5.5, mistilt: 2,
        angle: 14, thickness: 6)
    ).patterns(
      PatternGeometry(size: 32, pitch: 0.5),
      Illumination(convergence: 5, mistilt: [1.5, 0.4], edge: .amplitude(width: [0.5, 0.5])), thicknesses: [5]
    )[0]
    #expect(correlation(pattern.values, conventional.values) > 0.9995)
    simulation.xAxis = [1, 1, 0]
    let turned = try simulation.run().patterns[0].image
    #expect(correlation(turned.values, conventional.values) < 0.999)
  }
}

@Suite struct DetectorTests {
  private let geometry = PatternGeometry(size: 64, pitch: 0.5)

  private func record(_ detector: CameraEffects, seed: UInt64 = 3) -> [Float] {
    var pixels = [Float](repeating: 1e-4, count: 64 * 64)
    var random = RandomNumbers(seed: seed)
    pixels.withUnsafeMutableBufferPointer { _ = detector.record($0, geometry: geometry, random: &random) }
    return pixels
  }

  @Test func `counting noise has the variance of its mean and reading noise its own`() {
    let perPixel = 100.0
    let counted = record(CameraEffects(electrons: perPixel * 4096)).map { Double($0) / 1e-4 * perPixel }
    let mean = counted.reduce(0, +) / 4096
    let variance = counted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4096
    #expect(abs(mean - perPixel) < 0.6)
    #expect(abs(variance / perPixel - 1) < 0.1)
    let read = record(CameraEffects(noise: 0.2)).map { Double($0) / 1e-4 - 1 }
    #expect(abs((read.reduce(0) { $0 + $1 * $1 } / 4096).squareRoot() - 0.2) < 0.01)
  }

  @Test func `background and haze are added where they belong, and the seed decides`() {
    let pixels = record(CameraEffects(background: 0.1, haze: 0.5, hazeWidth: 5))
    #expect(abs(pixels[32 * 64 + 32] - 1.6e-4) < 1e-9)
    #expect(abs(pixels[0] - 1.1e-4) < 1e-6)
    let noisy = CameraEffects(electrons: 1e4, noise: 0.1, hotPixels: 0.01)
    #expect(record(noisy) == record(noisy))
    #expect(record(noisy) != record(noisy, seed: 4))
  }
}
