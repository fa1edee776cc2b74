import Arrays

/// Multiple scattering inside one layer: B = (1 - G T)^-1 A for the waves A that fall on every atom.
///
/// Conventions: a beam wave is exp(i (kappa+g).rho +- i kz (z - plane)); it falls on atom i as
/// 4 pi i^l Y_L*(k) exp(i k.d_i), and scattered waves leave as 8 pi^2 / (A k kz) (-i)^l Y_L(k) T_l.
package struct LayerScatterer {
  let beams: BeamSet
  private let positions: [Position]
  private let scattering: [[ComplexDouble]]
  private let unscaledArea: Double
  /// G T, square in (atom, L).
  private let coupling: ComplexMatrix

  var size: Int { positions.count * beams.basis.count }

  /// - Parameters:
  ///   - scattering: T of every atom, expanded over the basis.
  ///   - sums: D of the pair (i, j), in basis order up to twice the degree.
  package init(
    layer: SurfaceLayer, area: Double, beams: BeamSet, scattering: [[ComplexDouble]], gaunt: GauntTable,
    sums: (Int, Int) -> ArraySlice<ComplexDouble>
  ) {
    self.beams = beams
    self.scattering = scattering
    unscaledArea = area
    positions = layer.atoms.map { Position($0.position.plane, z: $0.position.z - layer.plane) }
    let atoms = layer.atoms.count
    let block = beams.basis.count
    let size = atoms * block
    coupling = ComplexMatrix(rows: size, columns: size) { out in
      guard let base = out.baseAddress else { return }
      for i in 0..<atoms {
        for j in 0..<atoms {
          sums(i, j).withUnsafeBufferPointer { d in
            scattering[j].withUnsafeBufferPointer { t in
              guard let d = d.baseAddress, let t = t.baseAddress else { return }
              gaunt.fill(base + i * block * size + j * block, stride: size, sums: d, scale: t)
            }
          }
        }
      }
    }
  }

  /// exp(+-i (kappa+g).d) of an atom.
  private func phase(_ beam: Int, _ atom: Int, _ heading: Heading, _ sign: Double) -> ComplexDouble {
    let d = positions[atom]
    let along = (beams.kappa + beams.orders[beam]).dot(d.plane)
    return (sign * (ComplexDouble(along) + (heading.sign * d.z) * beams.normal[beam])).wave
  }

  /// Waves that fall on the atoms, a row for every beam.
  func incoming(_ heading: Heading) -> ComplexMatrix {
    let basis = beams.basis
    let table = heading == .up ? beams.up : beams.down
    var turned = [ComplexDouble](repeating: .zero, count: basis.count)
    return ComplexMatrix(rows: beams.count, columns: size) { out in
      var at = 0
      for beam in 0..<beams.count {
        let y = beam * basis.count
        for l in 0...basis.maximum {
          let power = ComplexDouble.powerOfI(l)
          for m in -l...l {
            // The "conjugate" harmonic of a complex direction is (-1)^m Y_l-m, analytic in k.
            let sign: Double = m & 1 == 0 ? 1 : -1
            turned[AngularBasis.index(l, m)] = sign * (power * table.values[y + AngularBasis.index(l, -m)])
          }
        }
        for atom in positions.indices {
          let factor = phase(beam, atom, heading, 1)
          for i in 0..<basis.count {
            out.initializeElement(at: at, to: factor * turned[i])
            at += 1
          }
        }
      }
    }
  }

  /// What scattered waves give to the beams, a row for every beam.
  func outgoing(_ heading: Heading) -> ComplexMatrix {
    let basis = beams.basis
    let table = heading == .up ? beams.up : beams.down
    let powers = basis.degrees.map { ComplexDouble.powerOfI(-$0) }
    return ComplexMatrix(rows: beams.count, columns: size) { out in
      var at = 0
      for beam in 0..<beams.count {
        let y = beam * basis.count
        let scale =
          ComplexDouble(8 * .pi * .pi / unscaledArea) / (beams.waveNumber * beams.normal[beam])
        for atom in positions.indices {
          let factor = scale * phase(beam, atom, heading, -1)
          let t = scattering[atom]
          for i in 0..<basis.count {
            out.initializeElement(at: at, to: factor * (powers[i] * (t[i] * table.values[y + i])))
            at += 1
          }
        }
      }
    }
  }

  /// 1 - G T - extra.
  private func system(subtracting extra: ComplexMatrix? = nil) -> ComplexMatrix {
    var matrix = coupling
    let size = self.size
    matrix.values.withUnsafeMutableBufferPointer { values in
      if let extra {
        extra.values.withUnsafeBufferPointer { extra in
          for i in values.indices { values[i] = ComplexDouble(0) - values[i] - extra[i] }
        }
      } else {
        for i in values.indices { values[i] = -values[i] }
      }
      for i in 0..<size { values[i * size + i] += ComplexDouble(1) }
    }
    return matrix
  }

  /// The layer alone, for all beams from both sides.
  package func matrices() throws(CBLEEDError) -> LayerMatrices {
    do {
      let lu = try ComplexLU(system())
      let fromBelow = lu.solve(incoming(.up).transposed())
      let fromAbove = lu.solve(incoming(.down).transposed())
      let (up, down) = (outgoing(.up), outgoing(.down))
      return LayerMatrices(
        reflectionAbove: up * fromAbove, transmissionUp: (up * fromBelow).addingIdentity(),
        transmissionDown: (down * fromAbove).addingIdentity(), reflectionBelow: down * fromBelow)
    } catch {
      throw .linearAlgebra(error)
    }
  }

  /// Reflection of this layer on top of something that sends the waves `below` back up to its plane, for
  /// the chosen incident beams (columns).
  ///
  /// Waves reflected from below fall on the atoms again; taking them into the layer's own equations,
  /// (1 - G T - I_up X O_down) B = I_down + I_up X, costs one factorisation of the layer's size and no
  /// layer matrices at all (X = `below`, I and O the `incoming` and `outgoing` waves).
  func reflection(over below: ComplexMatrix, incident: [Int]? = nil) throws(CBLEEDError) -> ComplexMatrix {
    let down = outgoing(.down)
    let returned = ComplexMatrix.product(incoming(.up), below, left: .transposed)
    let direct = incoming(.down)
    let columns = incident ?? Array(0..<beams.count)
    var source = ComplexMatrix(rows: size, columns: columns.count)
    for (c, beam) in columns.enumerated() {
      for i in 0..<size { source[i, c] = direct[beam, i] + returned[i, beam] }
    }
    let amplitudes: ComplexMatrix
    do {
      amplitudes = try ComplexLU(system(subtracting: returned * down)).solve(source)
    } catch {
      throw .linearAlgebra(error)
    }
    var transmitted = down * amplitudes
    for (c, beam) in columns.enumerated() { transmitted[beam, c] += ComplexDouble(1) }
    var reflected = outgoing(.up) * amplitudes
    let through = below * transmitted
    for i in reflected.values.indices { reflected.values[i] += through.values[i] }
    return reflected
  }
}

extension ComplexMatrix {
  func addingIdentity() -> ComplexMatrix {
    var sum = self
    for i in 0..<rows { sum[i, i] += ComplexDouble(1) }
    return sum
  }
}
