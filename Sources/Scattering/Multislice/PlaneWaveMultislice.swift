import Arrays
import CDiffractionKernels
import Diffraction
import Glibc  // sin, cos, exp

/// The multislice method for a plane wave on a perfect crystal, in one unit cell across the beam.
///
/// Slice by slice psi(r) *= exp(i sigma V(r)), then psi_g *= exp(-i pi lambda dz (|g|² + 2 g.k)) for the
/// incidence k: the wave is written relative to the incident one, so that it keeps the period of the
/// crystal for every incidence (Cowley and Moodie 1957; Kirkland, Advanced Computing in Electron
/// Microscopy, chapter 6).
package final class PlaneWaveMultislice: Sendable {
  package let crystal: OrientedCrystal
  package let beam: ElectronBeam
  package let settings: MultisliceSettings
  package let grid: TransverseGrid
  /// Slices in a period.
  package var slices: Int { transmissions.count }

  /// exp(i sigma V) at the grid's points, one array a slice.
  private let transmissions: [[ComplexFloat]]
  /// Which of `free` leads from a slice to the next.
  private let step: [Int]
  private let distances: [Double]
  /// exp(-i pi lambda dz |g|²) / points, for every distance between slices.
  private let free: [[ComplexFloat]]
  private let frequencies: [Vector2]
  private let cutoff: Double
  private let taper: Double
  private let toSpace: ComplexFFT2D
  private let toFrequency: ComplexFFT2D

  package init(
    crystal: OrientedCrystal, beam: ElectronBeam, settings: MultisliceSettings
  ) throws(ScatteringError) {
    let potential = try SlicedPotential(crystal: crystal, settings: settings)
    let grid = potential.grid
    self.crystal = crystal
    self.beam = beam
    self.settings = settings
    self.grid = grid
    frequencies = grid.frequencies { $0 }
    toSpace = ComplexFFT2D(rows: grid.rows, columns: grid.columns, direction: .inverse)
    toFrequency = ComplexFFT2D(rows: grid.rows, columns: grid.columns, direction: .forward)
    (cutoff, taper) = Self.aperture(grid: grid, settings: settings)

    let wavelength = beam.wavelength
    var distances: [Double] = []
    var step: [Int] = []
    for slice in potential.slices {
      if let known = distances.firstIndex(where: { abs($0 - slice.distance) < 1e-9 }) {
        step.append(known)
      } else {
        step.append(distances.count)
        distances.append(slice.distance)
      }
    }
    self.step = step
    self.distances = distances
    let scale = 1 / Double(grid.count)
    free = distances.map { dz in
      grid.frequencies { g in
        let phase = -Double.pi * wavelength * dz * g.dot(g)
        return ComplexFloat(Float(scale * cos(phase)), Float(scale * sin(phase)))
      }
    }
    let sigma = beam.interactionConstant
    let (toSpace, toFrequency, frequencies) = (toSpace, toFrequency, frequencies)
    var transmissions: [[ComplexFloat]] = []
    for slice in potential.slices {
      func transmit(of coefficients: [ComplexDouble]) -> [ComplexFloat] {
        toSpace.transform(coefficients.map { ComplexFloat(Float($0.re), Float($0.im)) }).map { v in
          let phase = sigma * Double(v.re)
          let amplitude = exp(-settings.absorption * phase)
          return ComplexFloat(Float(amplitude * cos(phase)), Float(amplitude * sin(phase)))
        }
      }
      var transmission: [ComplexFloat]
      if slice.atoms.isEmpty {
        transmission = transmit(of: slice.coefficients)
      } else {
        // The mean of a product of independent factors is the product of their means, and the mean of a factor
        // over an atom's places is its convolution with their distribution.
        transmission = [ComplexFloat](repeating: ComplexFloat(1), count: grid.count)
        for atom in slice.atoms {
          var factor = toFrequency.transform(transmit(of: atom.coefficients))
          for i in factor.indices {
            let g = frequencies[i]
            let damping = exp(-2 * .pi * .pi * atom.displacement.along([g.x, g.y, 0]))
            factor[i] *= Float(damping / Double(grid.count))
          }
          let mean = toSpace.transform(factor)
          for i in transmission.indices { transmission[i] *= mean[i] }
        }
      }
      if settings.bandLimit != .none {
        var limited = toFrequency.transform(transmission)
        for i in limited.indices {
          limited[i] *= Float(Self.pass(frequencies[i].length, cutoff, taper) / Double(grid.count))
        }
        transmission = toSpace.transform(limited)
      }
      transmissions.append(transmission)
    }
    self.transmissions = transmissions
  }

  private static func aperture(grid: TransverseGrid, settings: MultisliceSettings) -> (Double, Double) {
    guard settings.bandLimit != .none else { return (.infinity, 0) }
    if settings.imitation != nil {
      // Of the coarser direction, with a taper of a hundredth of its sampling frequency.
      let sampling = min(
        grid.firstReciprocal.x * Double(grid.rows), grid.secondReciprocal.y * Double(grid.columns))
      return (sampling / 3, 0.01 * sampling)
    }
    var cutoff = grid.nyquist * 2 / 3
    if case .below(let frequency) = settings.bandLimit { cutoff = min(cutoff, frequency) }
    return (cutoff, 0.03 * cutoff)
  }

  /// 1 below the cosine edge that ends at `cutoff`, 0 above.
  private static func pass(_ g: Double, _ cutoff: Double, _ taper: Double) -> Double {
    if g <= cutoff - taper { return 1 }
    if g > cutoff { return 0 }
    return 0.5 * (1 + cos(.pi * (g - cutoff + taper) / taper))
  }

  /// Memory for one thread's wave.
  package final class Workspace {
    fileprivate let wave: UnsafeMutableBufferPointer<ComplexFloat>
    fileprivate let scratch: UnsafeMutableBufferPointer<ComplexFloat>
    fileprivate let propagators: [UnsafeMutableBufferPointer<ComplexFloat>]

    package init(for multislice: PlaneWaveMultislice) {
      func memory() -> UnsafeMutableBufferPointer<ComplexFloat> {
        let bytes = UnsafeMutableRawBufferPointer.allocate(
          byteCount: multislice.grid.count * MemoryLayout<ComplexFloat>.stride, alignment: 64)
        return bytes.bindMemory(to: ComplexFloat.self)
      }
      wave = memory()
      scratch = memory()
      propagators = multislice.distances.map { _ in memory() }
    }

    deinit {
      for buffer in [wave, scratch] + propagators { UnsafeMutableRawBufferPointer(buffer).deallocate() }
    }
  }

  /// Sends a plane wave with transverse frequency `incidence` (1/Å) through `cells` periods and shows the
  /// Fourier coefficients of the wave, in the grid's order, behind each of them (numbered from 1).
  package func run(
    incidence: Vector2, cells: Int, workspace: Workspace,
    _ body: (_ cell: Int, _ wave: UnsafeBufferPointer<ComplexFloat>) -> Void
  ) {
    guard let wave = workspace.wave.baseAddress, let scratch = workspace.scratch.baseAddress else { return }
    let n = grid.count
    for (i, propagator) in workspace.propagators.enumerated() {
      fill(propagator, distance: i, incidence: incidence)
    }
    wave.update(repeating: .zero, count: n)
    wave[0] = ComplexFloat(1)
    for cell in 1...max(1, cells) {
      for slice in transmissions.indices {
        toSpace.execute(wave, into: scratch)
        transmissions[slice].withUnsafeBufferPointer { multiply(scratch, $0.baseAddress, n) }
        toFrequency.execute(scratch, into: wave)
        multiply(wave, workspace.propagators[step[slice]].baseAddress.map { UnsafePointer($0) }, n)
      }
      body(cell, UnsafeBufferPointer(start: wave, count: n))
    }
  }

  private func fill(_ propagator: UnsafeMutableBufferPointer<ComplexFloat>, distance: Int, incidence: Vector2)
  {
    // exp(-2 pi i lambda dz g.k) is a product of one factor a row and one a column.
    func factors(_ count: Int, _ reciprocal: Vector2, _ index: (Int) -> Int) -> [ComplexFloat] {
      let unit = -2 * Double.pi * beam.wavelength * distances[distance] * reciprocal.dot(incidence)
      return (0..<count).map { i in
        let phase = unit * Double(index(i))
        return ComplexFloat(Float(cos(phase)), Float(sin(phase)))
      }
    }
    let rows = factors(grid.rows, grid.firstReciprocal, grid.index(row:))
    let columns = factors(grid.columns, grid.secondReciprocal, grid.index(column:))
    let limited = settings.bandLimit != .none
    let centre = incidence - (settings.imitation?.mistilt ?? .zero)
    for row in 0..<grid.rows {
      for column in 0..<grid.columns {
        let at = row * grid.columns + column
        var value = free[distance][at] * (rows[row] * columns[column])
        if limited { value *= Float(Self.pass((frequencies[at] + centre).length, cutoff, taper)) }
        propagator[at] = value
      }
    }
  }

  private func multiply(
    _ x: UnsafeMutablePointer<ComplexFloat>, _ t: UnsafePointer<ComplexFloat>?, _ count: Int
  ) {
    ewald_multiply_complex(
      UnsafeMutableRawPointer(x).assumingMemoryBound(to: Float.self),
      UnsafeRawPointer(t)?.assumingMemoryBound(to: Float.self), count)
  }
}
